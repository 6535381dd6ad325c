# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classical set-up, and what only Apache can do."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.exceptions import InvalidStatus

ROOT = Path(__file__).parents[2]
MADE = ROOT / ".cache/molecule/apache"
SITE = yaml.safe_load((ROOT / "examples/apache.yml").read_text())["wss"]["vars"]["wss_sites"][0]
NAME = SITE["name"]
URL = f"https://{NAME}/wss"
ORIGIN = "https://www.example.com"
PAGE = ("--header", f"Origin: {ORIGIN}")


def trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(MADE / "root.pem"))


def echoes(host: Any) -> bool:
    return bool(host.echoes(f"wss://{NAME}/wss", NAME, ssl=trust(), origin=ORIGIN))


@pytest.fixture(autouse=True)
def serving(host: Any) -> Iterator[None]:
    yield
    assert echoes(host)


def test_clients_get_through(host: Any) -> None:
    assert host.curl(URL, *PAGE, upgrade=True).status == 101
    assert host.browse(f"wss://{NAME}/wss", "", "--origin", ORIGIN, trust=MADE / "root.pem")["echoed"]


def test_the_chain_is_sent(host: Any) -> None:
    seen = host.handshake(443, "-servername", NAME, "-showcerts", "-CAfile", str(MADE / "root.pem"))
    assert "Verify return code: 0 (ok)" in seen
    assert seen.count("BEGIN CERTIFICATE") == 2


def test_what_is_refused(host: Any) -> None:
    assert host.curl(URL, "--header", "Origin: https://evil.example", upgrade=True).status == 403
    assert host.curl(URL, upgrade=True).status == 403
    assert host.curl(URL, *PAGE).status == 426
    assert host.server.refused in host.handshake(443, "-servername", "other.example.com")


def test_a_backend_that_is_down_and_comes_back(host: Any) -> None:
    host.run("systemctl stop wss-echo")
    try:
        assert host.curl(URL, *PAGE, upgrade=True).status == host.server.dead
    finally:
        host.run("systemctl start wss-echo; sleep 0.5")
    assert echoes(host)


@pytest.mark.parametrize("way", ["wstunnel", "upgrade"])
def test_live_sockets_survive_a_change_to_either_way_of_passing_them(host: Any, way: str) -> None:
    with ExitStack() as stack:
        options = {"ssl": trust(), "origin": ORIGIN}
        opened = [stack.enter_context(host.connect(f"wss://{NAME}/wss", NAME, **options)) for _number in range(20)]
        run = host.wss(SITE, wss_apache_websocket=way)
        assert run.ok, run.output
        assert ("upgrade=websocket" in host.configuration()) == (way == "upgrade")
        opened.append(stack.enter_context(host.connect(f"wss://{NAME}/wss", NAME, **options)))
        for number, connection in enumerate(opened):
            connection.send(f"still here {number}")
            assert connection.recv(10) == f"still here {number}"
    assert host.curl(URL, *PAGE).status == 426
    with pytest.raises(InvalidStatus):
        host.echoes(f"wss://{NAME}/wss", NAME, ssl=trust(), origin="https://evil.example")


def test_websockets_within_http2(host: Any) -> None:
    page = f"https://{NAME}"
    own = {**SITE["endpoints"][0], "path": "/own", "origins": [page]}
    run = host.wss({**SITE, "http2_websockets": True, "endpoints": [*SITE["endpoints"], own]})
    assert run.ok, run.output
    root = MADE / "root.pem"
    seen = host.browse(f"wss://{NAME}/own", "", "--served", trust=root)
    assert (seen["status"], seen["echoed"]) == (200, True)
    refused = host.browse(f"wss://{NAME}/wss", "", "--served", trust=root)
    assert not refused["open"]
    assert "403" in refused["error"]
    assert echoes(host)
    assert host.wss(SITE).ok


def test_a_plain_site_alone_needs_no_module_of_tls(host: Any) -> None:
    plain = {"name": NAME, "tls": "off", "endpoints": SITE["endpoints"]}
    run = host.wss(plain)
    assert run.ok, run.output
    assert host.curl(f"http://{NAME}/wss", *PAGE, upgrade=True).status == 101
    assert host.wss(SITE).ok
