# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WebSocket over HTTP/2 (RFC 8441), told to its session as one over HTTP/1.1."""

from __future__ import annotations

import base64
import hashlib
import importlib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError
from ansible_collections.wss.edge.plugins.module_utils.probe.wire import Deadline, Wire

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3

# What only HTTP/1.1 has: in HTTP/2 the stream itself stands for it.
HTTP1_REQUEST = ("host", "upgrade", "connection", "sec-websocket-key")
HTTP1_ANSWER = (b":status", b"upgrade", b"connection", b"sec-websocket-accept")


class Stream(Wire):
    """The one stream of an HTTP/2 connection: takes an upgrade request of HTTP/1.1, gives such an answer to it."""

    accepted = 200

    def __init__(self, sock: ssl.SSLSocket, deadline: Deadline) -> None:
        super().__init__(sock, deadline)
        h2: Any = importlib.import_module("h2.connection")
        config: Any = importlib.import_module("h2.config")
        self.events: Any = importlib.import_module("h2.events")
        self.connection = h2.H2Connection(config.H2Configuration(client_side=True, header_encoding=None))
        self.number: int | None = None
        self.key = b""
        self.inbox = b""
        self.settled = False
        self.ended = False

    def start(self, chosen: str | None) -> None:
        """Exchange settings and want that of RFC 8441.

        :param chosen: The protocol that the server chose in the TLS handshake.
        """
        if chosen != "h2":
            raise ProbeError("no_http2")
        with _rules():
            self.connection.initiate_connection()
        self._flush()
        while not self.settled and not self.ended:
            self._read()
        if self.ended:
            raise ProbeError("dropped")
        if not self.connection.remote_settings.enable_connect_protocol:
            raise ProbeError("no_connect")

    def send(self, data: bytes) -> None:
        """Send the request first, then data, as fast as the other side takes it."""
        if self.number is None:
            self._ask(data.decode("latin-1"))
            return
        while data and not self.ended:
            with _rules():
                window = self.connection.local_flow_control_window(self.number)
                size = min(window, self.connection.max_outbound_frame_size, len(data))
                if size > 0:
                    self.connection.send_data(self.number, data[:size])
                    data = data[size:]
            if size > 0:
                self._flush()
            else:
                self._read()

    def receive(self, deadline: Deadline | None = None) -> bytes:
        """Return what is there or comes next; nothing at the end of the stream."""
        while not self.inbox and not self.ended:
            self._read(deadline)
        data, self.inbox = self.inbox, b""
        return data

    def _ask(self, head: str) -> None:
        first, *lines = head.rstrip("\r\n").split("\r\n")
        pairs = [line.partition(": ") for line in lines]
        fields = {name.lower(): value for name, _colon, value in pairs}
        self.key = fields["sec-websocket-key"].encode()
        pseudo = {
            ":method": "CONNECT",
            ":protocol": "websocket",
            ":scheme": "https",
            ":path": first.split(" ")[1],
            ":authority": fields["host"],
        }
        rest = {name: value for name, value in fields.items() if name not in HTTP1_REQUEST}
        with _rules():
            self.number = self.connection.get_next_available_stream_id()
            self.connection.send_headers(self.number, [*pseudo.items(), *rest.items()])
        self._flush()

    def _read(self, deadline: Deadline | None = None) -> None:
        data = super().receive(deadline)
        if not data:
            self.ended = True
            return
        with _rules():
            for event in self.connection.receive_data(data):
                self._take(event)
        self._flush()

    def _take(self, event: Any) -> None:
        events = self.events
        if isinstance(event, events.RemoteSettingsChanged):
            self.settled = True
        elif isinstance(event, events.ResponseReceived):
            self.inbox += self._answer(event.headers)
        elif isinstance(event, events.DataReceived):
            self.inbox += event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, (events.StreamEnded, events.StreamReset, events.ConnectionTerminated)):
            self.ended = True

    def _answer(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Word an answer as HTTP/1.1: the session then checks it as any other."""
        pairs = list(headers)
        status = dict(pairs)[b":status"]
        lines = [b"HTTP/1.1 " + status + b" "]
        if status == b"200":
            accept = base64.b64encode(hashlib.sha1(self.key + GUID).digest())
            lines = [
                b"HTTP/1.1 101 ",
                b"Upgrade: websocket",
                b"Connection: Upgrade",
                b"Sec-WebSocket-Accept: " + accept,
            ]
        lines += [name + b": " + value for name, value in pairs if name not in HTTP1_ANSWER]
        return b"\r\n".join([*lines, b"", b""])

    def _flush(self) -> None:
        data = self.connection.data_to_send()
        if data:
            super().send(data)


@contextmanager
def _rules() -> Iterator[None]:
    """Take what breaks the rules of HTTP/2 for what the other side did."""
    try:
        yield
    except Exception as exc:  # the library raises more than its own kinds
        raise ProbeError("not_http2", text=str(exc)) from exc
