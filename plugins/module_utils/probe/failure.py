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
    errno.ECONNRESET: "dropped",
    errno.ECONNABORTED: "dropped",
    errno.EPIPE: "dropped",
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
        return ProbeError("tls", text=getattr(exc, "reason", None) or str(exc))
    number = exc.errno if isinstance(exc, OSError) else None
    return ProbeError(KINDS.get(number or 0, "system"), text=getattr(exc, "strerror", None) or str(exc))
