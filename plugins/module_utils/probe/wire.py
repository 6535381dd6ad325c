# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets with a deadline."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import Any

Address = tuple[int, Any]


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


def resolve(host: str, port: int, deadline: Deadline) -> list[Address]:
    """Find all addresses of a host. The system's resolver knows no timeout, so it gets a thread to be left behind."""
    found: list[Address] = []
    errors: list[OSError] = []

    def ask() -> None:
        try:
            for family, _kind, _protocol, _name, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                found.append((family, where))
        except UnicodeError:  # a label that is empty or too long
            errors.append(socket.gaierror(socket.EAI_NONAME, "not a host name"))
        except OSError as exc:
            errors.append(exc)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if errors:
        raise errors[0]
    if thread.is_alive():
        raise socket.timeout()
    return found


def connect(addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
    """Connect to the first address that accepts; each gets its share of the time that is left."""
    error: OSError | None = None
    for tried, (family, where) in enumerate(addresses):
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(deadline.left() / (len(addresses) - tried))
            sock.connect(where)
            if family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as exc:
            if sock:
                sock.close()
            error = error or exc
    raise error or socket.gaierror(socket.EAI_NONAME, "no address")
