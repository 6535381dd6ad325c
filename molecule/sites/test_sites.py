# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of the model that changes what a client or a backend sees."""

from __future__ import annotations

import re
from typing import Any

import pytest

CHAT = "chat.example.com"
ORIGIN = "https://www.example.com"


def mirrored(host: Any, path: str, **options: Any) -> str:
    """The head of the request as the backend got it."""
    with host.connect(f"wss://{CHAT}{path}", CHAT, **options) as connection:
        return str(connection.recv(10))


def test_sites_share_a_port_by_name(host: Any) -> None:
    for name in (CHAT, "second.example.com"):
        subject = host.handshake(443, "-servername", name)
        assert f"CN = {name}" in subject


def test_a_unix_socket_is_a_backend(host: Any) -> None:
    assert host.echoes("wss://second.example.com/", "second.example.com")
    assert host.echoes("wss://second.example.com/any/path", "second.example.com")


def test_a_wildcard_name(host: Any) -> None:
    assert host.echoes(f"wss://room.{CHAT}/wss", CHAT, origin=ORIGIN)


@pytest.mark.parametrize("origin", [ORIGIN, "https://app.example.com:8443"])
def test_the_origins_that_may_connect(host: Any, origin: str) -> None:
    assert host.curl(f"https://{CHAT}/wss", "--header", f"Origin: {origin}", upgrade=True).status == 101


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.com", "HTTPS://WWW.EXAMPLE.COM.evil"])
def test_the_origins_that_may_not(host: Any, origin: str) -> None:
    assert host.curl(f"https://{CHAT}/wss", "--header", f"Origin: {origin}", upgrade=True).status == 403


def test_what_the_backend_gets(host: Any) -> None:
    head = mirrored(
        host,
        "/mirror/a%20b?c=%2F&d",
        additional_headers={"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "X-Forwarded-Proto": "http"},
        subprotocols=None,
    )
    lines = head.split("\r\n")
    assert lines[0] == "GET /mirror/a%20b?c=%2F&d HTTP/1.1"
    assert f"Host: {CHAT}" in lines
    assert "Upgrade: websocket" in lines
    assert "connection: upgrade" in head.lower().split("\r\n")
    assert "X-Forwarded-Proto: https" in lines
    assert "X-Frame-Options: SAMEORIGIN" in lines
    assert "X-Site: chat (main)" in lines
    assert "203.0.113.9" not in head
    seen = [line for line in lines if line.startswith(("X-Forwarded-For: ", "X-Real-IP: "))]
    assert len(seen) == 2
    assert len({line.split(": ")[1] for line in seen}) == 1
    assert any(line.startswith("Sec-WebSocket-Extensions: ") for line in lines)


def test_a_backends_path_replaces_the_endpoints(host: Any) -> None:
    assert mirrored(host, "/replaced?x=1").startswith("GET /inner/path?x=1 HTTP/1.1")
    assert mirrored(host, "/replaced/room/7?x=1").startswith("GET /inner/path/room/7?x=1 HTTP/1.1")


def test_an_endpoint_may_take_plain_requests_too(host: Any) -> None:
    response = host.curl(f"https://{CHAT}/both/page?x=1", "--header", "X-Forwarded-For: 203.0.113.9")
    assert response.status == 200
    assert response.body.startswith("GET /both/page?x=1 HTTP/1.1")
    assert "Upgrade" not in response.body
    assert "203.0.113.9" not in response.body
    assert mirrored(host, "/both").startswith("GET /both HTTP/1.1")


def test_no_other_upgrade_than_websocket_reaches_a_backend(host: Any) -> None:
    h2c = (
        "--header",
        "Connection: Upgrade, HTTP2-Settings",
        "--header",
        "Upgrade: h2c",
        "--header",
        "HTTP2-Settings: AAM",
    )
    response = host.curl(f"https://{CHAT}/both", *h2c)
    assert response.status == 200
    assert "upgrade: h2c" not in response.body.lower()
    assert "connection: upgrade" not in response.body.lower()
    assert host.curl(f"https://{CHAT}/mirror", *h2c).status == 426


def test_a_client_cannot_take_away_the_headers_that_are_added(host: Any) -> None:
    named = ("--header", "Connection: close, X-Real-IP, X-Forwarded-For", "--header", "X_Real_IP: 203.0.113.9")
    response = host.curl(f"https://{CHAT}/both/page", *named)
    assert response.status == 200
    assert "X-Real-IP: " in response.body
    assert "X-Forwarded-For: " in response.body
    assert "203.0.113.9" not in response.body


@pytest.mark.parametrize("path", ["/both/..%2fadmin", "/both/%2e%2e%2fadmin", "/both/../admin", "/both/%2e%2e/admin"])
def test_no_path_leads_out_of_an_endpoint(host: Any, path: str) -> None:
    assert host.curl(f"https://{CHAT}{path}", "--path-as-is").status == 404
    inside = host.curl(f"https://{CHAT}/both/../both/x", "--path-as-is")
    assert inside.status == 200


def test_the_static_site_is_served_beside_the_endpoints(host: Any) -> None:
    response = host.curl(f"https://{CHAT}/")
    assert (response.status, response.body) == (200, "<h1>chat</h1>\n")
    assert host.curl(f"https://{CHAT}/missing").status == 404
    assert host.curl(f"https://{CHAT}/../../etc/passwd", "--path-as-is").status == 400


@pytest.mark.parametrize("path", ["/", "/mirror", "/missing"])
def test_strict_transport_security_is_on_every_answer(host: Any, path: str) -> None:
    assert host.curl(f"https://{CHAT}{path}").headers["strict-transport-security"] == "max-age=63072000"


def test_plain_http_redirects(host: Any) -> None:
    response = host.curl(f"http://room.{CHAT}/a?b=c")
    assert (response.status, response.headers["location"]) == (301, f"https://room.{CHAT}/a?b=c")


def test_the_access_log_is_the_sites_own(host: Any) -> None:
    host.curl(f"https://{CHAT}/seen-in-the-log")
    assert "GET /seen-in-the-log" in host.run("cat /var/log/wss-chat.log")
    assert "seen-in-the-log" not in host.run(f"cat {host.server.logs}/*access[._]log")


def test_a_backend_that_is_down_is_told_and_stays_in_use(host: Any) -> None:
    for _twice in range(2):
        assert host.curl("https://second.example.com/down", upgrade=True).status == host.server.dead


def test_modern_is_tls_1_3_with_the_key_and_subject_asked_for(host: Any) -> None:
    name = ("-servername", "modern.example.com")
    assert "alert protocol version" in host.handshake(9443, *name, "-tls1_2")
    assert host.echoes("wss://modern.example.com:9443/wss", "modern.example.com")
    text = host.run("openssl x509 -noout -text -nameopt RFC2253 -in /etc/pki/wss/modern.example.com/current/cert.pem")
    assert "(3072 bit)" in text
    assert "emailAddress=ops@example.com,CN=modern.example.com,OU=IT,O=Beispiel GmbH,C=DE" in text


def test_a_policy_of_ones_own(host: Any) -> None:
    seen = host.handshake(9444, "-servername", "custom.example.com")
    assert "ECDHE-ECDSA-AES256-GCM-SHA384" in seen
    assert "secp384r1" in seen
    assert "alert protocol version" in host.handshake(9444, "-servername", "custom.example.com", "-tls1_3")


def test_an_ip_address_is_a_name(host: Any) -> None:
    assert host.echoes(f"wss://{host.address}:9445/wss", "by-address.example.com")
    assert host.echoes("wss://by-address.example.com:9445/wss", "by-address.example.com")
    assert host.server.refused in host.handshake(9445, "-servername", "unknown.example.com")


def test_ipv6(host: Any) -> None:
    assert host.echoes("wss://ipv6.example.com:9446/wss", "ipv6.example.com", address=host.ipv6)
    assert host.echoes("wss://modern.example.com:9443/wss", "modern.example.com", address=host.ipv6)


def test_plain_ws(host: Any) -> None:
    assert host.echoes("ws://plain.example.com:8000/wss", "")


def test_http2_serves_pages_and_browsers_open_their_sockets_over_http1(host: Any) -> None:
    assert "ALPN protocol: h2" in host.handshake(443, "-servername", CHAT, "-alpn", "h2,http/1.1")


def test_the_limits_follow_from_the_connections(host: Any) -> None:
    if host.server.name == "nginx":
        configuration = host.run("cat /etc/nginx/nginx.conf")
        assert "worker_connections 5000;" in configuration
        assert "worker_rlimit_nofile 6024;" in configuration
    else:
        workers = re.search(r"^ *MaxRequestWorkers (\d+)$", host.configuration(), re.MULTILINE)
        assert workers
        assert int(workers[1]) >= 2000


def test_names_in_the_certificate(host: Any) -> None:
    text = host.run("openssl x509 -noout -ext subjectAltName -in /etc/pki/wss/chat.example.com/current/cert.pem")
    assert "DNS:chat.example.com, DNS:*.chat.example.com" in text


def test_only_a_real_upgrade_is_one(host: Any) -> None:
    lone = ("--header", "Upgrade: websocket")
    assert host.curl(f"https://{CHAT}/mirror", *lone).status == 426
    assert host.curl(f"https://{CHAT}/mirror", "--request", "POST", upgrade=True).status == 426
    assert host.curl("https://second.example.com/", upgrade=True).status == 101


def test_headers_may_be_secrets_so_releases_are_for_root_alone(host: Any) -> None:
    modes = host.run(f"find {host.server.folder}/wss/releases -type f -printf '%m %u\n'").split("\n")
    assert {line for line in modes if line} == {"600 root"}
