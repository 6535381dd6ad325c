# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose ports on a host are another's."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger
from ansible_collections.wss.edge.plugins.module_utils.server import beside, sockets
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE, NGINX

HELD = [
    sockets.Socket("0.0.0.0", 443, 1, "nginx", 1),
    sockets.Socket("::", 443, 1, "nginx", 2),
    sockets.Socket("0.0.0.0", 80, 1, "nginx", 3),
    sockets.Socket("0.0.0.0", 8443, 2, "apache2", 4),
    sockets.Socket("0.0.0.0", 22, 3, "sshd", 5),
    sockets.Socket("0.0.0.0", 8765, 4, "node", 6),
]


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Each server has a release, and an application has its certificate."""
    found = {each.name: dataclasses.replace(each, config_dir=str(tmp_path / each.name)) for each in (NGINX, APACHE)}
    ledger = Ledger(tmp_path / "application")
    for base in (tmp_path / "nginx/wss", tmp_path / "apache/wss"):
        base.mkdir(parents=True)
        (base / "current").symlink_to("releases/1")
    ledger.releases.write("2", {"applications.json": "{}"}, {"targets": [{"port": 8765}, {"port": 8765}]})
    ledger.releases.switch("2")
    monkeypatch.setattr(beside, "Ledger", lambda: ledger)
    monkeypatch.setattr(sockets, "listeners", lambda: HELD)
    return found


@pytest.mark.parametrize(
    ("server", "ports"),
    [
        ("nginx", {"apache": [8443], "none": [8765]}),
        ("apache", {"nginx": [80, 443], "none": [8765]}),
        ("none", {"nginx": [80, 443], "apache": [8443]}),
    ],
)
def test_the_ports_of_the_others(known, server, ports):
    assert beside.ports(server, known) == ports


def test_a_server_without_a_release_has_none_of_ours(known, tmp_path):
    (tmp_path / "nginx/wss/current").unlink()
    assert beside.ports("apache", known) == {"none": [8765]}
