# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates: make them, read them. Bytes in, bytes out; knows nothing of files or of Ansible.

Works with cryptography 3.3.2 and newer. Can be imported without it (see HAS_CRYPTOGRAPHY).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from ansible_collections.wss.edge.plugins.module_utils.model import grammar

try:
    from cryptography import __version__ as cryptography_version
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, SignatureAlgorithmOID

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

if TYPE_CHECKING:
    PrivateKey = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey]

CLOCK_SKEW = datetime.timedelta(minutes=5)
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192

# field of `subject` -> how openssl shows it, the longest value that X.520 allows; in the order of the subject
SUBJECT_FIELDS: dict[str, tuple[str, int]] = {
    "country": ("C", 2),
    "state": ("ST", 128),
    "locality": ("L", 128),
    "organization": ("O", 64),
    "organizational_unit": ("OU", 64),
    "common_name": ("CN", 64),
    "email": ("emailAddress", 255),
}

_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.+?-----END \1-----", re.DOTALL)


class X509Error(Exception):
    """What is wrong, for a person to read. Never holds key material."""


@dataclass(frozen=True)
class KeySettings:
    type: str = "ecdsa"
    curve: str = "secp256r1"
    bits: int = 2048

    def __str__(self) -> str:
        return {"ecdsa": f"ecdsa {self.curve}", "rsa": f"rsa {self.bits}"}.get(self.type, self.type)


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


# --- PEM


def pem_blocks(text: bytes, ending: str) -> list[bytes]:
    """The PEM blocks whose label ends so ("CERTIFICATE", "PRIVATE KEY"), in order; nothing of what is between them."""
    found = _PEM_BLOCK.finditer(text.decode("ascii", "replace"))
    return [match.group(0).encode("ascii", "replace") + b"\n" for match in found if match.group(1).endswith(ending)]


# --- names and subjects


def uncovered(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of the wanted names that a certificate with these names is not valid for."""

    def covered(name: str) -> bool:
        domain = name.partition(".")[2]
        return name in names or (f"*.{domain}" in names and not grammar.ip_address(name))

    return [name for name in wanted if not covered(name)]


def check_subject_value(field: str, value: str) -> None:
    longest = SUBJECT_FIELDS[field][1]
    if not value or len(value) > longest or not value.isprintable():
        raise X509Error(f"{value!r} must be 1 to {longest} printable characters")
    if field == "country" and not re.fullmatch("[A-Za-z]{2}", value):
        raise X509Error(f"{value!r} must be a country code of two letters, such as DE")
    if field == "email" and not re.fullmatch(r"[!-~]+@[!-~]+", value):
        raise X509Error(f"{value!r} must be an e-mail address in ASCII, such as ops@example.com")


def subject_text(pairs: Sequence[tuple[str, str]]) -> str:
    """A subject as openssl shows it: C=DE, O=Example, CN=chat.example.com"""
    return ", ".join(f"{SUBJECT_FIELDS[field][0]}={value}" for field, value in pairs)


def _subject_oids() -> dict[str, x509.ObjectIdentifier]:
    return {
        "country": NameOID.COUNTRY_NAME,
        "state": NameOID.STATE_OR_PROVINCE_NAME,
        "locality": NameOID.LOCALITY_NAME,
        "organization": NameOID.ORGANIZATION_NAME,
        "organizational_unit": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "common_name": NameOID.COMMON_NAME,
        "email": NameOID.EMAIL_ADDRESS,
    }


def _name_text(name: x509.Name) -> str:
    short = {oid: SUBJECT_FIELDS[field][0] for field, oid in _subject_oids().items()}
    return ", ".join(f"{short.get(part.oid, part.oid.dotted_string)}={part.value!s}" for part in name)


# --- keys


def make_key(settings: KeySettings) -> PrivateKey:
    if settings.type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=settings.bits)
    if settings.type == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curves: dict[str, Any] = {"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1, "secp521r1": ec.SECP521R1}
    return ec.generate_private_key(curves[settings.curve]())


def dump_key(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(text: bytes, validate: bool = True) -> PrivateKey:
    """The private key in a PEM file (PKCS#8, PKCS#1 or SEC1).

    Validating an RSA key takes 0.1 s: one that was validated when it came need only show that it still works.
    """
    blocks = pem_blocks(text, "PRIVATE KEY")
    if not blocks:
        raise X509Error("holds no private key in PEM")
    if b"BEGIN ENCRYPTED" in blocks[0] or b"Proc-Type: 4,ENCRYPTED" in blocks[0]:
        raise X509Error(
            "is protected by a passphrase, which this version cannot use yet; "
            "take it off with: openssl pkey -in KEY -out NEW"
        )
    options: dict[str, Any] = {}
    if not validate and int(cryptography_version.split(".", maxsplit=1)[0]) >= 39:
        options["unsafe_skip_rsa_key_validation"] = True
    try:
        key = serialization.load_pem_private_key(blocks[0], password=None, **options)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own words are left out: they say little, and nobody promises what they quote.
        raise X509Error("is damaged or of an unknown format") from None
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        raise X509Error("is of a type that TLS servers do not use; rsa, ecdsa and ed25519 are allowed")
    if not _works(key):
        raise X509Error("is damaged: what it signs does not verify")
    return key


def describe_key(public_key: Any) -> str:
    """The settings that a key was made by, as KeySettings says them."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"rsa {public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return f"ecdsa {public_key.curve.name}"
    return str(type(public_key).__name__).lstrip("_").replace("PublicKey", "").lower()


def belongs_to(key: PrivateKey, certificate: x509.Certificate) -> bool:
    return _spki(key.public_key()) == _spki(certificate.public_key())


def _works(key: PrivateKey) -> bool:
    try:
        signature = key.sign(b"wss.edge", *_scheme(key.public_key(), hashes.SHA256()))
        return _verifies(key.public_key(), signature, b"wss.edge", hashes.SHA256())
    except Exception:  # pylint: disable=broad-except  # which one a key of nonsense raises, differs by version
        return False


def _scheme(public_key: Any, algorithm: Any) -> list[Any]:
    if isinstance(public_key, rsa.RSAPublicKey):
        return [padding.PKCS1v15(), algorithm]
    return [ec.ECDSA(algorithm)] if isinstance(public_key, ec.EllipticCurvePublicKey) else []


def _verifies(public_key: Any, signature: bytes, data: bytes, algorithm: Any) -> bool:
    try:
        public_key.verify(signature, data, *_scheme(public_key, algorithm))
    except InvalidSignature:
        return False
    return True


def _spki(public_key: Any) -> bytes:
    encoded: bytes = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


# --- certificates


def make_self_signed(recipe: Recipe) -> tuple[bytes, bytes]:
    """A server's certificate that is its own trust anchor: (key, certificate), both PEM."""
    key = load_key(recipe.key_pem, validate=False) if recipe.key_pem else make_key(recipe.settings)
    oids = _subject_oids()
    subject = x509.Name([x509.NameAttribute(oids[field], value) for field, value in recipe.subject])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(recipe.not_before)
        .not_valid_after(recipe.not_after)
    )
    for extension, critical in _server_extensions(key, recipe.names):
        builder = builder.add_extension(extension, critical)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = builder.sign(key, digest)
    return dump_key(key), dump_certificate(certificate)


def _server_extensions(key: PrivateKey, names: Sequence[str]) -> list[tuple[x509.ExtensionType, bool]]:
    public_key = key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        key_encipherment=isinstance(key, rsa.RSAPrivateKey),
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    general_names: list[x509.GeneralName] = []
    for name in names:
        address = grammar.ip_address(name)
        general_names.append(x509.IPAddress(address) if address else x509.DNSName(name))
    return [
        (x509.SubjectAlternativeName(general_names), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key), False),
    ]


def dump_certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def load_certificates(text: bytes) -> list[x509.Certificate]:
    """Every certificate in a PEM file, in the file's order."""
    blocks = pem_blocks(text, "CERTIFICATE")
    if not blocks:
        raise X509Error("holds no certificate in PEM")
    loaded = []
    for position, block in enumerate(blocks, start=1):
        try:
            loaded.append(x509.load_pem_x509_certificate(block))
        except ValueError:
            which = f"its certificate {position} of {len(blocks)} " if len(blocks) > 1 else ""
            raise X509Error(f"{which}is damaged or of an unknown format") from None
    return loaded


def read_facts(certificate: x509.Certificate) -> Facts:
    serial = f"{certificate.serial_number:X}"
    try:
        return Facts(
            names=_names_of(certificate),
            subject=_name_text(certificate.subject),
            issuer=_name_text(certificate.issuer),
            key=describe_key(certificate.public_key()),
            not_before=_utc(certificate, "not_valid_before"),
            not_after=_utc(certificate, "not_valid_after"),
            serial=serial.zfill(len(serial) + len(serial) % 2),
            fingerprint_sha256=":".join(f"{byte:02x}" for byte in certificate.fingerprint(hashes.SHA256())),
            self_signed=issued_by(certificate, certificate),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise X509Error("has contents that cannot be read") from None


def describe(certificate: x509.Certificate) -> str:
    """Names a certificate in a message."""
    return f"«{_name_text(certificate.subject) or format(certificate.serial_number, 'X')}»"


def iso(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key are those that signed the certificate."""
    if certificate.issuer != issuer.subject:
        return False
    if certificate.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        return True  # its parameters cannot be read before cryptography 41: the name must do
    try:
        return _verifies(
            issuer.public_key(),
            certificate.signature,
            certificate.tbs_certificate_bytes,
            certificate.signature_hash_algorithm,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False  # signed by another kind of key than the issuer's


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return (*dns, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))


def _utc(certificate: x509.Certificate, field: str) -> datetime.datetime:
    aware: datetime.datetime | None = getattr(certificate, f"{field}_utc", None)  # from cryptography 42
    if aware is not None:
        return aware
    naive: datetime.datetime = getattr(certificate, field)
    return naive.replace(tzinfo=datetime.timezone.utc)
