# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys: make them, read them, write them."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from ansible_collections.wss.edge.plugins.module_utils.pki.library import (
    HAS_CRYPTOGRAPHY,
    VERSION,
    PassphraseMissing,
    PassphraseWrong,
    PkiError,
    readable,
    reading,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks

if HAS_CRYPTOGRAPHY:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import pkcs12

if TYPE_CHECKING:
    from cryptography import x509

    PrivateKey = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey]

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
MAX_PASSPHRASE_BYTES = 1023  # of the library, up to 43

_UNUSABLE = "is of a type that TLS servers do not use; rsa, ecdsa (secp256r1, secp384r1, secp521r1) and ed25519 are"
_PKCS7_DATA = bytes.fromhex("06092a864886f70d0107")  # PKCS#12 names it near its beginning


@dataclass(frozen=True)
class KeySettings:
    type: str = "ecdsa"
    curve: str = "secp256r1"
    bits: int = 2048

    def __str__(self) -> str:
        return {"ecdsa": f"ecdsa {self.curve}", "rsa": f"rsa {self.bits}"}.get(self.type, self.type)


# --- make and write


def make_key(settings: KeySettings) -> PrivateKey:
    if settings.type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=settings.bits)
    if settings.type == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_curves()[settings.curve]())


def _curves() -> dict[str, Any]:
    return {"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1, "secp521r1": ec.SECP521R1}


def dump_key(key: PrivateKey, passphrase: bytes | None = None, form: str = "pkcs8") -> bytes:
    """The key in PEM. The form C(traditional) is PKCS#1 or SEC1."""
    forms = serialization.PrivateFormat
    if form == "traditional" and isinstance(key, ed25519.Ed25519PrivateKey):
        raise PkiError("an ed25519 key has no traditional format; use pkcs8")
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        if not 1 <= len(passphrase) <= MAX_PASSPHRASE_BYTES:
            raise PkiError(f"a passphrase must have 1 to {MAX_PASSPHRASE_BYTES} bytes")
        encryption = serialization.BestAvailableEncryption(passphrase)
    chosen = forms.TraditionalOpenSSL if form == "traditional" else forms.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, chosen, encryption)


# --- read


def is_encrypted(text: bytes) -> bool:
    """Whether the first private key in a PEM file is under a passphrase."""
    blocks = pem_blocks(text, "PRIVATE KEY")
    return bool(blocks) and (b"BEGIN ENCRYPTED" in blocks[0] or b"Proc-Type: 4,ENCRYPTED" in blocks[0])


def load_key(text: bytes, passphrase: bytes | None = None, validate: bool = True) -> PrivateKey:
    """The private key in a PEM file (PKCS#8, PKCS#1 or SEC1); a passphrase that it does not need is ignored.

    Validating an RSA key takes 0.1 s: one that was validated when it came need only show that it still works.
    """
    blocks = pem_blocks(text, "PRIVATE KEY")
    if not blocks:
        raise PkiError("holds no private key in PEM")
    encrypted = is_encrypted(blocks[0])
    if encrypted and not passphrase:
        raise PassphraseMissing("is protected by a passphrase, and none is given")
    options: dict[str, Any] = {}
    if not validate and VERSION >= (39,):
        options["unsafe_skip_rsa_key_validation"] = True
    try:
        with reading("is damaged or of an unknown format"):
            key = serialization.load_pem_private_key(blocks[0], passphrase if encrypted else None, **options)
    except PkiError:
        if encrypted:  # decrypted by a wrong passphrase it is nonsense, which looks like damage
            raise PassphraseWrong("cannot be read with the passphrase given, or is damaged") from None
        raise
    return _usable(key)


def load_pkcs12(data: bytes, passphrase: bytes | None = None) -> tuple[PrivateKey, list[x509.Certificate]]:
    """The key of a PKCS#12 file and its certificates; the one that the file says is the key's comes first."""
    if not data.startswith(b"\x30") or _PKCS7_DATA not in data[:64]:
        raise PkiError("is no PKCS#12 file; what begins with -----BEGIN is PEM")
    found = None
    for each in dict.fromkeys((passphrase or None, None)):
        with contextlib.suppress(PkiError), reading("is damaged"):
            found = pkcs12.load_key_and_certificates(data, each)
            break
    if not found:
        anew = "if openssl can read it, write it anew: openssl pkcs12 -legacy -in FILE -out PEM, then -export -in PEM"
        if not passphrase:
            raise PassphraseMissing(f"cannot be read without a passphrase, or is damaged or of an old kind; {anew}")
        raise PassphraseWrong(f"cannot be read with the passphrase given, or is damaged or of an old kind; {anew}")
    key, own, others = found
    if key is None:
        raise PkiError("holds no private key; export it together with its key")
    with reading("holds a certificate that cannot be read"):
        return _usable(key), [readable(each) for each in [own, *others] if each]


def _usable(key: Any) -> PrivateKey:
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        raise PkiError(_UNUSABLE)
    check_public_key(key.public_key())
    if not _works(key):
        raise PkiError("is damaged: what it signs does not verify")
    return key


def _works(key: PrivateKey) -> bool:
    try:
        signature = key.sign(b"wss.edge", *_scheme(key.public_key(), hashes.SHA256()))
        return verifies(key.public_key(), signature, b"wss.edge", hashes.SHA256())
    except Exception:  # pylint: disable=broad-except  # which one a key of nonsense raises, differs by version
        return False


# --- public keys


def check_public_key(public_key: Any) -> None:
    """Refuses keys of a type that TLS servers do not use."""
    if isinstance(public_key, (rsa.RSAPublicKey, ed25519.Ed25519PublicKey)):
        return
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or public_key.curve.name not in _curves():
        raise PkiError(_UNUSABLE)


def describe_key(public_key: Any) -> str:
    """The settings that a key was made by, as KeySettings says them."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"rsa {public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return f"ecdsa {public_key.curve.name}"
    return str(type(public_key).__name__).lstrip("_").replace("PublicKey", "").lower()


def key_size(public_key: Any) -> int:
    """In bits."""
    return int(getattr(public_key, "key_size", 256))  # an ed25519 key does not say it


def fingerprint(public_key: Any) -> str:
    """SHA-256 of what `openssl pkey -pubout -outform DER` writes."""
    return hexadecimal(hashlib.sha256(_spki(public_key)).digest())


def hexadecimal(digest: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in digest)


def belongs_to(key: PrivateKey, other: x509.Certificate | x509.CertificateSigningRequest) -> bool:
    try:
        with reading("is of an unknown type"):
            return _spki(key.public_key()) == _spki(other.public_key())
    except PkiError:
        return False


def signing_digest(key: PrivateKey) -> Any:
    """The hash to sign with: as strong as the key; ed25519 brings its own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    by_size = {384: hashes.SHA384(), 521: hashes.SHA512()}
    return by_size.get(key.key_size, hashes.SHA256())


def verifies(public_key: Any, signature: bytes, data: bytes, algorithm: Any) -> bool:
    try:
        public_key.verify(signature, data, *_scheme(public_key, algorithm))
    except InvalidSignature:
        return False
    return True


def _scheme(public_key: Any, algorithm: Any) -> list[Any]:
    if isinstance(public_key, rsa.RSAPublicKey):
        return [padding.PKCS1v15(), algorithm]
    return [ec.ECDSA(algorithm)] if isinstance(public_key, ec.EllipticCurvePublicKey) else []


def _spki(public_key: Any) -> bytes:
    encoded: bytes = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
