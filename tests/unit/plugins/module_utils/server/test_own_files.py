# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a purge of the server's package would take from the user."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import limits
from ansible_collections.wss.edge.plugins.module_utils.server.own_files import own_files
from ansible_collections.wss.edge.plugins.module_utils.server.records import NGINX

MAIN = "events {\n\tworker_connections 768;\n}\nhttp {\n\tinclude ENABLED/sites-enabled/*;\n}\n"


@pytest.fixture(params=["md5", "sha256"])
def nginx(tmp_path, request):
    """A fresh installation: the folder, and what dpkg or rpm knows of it."""
    folder = tmp_path / "nginx"
    files = {"nginx.conf": MAIN, "sites-available/default": "server { listen 80; }\n"}
    rows = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        rows.append(f" {path} {hashlib.new(request.param, text.encode()).hexdigest()}")
    (folder / "sites-enabled").mkdir()
    (folder / "sites-enabled/default").symlink_to(folder / "sites-available/default")
    (folder / "modules").symlink_to("../../elsewhere/modules")
    rows.append(f"{folder / 'modules'} ../../elsewhere/modules")
    server = dataclasses.replace(NGINX, config_dir=str(folder), main_file=str(folder / "nginx.conf"))
    return folder, lambda: own_files(server, lambda _command: (0, "\n".join(rows) + "\n", ""))


def test_a_fresh_installation_has_nothing_of_the_users(nginx):
    _folder, found = nginx
    assert found() == []


def test_what_the_collection_has_put_there_is_not_the_users(nginx):
    folder, found = nginx
    (folder / "wss/releases/1").mkdir(parents=True)
    (folder / "wss/releases/1/index.conf").write_text("")
    (folder / "sites-enabled/zz-wss.conf").write_text("")
    main = folder / "nginx.conf"
    main.write_text(limits.raised(MAIN, str(main), limits.wanted(4000)))
    assert found() == []


@pytest.mark.parametrize(
    "name", ["conf.d/shop.conf", "htpasswd", "sites-available/old", "sites-available/default", "nginx.conf"]
)
def test_a_file_of_the_users_or_one_that_they_have_edited_is_theirs(nginx, name):
    folder, found = nginx
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as stream:
        stream.write("# mine\n")
    assert str(path) in found()


def test_a_link_to_a_place_of_the_users_is_theirs(nginx, tmp_path):
    folder, found = nginx
    (folder / "sites-enabled/shop").symlink_to(tmp_path / "elsewhere")
    assert found() == [str(folder / "sites-enabled/shop")]


def test_a_link_of_the_package_that_the_user_has_turned_is_theirs(nginx, tmp_path):
    folder, found = nginx
    (folder / "modules").unlink()
    (folder / "modules").symlink_to(tmp_path / "elsewhere")
    assert found() == [str(folder / "modules")]
