# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client connection, phase by phase: resolve, tcp, tls, upgrade, echo, ping, close.

Where clients need a certificate, another one without follows: refusal.

The other side is not trusted: every wait ends at the target's deadline and every read has a limit.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.probe import http2, session, tls
from ansible_collections.wss.edge.plugins.module_utils.probe.diagnose import diagnose
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import KEPT_OUT, ProbeError, error_from
from ansible_collections.wss.edge.plugins.module_utils.probe.target import Target
from ansible_collections.wss.edge.plugins.module_utils.probe.wire import Address, Deadline, Wire, connect, resolve

GRACE = 1.0  # seconds to wait on for the echo once another message came
CLOSE_PATIENCE = 3.0  # seconds to wait for the answer to a close frame
DNS_PATIENCE = 3.0  # seconds to wait for a name that is only looked up for a note
# What a client without a certificate gets where one is required.
REFUSALS = ("dropped", "tls", "wants_certificate", "refuses_certificate", "no_handshake")
REFUSING = (400, 401, 403)


@dataclass
class Proof:
    """What one probe saw. The module returns it as it is."""

    site: str
    url: str
    address: str
    port: int
    http2: bool = False
    ok: bool = False
    phase: str = "resolve"
    problem: str = ""
    unreached: bool = False
    notes: list[str] = field(default_factory=list)
    tls_version: str | None = None
    cipher: str | None = None
    group: str | None = None
    certificate: tls.Certificate | None = None
    client_certificate: str | None = None
    refusal: str | None = None
    status: int | None = None
    subprotocol: str | None = None
    tcp_ms: float | None = None
    tls_ms: float | None = None
    upgrade_ms: float | None = None
    echo_ms: float | None = None
    ping_ms: float | None = None
    close_ms: float | None = None
    refusal_ms: float | None = None
    dns: dict[str, Any] | None = None


def probe(target: Target, timeout: float, check_dns: bool = False, now: datetime | None = None) -> Proof:
    """Prove one target. A failure is in the proof, never raised."""
    now = now or datetime.now(timezone.utc)
    connection = Connection(target, Deadline(timeout), now)
    proof = connection.proof
    try:
        connection.run()
        proof.ok = True
    except (OSError, ProbeError) as exc:
        failure = error_from(exc)
        if failure.kind == "verify":
            proof.certificate = connection.certificate_unverified()
        proof.unreached = proof.phase in ("tcp", "tls") and failure.kind in KEPT_OUT
        proof.problem = diagnose(target, proof.phase, failure, proof.certificate, now)
    finally:
        connection.drop()
    if check_dns and not target.named_by_ip:
        proof.dns = _look_up(target)
        proof.notes += _dns_notes(target, proof.dns)
    return proof


class Connection:
    """The connection of one probe and the proof that it fills."""

    def __init__(self, target: Target, deadline: Deadline, now: datetime) -> None:
        self.target = target
        self.deadline = deadline
        self.now = now
        self.proof = Proof(target.site, target.url, target.address, target.port, target.http2)
        self.addresses: list[Address] = []
        self.sock: socket.socket | None = None

    def run(self) -> None:
        """Go through all phases. Raises ProbeError or OSError; the proof's phase says where."""
        self.addresses = resolve(self.target.address, self.target.port, self.deadline)
        talk = self._open()
        if self.target.expect == "echo":
            with self._phase("echo"):
                _echo(talk, self.deadline)
        with self._phase("ping"):
            _ping(talk)
        with self._phase("close"):
            self._close(talk)
        if self.target.own and self.target.required:
            with self._phase("refusal"):
                self.proof.refusal = self._refusal()

    def certificate_unverified(self) -> tls.Certificate | None:
        """Connect once more, without verification, to see which certificate was refused."""
        with suppress(OSError, ValueError, ProbeError):
            der = self._handshake(self._connect(), tls.blind_context(self.target.own)).getpeercert(True)
            return tls.read_certificate(der, self.now) if der else None
        return None

    def drop(self) -> None:
        """Close the socket, whatever its state."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.close()
            self.sock = None

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self.proof.phase = name
        start = time.monotonic()
        yield
        setattr(self.proof, f"{name}_ms", round((time.monotonic() - start) * 1000, 1))

    def _open(self) -> session.Session:
        """Go through the phases up to the accepted upgrade."""
        with self._phase("tcp"):
            sock = self._connect()
        if self.target.tls:
            with self._phase("tls"):
                context = tls.context(self.target.trust, self.target.http2, self.target.own)
                sock = secured = self._handshake(sock, context)
            self._read_tls(secured)
        with self._phase("upgrade"):
            talk = session.Session(self._wire(sock), self.target)
            try:
                talk.upgrade()
            finally:
                self.proof.status = talk.status
        self._read_subprotocol(talk.subprotocol)
        return talk

    def _refusal(self) -> str:
        """How a client without a certificate is refused, in the words of the server. Raises ProbeError if it is not."""
        stranger = Connection(replace(self.target, own=None), self.deadline, self.now)
        stranger.addresses = self.addresses
        try:
            stranger._open()
        except (OSError, ProbeError) as exc:
            failure = error_from(exc)
            seen = str(failure.code or failure.text or failure.kind)
            if failure.kind in REFUSALS or failure.code in REFUSING:
                return seen
            raise ProbeError("unclear", text=seen) from exc
        finally:
            stranger.drop()
        raise ProbeError("let_in")

    def _connect(self) -> socket.socket:
        self.drop()
        self.sock = connect(self.addresses, self.deadline)
        return self.sock

    def _handshake(self, sock: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        sock.settimeout(self.deadline.left())
        self.sock = secured = tls.handshake(sock, context, self.target.server_name)
        return secured

    def _wire(self, sock: socket.socket) -> Wire:
        if not (self.target.http2 and isinstance(sock, ssl.SSLSocket)):
            return Wire(sock, self.deadline)
        stream = http2.Stream(sock, self.deadline)
        stream.start(sock.selected_alpn_protocol())
        return stream

    def _read_tls(self, sock: ssl.SSLSocket) -> None:
        cipher, der = sock.cipher(), sock.getpeercert(True)
        self.proof.tls_version = sock.version()
        self.proof.cipher = cipher[0] if cipher else None
        self.proof.group = getattr(sock, "key_group", None)
        self.proof.certificate = tls.read_certificate(der, self.now) if der else None
        self.proof.client_certificate = self.target.own.certificate if self.target.own else None

    def _read_subprotocol(self, chosen: str | None) -> None:
        self.proof.subprotocol = chosen
        if self.target.subprotocols and chosen is None:
            self.proof.notes.append("The backend chose none of the offered subprotocols; browsers refuse that.")

    def _close(self, talk: session.Session) -> None:
        try:
            talk.close(self.deadline.at_most(CLOSE_PATIENCE))
        except (OSError, ProbeError):
            self.proof.notes.append("The other side did not answer the close frame; clients see code 1006, not 1000.")


def _look_up(target: Target) -> dict[str, Any]:
    """See where the server name leads from this machine, and whether that is the probed address."""
    found: dict[str, list[str]] = {}
    for host in (target.server_name, target.address):
        found[host] = []
        with suppress(OSError):
            found[host] = sorted({where[0] for _family, where in resolve(host, target.port, Deadline(DNS_PATIENCE))})
    addresses = found[target.server_name]
    return {"addresses": addresses, "matches": bool(set(addresses) & set(found[target.address]))}


def _dns_notes(target: Target, dns: dict[str, Any]) -> list[str]:
    if dns["matches"]:
        return []
    if not dns["addresses"]:
        return [f"The name {target.server_name} does not resolve here; clients need a DNS record for it."]
    return [f"The name {target.server_name} resolves here to {', '.join(dns['addresses'])}, not to {target.address}."]


def _echo(talk: session.Session, deadline: Deadline) -> None:
    """Send one text and one binary message at once, and want both back in order."""
    mark = secrets.token_hex(8)
    wanted = [(session.TEXT, f"wss.edge probe {mark}".encode()), (session.BINARY, b"\x00\xff" + mark.encode())]
    talk.send(*wanted)
    other: int | None = None
    while wanted:
        try:
            frames = talk.receive(deadline)
        except socket.timeout:
            kind = "text" if wanted[0][0] == session.TEXT else "binary"
            raise ProbeError("silent" if other is None else "other", code=other, text=kind) from None
        for frame in frames:
            if wanted and frame == wanted[0]:
                del wanted[0]
            elif other is None and frame[0] in (session.TEXT, session.BINARY):
                other = len(frame[1])
                deadline = deadline.at_most(GRACE)


def _ping(talk: session.Session) -> None:
    payload = secrets.token_bytes(8)
    talk.send((session.PING, payload))
    while (session.PONG, payload) not in talk.receive():
        pass
