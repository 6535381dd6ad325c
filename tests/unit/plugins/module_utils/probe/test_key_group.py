# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The group of a key exchange, from bytes and from real handshakes."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import key_group


def hello(*extensions, session=b"\x07" * 32):
    body = b"\x03\x03" + b"R" * 32 + bytes([len(session)]) + session + b"\x13\x01\x00"
    listed = b"".join(kind.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data for kind, data in extensions)
    body += len(listed).to_bytes(2, "big") + listed
    return b"\x02" + len(body).to_bytes(3, "big") + body


VERSION = (43, b"\x03\x04")
SHARE = (51, b"\x11\xec\x04\x60" + b"k" * 1120)
EXCHANGE = b"\x0c\x00\x01\x28\x03\x00\x18\x61"


@pytest.mark.parametrize(
    ("message", "group"),
    [
        (hello(VERSION, SHARE), "X25519MLKEM768"),
        (hello(SHARE, VERSION, session=b""), "X25519MLKEM768"),
        (hello(VERSION, (51, b"\x00\x17")), "prime256v1"),  # the server asks for another share
        (hello(VERSION, (51, b"\x63\x99\x00\x01k")), "0x6399"),
        (hello(VERSION), None),
        (hello(), None),
        (hello(VERSION, SHARE)[:-1125], None),
        (b"\x02", None),
        (EXCHANGE, "secp384r1"),
        (b"\x0c\x00\x01\x28\x00\x80", None),  # Diffie-Hellman without a curve
        (b"\x01" + hello(VERSION, SHARE)[1:], None),
        (b"", None),
    ],
)
def test_what_a_message_says(message, group):
    assert key_group.group_in(message) == group


@pytest.mark.parametrize(
    ("version", "curve", "group"),
    [
        ("TLSv1_3", "prime256v1", "prime256v1"),
        ("TLSv1_3", "secp521r1", "secp521r1"),  # no client guesses it: the server asks for it, and says hello twice
        ("TLSv1_2", "prime256v1", "prime256v1"),
        ("TLSv1_2", "secp384r1", "secp384r1"),
    ],
)
def test_what_a_handshake_uses(certificates, version, curve, group):
    server = certificates["self_signed"].context()
    server.maximum_version = ssl.TLSVersion[version]
    server.set_ecdh_curve(curve)
    client = ssl.create_default_context(cadata=certificates["self_signed"].pem)
    key_group.watch(client)
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=lambda: server.wrap_socket(theirs, server_side=True).recv(1))
    thread.start()
    with client.wrap_socket(ours, server_hostname="chat.example.com") as secured:
        assert (secured.key_group, secured.version()) == (group, version.replace("_", "."))
        secured.send(b"x")
    thread.join()
    theirs.close()
