# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fresh server's own site goes where another server has its port, and comes back as it was."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import default_site
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE, NGINX
from ansible_collections.wss.edge.plugins.module_utils.server.sockets import Socket

PORTS = "Listen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n"


@pytest.fixture
def apache(tmp_path):
    (tmp_path / "ports.conf").write_text(PORTS)
    return dataclasses.replace(APACHE, config_dir=str(tmp_path))


@pytest.fixture
def nginx(tmp_path):
    for folder in ("sites-available", "sites-enabled"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sites-available/default").write_text("server { listen 80; }\n")
    (tmp_path / "sites-enabled/default").symlink_to("../sites-available/default")
    return dataclasses.replace(NGINX, config_dir=str(tmp_path))


def test_a_file_is_set_aside_and_comes_back(apache, tmp_path):
    for _twice in range(2):
        default_site.site(apache).set_aside()
        assert default_site.site(apache).is_aside()
    assert "Listen" not in (tmp_path / "ports.conf").read_text()
    assert str(tmp_path / "wss/aside/ports.conf") in (tmp_path / "ports.conf").read_text()
    for _twice in range(2):
        default_site.site(apache).put_back()
    assert (tmp_path / "ports.conf").read_text() == PORTS
    assert not default_site.site(apache).is_aside()


def test_a_file_that_the_user_wrote_since_stays(apache, tmp_path):
    default_site.site(apache).set_aside()
    (tmp_path / "ports.conf").write_text("Listen 8080\n")
    default_site.site(apache).put_back()
    assert (tmp_path / "ports.conf").read_text() == "Listen 8080\n"


def test_a_link_is_set_aside_and_comes_back(nginx, tmp_path):
    link = tmp_path / "sites-enabled/default"
    default_site.site(nginx).set_aside()
    assert not link.is_symlink()
    assert default_site.site(nginx).is_aside()
    default_site.site(nginx).put_back()
    assert link.read_text() == "server { listen 80; }\n"


HOLDERS = [
    ("the other server", [Socket("0.0.0.0", 80, 7, "nginx", 1)], True),
    ("the other server, another port", [Socket("0.0.0.0", 443, 7, "nginx", 1)], False),
    ("another program", [Socket("0.0.0.0", 80, 7, "haproxy", 1)], False),
    ("nobody", [], False),
]


@pytest.mark.parametrize(("found", "makes_room"), [row[1:] for row in HOLDERS], ids=[row[0] for row in HOLDERS])
@pytest.mark.parametrize("own", [[], ["/etc/apache2/sites-enabled/own.conf"]])
def test_it_makes_room_for_another_server_where_no_site_is_the_users(apache, monkeypatch, found, makes_room, own):
    monkeypatch.setattr(default_site, "own_files", lambda _server, _runner: own)
    assert default_site.makes_room(apache, found, None) == (makes_room and not own)
    assert not default_site.makes_room(dataclasses.replace(apache, default_site=""), found, None)


def test_only_its_own_sockets_are_not_wanted_by_others(apache, tmp_path):
    ours = {"owner": "site chat", "address": "0.0.0.0", "port": 443}
    listens = [ours, {"owner": "it", "file": str(tmp_path / "ports.conf"), "address": "0.0.0.0", "port": 80}]
    assert default_site.wanted_by_others(apache, listens) == [ours]


def test_where_it_is_in_the_main_file_nothing_is_set_aside(tmp_path):
    nothing = default_site.site(dataclasses.replace(APACHE, config_dir=str(tmp_path), default_site=""))
    nothing.set_aside()
    nothing.put_back()
    assert (nothing.is_aside(), nothing.text(), nothing.original()) == (False, None, None)
    assert list(tmp_path.iterdir()) == []
