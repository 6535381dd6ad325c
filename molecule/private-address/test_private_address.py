# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site on an IP address and a port of its own."""

from __future__ import annotations

from typing import Any


def test_a_socket_echoes(host: Any) -> None:
    assert host.echoes(f"wss://{host.address}:5555/", host.address)


def test_the_certificate_carries_the_address_and_the_subject(host: Any) -> None:
    text = host.run(f"openssl x509 -in /etc/pki/wss/{host.address}/current/cert.pem -noout -text -nameopt RFC2253")
    assert f"IP Address:{host.address}" in text
    assert "ST=Shanghai,C=CN" in text


def test_nothing_else_is_listened_on(host: Any) -> None:
    listening = host.run("ss -Hltn")
    assert f"{host.address}:5555" in listening
    assert ":443" not in listening


def test_the_access_log_is_the_sites_own(host: Any) -> None:
    host.curl(f"https://{host.address}:5555/seen-in-the-log")
    assert "GET /seen-in-the-log" in host.run("cat /var/log/wss-private-address.log")


def test_the_session_cache_is_what_was_asked_for(host: Any) -> None:
    said = {
        "nginx": ("ssl_session_cache shared:wss_20m:20m;", "ssl_session_timeout 600s;"),
        "apache": (f"({20 * 2**20})", "SSLSessionCacheTimeout 600\n"),
    }
    configuration = host.configuration()
    assert [words for words in said[host.server.name] if words not in configuration] == []


def test_plain_http_is_passed_on(host: Any) -> None:
    # An echo server asks a plain request to upgrade; the proxy itself says something else.
    response = host.curl(f"https://{host.address}:5555/")
    assert "Failed to open a WebSocket connection" in response.body


def test_a_browser_gets_through(host: Any) -> None:
    assert host.browse(f"wss://{host.address}:5555/", host.address)["echoed"]


def test_an_unknown_server_name_is_refused(host: Any) -> None:
    assert host.server.refused in host.handshake(5555, "-servername", "other.example.com")
