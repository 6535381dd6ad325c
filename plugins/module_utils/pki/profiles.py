# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate may be used for: its extensions, in openssl's words."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import general_names

if HAS_CRYPTOGRAPHY:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

# What certificates are made for -> the extended key usages that say so
PROFILES: dict[str, tuple[str, ...]] = {
    "server": ("serverAuth",),
    "client": ("clientAuth",),
    "peer": ("serverAuth", "clientAuth"),
}
# openssl's word -> the library's
KEY_USAGES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
    "encipherOnly": "encipher_only",
    "decipherOnly": "decipher_only",
}
EXTENDED_KEY_USAGES = {
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3",
    "emailProtection": "1.3.6.1.5.5.7.3.4",
    "timeStamping": "1.3.6.1.5.5.7.3.8",
    "OCSPSigning": "1.3.6.1.5.5.7.3.9",
    "anyExtendedKeyUsage": "2.5.29.37.0",
}


# --- single extensions: words to the library's objects, and back


def key_usage(words: Sequence[str]) -> x509.KeyUsage:
    if {"encipherOnly", "decipherOnly"} & set(words) and "keyAgreement" not in words:
        raise PkiError("encipherOnly and decipherOnly say how keyAgreement may be used, and need it beside them")
    return x509.KeyUsage(**{name: word in words for word, name in KEY_USAGES.items()})


def extended_key_usage(words: Sequence[str]) -> x509.ExtendedKeyUsage:
    """Of words, or of dotted numbers."""
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(EXTENDED_KEY_USAGES.get(word, word)) for word in words])


def key_usage_of(bearer: Any) -> tuple[str, ...]:
    usage = find(bearer, "KeyUsage")
    dependent = ("encipherOnly", "decipherOnly")  # the library refuses to say them without keyAgreement
    known = [word for word in KEY_USAGES if usage and (usage.key_agreement or word not in dependent)]
    return tuple(word for word in known if getattr(usage, KEY_USAGES[word]))


def extended_key_usage_of(bearer: Any) -> tuple[str, ...]:
    words = {number: word for word, number in EXTENDED_KEY_USAGES.items()}
    numbers = [oid.dotted_string for oid in find(bearer, "ExtendedKeyUsage") or ()]
    return tuple(words.get(number, number) for number in numbers)


def find(bearer: Any, extension: str) -> Any:
    """An extension of a certificate or a request, by the name of the library's class; None if it is not there."""
    try:
        return bearer.extensions.get_extension_for_class(getattr(x509, extension)).value
    except x509.ExtensionNotFound:
        return None


# --- what a certificate gets


Extensions = list[tuple["x509.ExtensionType", bool]]  # with whether it is critical


def extensions(public_key: Any, profile: str, names: Sequence[str], has_subject: bool = True) -> Extensions:
    """Of a certificate of a server or a client."""
    usages = ["digitalSignature"]
    if isinstance(public_key, rsa.RSAPublicKey) and "serverAuth" in PROFILES[profile]:
        usages.append("keyEncipherment")  # for TLS 1.2 without forward secrecy, which some still ask for
    found: Extensions = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(usages), True),
        (extended_key_usage(PROFILES[profile]), False),
    ]
    if names:
        found.insert(0, (x509.SubjectAlternativeName(general_names(names)), not has_subject))
    return found


def authority_extensions(path_length: int | None, permitted: Sequence[str], excluded: Sequence[str]) -> Extensions:
    """Of an authority; it may sign for DNS domains and IP networks that are permitted (all if none are)."""
    found: Extensions = [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (key_usage(["keyCertSign", "cRLSign"]), True),
    ]
    if permitted or excluded:
        limits = x509.NameConstraints(_constraints(permitted), _constraints(excluded))
        found.append((limits, True))
    return found


def key_identifiers(public_key: Any, issuer: Any) -> Extensions:
    """Subject and authority key identifiers; the issuer is a certificate, or None where it signs itself."""
    own = x509.SubjectKeyIdentifier.from_public_key(public_key)
    return [(own, False), (authority_key_identifier(issuer) if issuer else _refers_to(own), False)]


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return _refers_to(
        find(issuer, "SubjectKeyIdentifier") or x509.SubjectKeyIdentifier.from_public_key(issuer.public_key())
    )


def _refers_to(identifier: x509.SubjectKeyIdentifier) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(identifier.digest, None, None)


def _constraints(texts: Sequence[str]) -> list[x509.GeneralName] | None:
    """None instead of an empty list, which RFC 5280 forbids."""
    return [x509.IPAddress(ipaddress.ip_network(text)) if "/" in text else x509.DNSName(text) for text in texts] or None
