# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proofs as lines for a person."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.wss.edge.plugins.module_utils.probe.client import Proof
from ansible_collections.wss.edge.plugins.module_utils.probe.report import next_steps, problems, report
from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Certificate

PASSED = Proof(
    site="chat", url="wss://chat.example.com/wss", address="2001:db8::1", port=443, ok=True, phase="close",
    tls_version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", group="X25519",
    certificate=Certificate("aa:bb", ["chat.example.com", "192.0.2.1"], days_left=89, self_signed=True),
    status=101, subprotocol="mqtt", tcp_ms=0.1, tls_ms=2.0, upgrade_ms=1.5, echo_ms=0.9, ping_ms=0.4, close_ms=0.5,
)  # fmt: skip
FAILED = Proof(
    site="chat", url="ws://chat.example.com/no", address="192.0.2.1", port=80, phase="upgrade", status=404,
    problem="No such path.", notes=["Odd\x1b."],
)  # fmt: skip


def test_passed_and_failed():
    assert report([PASSED, FAILED]) == [
        "ok    wss://chat.example.com/wss  at [2001:db8::1]:443",
        "      TLS         TLSv1.3, TLS_AES_256_GCM_SHA384, X25519",
        "      certificate chat.example.com, 192.0.2.1; 89 days left, self-signed",
        "      upgrade     101 in 1.5 ms, subprotocol mqtt",
        "      echo        0.9 ms, ping 0.4 ms, close 0.5 ms",
        "FAIL  ws://chat.example.com/no  at 192.0.2.1:80",
        "      note        Odd?.",
        "      problem     No such path.",
        "1 of 2 endpoints proved.",
    ]


def test_with_a_client_certificate():
    shown = replace(PASSED, client_certificate="~/probe.pem")
    assert report([shown])[3] == "      client      shows ~/probe.pem"
    assert report([replace(shown, refusal="400")])[3].endswith("shows ~/probe.pem; without it, refused (400)")


def test_over_http2():
    assert report([replace(PASSED, http2=True, status=200)])[::3] == [
        "ok    wss://chat.example.com/wss over HTTP/2  at [2001:db8::1]:443",
        "      upgrade     200 in 1.5 ms, subprotocol mqtt",
    ]
    assert problems([replace(FAILED, http2=True)]) == ["chat ws://chat.example.com/no over HTTP/2: No such path."]


def test_merely_open_and_a_note():
    proof = Proof(
        site="chat", url="ws://chat.example.com/", address="a", port=80, ok=True, status=101, upgrade_ms=1.0,
        ping_ms=0.4, notes=["Well."],
    )  # fmt: skip
    assert report([proof])[2:4] == ["      open        ping 0.4 ms, close -", "      note        Well."]


def test_certificate_that_expired_or_cannot_be_read():
    for certificate, words in (
        (Certificate("aa:bb", ["a"], days_left=-2, self_signed=False), "a; expired"),
        (Certificate("aa:bb", [], days_left=0), "no names; 0 days left"),
        (Certificate("aa:bb"), "SHA-256 aa:bb"),
    ):
        proof = Proof(site="s", url="u", address="a", port=1, certificate=certificate, phase="tls", problem="p")
        assert report([proof])[1] == f"      certificate {words}"


def test_who_issued_it():
    certificate = Certificate("aa:bb", ["a"], days_left=9, issuer="CN=R\x1b3,O=Example")
    proof = Proof(site="s", url="u", address="a", port=1, certificate=certificate, phase="tls", problem="p")
    assert report([proof])[1] == "      certificate a; 9 days left, issued by CN=R?3,O=Example"


def test_what_to_try_depends_on_what_must_be_trusted():
    issued = replace(PASSED, certificate=Certificate("aa:bb", ["a"], issuer="CN=R3"))
    alone = next_steps([FAILED, PASSED], {"chat": "PEM"})
    assert alone[2].endswith("SSL_CERT_FILE=/etc/pki/wss/chat/current/cert.pem python3 -m websockets " + PASSED.url)
    assert "self-signed" in alone[3]
    private = next_steps([issued], {"chat": "PEM"})
    assert private[2].endswith("SSL_CERT_FILE=root.pem python3 -m websockets " + PASSED.url)
    assert "trust that root" in private[3]
    assert next_steps([issued], {"chat": None})[2:] == [f"      {'shell':<12}python3 -m websockets {PASSED.url}"]
    assert next_steps([FAILED], {}) == []


def test_nothing_to_probe():
    assert report([]) == ["Nothing to probe: no site has an endpoint."]


def test_problems():
    assert problems([PASSED, FAILED]) == ["chat ws://chat.example.com/no: No such path."]
