# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS as the probe's client does it, and what a certificate says."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.probe import key_group
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError, error_from

# Python names these two only from 3.10 on; the values are OpenSSL's own.
STRICT = 0x20
PARTIAL_CHAIN = 0x80000

PEM_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Own(NamedTuple):
    """The certificate that a client shows and its key: files in PEM on this machine; C(~) is expanded."""

    certificate: str
    private_key: str


@dataclass(frozen=True)
class Certificate:
    """The certificate that a server showed. Without the cryptography library only its fingerprint is known."""

    fingerprint_sha256: str
    names: list[str] | None = None
    not_before: str | None = None
    not_after: str | None = None
    days_left: int | None = None
    issuer: str | None = None
    self_signed: bool | None = None


@cache
def context(trust: str | None, http2: bool = False, own: Own | None = None) -> ssl.SSLContext:
    """Verify against the certificates in C(trust) alone, or against the system's store. Raises ValueError.

    :param http2: Whether to offer HTTP/2 before HTTP/1.1, as browsers do.
    :param own: What to show to a server that wants a certificate. Raises ProbeError when it cannot be shown.
    """
    if trust is None:
        result = ssl.create_default_context()
    else:
        try:
            result = ssl.create_default_context(cadata="\n".join(PEM_CERTIFICATE.findall(trust)) or "none")
        except (ssl.SSLError, ValueError):
            raise ValueError("trust holds no readable certificate: give certificates in PEM.") from None
        # A leaf that is trusted itself needs no root above it.
        result.verify_flags |= ssl.VerifyFlags(PARTIAL_CHAIN)
    # Only Python 3.13 and later turn this on: the verdict must not depend on the controller's Python.
    result.verify_flags &= ~ssl.VerifyFlags(STRICT)
    result.minimum_version = ssl.TLSVersion.TLSv1_2
    result.hostname_checks_common_name = False  # as browsers do
    result.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
    key_group.watch(result)
    if own:
        show(result, own)
    return result


def blind_context(own: Own | None = None) -> ssl.SSLContext:
    """Verify nothing: only to read the certificate that has failed already."""
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    result.check_hostname = False
    result.verify_mode = ssl.CERT_NONE
    if own:
        show(result, own)
    return result


def show(to: ssl.SSLContext, own: Own) -> None:
    """Show a certificate to servers that want one. Raises ProbeError with what to do about the files."""
    files = [str(Path(name).expanduser()) for name in own]
    for name in files:
        try:
            Path(name).read_bytes()
        except OSError as exc:
            raise ProbeError("own_certificate", text=f"{name} cannot be read ({exc.strerror})") from None
    try:
        # Without this, OpenSSL asks at the terminal.
        to.load_cert_chain(files[0], files[1], password="")
    except ssl.SSLError as exc:
        why = "is not the key of" if "MISMATCH" in (exc.reason or "") else "has no key in PEM without a passphrase for"
        raise ProbeError("own_certificate", text=f"{files[1]} {why} {files[0]}") from None


def handshake(sock: socket.socket, context: ssl.SSLContext, name: str | None) -> ssl.SSLSocket:
    """Speak TLS from here on. Raises ProbeError or OSError, the socket then being closed."""
    secured = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError as exc:
        failure, chosen = error_from(exc), secured.cipher()
        secured.close()
        # With TLS 1.2, servers say the same of ciphers, before they choose one, and of the client's certificate.
        if failure.kind == "no_handshake" and chosen:
            raise ProbeError("wants_certificate", text=failure.text) from exc
        raise
    return secured


def read_certificate(der: bytes, now: datetime) -> Certificate:
    """Read what a certificate says, its days left counted from C(now)."""
    fingerprint = ":".join(f"{byte:02x}" for byte in hashlib.sha256(der).digest())
    try:
        from cryptography import x509

        found = x509.load_der_x509_certificate(der, _backend())
        not_before, not_after = _utc(found, "not_valid_before"), _utc(found, "not_valid_after")
        return Certificate(
            fingerprint_sha256=fingerprint,
            names=_names(found),
            not_before=_iso(not_before),
            not_after=_iso(not_after),
            days_left=(not_after - now).days,
            issuer=found.issuer.rfc4514_string(),
            self_signed=found.issuer == found.subject,
        )
    except Exception:  # the library is not there, or refuses what a server may well have made up
        return Certificate(fingerprint_sha256=fingerprint)


def _backend() -> Any:
    from cryptography.hazmat.backends import default_backend

    return default_backend()


def _utc(certificate: Any, name: str) -> datetime:
    aware: datetime | None = getattr(certificate, f"{name}_utc", None)  # cryptography 42 and later
    if aware is not None:
        return aware
    naive: datetime = getattr(certificate, name)
    return naive.replace(tzinfo=timezone.utc)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(certificate: Any) -> list[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name) for kind in (x509.DNSName, x509.IPAddress) for name in names.get_values_for_type(kind)]
