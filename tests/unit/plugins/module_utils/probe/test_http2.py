# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe over HTTP/2, against a little server on the same library."""

from __future__ import annotations

import io
import re
import time

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import client, session
from ansible_collections.wss.edge.plugins.module_utils.probe.target import read_target

from .conftest import Peer

h2_connection = pytest.importorskip("h2.connection")
from h2 import config as h2_config  # noqa: E402
from h2 import events, settings  # noqa: E402

TIMEOUT = 5
CONNECT = settings.SettingCodes.ENABLE_CONNECT_PROTOCOL
CONNECTS = ((CONNECT, 1),)
WINDOW = settings.SettingCodes.INITIAL_WINDOW_SIZE


class Http2Peer(Peer):
    """The server's end of one WebSocket over HTTP/2."""

    def __init__(self, conn, given):
        super().__init__(conn)
        self.http = h2_connection.H2Connection(h2_config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.http.local_settings = settings.Settings(client=False, initial_values=given)
        self.file = io.BufferedReader(Incoming(self))
        self.incoming = b""
        self.fields = {}
        self.window = given.get(WINDOW, 65535)
        self.http.initiate_connection()
        self.flush()

    def flush(self):
        self.conn.sendall(self.http.data_to_send())

    def read_events(self):
        data = self.conn.recv(65536)
        if not data:
            raise OSError("closed")
        for event in self.http.receive_data(data):
            if isinstance(event, events.RequestReceived):
                self.fields = dict(event.headers)
            elif isinstance(event, events.DataReceived):
                self.incoming += event.data
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.flush()

    def read_request(self):
        while not self.fields:
            self.read_events()
        return self

    def answer(self, status, end=False, **fields):
        self.read_request()
        more = [(name.replace("_", "-"), value) for name, value in fields.items()]
        self.http.send_headers(1, [(":status", str(status)), *more], end_stream=end)
        self.flush()
        return self

    def accept(self, **fields):
        return self.answer(200, **fields)

    def send(self, data):
        self.http.send_data(1, data)
        self.flush()


class Incoming(io.RawIOBase):
    """What the client sent in the stream."""

    def __init__(self, peer):
        super().__init__()
        self.peer = peer

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.peer.incoming:
            self.peer.read_events()
        size = min(len(buffer), len(self.peer.incoming))
        buffer[:size] = self.peer.incoming[:size]
        self.peer.incoming = self.peer.incoming[size:]
        return size


@pytest.fixture
def probe(serve, certificates):
    """Probe a handler over HTTP/2."""

    def start(handler, given=CONNECTS, alpn=("h2", "http/1.1"), timeout=TIMEOUT, **changes):
        context = certificates["self_signed"].context()
        context.set_alpn_protocols(alpn)

        def over_http2(peer):
            handler(peer if given is None else Http2Peer(peer.conn, dict(given)))

        raw = {
            "site": "chat",
            "path": "/wss?a=b",
            "address": "127.0.0.1",
            "port": serve(over_http2, context),
            "server_name": "chat.example.com",
            "http2": True,
            "expect": "echo",
            "trust": certificates["self_signed"].pem,
        }
        return client.probe(read_target({**raw, **changes}), timeout)

    return start


def echo(peer):
    peer.accept().talk()


@pytest.mark.parametrize("expect", ["echo", "open"])
def test_proved(probe, expect):
    proof = probe(echo, expect=expect)
    assert (proof.ok, proof.problem, proof.phase, proof.status, proof.notes) == (True, "", "close", 200, [])
    assert (proof.http2, proof.tls_version) == (True, "TLSv1.3")
    assert all(ms >= 0 for ms in (proof.tls_ms, proof.upgrade_ms, proof.ping_ms, proof.close_ms))
    assert (proof.echo_ms is None) == (expect == "open")


def test_what_the_server_sees(probe):
    seen = {}

    def handler(peer):
        seen.update(alpn=peer.conn.selected_alpn_protocol())
        peer.accept(sec_websocket_protocol="two", sec_websocket_accept="of no meaning here")
        seen.update(peer.fields)
        peer.talk()

    origin = "https://www.example.com"
    proof = probe(handler, origin=origin, subprotocols=["one", "two"], headers={"User-Agent": "me", "X-Number": 7})
    assert (proof.ok, proof.problem, proof.subprotocol) == (True, "", "two")
    authority = f"chat.example.com:{proof.port}"
    assert seen == {
        "alpn": "h2",
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "https",
        ":path": "/wss?a=b",
        ":authority": authority,
        "sec-websocket-version": "13",
        "sec-websocket-protocol": "one, two",
        "origin": origin,
        "user-agent": "me",
        "x-number": "7",
    }


def test_no_byte_is_sent_that_the_server_has_no_room_for(probe):
    sizes = []

    def handler(peer):
        peer.accept()
        receive = peer.http.receive_data

        def count(data):
            found = receive(data)
            for event in found:
                if isinstance(event, events.DataReceived):
                    sizes.append(event.flow_controlled_length)
                    peer.http.increment_flow_control_window(len(event.data), 1)
            return found

        peer.http.receive_data = count
        peer.http.increment_flow_control_window(5, 1)
        peer.flush()
        peer.talk()

    proof = probe(handler, given={CONNECT: 1, WINDOW: 0})
    assert (proof.ok, proof.problem) == (True, "")
    assert max(sizes) <= 5


def test_more_than_one_window_comes_back(probe):
    def handler(peer):
        peer.accept()
        for _number in range(20):  # 200,000 bytes: three windows of 65,535
            while peer.http.local_flow_control_window(1) < 10010:
                peer.read_events()
            peer.send_frame(2, b"x" * 10000)
        peer.talk()

    proof = probe(handler)
    assert (proof.ok, proof.problem) == (True, "")


def hold(peer):
    """Keep the connection until the client drops it."""
    peer.flush()
    while True:
        peer.read_events()


def garbage(peer):
    peer.conn.sendall(bytes(9))  # data, but of no stream
    hold(peer)


def reset(peer):
    peer.http.reset_stream(1, error_code=7)
    hold(peer)


def end(peer):
    peer.http.end_stream(1)
    hold(peer)


def go_away(peer):
    peer.http.close_connection()
    hold(peer)


@pytest.mark.parametrize(
    ("handler", "changes", "phase", "problem"),
    [
        (echo, {"given": {}}, "upgrade", "speaks HTTP/2, but takes no WebSockets over it: turn that on"),
        (
            lambda peer: None,
            {"given": None, "alpn": ("http/1.1",)},
            "upgrade",
            "did not choose HTTP/2 for chat.example.com, though it was offered",
        ),
        (lambda peer: peer.answer(101).talk(), {"timeout": 1}, "upgrade", "does not answer the upgrade request"),
        (lambda peer: peer.answer(302, location="/a\tb"), {}, "upgrade", "redirect \\(302\\) to /a\\?b:"),
        (lambda peer: peer.answer(400, end=True), {}, "upgrade", "400: most likely the backend cut the connection"),
        (
            lambda peer: peer.answer(403),
            {"origin": "https://evil.example"},
            "upgrade",
            "403 to the Origin https://evil",
        ),
        (lambda peer: peer.answer(404), {}, "upgrade", "404: no endpoint has the path /wss"),
        (lambda peer: peer.answer(502), {}, "upgrade", "502: the backend answered with something else .*/wss"),
        (lambda peer: peer.answer(503), {}, "upgrade", "503: the backend is down"),
        (
            lambda peer: peer.accept(sec_websocket_protocol="b"),
            {"subprotocols": ["a"]},
            "upgrade",
            "accepted the upgrade with an invalid answer",
        ),
        (garbage, {}, "upgrade", "breaks the rules of HTTP/2"),
        (lambda peer: garbage(peer.read_request()), {}, "upgrade", "breaks the rules of HTTP/2"),
        (
            lambda peer: reset(peer.read_request()),
            {},
            "upgrade",
            "closed the connection without answering .*: the backend",
        ),
        (lambda peer: go_away(peer.read_request()), {}, "upgrade", "closed the connection without answering"),
        (lambda peer: peer.read_request(), {}, "upgrade", "closed the connection without answering"),
        (lambda peer: peer.conn.recv(65536), {"given": None}, "upgrade", "closed the connection without answering"),
        (lambda peer: end(peer.accept()), {}, "echo", "cut without a close frame before the echo"),
        (lambda peer: peer.accept(), {}, "echo", "cut without a close frame before the echo"),
        (lambda peer: reset(peer.accept()), {}, "echo", "cut without a close frame"),
        (lambda peer: peer.accept().send_frame(8, b"\x03\xf0go away"), {}, "echo", "code 1008 \\(go away\\)"),
        (lambda peer: peer.accept().talk(lambda *_: None), {"timeout": 1}, "echo", "did not come back in time"),
        (lambda peer: peer.accept().send(b"GET / HTTP/1.1"), {"expect": "open"}, "ping", "is not WebSocket"),
        (lambda peer: time.sleep(2), {"timeout": 0.5}, "upgrade", "does not answer the upgrade request"),
    ],
)
def test_refused_or_wrong(probe, handler, changes, phase, problem):
    proof = probe(handler, **changes)
    assert (proof.ok, proof.phase) == (False, phase)
    assert re.search(problem, proof.problem), proof.problem


def endless_pings(peer):
    while True:
        peer.http.ping(b"12345678")
        peer.flush()


def endless_headers(peer):
    peer.read_request()
    peer.answer(200, **{f"x_{number}": "y" * 10000 for number in range(20)})
    peer.talk()


def endless_messages(peer):
    peer.accept()
    while True:
        if peer.http.local_flow_control_window(1) < 20000:
            peer.read_events()
        else:
            peer.send_frame(2, b"z" * 10000)


@pytest.mark.parametrize("handler", [endless_pings, endless_headers, endless_messages])
def test_hostile_peers_are_left_in_time(probe, handler):
    start = time.monotonic()
    proof = probe(handler, timeout=1)
    assert time.monotonic() - start < 3
    assert not proof.ok
    assert proof.problem


def test_client_certificate_wanted(serve, certificates):
    context = certificates["self_signed"].context()
    context.set_alpn_protocols(["h2"])
    context.verify_mode = 2
    raw = {"site": "a", "path": "/", "address": "127.0.0.1", "port": serve(lambda peer: None, context), "http2": True}
    trust = certificates["self_signed"].pem
    proof = client.probe(read_target({**raw, "server_name": "chat.example.com", "trust": trust}), TIMEOUT)
    assert "wants a client certificate" in proof.problem


def test_http2_needs_tls():
    with pytest.raises(ValueError, match="http2 is True: HTTP/2 needs tls"):
        read_target(
            {"site": "a", "path": "/", "address": "a", "port": 1, "server_name": "a", "tls": False, "http2": True}
        )


@pytest.mark.parametrize("http2", [False, True])
def test_library_is_missing(monkeypatch, http2):
    monkeypatch.setitem(__import__("sys").modules, "h2.connection", None)
    found = session.library_problem(http2)
    assert (found is None) != http2
    assert not http2 or re.search("library h2 is missing .*pip install h2'.*python3-h2", found)


def test_client_certificate(serve, certificates):
    context = certificates["self_signed"].context(clients=certificates["root"])
    context.set_alpn_protocols(["h2"])
    port = serve(lambda peer: Http2Peer(peer.conn, dict(CONNECTS)).accept().talk(), context)
    file = str(certificates["client"].write())
    raw = {
        "site": "chat", "path": "/wss", "address": "127.0.0.1", "port": port, "server_name": "chat.example.com",
        "http2": True, "trust": certificates["self_signed"].pem,
        "client_certificate": {"certificate": file, "private_key": file},
    }  # fmt: skip
    proof = client.probe(read_target(raw), TIMEOUT)
    assert (proof.ok, proof.problem, proof.status) == (True, "", 200)
    assert proof.refusal == "TLSV13_ALERT_CERTIFICATE_REQUIRED"
