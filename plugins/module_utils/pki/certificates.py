# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: make them, read them. Bytes in, bytes out; knows nothing of files or of Ansible."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.wss.edge.plugins.module_utils.pki import profiles
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import (
    KeySettings,
    belongs_to,
    describe_key,
    dump_key,
    hexadecimal,
    load_key,
    make_key,
    signing_digest,
    verifies,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError, readable, reading
from ansible_collections.wss.edge.plugins.module_utils.pki.names import names_of
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import asked_for
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import name_text, to_name

if HAS_CRYPTOGRAPHY:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import SignatureAlgorithmOID

if TYPE_CHECKING:
    from ansible_collections.wss.edge.plugins.module_utils.pki.keys import PrivateKey

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
    profile: str = "server"


@dataclass(frozen=True)
class AuthorityRecipe:
    """What an authority, root or intermediate, is made from."""

    subject: tuple[tuple[str, str], ...]
    not_before: datetime.datetime
    not_after: datetime.datetime
    path_length: int | None = None  # how many authorities there may be below it
    permitted: tuple[str, ...] = ()  # DNS domains and IP networks; a kind of which there is none is not limited
    excluded: tuple[str, ...] = ()


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
    eku: tuple[str, ...] = ()  # openssl's words; empty: for everything
    is_ca: bool = False

    def days_left(self, now: datetime.datetime) -> int:
        return (self.not_after - now) // datetime.timedelta(days=1)


# --- make


def make_self_signed(recipe: Recipe) -> tuple[bytes, bytes]:
    """A certificate that is its own trust anchor: (key, certificate), both PEM."""
    key = load_key(recipe.key_pem, validate=False) if recipe.key_pem else make_key(recipe.settings)
    subject, public_key = to_name(recipe.subject), key.public_key()
    extensions = profiles.extensions(public_key, recipe.profile, recipe.names, bool(recipe.subject))
    life = recipe.not_before, recipe.not_after
    return dump_key(key), _signed(subject, public_key, extensions, life, _Issuer(subject, key))


def self_sign(
    request: x509.CertificateSigningRequest,
    key: PrivateKey,
    profile: str,
    not_before: datetime.datetime,
    not_after: datetime.datetime,
) -> bytes:
    """A self-signed certificate of what a request asks for; the key is the request's own."""
    if not belongs_to(key, request):
        raise PkiError("the key is not the request's; a self-signed certificate is signed by its own key")
    return _signed(*_asked(request, profile), (not_before, not_after), _Issuer(request.subject, key))


def sign(
    request: x509.CertificateSigningRequest,
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
    profile: str,
    not_before: datetime.datetime,
    not_after: datetime.datetime,
) -> bytes:
    """A certificate, which ends no later than its issuer; what it may be used for, the profile says alone."""
    return _signed(*_asked(request, profile), (not_before, not_after), _issuer(issuer, issuer_key))


def make_authority(
    key: PrivateKey,
    recipe: AuthorityRecipe,
    issuer: x509.Certificate | None = None,
    issuer_key: PrivateKey | None = None,
) -> bytes:
    """A root, or an intermediate if there is an issuer."""
    subject = to_name(recipe.subject)
    by = _issuer(issuer, issuer_key) if issuer and issuer_key else _Issuer(subject, key)
    extensions = profiles.authority_extensions(recipe.path_length, recipe.permitted, recipe.excluded)
    return _signed(subject, key.public_key(), extensions, (recipe.not_before, recipe.not_after), by)


@dataclass(frozen=True)
class _Issuer:
    name: x509.Name
    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate | None = None  # None: signs itself


def _issuer(certificate: x509.Certificate, key: PrivateKey) -> _Issuer:
    if not belongs_to(key, certificate):
        raise PkiError(f"the issuer's key is not that of {describe(certificate)}; give the key of that certificate")
    if not _is_ca(certificate):
        raise PkiError(f"{describe(certificate)} is no authority; clients accept nothing that it signs")
    return _Issuer(certificate.subject, key, certificate)


def _asked(request: x509.CertificateSigningRequest, profile: str) -> tuple[x509.Name, Any, profiles.Extensions]:
    try:
        subject, public_key, names = asked_for(request)
    except PkiError as error:
        raise PkiError(f"the request {error}") from None
    return subject, public_key, profiles.extensions(public_key, profile, names, bool(list(subject)))


def _signed(
    subject: x509.Name,
    public_key: Any,
    extensions: profiles.Extensions,
    life: tuple[datetime.datetime, datetime.datetime],
    issuer: _Issuer,
) -> bytes:
    start, end = life
    if issuer.certificate:
        end = min(end, in_utc(issuer.certificate, "not_valid_after"))
    if start >= end:
        raise PkiError(f"a certificate from {iso(start)} to {iso(end)} would never be valid; its issuer ends no later")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension, critical in [*extensions, *profiles.key_identifiers(public_key, issuer.certificate)]:
        builder = builder.add_extension(extension, critical)
    return dump_certificate(builder.sign(issuer.key, signing_digest(issuer.key)))


# --- write and read


def dump_certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def load_certificates(text: bytes) -> list[x509.Certificate]:
    """Every certificate in a PEM file, in the file's order."""
    blocks = pem_blocks(text, "CERTIFICATE")
    if not blocks:
        raise PkiError("holds no certificate in PEM")
    loaded = []
    for position, block in enumerate(blocks, start=1):
        which = f"its certificate {position} of {len(blocks)} " if len(blocks) > 1 else ""
        with reading(f"{which}is damaged or of an unknown format"):
            loaded.append(readable(x509.load_pem_x509_certificate(block)))
    return loaded


def read_facts(certificate: x509.Certificate) -> Facts:
    with reading("has contents that cannot be read"):
        return Facts(
            names=names_of(certificate),
            subject=name_text(certificate.subject),
            issuer=name_text(certificate.issuer),
            key=describe_key(certificate.public_key()),
            not_before=in_utc(certificate, "not_valid_before"),
            not_after=in_utc(certificate, "not_valid_after"),
            serial=serial_text(certificate.serial_number),
            fingerprint_sha256=hexadecimal(certificate.fingerprint(hashes.SHA256())),
            self_signed=issued_by(certificate, certificate),
            eku=profiles.extended_key_usage_of(certificate),
            is_ca=_is_ca(certificate),
        )


def _is_ca(certificate: x509.Certificate) -> bool:
    basic = profiles.find(certificate, "BasicConstraints")
    return bool(basic and basic.ca)


def describe(certificate: x509.Certificate) -> str:
    """Names a certificate in a message."""
    return f"«{name_text(certificate.subject) or format(certificate.serial_number, 'X')}»"


def serial_text(serial: int) -> str:
    """As openssl shows it: hex in capitals, an even number of digits."""
    text = f"{serial:X}"
    return text.zfill(len(text) + len(text) % 2)


def iso(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are those that signed the certificate."""
    return signed_by(certificate, "tbs_certificate_bytes", issuer)


def signed_by(signed: Any, what: str, issuer: x509.Certificate) -> bool:
    """The same for a certificate or a revocation list, and the attribute of it that is signed."""
    if signed.issuer != issuer.subject:
        return False
    try:
        with reading("is damaged, or signed by another kind of key than the issuer's"):
            if signed.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
                return True  # its parameters cannot be read before cryptography 41: the name must do
            data, algorithm = getattr(signed, what), signed.signature_hash_algorithm
            return verifies(issuer.public_key(), signed.signature, data, algorithm)
    except PkiError:
        return False


def in_utc(bearer: Any, field: str) -> datetime.datetime:
    """A time of a certificate or a revocation list."""
    aware: datetime.datetime | None = getattr(bearer, f"{field}_utc", None)  # from cryptography 42
    if aware is not None:
        return aware
    naive: datetime.datetime = getattr(bearer, field)
    return naive.replace(tzinfo=datetime.timezone.utc)
