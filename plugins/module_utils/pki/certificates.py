# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: make them, read them. Bytes in, bytes out; knows nothing of files or of Ansible."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from ansible_collections.wss.edge.plugins.module_utils.pki.keys import (
    KeySettings,
    describe_key,
    dump_key,
    load_key,
    make_key,
    verifies,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import names_of
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import extensions
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import name_text, to_name

if HAS_CRYPTOGRAPHY:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.x509.oid import SignatureAlgorithmOID

CLOCK_SKEW = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Recipe:
    """All that a self-signed certificate is made from: plain data, so that another process can do the work."""

    key_pem: bytes | None = field(repr=False)  # None: make a new key by the settings
    settings: KeySettings
    subject: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime


@dataclass(frozen=True)
class Facts:
    """What a certificate says."""

    names: tuple[str, ...]
    subject: str
    issuer: str
    key: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    serial: str
    fingerprint_sha256: str
    self_signed: bool

    def days_left(self, now: datetime.datetime) -> int:
        return (self.not_after - now) // datetime.timedelta(days=1)


def make_self_signed(recipe: Recipe) -> tuple[bytes, bytes]:
    """A server's certificate that is its own trust anchor: (key, certificate), both PEM."""
    key = load_key(recipe.key_pem, validate=False) if recipe.key_pem else make_key(recipe.settings)
    subject = to_name(recipe.subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(recipe.not_before)
        .not_valid_after(recipe.not_after)
    )
    for extension, critical in extensions(key, recipe.names):
        builder = builder.add_extension(extension, critical)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = builder.sign(key, digest)
    return dump_key(key), dump_certificate(certificate)


def dump_certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def load_certificates(text: bytes) -> list[x509.Certificate]:
    """Every certificate in a PEM file, in the file's order."""
    blocks = pem_blocks(text, "CERTIFICATE")
    if not blocks:
        raise PkiError("holds no certificate in PEM")
    loaded = []
    for position, block in enumerate(blocks, start=1):
        try:
            loaded.append(x509.load_pem_x509_certificate(block))
        except ValueError:
            which = f"its certificate {position} of {len(blocks)} " if len(blocks) > 1 else ""
            raise PkiError(f"{which}is damaged or of an unknown format") from None
    return loaded


def read_facts(certificate: x509.Certificate) -> Facts:
    serial = f"{certificate.serial_number:X}"
    try:
        return Facts(
            names=names_of(certificate),
            subject=name_text(certificate.subject),
            issuer=name_text(certificate.issuer),
            key=describe_key(certificate.public_key()),
            not_before=_utc(certificate, "not_valid_before"),
            not_after=_utc(certificate, "not_valid_after"),
            serial=serial.zfill(len(serial) + len(serial) % 2),
            fingerprint_sha256=":".join(f"{byte:02x}" for byte in certificate.fingerprint(hashes.SHA256())),
            self_signed=issued_by(certificate, certificate),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise PkiError("has contents that cannot be read") from None


def describe(certificate: x509.Certificate) -> str:
    """Names a certificate in a message."""
    return f"«{name_text(certificate.subject) or format(certificate.serial_number, 'X')}»"


def iso(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are those that signed the certificate."""
    if certificate.issuer != issuer.subject:
        return False
    if certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return True  # its parameters cannot be read before cryptography 41: the name must do
    try:
        return verifies(
            issuer.public_key(),
            certificate.signature,
            certificate.tbs_certificate_bytes,
            certificate.signature_hash_algorithm,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False  # signed by another kind of key than the issuer's


def _utc(certificate: x509.Certificate, field: str) -> datetime.datetime:
    aware: datetime.datetime | None = getattr(certificate, f"{field}_utc", None)  # from cryptography 42
    if aware is not None:
        return aware
    naive: datetime.datetime = getattr(certificate, field)
    return naive.replace(tzinfo=datetime.timezone.utc)
