# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection from the proxy's host to a backend, as far as the answer to an upgrade request."""

from __future__ import annotations

import base64
import secrets
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.probe import http1, tls
from ansible_collections.wss.edge.plugins.module_utils.probe.backends import UNIX, BackendTlsAsked, Look
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import TLS_KINDS, ProbeError, error_from
from ansible_collections.wss.edge.plugins.module_utils.probe.wire import Deadline, Wire, connect, resolve

CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"  # a close frame with code 1000, masked by zeros

# What may mean that the other side speaks TLS and is asked in plain, or the other way round.
MUTE = ("timeout", "dropped", "not_http", "not_tls")


class Seen(NamedTuple):
    """What came of it: the failure if there was one, where, and the certificate that was not trusted."""

    phase: str
    failure: ProbeError | None
    certificate: tls.Certificate | None = None


def look(asked: Look, timeout: float, now: datetime) -> Seen:
    """Look at a backend. Nothing is raised.

    :param timeout: Seconds for each connection. A second one is made where the first does not tell what is wrong.
    """
    visit = Visit(asked, timeout)
    try:
        visit.run()
        return Seen("upgrade", None)
    except (OSError, ProbeError) as exc:
        failure = error_from(exc)
    finally:
        visit.drop()
    if failure.kind in MUTE and visit.phase == ("tls" if asked.tls else "upgrade") and _other_way(asked, timeout):
        failure = ProbeError("plain" if asked.tls else "speaks_tls")
    shown = _shown(asked, timeout, now) if failure.kind == "verify" else None
    return Seen(visit.phase, failure, shown)


def _other_way(asked: Look, timeout: float) -> bool:
    """Whether HTTP comes back without TLS, or TLS where it is not spoken."""
    visit = Visit(asked, timeout)
    try:
        sock = visit.connect()
        if asked.tls is None:
            visit.sock = tls.handshake(sock, tls.blind_context(), None)
            return True
        visit.ask(sock)
    except (OSError, ProbeError) as exc:
        kind = error_from(exc).kind
        # An alert is TLS; of pages, only that of a server which speaks TLS is none of a plain one.
        return kind == "status" if asked.tls else kind in (*TLS_KINDS, "tls") and kind != "not_tls"
    finally:
        visit.drop()
    return True


def _shown(asked: Look, timeout: float, now: datetime) -> tls.Certificate | None:
    """The certificate that was not trusted."""
    visit = Visit(asked, timeout)
    try:
        settings = asked.tls
        context = tls.blind_context(settings.own if settings else None)
        visit.sock = secured = tls.handshake(visit.connect(), context, settings.name if settings else None)
        der = secured.getpeercert(True)
        return tls.read_certificate(der, now) if der else None
    except (OSError, ProbeError):
        return None
    finally:
        visit.drop()


class Visit:
    """A connection and how far it got."""

    def __init__(self, asked: Look, timeout: float) -> None:
        self.asked = asked
        self.deadline = Deadline(timeout)
        self.phase = "tcp"
        self.sock: socket.socket | None = None

    def run(self) -> None:
        """As the proxy does it. Raises ProbeError or OSError."""
        sock = self.connect()
        settings = self.asked.tls
        if settings:
            self.phase = "tls"
            self.sock = sock = secured = tls.handshake(sock, _context(settings), settings.name)
            _check_depth(secured, settings)
        self.phase = "upgrade"
        self.ask(sock)

    def connect(self) -> socket.socket:
        """Connect within the time that the proxy has for it."""
        deadline = self.deadline.at_most(self.asked.connect_timeout)
        if self.asked.is_unix:
            addresses: list[Any] = [(socket.AF_UNIX, self.asked.address[len(UNIX) :])]
        else:
            addresses = resolve(*self.asked.where, deadline)
        self.sock = sock = connect(addresses, deadline)
        sock.settimeout(self.deadline.left())
        return sock

    def ask(self, sock: socket.socket) -> None:
        """Ask for the upgrade, and leave."""
        wire = Wire(sock, self.deadline)
        wire.send(_request(self.asked))
        head, rest = http1.read_head(wire)
        status = http1.status_of(head)
        if status == 101:
            wire.send(CLOSE)
            return
        refusal = http1.refusal(wire, head, rest, status)
        if self.asked.proved or refusal.kind != "status":
            raise refusal

    def drop(self) -> None:
        """Close the connection, whatever its state."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.close()


def _request(asked: Look) -> bytes:
    lines = [
        f"GET {asked.path} HTTP/1.1",
        f"Host: {asked.host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "User-Agent: wss.edge backend_check",
        *(f"{name}: {value}" for name, value in asked.headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def _context(settings: BackendTlsAsked) -> ssl.SSLContext:
    """As the proxy's: it knows neither Python's strictness nor a trusted certificate that is no root."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = settings.verify and settings.name is not None
    context.verify_mode = ssl.CERT_REQUIRED if settings.verify else ssl.CERT_NONE
    versions = [getattr(ssl.TLSVersion, name.replace(".", "_")) for name in settings.protocols]
    context.minimum_version, context.maximum_version = min(versions), max(versions)
    if settings.ciphers:
        context.set_ciphers(":".join(settings.ciphers))
    if settings.own:
        tls.show(context, settings.own)
    if settings.verify:
        _trust(context, settings)
    return context


def _trust(context: ssl.SSLContext, settings: BackendTlsAsked) -> None:
    if settings.ca_file is None:
        context.load_default_certs()
    for file in filter(None, (settings.ca_file, settings.crl_file)):
        try:
            context.load_verify_locations(cafile=file)
        except OSError as exc:
            raise ProbeError("authority", text=f"{file} ({exc.strerror})") from exc
    if settings.ca_file == "":
        raise ProbeError("authority", text="it has no file of it")
    if settings.crl_file:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


def _check_depth(sock: ssl.SSLSocket, settings: BackendTlsAsked) -> None:
    """Known from Python 3.13 on."""
    ask: Any = getattr(sock, "get_verified_chain", None)
    above = len(ask()) - 1 if ask and settings.verify else 0
    if above > settings.verify_depth:
        raise ProbeError("depth", code=above)
