# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate signing requests: make them, read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.pki import profiles
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import (
    MIN_RSA_BITS,
    KeySettings,
    check_public_key,
    describe_key,
    dump_key,
    fingerprint,
    load_key,
    make_key,
    signing_digest,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError, reading
from ansible_collections.wss.edge.plugins.module_utils.pki.names import general_names, names_of, parse_name
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import name_text, pairs_of, to_name

if HAS_CRYPTOGRAPHY:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

MAX_BYTES = 65536


@dataclass(frozen=True)
class Recipe:
    """All that a request is made from: plain data, so that another process can do the work."""

    key_pem: bytes | None = field(repr=False)  # None: make a new key by the settings
    settings: KeySettings
    subject: tuple[tuple[str, str], ...]
    names: tuple[str, ...] = ()
    key_usage: tuple[str, ...] = ()  # openssl's words, those of profiles.KEY_USAGES
    extended_key_usage: tuple[str, ...] = ()  # words of profiles.EXTENDED_KEY_USAGES, or dotted numbers
    ca: bool | None = None  # None: no basic constraints
    path_length: int | None = None


@dataclass(frozen=True)
class RequestFacts:
    """What a request says; the fields that a recipe has, as it has them."""

    names: tuple[str, ...]
    subject: str
    subject_pairs: tuple[tuple[str, str], ...]
    key: str
    fingerprint: str  # of the public key
    key_usage: tuple[str, ...]
    extended_key_usage: tuple[str, ...]
    ca: bool | None
    path_length: int | None


def make_request(recipe: Recipe) -> tuple[bytes, bytes]:
    """(key, request), both PEM."""
    key = load_key(recipe.key_pem, validate=False) if recipe.key_pem else make_key(recipe.settings)
    builder = x509.CertificateSigningRequestBuilder().subject_name(to_name(recipe.subject))
    if recipe.names:
        names = x509.SubjectAlternativeName(general_names(recipe.names))
        builder = builder.add_extension(names, critical=not recipe.subject)
    if recipe.ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(recipe.ca, recipe.path_length), critical=True)
    if recipe.key_usage:
        builder = builder.add_extension(profiles.key_usage(recipe.key_usage), critical=True)
    if recipe.extended_key_usage:
        builder = builder.add_extension(profiles.extended_key_usage(recipe.extended_key_usage), critical=False)
    request = builder.sign(key, signing_digest(key))
    return dump_key(key), request.public_bytes(serialization.Encoding.PEM)


def load_request(text: bytes) -> x509.CertificateSigningRequest:
    """The request in a PEM file; its signature shows that whoever made it has the key."""
    if len(text) > MAX_BYTES:
        raise PkiError(f"is {len(text)} bytes long; a certificate request has {MAX_BYTES} at most")
    blocks = pem_blocks(text, "CERTIFICATE REQUEST")
    if len(blocks) != 1:
        raise PkiError(f"holds {len(blocks) or 'no'} certificate request{'s' * bool(blocks)} in PEM; it must hold one")
    with reading("is damaged or of an unknown format"):
        request = x509.load_pem_x509_csr(blocks[0])
        valid = request.is_signature_valid
        check_public_key(request.public_key())
    if not valid:
        raise PkiError("is damaged or forged: its signature does not verify")
    return request


def read_request(request: x509.CertificateSigningRequest) -> RequestFacts:
    with reading("has contents that cannot be read"):
        basic = profiles.find(request, "BasicConstraints")
        public_key = request.public_key()
        return RequestFacts(
            names=names_of(request),
            subject=name_text(request.subject),
            subject_pairs=pairs_of(request.subject),
            key=describe_key(public_key),
            fingerprint=fingerprint(public_key),
            key_usage=profiles.key_usage_of(request),
            extended_key_usage=profiles.extended_key_usage_of(request),
            ca=basic.ca if basic else None,
            path_length=basic.path_length if basic else None,
        )


def asked_for(request: x509.CertificateSigningRequest) -> tuple[x509.Name, Any, list[str]]:
    """All that a certificate takes over from a request: the subject, the key, the names. Refuses what none can have."""
    with reading("asks for what cannot be read"):
        names = [parse_name(name) for name in names_of(request)]
        subject, public_key = request.subject, request.public_key()
    if isinstance(public_key, rsa.RSAPublicKey) and public_key.key_size < MIN_RSA_BITS:
        raise PkiError(f"has the key {describe_key(public_key)}; at least {MIN_RSA_BITS} bits are safe")
    if not names and not list(subject):
        raise PkiError("has neither a subject nor a name; make it anew with what it is for")
    return subject, public_key, names
