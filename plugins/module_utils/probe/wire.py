# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A socket with a deadline."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.moment = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left. Raises socket.timeout when there are none."""
        seconds = self.moment - time.monotonic()
        if seconds <= 0:
            raise socket.timeout()
        return seconds

    def at_most(self, seconds: float) -> Deadline:
        """Return this deadline, or an earlier one that many seconds from now."""
        sooner = Deadline(seconds)
        return sooner if sooner.moment < self.moment else self


class Wire:
    """A connected socket of which no call outlasts the deadline."""

    accepted = 101  # the status that accepts a WebSocket

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self.sock = sock
        self.deadline = deadline

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.settimeout(self.deadline.left())
        # When the other side is gone, what it said last tells more than the broken pipe: the next read sees it.
        with suppress(ConnectionError, ssl.SSLError):
            self.sock.sendall(data)

    def receive(self, deadline: Deadline | None = None) -> bytes:
        """Return what is there or comes next; nothing at the end of the stream."""
        self.sock.settimeout((deadline or self.deadline).left())
        return self.sock.recv(65536)
