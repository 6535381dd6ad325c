# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The group of a key exchange: the server names it in a message that every client can read."""

from __future__ import annotations

import ssl
from typing import Any

SERVER_HELLO, SERVER_KEY_EXCHANGE = 2, 12
KEY_SHARE, NAMED_CURVE = 51, 3
HANDSHAKE = 22

# By the words of a site's tls.groups.
GROUPS = {
    23: "prime256v1",
    24: "secp384r1",
    25: "secp521r1",
    29: "X25519",
    30: "X448",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
}


class GroupSocket(ssl.SSLSocket):
    """A TLS socket that knows its group once the handshake is done."""

    key_group: str | None = None


def watch(context: ssl.SSLContext) -> None:
    """Have the sockets of a context know their groups."""
    context.sslsocket_class = GroupSocket
    # Private, but there since Python 3.8; only 3.15 can ask OpenSSL itself. Without it, no group is told.
    setattr(context, "_msg_callback", _read)  # noqa: B010


def group_in(message: bytes) -> str | None:
    """The group that a handshake message of a server names: with TLS 1.3 its hello, with 1.2 its key exchange."""
    number = None
    if message[:1] == bytes([SERVER_HELLO]):
        number = _key_share(message)
    elif message[:1] == bytes([SERVER_KEY_EXCHANGE]) and message[4:5] == bytes([NAMED_CURVE]):
        number = int.from_bytes(message[5:7], "big")
    return None if number is None else GROUPS.get(number, f"0x{number:04x}")


def _read(sock: Any, *told: Any) -> None:
    """A server that asks for another group says hello twice: the second hello counts."""
    _direction, _version, content, _kind, message = told
    if content == HANDSHAKE:
        sock.key_group = group_in(message) or sock.key_group


def _key_share(hello: bytes) -> int | None:
    """Past the header, the version and the random value, then the session, the cipher and the compression."""
    at = 4 + 2 + 32
    at += 1 + int.from_bytes(hello[at : at + 1], "big") + 2 + 1 + 2
    while at + 6 <= len(hello):
        kind, size = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        if kind == KEY_SHARE:
            return int.from_bytes(hello[at + 4 : at + 6], "big")
        at += 4 + size
    return None
