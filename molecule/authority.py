# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as the collection would not make them."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PASSPHRASE = b"correct horse battery staple"  # as the inventories have it


class Authority:
    """Signs whatever it is asked to."""

    def __init__(self, chain: str, key: ec.EllipticCurvePrivateKey) -> None:
        self.chain = chain
        self.key = key

    @classmethod
    def ours(cls, folder: Path) -> Authority:
        """What signs for the private authority in this folder."""
        key = serialization.load_pem_private_key((folder / "intermediate.key.pem").read_bytes(), PASSPHRASE)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cls((folder / "intermediate.pem").read_text(), key)

    @classmethod
    def new(cls) -> Authority:
        """One that nobody has heard of."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody else")])
        builder = _builder(name, name, key, -1, 30)
        root = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return cls(root.sign(key, hashes.SHA256()).public_bytes(PEM).decode(), key)

    def sign(self, name: str, start: int = -1, end: int = 30) -> str:
        """A certificate for a server or a client, from and to so many days from now, with its chain and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.load_pem_x509_certificate(self.chain.encode()).subject
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = _builder(subject, issuer, key, start, end).add_extension(names, critical=False)
        form = (PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        leaf = made.sign(self.key, hashes.SHA256()).public_bytes(PEM).decode()
        return leaf + self.chain + key.private_bytes(*form).decode()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: int, end: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=start))
        .not_valid_after(now + datetime.timedelta(days=end))
    )
