# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against real little servers."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import threading
import time
import types

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import client, key_group, session, wire
from ansible_collections.wss.edge.plugins.module_utils.probe.target import read_target

TIMEOUT = 5
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def target(port, **changes):
    raw = {
        "site": "chat",
        "path": "/wss",
        "address": "127.0.0.1",
        "port": port,
        "server_name": "chat.example.com",
        "tls": False,
        "expect": "echo",
    }
    raw.update(changes)
    return read_target(raw)


def echo(peer):
    peer.accept().talk()


def answer(data):
    return lambda peer: peer.read_request().send(data)


def status(line, *headers, body=b""):
    head = "\r\n".join((f"HTTP/1.1 {line}", *headers, f"Content-Length: {len(body)}", "", ""))
    return answer(head.encode() + body)


def only(condition, then):
    """Answer echoes only where the condition holds, and otherwise with a status."""
    return lambda peer: echo(peer) if condition else peer.read_request().send(then)


@pytest.fixture
def full_queue():
    """A port on which Linux drops new connections, as a firewall does."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        with socket.create_connection(sock.getsockname()):
            yield sock.getsockname()[1]


# What goes well


@pytest.mark.parametrize("expect", ["echo", "open"])
def test_plain_ws(serve, expect):
    proof = client.probe(target(serve(echo), expect=expect), TIMEOUT)
    assert (proof.ok, proof.problem, proof.phase, proof.status, proof.notes) == (True, "", "close", 101, [])
    assert (proof.tls_version, proof.certificate, proof.tls_ms) == (None, None, None)
    assert all(time >= 0 for time in (proof.tcp_ms, proof.upgrade_ms, proof.ping_ms, proof.close_ms))
    assert (proof.echo_ms is None) == (expect == "open")


@pytest.mark.parametrize(
    ("shown", "chain", "trusted"),
    [
        ("self_signed", [], "self_signed"),
        ("self_signed_bare", [], "self_signed_bare"),
        ("self_signed_ca", [], "self_signed_ca"),
        ("leaf", [], "leaf"),
        ("leaf", ["middle"], "root"),
        ("leaf", [], "middle"),
    ],
)
def test_wss_verified(serve, certificates, shown, chain, trusted):
    context = certificates[shown].context(*(certificates[link] for link in chain))
    proof = client.probe(target(serve(echo, context), tls=True, trust=certificates[trusted].pem), TIMEOUT)
    assert (proof.ok, proof.problem) == (True, "")
    assert proof.tls_version == "TLSv1.3"
    assert proof.cipher.startswith("TLS_")
    assert proof.group in key_group.GROUPS.values()
    assert proof.certificate.names == ["chat.example.com"]
    assert proof.certificate.days_left == 89
    assert proof.certificate.self_signed == (shown != "leaf")


@pytest.mark.parametrize(("name", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")])
def test_ip_address_as_name(serve, certificates, name, host):
    seen = {}
    context = certificates["ip"].context()
    context.sni_callback = lambda _sock, sni, _context: seen.update(sni=sni)

    def handler(peer):
        peer.accept()
        seen.update(peer.headers)
        peer.talk()

    port = serve(handler, context)
    proof = client.probe(target(port, tls=True, server_name=name, trust=certificates["ip"].pem), TIMEOUT)
    assert (proof.ok, proof.problem) == (True, "")
    assert (seen["sni"], seen["host"], proof.url) == (None, [f"{host}:{port}"], f"wss://{host}:{port}/wss")


def test_what_the_server_sees(serve, certificates):
    seen = {}
    context = certificates["self_signed"].context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.sni_callback = lambda _sock, sni, _context: seen.update(sni=sni)

    def handler(peer):
        seen.update(alpn=peer.conn.selected_alpn_protocol())
        peer.accept("Sec-WebSocket-Protocol: two\r\n")
        seen.update(peer.headers, request=peer.request)
        peer.talk()

    proof = client.probe(
        target(
            serve(handler, context),
            tls=True,
            trust=certificates["self_signed"].pem,
            path="/a?b=c",
            origin="https://www.example.com",
            subprotocols=["one", "two"],
            headers={"user-agent": "me", "X-Number": 7},
        ),
        TIMEOUT,
    )
    assert (proof.ok, proof.problem, proof.subprotocol) == (True, "", "two")
    assert (seen["alpn"], seen["sni"]) == ("http/1.1", "chat.example.com")
    assert seen["request"] == "GET /a?b=c HTTP/1.1\r\n"
    assert (seen["origin"], seen["sec-websocket-protocol"]) == (["https://www.example.com"], ["one, two"])
    assert (seen["user-agent"], seen["x-number"]) == (["me"], ["7"])


def test_greetings_fragments_and_pings_before_the_echo(serve):
    def handler(peer):
        peer.accept()
        peer.send_frame(1, b"welcome")
        peer.send_frame(9, b"still there?")

        def in_pieces(peer, opcode, data):
            peer.send_frame(opcode, data[:3], final=False)
            peer.send_frame(9, b"x")
            peer.send_frame(0, data[3:])

        peer.talk(lambda peer, opcode, data: None if opcode == 10 else in_pieces(peer, opcode, data))

    proof = client.probe(target(serve(handler)), TIMEOUT)
    assert (proof.ok, proof.problem) == (True, "")


def test_frame_in_the_same_packet_as_the_101(serve):
    def handler(peer):
        send, peer.send = peer.send, lambda data: send(data + b"\x81\x02hi")
        peer.accept()
        peer.send = send
        peer.talk()

    assert client.probe(target(serve(handler)), TIMEOUT).ok


def test_no_answer_to_close_is_a_note(serve):
    def handler(peer):
        peer.accept()
        while True:
            opcode, data = peer.read_frame()
            if opcode == 8:
                return
            peer.send_frame(10 if opcode == 9 else opcode, data)

    proof = client.probe(target(serve(handler)), TIMEOUT)
    assert (proof.ok, proof.problem) == (True, "")
    assert re.search("did not answer the close frame.*1006", proof.notes[0])


def test_no_subprotocol_chosen_is_a_note(serve):
    proof = client.probe(target(serve(echo), subprotocols=["graphql-ws"]), TIMEOUT)
    assert proof.ok
    assert "none of the offered subprotocols" in proof.notes[0]


def test_second_address_when_the_first_refuses(serve, monkeypatch):
    port = serve(echo)
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port)) for host in ("127.0.0.9", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: addresses)
    assert client.probe(target(port, address="two.example.com"), TIMEOUT).ok


def test_second_address_when_the_first_hangs(serve, full_queue, monkeypatch):
    ports = (full_queue, serve(echo))
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: addresses)
    assert client.probe(target(1, address="two.example.com"), TIMEOUT).ok


# What goes wrong


@pytest.mark.parametrize(
    ("handler", "changes", "phase", "problem"),
    [
        (status("200 OK"), {}, "upgrade", "plain page \\(200\\).*/wss"),
        (
            status("301 Moved", "Location: https://x.example/"),
            {},
            "upgrade",
            "redirect \\(301\\) to https://x.example/:",
        ),
        (status("308 Moved", "Location: /a\x1b[31m"), {}, "upgrade", "redirect \\(308\\) to /a\\?\\[31m:"),
        (status("400 Bad Request", body=b"Bad Request"), {}, "upgrade", "400: most likely the Upgrade header"),
        (
            status("400 Bad Request", body=b"<h1>The plain HTTP request was sent to HTTPS port</h1>"),
            {},
            "upgrade",
            "400, because it speaks TLS",
        ),
        (
            status("400 Bad Request", body=b"<h1>No required SSL certificate was sent</h1>"),
            {},
            "upgrade",
            "400, because it wants a client certificate",
        ),
        (status("401 Unauthorized"), {}, "upgrade", "wants a login \\(401\\)"),
        (status("403 Forbidden"), {}, "upgrade", "403 to a client without an Origin"),
        (
            status("403 Forbidden"),
            {"origin": "https://evil.example"},
            "upgrade",
            "403 to the Origin https://evil.example",
        ),
        (status("404 Not Found"), {}, "upgrade", "404: no endpoint has the path /wss"),
        (status("426 Upgrade Required"), {}, "upgrade", "426: most likely the Upgrade header"),
        (status("429 Too Many Requests"), {}, "upgrade", "429, too many connections"),
        (status("500 Internal Server Error"), {}, "upgrade", "500: the backend failed"),
        (status("502 Bad Gateway"), {}, "upgrade", "502: the backend is down"),
        (status("503 Service Unavailable"), {}, "upgrade", "503: the backend is down"),
        (status("504 Gateway Time-out"), {}, "upgrade", "504: the backend does not answer"),
        (status("505 HTTP Version Not Supported"), {}, "upgrade", "505: most likely the Upgrade header"),
        (status("418 Teapot"), {}, "upgrade", "answered 418, not 101"),
        (answer(b"HTTP/1.0 502 Bad Gateway\r\n\r\n"), {}, "upgrade", "502: the backend is down"),
        (
            answer(b"HTTP/1.1 404 Nope\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
            {},
            "upgrade",
            "404: no endpoint has the path",
        ),
        (lambda peer: peer.accept(key="wrong"), {}, "upgrade", "wrong Sec-WebSocket-Accept"),
        (
            answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
            {},
            "upgrade",
            "invalid answer \\(.*[Uu]pgrade",
        ),
        (
            lambda peer: peer.accept("Sec-WebSocket-Protocol: b\r\n"),
            {"subprotocols": ["a"]},
            "upgrade",
            "invalid answer",
        ),
        (answer(b"HTTP/1.0 101 OK\r\n\r\n"), {}, "upgrade", "invalid answer"),
        (answer(b"SSH-2.0-OpenSSH_9.2\r\n"), {}, "upgrade", "not HTTP/1.1"),
        (answer(b"HTTP/1.1 200"), {}, "upgrade", "not HTTP/1.1"),
        (answer(b"HTTP/1.1 99999 Odd\r\n\r\n"), {}, "upgrade", "not HTTP/1.1"),
        (answer(b"\x15\x03\x03\x00\x02\x02\x46"), {}, "upgrade", "speaks TLS, but was asked in plain ws"),
        (answer(b""), {}, "upgrade", "closed the connection without answering.*speaks TLS only"),
        (
            lambda peer: peer.accept().talk(lambda peer, opcode, data: peer.send_frame(1, b"you said: " + data)),
            {},
            "echo",
            "the text message did not come back: one of 41 bytes came instead",
        ),
        (
            lambda peer: peer.accept().talk(lambda peer, opcode, data: opcode == 1 and peer.send_frame(1, data)),
            {"timeout": 2},
            "echo",
            "the binary message did not come back in time",
        ),
        (
            lambda peer: peer.accept().talk(lambda peer, opcode, data: None),
            {"timeout": 2},
            "echo",
            "the text message did not come back in time",
        ),
        (
            lambda peer: peer.accept().send_frame(8, b"\x03\xf0go away"),
            {},
            "echo",
            "closed the connection with code 1008 \\(go away\\) before the echo",
        ),
        (
            lambda peer: peer.accept().send_frame(8),
            {"expect": "open"},
            "ping",
            "code 1005 \\(no reason given\\) before the ping",
        ),
        (lambda peer: peer.accept(), {}, "echo", "cut without a close frame before the echo"),
        (
            lambda peer: peer.accept().send(b"GET / HTTP/1.1"),
            {"expect": "open"},
            "ping",
            "what comes back is not WebSocket",
        ),
        (
            lambda peer: peer.accept().read_frame() and peer.read_frame(),
            {"expect": "open", "timeout": 2},
            "ping",
            "no pong came back",
        ),
        (lambda peer: time.sleep(1), {"timeout": 0.3}, "upgrade", "does not answer the upgrade request"),
    ],
)
def test_refused_or_wrong(serve, handler, changes, phase, problem):
    changes = dict(changes)
    timeout = changes.pop("timeout", TIMEOUT)
    proof = client.probe(target(serve(handler), **changes), timeout)
    assert (proof.ok, proof.phase) == (False, phase)
    assert re.search(problem, proof.problem), proof.problem


def test_status_is_told(serve):
    assert client.probe(target(serve(status("403 Forbidden"))), TIMEOUT).status == 403


def test_error_page_that_comes_in_pieces(serve):
    def handler(peer):
        peer.read_request().send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 50\r\n\r\n")
        time.sleep(0.1)
        peer.send(b"The plain HTTP request was sent to HTTPS port     ")

    assert "speaks TLS" in client.probe(target(serve(handler)), TIMEOUT).problem


@pytest.mark.parametrize(
    ("shown", "trusted", "problem"),
    [
        ("self_signed", None, "is self-signed \\(SHA-256 [0-9a-f:]{95}\\) and this machine does not trust it"),
        ("self_signed", "another", "a self-signed certificate \\(SHA-256 .*that is not the expected one"),
        ("self_signed_bare", "self_signed_ca", "that is not the expected one"),
        ("leaf", None, "issued by CN=Example Intermediate, which this machine cannot trace.*fullchain"),
        ("leaf", "root", "issued by CN=Example Intermediate, which does not lead to the expected"),
        ("expired", "expired", "expired on \\d{4}-\\d\\d-\\d\\dT.*Z: renew it"),
        ("early", "early", "valid only from \\d{4}-.* here it is \\d{4}-.*clocks"),
        ("no_names", "no_names", "does not cover chat.example.com, but no name at all"),
        ("not_for_servers", "not_for_servers", "refused: unsu.* certificate purpose\\. Make a new one"),
        ("ip", "ip", "does not cover chat.example.com, but 127.0.0.1, ::1: add the name"),
    ],
)
def test_certificate_refused(serve, certificates, shown, trusted, problem):
    port = serve(echo, certificates[shown].context())
    trust = certificates[trusted].pem if trusted else None
    proof = client.probe(target(port, tls=True, trust=trust), TIMEOUT)
    assert (proof.ok, proof.phase, proof.status) == (False, "tls", None)
    assert re.search(problem, proof.problem), proof.problem
    assert proof.certificate.fingerprint_sha256


def test_certificate_does_not_cover_the_ip_address(serve, certificates):
    port = serve(echo, certificates["self_signed"].context())
    trust = certificates["self_signed"].pem
    proof = client.probe(target(port, tls=True, trust=trust, server_name="192.0.2.1"), TIMEOUT)
    assert "does not cover 192.0.2.1, but chat.example.com" in proof.problem


def test_intermediate_expired(serve, certificates, make_certificate):
    middle = certificates["expired_middle"]
    port = serve(echo, make_certificate(issuer=middle).context(middle))
    proof = client.probe(target(port, tls=True, trust=certificates["root"].pem), TIMEOUT)
    assert "A certificate above the server's own is refused (certificate has expired)" in proof.problem


def raw_tls(data):
    """Answer the client hello with these bytes."""
    return lambda peer: (peer.conn.recv(4096), peer.send(data))


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (raw_tls(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS; plain ws"),
        (raw_tls(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "does not speak TLS; plain ws"),
        (raw_tls(b""), "closed the connection in the middle of the TLS handshake"),
        (raw_tls(b"\x15\x03\x03\x00\x02\x02\x70"), "knows no site chat.example.com"),
        (raw_tls(b"\x15\x03\x03\x00\x02\x02\x46"), "no TLS version in common"),
        (
            raw_tls(b"\x15\x03\x03\x00\x02\x02\x28"),
            "knows no site chat.example.com, or has no TLS cipher or group in common",
        ),
        (raw_tls(b"\x15\x03\x03\x00\x02\x02\x50"), "failed \\(.*INTERNAL.*\\): look at the server's error log"),
    ],
)
def test_tls_fails(serve, handler, problem):
    proof = client.probe(target(serve(handler), tls=True), TIMEOUT)
    assert (proof.ok, proof.phase) == (False, "tls")
    assert re.search(problem, proof.problem), proof.problem


def test_no_answer_to_the_tls_handshake(serve):
    proof = client.probe(target(serve(lambda peer: time.sleep(1)), tls=True), 0.5)
    assert (proof.ok, proof.phase) == (False, "tls")
    assert "does not answer the TLS handshake" in proof.problem


def test_unknown_server_name(serve, certificates):
    context = certificates["self_signed"].context()
    context.sni_callback = lambda *_args: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    assert "knows no site chat.example.com" in client.probe(target(serve(echo, context), tls=True), TIMEOUT).problem


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_no_common_tls_version(serve, certificates):
    context = certificates["self_signed"].context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.minimum_version = ssl.TLSVersion.TLSv1
    proof = client.probe(target(serve(echo, context), tls=True), TIMEOUT)
    assert "no TLS version in common" in proof.problem


def test_no_common_cipher(serve, certificates):
    context = certificates["self_signed"].context()  # its key is ECDSA, which no RSA cipher can use
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    proof = client.probe(target(serve(echo, context), tls=True), TIMEOUT)
    assert "no TLS cipher or group in common" in proof.problem


def test_client_certificate_wanted(serve, certificates):
    context = certificates["self_signed"].context()
    context.verify_mode = ssl.CERT_REQUIRED
    proof = client.probe(target(serve(echo, context), tls=True, trust=certificates["self_signed"].pem), TIMEOUT)
    assert proof.phase == "upgrade"
    assert "wants a client certificate" in proof.problem


def test_nothing_listens():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        proof = client.probe(target(sock.getsockname()[1]), TIMEOUT)
    assert (proof.phase, proof.tcp_ms, proof.unreached) == ("tcp", None, True)
    assert "Nothing listens on 127.0.0.1 port" in proof.problem


def test_no_answer_to_tcp(full_queue):
    proof = client.probe(target(full_queue), 0.5)
    assert (proof.phase, proof.unreached) == ("tcp", True)
    assert "does not answer: a firewall drops the connection" in proof.problem


@pytest.mark.parametrize(
    ("phase", "error", "unreached"),
    [
        ("tcp", OSError(errno.EHOSTUNREACH, "No route to host"), True),
        ("tcp", OSError(errno.EACCES, "Permission denied"), True),  # what ICMPv6 says of a port that is forbidden
        ("tls", socket.timeout(), True),
        ("tls", ConnectionResetError(errno.ECONNRESET, "reset"), True),
        ("tls", ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong"), False),
        ("resolve", socket.timeout(), False),
        ("upgrade", socket.timeout(), False),
    ],
)
def test_what_something_between_may_have_done(monkeypatch, phase, error, unreached):
    def run(connection):
        connection.proof.phase = phase
        raise error

    monkeypatch.setattr(client.Connection, "run", run)
    assert client.probe(target(1), TIMEOUT).unreached == unreached


def test_address_does_not_resolve(monkeypatch):
    def fail(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    proof = client.probe(target(1, address="nowhere.example"), TIMEOUT)
    assert proof.phase == "resolve"
    assert "nowhere.example does not resolve on this machine (Name or service not known)" in proof.problem


@pytest.mark.parametrize("address", ["a..b", "x" * 64 + ".example"])
def test_address_is_no_host_name(address):
    proof = client.probe(target(1, address=address), TIMEOUT)
    assert "does not resolve on this machine (not a host name)" in proof.problem


def test_resolver_hangs(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: time.sleep(1) or [])
    start = time.monotonic()
    proof = client.probe(target(1, address="slow.example"), 0.3)
    assert time.monotonic() - start < 2
    assert "the DNS server does not answer" in proof.problem


# Peers that mean harm


def drip(peer):
    for byte in b"HTTP/1.1 101 " + b"x" * 1000:
        peer.send(bytes([byte]))
        time.sleep(0.05)


def endless_header(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        peer.send(b"X: " + b"y" * 60000)


def endless_messages(peer):
    peer.accept()
    while True:
        peer.send_frame(2, b"z" * 60000)


def huge_message(peer):
    peer.accept().send(b"\x82\x7f" + (1 << 40).to_bytes(8, "big"))
    peer.talk()


@pytest.mark.parametrize("expect", ["echo", "open"])
@pytest.mark.parametrize("handler", [drip, endless_header, endless_messages, huge_message])
def test_hostile_peers_are_left_in_time(serve, handler, expect):
    start = time.monotonic()
    proof = client.probe(target(serve(handler), expect=expect), 0.5)
    assert time.monotonic() - start < 2
    assert not proof.ok
    assert proof.problem


@pytest.mark.parametrize(
    ("handler", "problem"), [(endless_header, "not HTTP/1.1"), (huge_message, "not WebSocket, or too big")]
)
def test_too_much_is_not_read(serve, handler, problem):
    start = time.monotonic()
    proof = client.probe(target(serve(handler)), TIMEOUT)
    assert time.monotonic() - start < TIMEOUT / 2
    assert problem in proof.problem


def test_no_long_wait_after_another_message(serve, monkeypatch):
    monkeypatch.setattr(client, "GRACE", 0.1)
    start = time.monotonic()
    proof = client.probe(target(serve(lambda peer: peer.accept().talk(lambda *_: peer.send_frame(1, b"no")))), TIMEOUT)
    assert time.monotonic() - start < TIMEOUT / 2
    assert "one of 2 bytes came instead" in proof.problem


def test_an_earlier_deadline_never_moves_back():
    assert wire.Deadline(1).at_most(5).left() <= 1
    assert wire.Deadline(5).at_most(1).left() <= 1


def test_one_slow_close_does_not_use_up_the_deadline(serve, monkeypatch):
    monkeypatch.setattr(client, "CLOSE_PATIENCE", 0.2)

    def handler(peer):
        peer.accept()
        while True:
            opcode, data = peer.read_frame()
            if opcode != 8:
                peer.send_frame(10 if opcode == 9 else opcode, data)

    start = time.monotonic()
    assert client.probe(target(serve(handler)), TIMEOUT).ok
    assert time.monotonic() - start < 2


def test_sockets_are_closed(serve, certificates):
    closed = threading.Event()

    def handler(peer):
        peer.accept("Broken\r\n")
        if peer.conn.recv(1) == b"":
            closed.set()

    client.probe(target(serve(handler)), TIMEOUT)
    assert closed.wait(2)


# DNS


@pytest.mark.parametrize(
    ("found", "matches", "note"),
    [
        (["127.0.0.1"], True, None),
        (["198.51.100.7"], False, "resolves here to 198.51.100.7, not to 127.0.0.1"),
        ([], False, "chat.example.com does not resolve here"),
    ],
)
def test_check_dns(serve, monkeypatch, found, matches, note):
    def look_up(host, port, **_kwargs):
        if host == "chat.example.com" and not found:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        hosts = found if host == "chat.example.com" else [host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (item, port)) for item in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    proof = client.probe(target(serve(echo)), TIMEOUT, check_dns=True)
    assert proof.ok
    assert proof.dns == {"addresses": found, "matches": matches}
    assert bool(proof.notes) == bool(note)
    assert not note or note in proof.notes[0]


def test_no_dns_for_an_ip_address(serve):
    proof = client.probe(target(serve(echo), server_name="192.0.2.1"), TIMEOUT, check_dns=True)
    assert (proof.ok, proof.dns, proof.notes) == (True, None, [])


# The library


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("8.1", "websockets 8.1 of .* is too old.*probe from the controller"),
        ("10.3", "too old"),
        ("10.4", None),
        ("17.4", None),
        ("18.0rc1", None),
    ],
)
def test_version_of_the_library(monkeypatch, version, problem):
    monkeypatch.setitem(__import__("sys").modules, "websockets.version", types.SimpleNamespace(version=version))
    found = session.library_problem()
    assert (found is None) == (problem is None)
    assert problem is None or re.search(problem, found)


def test_library_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "websockets.version", None)
    assert re.search("pip install websockets.*python3-websockets", session.library_problem())
