# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys: make them, read them, write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, VERSION, PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks

if HAS_CRYPTOGRAPHY:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

if TYPE_CHECKING:
    from cryptography import x509

    PrivateKey = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey]

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192


@dataclass(frozen=True)
class KeySettings:
    type: str = "ecdsa"
    curve: str = "secp256r1"
    bits: int = 2048

    def __str__(self) -> str:
        return {"ecdsa": f"ecdsa {self.curve}", "rsa": f"rsa {self.bits}"}.get(self.type, self.type)


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
        raise PkiError("holds no private key in PEM")
    if b"BEGIN ENCRYPTED" in blocks[0] or b"Proc-Type: 4,ENCRYPTED" in blocks[0]:
        raise PkiError(
            "is protected by a passphrase, which this version cannot use yet; "
            "take it off with: openssl pkey -in KEY -out NEW"
        )
    options: dict[str, Any] = {}
    if not validate and VERSION >= (39,):
        options["unsafe_skip_rsa_key_validation"] = True
    try:
        key = serialization.load_pem_private_key(blocks[0], password=None, **options)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own words are left out: they say little, and nobody promises what they quote.
        raise PkiError("is damaged or of an unknown format") from None
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        raise PkiError("is of a type that TLS servers do not use; rsa, ecdsa and ed25519 are allowed")
    if not _works(key):
        raise PkiError("is damaged: what it signs does not verify")
    return key


def describe_key(public_key: Any) -> str:
    """The settings that a key was made by, as KeySettings says them."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"rsa {public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return f"ecdsa {public_key.curve.name}"
    return str(type(public_key).__name__).lstrip("_").replace("PublicKey", "").lower()


def belongs_to(key: PrivateKey, certificate: x509.Certificate) -> bool:
    return spki(key.public_key()) == spki(certificate.public_key())


def _works(key: PrivateKey) -> bool:
    try:
        signature = key.sign(b"wss.edge", *scheme(key.public_key(), hashes.SHA256()))
        return verifies(key.public_key(), signature, b"wss.edge", hashes.SHA256())
    except Exception:  # pylint: disable=broad-except  # which one a key of nonsense raises, differs by version
        return False


def scheme(public_key: Any, algorithm: Any) -> list[Any]:
    if isinstance(public_key, rsa.RSAPublicKey):
        return [padding.PKCS1v15(), algorithm]
    return [ec.ECDSA(algorithm)] if isinstance(public_key, ec.EllipticCurvePublicKey) else []


def verifies(public_key: Any, signature: bytes, data: bytes, algorithm: Any) -> bool:
    try:
        public_key.verify(signature, data, *scheme(public_key, algorithm))
    except InvalidSignature:
        return False
    return True


def spki(public_key: Any) -> bytes:
    encoded: bytes = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
