# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WebSocket conversation, on the Sans-I/O layer of the websockets library."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.probe import http1
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError
from ansible_collections.wss.edge.plugins.module_utils.probe.target import Target
from ansible_collections.wss.edge.plugins.module_utils.probe.wire import Deadline, Wire

MAX_MESSAGE = 4 * 1024 * 1024

# RFC 6455, section 11.8
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

Frame = tuple[int, bytes]

# The library logs what the other side does wrong; here that is a result, not a log line.
SILENT = logging.getLogger("wss.edge.probe")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def library_problem(http2: bool = False) -> str | None:
    """Why the probe cannot run with this Python's libraries, and what to do; None when it can.

    :param http2: Whether it shall speak HTTP/2 too.
    """
    version = ""
    for name, module in {"websockets": "websockets.version", **({"h2": "h2.connection"} if http2 else {})}.items():
        try:
            found = importlib.import_module(module)
        except ImportError:
            return (
                f"The Python library {name} is missing for {sys.executable}: on the controller install it with "
                f"'{sys.executable} -m pip install {name}', on a host install the package python3-{name}."
            )
        version = version or str(found.version)
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < (10, 4):
        return (
            f"The Python library websockets {version} of {sys.executable} is too old, the probe needs 10.4 or newer: "
            "probe from the controller instead."
        )
    return None


class Session:
    """One WebSocket connection over a wire. Raises ProbeError or OSError."""

    def __init__(self, wire: Wire, target: Target) -> None:
        self.wire = wire
        self.target = target
        self.status: int | None = None
        self.protocol = _protocol(target)
        self.frames: list[Frame] = []
        self.fragments: list[bytes] = []
        self.opcode = TEXT
        self.closed: ProbeError | None = None

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the backend chose."""
        chosen: str | None = self.protocol.subprotocol
        return chosen

    def upgrade(self) -> None:
        """Ask for the upgrade and want 101."""
        request = self.protocol.connect()
        for name, value in {"User-Agent": "wss.edge probe", **self.target.headers}.items():
            with_one_value(request.headers, name, value)
        self.protocol.send_request(request)
        self._flush()
        head, rest = http1.read_head(self.wire)
        code = http1.status_of(head)
        self.status = self.wire.accepted if code == 101 else code
        if code != 101:
            raise http1.refusal(self.wire, head, rest, code)
        self._feed(head + rest)

    def send(self, *frames: Frame) -> None:
        """Send frames in one write."""
        if self.closed:
            raise self.closed
        senders = {TEXT: self.protocol.send_text, BINARY: self.protocol.send_binary, PING: self.protocol.send_ping}
        for opcode, data in frames:
            senders[opcode](data)
        self._flush()

    def receive(self, deadline: Deadline | None = None) -> list[Frame]:
        """Return the next whole messages and pongs, perhaps none. Raises ProbeError once the connection has ended."""
        if self.closed:
            raise self.closed
        self._feed(self.wire.receive(deadline))
        frames, self.frames = self.frames, []
        return frames

    def close(self, deadline: Deadline) -> None:
        """Close with code 1000 and wait for the close frame of the other side."""
        if self.closed is None:
            self.protocol.send_close(1000)
            self._flush()
        while self.closed is None:
            self._feed(self.wire.receive(deadline))
        if self.closed.kind != "closed":
            raise self.closed

    def _feed(self, data: bytes) -> None:
        try:
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
        except Exception as exc:  # websockets 10.4 lets errors of its parsers through
            raise ProbeError("handshake", text=str(exc)) from exc
        self._check_handshake()
        for event in self.protocol.events_received():
            if hasattr(event, "opcode"):
                self._take(int(event.opcode), bytes(event.data), event.fin)
        if self.closed is None and self.protocol.parser_exc is not None:
            kind = "protocol" if data else "dropped"
            self.closed = ProbeError(kind, text=str(self.protocol.parser_exc))
        self._flush()

    def _check_handshake(self) -> None:
        error = self.protocol.handshake_exc
        if error is not None:
            raise ProbeError("accept" if "Sec-WebSocket-Accept" in str(error) else "handshake", text=str(error))

    def _take(self, opcode: int, data: bytes, final: bool) -> None:
        if opcode == CLOSE:
            received = self.protocol.close_rcvd
            self.closed = ProbeError("closed", code=received.code, text=received.reason)
        elif opcode == PONG:
            self.frames.append((opcode, data))
        elif opcode in (TEXT, BINARY, CONTINUATION):
            self.opcode = opcode or self.opcode
            self.fragments.append(data)
            if final:
                self.frames.append((self.opcode, b"".join(self.fragments)))
                self.fragments = []

    def _flush(self) -> None:
        # An empty chunk asks for a half-closed connection; closing the socket does that a moment later.
        data = b"".join(self.protocol.data_to_send())
        if data:
            self.wire.send(data)


def with_one_value(headers: Any, name: str, value: str) -> None:
    """Set a header that must not stand twice; the library's own assignment adds."""
    if name in headers:
        del headers[name]
    headers[name] = value


def _protocol(target: Target) -> Any:
    client: Any = importlib.import_module("websockets.client")
    uri: Any = importlib.import_module("websockets.uri")
    # ClientConnection is the name up to 10.4.
    kind = client.ClientProtocol if hasattr(client, "ClientProtocol") else client.ClientConnection
    return kind(
        uri.WebSocketURI(target.tls, target.server_name, target.port, target.path, ""),
        origin=target.origin,
        subprotocols=list(target.subprotocols) or None,
        max_size=MAX_MESSAGE,
        logger=SILENT,
    )
