# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host sees of a server that the controller does not reach."""

from __future__ import annotations

import ssl

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import between
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError
from ansible_collections.wss.edge.plugins.module_utils.probe.look import Seen

CLOSED = {"kind": "none", "rules": []}
TIMEOUT = 2


def proof(port=443, address="127.0.0.1", **changes):
    url = f"wss://chat.example.com:{port}/wss"
    return {"site": "chat", "url": url, "address": address, "port": port, "unreached": True, **changes}


def echo(peer):
    peer.accept().talk()


def broken(peer):
    peer.read_request().send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("handler", [echo, broken])
@pytest.mark.parametrize("unreached", [True, False])
def test_a_server_that_answers_the_host(serve, certificates, handler, unreached):
    names = []
    context = certificates["self_signed"].context()
    context.sni_callback = lambda _sock, sni, _context: names.append(sni)
    port = serve(handler, context)
    found = between.kept_from([proof(port, unreached=unreached)], TIMEOUT)
    assert found == ({("chat", "127.0.0.1", port): "127.0.0.1"} if unreached else {})
    assert names == ["chat.example.com"] * unreached


def test_what_the_host_asks(serve):
    seen = []

    def handler(peer):
        peer.read_request()
        seen.append(peer)
        peer.conn.close()

    port = serve(handler)
    url = f"ws://[2001:db8::1]:{port}/wss?a=b"
    between.kept_from([proof(port, url=url)], TIMEOUT)
    assert (seen[0].request, seen[0].headers["host"]) == ("GET /wss?a=b HTTP/1.1\r\n", [f"[2001:db8::1]:{port}"])


def test_a_server_that_wants_a_certificate(serve, certificates):
    def handler(peer):
        peer.read_request()

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = certificates["self_signed"].context(clients=certificates["root"])
        context.maximum_version = version
        assert between.kept_from([proof(serve(handler, context))], TIMEOUT)


def test_a_server_that_does_not_answer_the_host_either(serve):
    port = serve(lambda peer: peer.conn.close())
    for scheme in ("ws", "wss"):
        assert between.kept_from([proof(port, url=f"{scheme}://chat.example.com:{port}/wss")], TIMEOUT) == {}


def test_each_place_is_looked_at_once(serve, certificates):
    visits = []
    context = certificates["self_signed"].context()
    context.sni_callback = lambda *_told: visits.append(1)
    port = serve(echo, context)
    found = between.kept_from([proof(port), proof(port), proof(port, site="other")], TIMEOUT)
    assert [place.site for place in found] == ["chat", "other"]
    assert len(visits) == 2


@pytest.mark.parametrize(
    ("address", "own", "answering", "seen_at", "visits"),
    [
        ("192.0.2.10", True, ["192.0.2.10", "127.0.0.1"], "192.0.2.10", ["192.0.2.10"]),
        ("192.0.2.10", True, ["127.0.0.1"], None, ["192.0.2.10"]),  # another program, on loopback alone
        ("192.0.2.10", False, ["127.0.0.1"], "127.0.0.1", ["192.0.2.10", "127.0.0.1"]),
        ("192.0.2.10", False, [], None, ["192.0.2.10", "127.0.0.1"]),
        ("2001:db8::1", False, ["::1"], "::1", ["2001:db8::1", "::1"]),
        ("host.example.com", False, ["127.0.0.1"], "127.0.0.1", ["host.example.com", "127.0.0.1"]),
    ],
)
def test_a_host_that_does_not_reach_its_own_address(monkeypatch, address, own, answering, seen_at, visits):
    seen = []

    def look(asked, _timeout, _now):
        seen.append(asked.where[0])
        return Seen("tcp", None if seen[-1] in answering else ProbeError("timeout"))

    monkeypatch.setattr(between, "look", look)
    monkeypatch.setattr(between, "_is_own", lambda _address: own)
    assert list(between.kept_from([proof(address=address)], TIMEOUT).values()) == [seen_at] * (seen_at is not None)
    assert seen == visits


@pytest.mark.parametrize(
    ("address", "own"), [("127.0.0.1", True), ("192.0.2.10", False), ("2001:db8::1", False), ("no name", False)]
)
def test_whose_address(address, own):
    assert between._is_own(address) == own


def sources(*listed, port=443):
    return [{"port": port, "source": each} for each in listed]


@pytest.mark.parametrize(
    ("kind", "rules", "active", "said", "unsaid"),
    [
        (
            "none",
            [],
            "nftables",
            ["nftables is active, and wss_firewall is none", "set wss_firewall: auto"],
            "opens it",
        ),
        ("ufw", [], "firewalld", ["firewalld is active, and wss_firewall is ufw", "set wss_firewall: auto"], "sources"),
        ("auto", sources(None), "ufw", ["ufw is active, and wss_firewall is auto", "wss.edge.wss opens"], "set wss_f"),
        ("ufw", sources(None), "ufw", ["ufw is active, and wss_firewall is ufw", "wss.edge.wss opens"], "set wss_f"),
        ("auto", sources("192.0.2.0/24", "::1"), "ufw", ["wss_firewall_sources (192.0.2.0/24, ::1) must"], "opens"),
        ("auto", sources("192.0.2.0/24", port=80), "ufw", ["wss.edge.wss opens the port"], "wss_firewall_sources"),
        ("none", [], "none", ["No firewall is active on the host, but for single rules"], "wss_firewall is"),
        ("auto", sources(None), "none", ["No firewall is active on the host, but for single rules"], "wss_firewall is"),
    ],
)
def test_what_to_do(monkeypatch, kind, rules, active, said, unsaid):
    monkeypatch.setattr(between, "look", lambda *_told: Seen("upgrade", None))
    proofs = [proof(), proof(site="other")]
    told = between.sentences(proofs, {"kind": kind, "rules": rules}, lambda: active, TIMEOUT)
    assert [line.split(",")[0] for line in told[:2]] == [
        f"Site {site}: on the host itself the server answers (127.0.0.1 port 443)" for site in ("chat", "other")
    ]
    assert len(told) == 3
    assert all(part in told[2] for part in [*said, "the host's cloud", "wss_probe_from: host"])
    assert unsaid not in told[2]


def test_nothing_is_asked_where_nothing_is_between(monkeypatch):
    monkeypatch.setattr(between, "look", lambda *_told: Seen("tcp", ProbeError("refused")))
    assert between.sentences([proof()], CLOSED, lambda: pytest.fail("asked"), TIMEOUT) == []
    assert between.sentences([], CLOSED, lambda: pytest.fail("asked"), TIMEOUT) == []
