# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server gives way, and when it may not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release.replaced import replaced

OWN = {"names": ["own.example.com"], "file": "/etc/nginx/sites-enabled/own", "line": 3}


def model(*listens: tuple[str, int], replace: bool = False) -> Any:
    listen = [{"address": address, "port": port} for address, port in listens]
    return {"replace_server": replace, "sites": [{"name": "chat.example.com", "listen": listen}]}


def other(*listens: tuple[str, int], sites: list[Any] | None = None, ours: list[str] | None = None) -> Any:
    listening = [{"address": address, "port": port} for address, port in listens]
    return {"server": "nginx", "title": "nginx", "listens": listening, "sites": sites or [], "ours": ours or []}


CASES = [
    ("no other server", model(("*", 443)), None, None),
    ("another port", model(("*", 8443)), other(("0.0.0.0", 443)), None),
    ("the same port", model(("*", 443)), other(("0.0.0.0", 443)), "nginx"),
    ("an address of all", model(("192.0.2.1", 443)), other(("0.0.0.0", 443)), "nginx"),
    ("all and an address", model(("*", 443)), other(("192.0.2.1", 443)), "nginx"),
    ("IPv4 of a socket for both", model(("192.0.2.1", 443)), other(("::", 443)), "nginx"),
    ("two addresses", model(("192.0.2.1", 443)), other(("192.0.2.2", 443)), None),
    ("the same site there", model(("*", 443)), other(("0.0.0.0", 443), ours=["chat.example.com"]), "nginx"),
    ("the user says so", model(("*", 443), replace=True), other(("::", 443), sites=[OWN], ours=["b"]), "nginx"),
]


@pytest.mark.parametrize(("wanted", "there", "gives_way"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_who_gives_way(wanted, there, gives_way):
    assert replaced(wanted, there) == (gives_way, [])


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ({"sites": [OWN]}, "own.example.com of /etc/nginx/sites-enabled/own line 3"),
        ({"sites": [{**OWN, "names": []}]}, "a site of /etc/nginx/sites-enabled/own line 3"),
        ({"ours": ["chat.example.com", "b.example.com"]}, "serves b.example.com of its current release, too"),
    ],
)
def test_sites_that_would_go_with_it_are_named(there, named):
    _server, (problem,) = replaced(model(("*", 443)), other(("0.0.0.0", 443), **there))
    assert named in problem
    assert "wss_replace_server: true" in problem
