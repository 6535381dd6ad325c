# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest set-up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus


def test_a_socket_echoes(host: Any) -> None:
    assert host.echoes("wss://chat.example.com/wss", "chat.example.com")


def test_a_path_below_the_endpoints_is_the_endpoints_and_one_beside_it_is_not(host: Any) -> None:
    assert host.echoes("wss://chat.example.com/wss/room?id=7", "chat.example.com")
    with pytest.raises(InvalidStatus) as error:
        host.echoes("wss://chat.example.com/wssx", "chat.example.com")
    assert error.value.response.status_code == 404


def test_curl_gets_its_upgrade(host: Any) -> None:
    response = host.curl("https://chat.example.com/wss", upgrade=True)
    assert response.status == 101
    assert response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_plain_request_is_told_to_upgrade(host: Any) -> None:
    response = host.curl("https://chat.example.com/wss")
    assert response.status == 426
    assert response.headers["upgrade"] == "websocket"
    over_http2 = host.curl("https://chat.example.com/wss", "--http2")
    assert over_http2.status == 426
    assert "upgrade" not in over_http2.headers


def test_what_the_collection_keeps_for_itself_is_not_served(host: Any) -> None:
    for path in ("/.wss/ok/0/wss", "/.wss/403", "/.wss/426", "/", "/other"):
        assert host.curl(f"https://chat.example.com{path}", upgrade=True).status == 404


@pytest.mark.parametrize("name", ["other.example.com", "localhost"])
def test_an_unknown_server_name_gets_a_refused_handshake(host: Any, name: str) -> None:
    assert host.server.refused in host.handshake(443, "-servername", name)


def test_a_client_without_a_server_name_gets_a_refused_handshake(host: Any) -> None:
    assert host.server.refused in host.handshake(443, "-noservername")


def test_tls_is_what_the_policy_says(host: Any) -> None:
    name = ("-servername", "chat.example.com")
    assert "TLSv1.3" in host.handshake(443, *name)
    assert "ECDHE-ECDSA" in host.handshake(443, *name, "-tls1_2")
    assert "no protocols available" in host.handshake(443, *name, "-tls1_1") or "alert" in host.handshake(
        443, *name, "-tls1_1"
    )
    assert "alert handshake failure" in host.handshake(443, *name, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")


def test_the_group_is_hybrid_where_openssl_knows_it(host: Any) -> None:
    """The host probes itself, so that server and client have the same OpenSSL."""
    knows = host.run("python3 -c 'import ssl; print(ssl.OPENSSL_VERSION_INFO >= (3, 5))'").strip() == "True"
    assert knows or host.suite not in ("trixie", "forky")
    run = host.play("playbooks/verify.yml", wss_probe_from="host")
    if host.suite == "bullseye":
        assert not run.ok
        assert "websockets 8.1 of /usr/bin/python3 is too old" in run
        return
    assert run.ok, run.output
    group = "X25519MLKEM768" if knows else "X25519"
    assert re.search(rf"TLSv1\.3, TLS_AES_256_GCM_SHA384, {group}\b", run.output), run.output


def test_sessions_are_resumed(host: Any, tmp_path: Path) -> None:
    ticket = tmp_path / "session"
    name = ("-servername", "chat.example.com", "-tls1_2")
    host.handshake(443, *name, "-sess_out", str(ticket))
    assert "Reused, TLSv1.2" in host.handshake(443, *name, "-sess_in", str(ticket))


def test_the_server_survives_a_check_of_what_is_on_its_disk(host: Any) -> None:
    host.run(host.server.check)


def test_keys_are_for_root_alone(host: Any) -> None:
    found = host.run("stat -Lc '%a %U' /etc/pki/wss/chat.example.com/current/privkey.pem")
    assert found.split() == ["600", "root"]


def test_a_browser_gets_through(host: Any) -> None:
    assert host.browse("wss://chat.example.com/wss", "chat.example.com")["echoed"]
