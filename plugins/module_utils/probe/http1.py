# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer to an upgrade request over HTTP/1.1, as far as it is none of a WebSocket."""

from __future__ import annotations

import re

from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError, status_error
from ansible_collections.wss.edge.plugins.module_utils.probe.wire import Wire

MAX_HEAD = 65536
MAX_BODY = 4096  # of an error page: enough to find a phrase in it
BODY_PATIENCE = 1.0

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: [^\r\n]*)?\r\n")


def read_head(wire: Wire) -> tuple[bytes, bytes]:
    """Read the status line and the headers, and what came after them."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = wire.receive()
        if not chunk and not data:
            raise ProbeError("dropped")
        data += chunk
        if data[:2] in (b"\x15\x03", b"\x16\x03"):
            raise ProbeError("speaks_tls")
        if not chunk or not data.startswith(b"HTTP/1."[: len(data)]) or len(data) > MAX_HEAD:
            raise ProbeError("not_http")
    if not STATUS_LINE.match(data):
        raise ProbeError("not_http")
    end = data.index(b"\r\n\r\n") + 4
    return data[:end], data[end:]


def status_of(head: bytes) -> int:
    """The status of an answer's head."""
    return int(head[9:12])


def refusal(wire: Wire, head: bytes, rest: bytes, status: int) -> ProbeError:
    """What an answer says that accepts no upgrade."""
    pairs = [line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]]
    headers = {name.strip().lower(): value.strip() for name, _colon, value in pairs}
    body = _read_body(wire, rest, headers) if status == 400 else b""
    return status_error(status, headers, body.decode("latin-1"))


def _read_body(wire: Wire, body: bytes, headers: dict[str, str]) -> bytes:
    """Read the start of an error page, as far as it comes soon."""
    length = headers.get("content-length", "")
    size = min(int(length), MAX_BODY) if re.fullmatch(r"\d{1,9}", length) else MAX_BODY
    soon = wire.deadline.at_most(BODY_PATIENCE)
    try:
        while len(body) < size:
            chunk = wire.receive(soon)
            if not chunk:
                break
            body += chunk
    except OSError:
        pass
    return body[:MAX_BODY]
