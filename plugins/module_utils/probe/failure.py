# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a connection, without a sentence for it yet."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass, field


@dataclass
class ProbeError(Exception):
    """One thing that went wrong. C(code) and C(text) mean what the kind says."""

    kind: str
    code: int | None = None
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


KINDS = {
    errno.ECONNREFUSED: "refused",
    errno.ENETUNREACH: "no_route",
    errno.EHOSTUNREACH: "no_route",
    errno.EADDRNOTAVAIL: "no_route",
    errno.EAFNOSUPPORT: "no_route",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.ENOENT: "no_socket",
    errno.ECONNRESET: "dropped",
    errno.ECONNABORTED: "dropped",
    errno.EPIPE: "dropped",
}

# What comes where something between drops or refuses a port, though not from there alone.
KEPT_OUT = ("timeout", "refused", "no_route", "forbidden", "dropped")

# Parts of the reasons that OpenSSL gives; they differ a little between its versions.
TLS_KINDS: dict[str, tuple[str, ...]] = {
    "unknown_name": ("UNRECOGNIZED_NAME",),
    "not_tls": (
        "WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE",
    ),
    "wants_certificate": ("CERTIFICATE_REQUIRED",),
    "refuses_certificate": (
        "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE_", "ALERT_UNSUPPORTED_CERTIFICATE",
        "ALERT_ACCESS_DENIED", "ALERT_DECRYPT_ERROR",
    ),
    "no_version": ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "INAPPROPRIATE_FALLBACK"),
    "no_handshake": ("HANDSHAKE_FAILURE",),
    "no_cipher": ("NO_SHARED_CIPHER", "NO_SUITABLE", "INSUFFICIENT_SECURITY", "DH_KEY_TOO_SMALL"),
}  # fmt: skip

# What nginx, Apache and Go say in a page with status 400.
PAGES: dict[str, tuple[str, ...]] = {
    "speaks_tls": ("plain HTTP", "HTTP request to an HTTPS server"),
    "wants_certificate": ("No required SSL certificate was sent",),
    "refuses_certificate": ("SSL certificate error",),
}


def error_from(exc: BaseException) -> ProbeError:
    """Name the kind of an exception that sockets and TLS raise."""
    if isinstance(exc, ProbeError):
        return exc
    if isinstance(exc, socket.gaierror):
        return ProbeError("unresolved", text=exc.strerror or str(exc))
    if isinstance(exc, (socket.timeout, TimeoutError)):
        return ProbeError("timeout")
    if isinstance(exc, ssl.SSLCertVerificationError):
        return ProbeError("verify", code=exc.verify_code, text=exc.verify_message)
    if isinstance(exc, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ProbeError("dropped")
    if isinstance(exc, ssl.SSLError):
        return tls_error(getattr(exc, "reason", None) or str(exc))
    number = exc.errno if isinstance(exc, OSError) else None
    return ProbeError(KINDS.get(number or 0, "system"), text=getattr(exc, "strerror", None) or str(exc))


def tls_error(reason: str) -> ProbeError:
    """Name the kind of the reason that OpenSSL gives."""
    return ProbeError(_kind(TLS_KINDS, reason) or "tls", text=reason)


def status_error(code: int, headers: dict[str, str], page: str) -> ProbeError:
    """Name the kind of an answer that accepts no upgrade; C(page) is the start of what came with it."""
    kind = _kind(PAGES, page) if code == 400 else None
    return ProbeError(kind or "status", code=code, headers=headers)


def _kind(table: dict[str, tuple[str, ...]], text: str) -> str | None:
    return next((kind for kind, parts in table.items() if any(part in text for part in parts)), None)
