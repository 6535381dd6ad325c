# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Little servers on 127.0.0.1 that behave well or badly, and certificates for them."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(timezone.utc)


class Peer:
    """The server's end of a connection: RFC 6455 by hand, so that it is independent of the library under test."""

    def __init__(self, conn):
        self.conn = conn
        self.file = conn.makefile("rb")
        self.headers = {}
        self.request = ""

    def read_request(self):
        self.request = self.file.readline().decode()
        for line in iter(self.file.readline, b"\r\n"):
            if not line:
                raise OSError("no request")
            name, _colon, value = line.decode().partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())
        return self

    def send(self, data):
        self.conn.sendall(data)

    def accept(self, extra="", key=None):
        self.read_request()
        key = key or self.headers["sec-websocket-key"][0]
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n{extra}\r\n".encode()
        )
        return self

    def read_frame(self):
        head = self.file.read(2)
        if len(head) < 2:
            raise OSError("closed")
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.file.read(2))
        mask, data = self.file.read(4), self.file.read(length)
        return head[0] & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))

    def send_frame(self, opcode, data=b"", final=True):
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
        self.send(bytes([opcode | (0x80 if final else 0)]) + size + data)

    def talk(self, answer=lambda peer, opcode, data: peer.send_frame(opcode, data)):
        """Answer messages, pings and the close frame until the client has closed."""
        while True:
            opcode, data = self.read_frame()
            if opcode == 9:
                self.send_frame(10, data)
            elif opcode == 8:
                self.send_frame(8, data)
                return
            else:
                answer(self, opcode, data)


@dataclass
class Pair:
    """A certificate with its key, and the chain to send."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    folder: object

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def write(self, *chain, passphrase=None):
        """The key, the leaf and the chain as one file."""
        path = self.folder / f"{self.certificate.serial_number}{'-locked' if passphrase else ''}.pem"
        locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        path.write_text(key.decode() + self.pem + "".join(link.pem for link in chain))
        return path

    def context(self, *chain, clients=None, wants=ssl.CERT_REQUIRED):
        """What a server shows, and whose certificates it wants of its clients."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.write(*chain))
        if clients:
            context.verify_mode = wants
            context.load_verify_locations(cadata=clients.pem)
        return context


@pytest.fixture(scope="session")
def make_certificate(tmp_path_factory):
    """Make a certificate: self-signed without an issuer."""
    folder = tmp_path_factory.mktemp("certificates")

    def make(names=("chat.example.com",), issuer=None, start=-1, end=90, extensions=(), name="chat.example.com"):
        key = ec.generate_private_key(ec.SECP256R1(), default_backend())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before((NOW + timedelta(days=start)).replace(tzinfo=None))
            .not_valid_after((NOW + timedelta(days=end)).replace(tzinfo=None))
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_name(item) for item in names]), False)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=not isinstance(extension, x509.ExtendedKeyUsage))
        signer = issuer.key if issuer else key
        return Pair(builder.sign(signer, hashes.SHA256(), default_backend()), key, folder)

    return make


def _name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def key_usage(**true):
    return x509.KeyUsage(**{name: true.get(name, False) for name in KEY_USAGES})


CA = (x509.BasicConstraints(ca=True, path_length=None), key_usage(key_cert_sign=True, crl_sign=True))
LEAF = (
    x509.BasicConstraints(ca=False, path_length=None),
    key_usage(digital_signature=True),
    x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
)
CLIENT = (*LEAF[:2], x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))


@pytest.fixture(scope="session")
def certificates(make_certificate):
    """Make one certificate of each kind."""
    root = make_certificate(names=(), name="Example Root", extensions=CA)
    middle = make_certificate(names=(), name="Example Intermediate", issuer=root, extensions=CA)
    return {
        "root": root,
        "middle": middle,
        "leaf": make_certificate(issuer=middle, extensions=LEAF),
        "self_signed": make_certificate(extensions=LEAF),
        "self_signed_bare": make_certificate(),
        "self_signed_ca": make_certificate(extensions=(CA[0], key_usage(key_cert_sign=True, digital_signature=True))),
        "not_for_servers": make_certificate(extensions=CA),
        "client": make_certificate(names=(), name="proxy edge1", issuer=root, extensions=CLIENT),
        "expired_client": make_certificate(names=(), name="old", issuer=root, start=-30, end=-3, extensions=CLIENT),
        "another": make_certificate(extensions=LEAF),
        "ip": make_certificate(names=("127.0.0.1", "::1"), extensions=LEAF),
        "expired": make_certificate(start=-30, end=-3, extensions=LEAF),
        "early": make_certificate(start=3, extensions=LEAF),
        "no_names": make_certificate(names=(), extensions=LEAF),
        "expired_middle": make_certificate(
            names=(), name="Example Intermediate", issuer=root, start=-30, end=-3, extensions=CA
        ),
    }


@pytest.fixture
def serve():
    """Run a server: `port = serve(handler, context)`, where the handler gets a Peer for each connection."""
    listeners = []

    def start(handler, context=None, family=socket.AF_INET):
        listener = socket.socket(family)
        listener.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        listener.listen()
        listeners.append(listener)

        def handle(conn):
            with suppress(OSError, ValueError), conn:
                conn.settimeout(10)
                if context is None:
                    handler(Peer(conn))
                else:
                    with context.wrap_socket(conn, server_side=True) as secured:
                        handler(Peer(secured))

        def accept():
            with suppress(OSError):
                while True:
                    threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
