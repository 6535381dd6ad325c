# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate revocation lists: make them, read them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import in_utc, serial_text, signed_by
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import signing_digest
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError, reading
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import authority_key_identifier, find

if HAS_CRYPTOGRAPHY:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

if TYPE_CHECKING:
    from ansible_collections.wss.edge.plugins.module_utils.pki.keys import PrivateKey

UNSPECIFIED = "unspecified"
# Why a certificate is revoked (RFC 5280, 5.3.1), in the library's words; those that could be taken back are left out.
REASONS = (
    UNSPECIFIED,
    "key_compromise",
    "ca_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
)


@dataclass(frozen=True)
class Revoked:
    serial: str  # as Facts has it
    date: datetime.datetime
    reason: str = UNSPECIFIED


@dataclass(frozen=True)
class CrlFacts:
    """What a revocation list says."""

    issuer: x509.Name
    number: int | None
    last_update: datetime.datetime
    next_update: datetime.datetime
    revoked: tuple[Revoked, ...]
    _loaded: Any = field(repr=False, compare=False)

    @property
    def serials(self) -> tuple[str, ...]:
        return tuple(each.serial for each in self.revoked)

    @property
    def pem(self) -> bytes:
        return bytes(self._loaded.public_bytes(serialization.Encoding.PEM))

    def issued_by(self, issuer: x509.Certificate) -> bool:
        """Whether the issuer's name and key are those that signed the list."""
        return signed_by(self._loaded, "tbs_certlist_bytes", issuer)


def make_crl(
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
    revoked: Sequence[Revoked],
    number: int,
    now: datetime.datetime,
    next_update: datetime.datetime,
) -> bytes:
    """A revocation list in PEM; every list of an issuer needs a higher number than the one before."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(next_update)
        .add_extension(authority_key_identifier(issuer), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(int(each.serial, 16)).revocation_date(each.date)
        if each.reason != UNSPECIFIED:  # which RFC 5280 wants to be left out
            reason = x509.CRLReason(x509.ReasonFlags[each.reason])
            entry = entry.add_extension(reason, critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    crl = builder.sign(issuer_key, signing_digest(issuer_key))
    return crl.public_bytes(serialization.Encoding.PEM)


def read_crls(text: bytes) -> list[CrlFacts]:
    """Every revocation list in a PEM file, in the file's order."""
    blocks = pem_blocks(text, "X509 CRL")
    if not blocks:
        raise PkiError("holds no certificate revocation list in PEM")
    with reading("is damaged or of an unknown format"):
        return [_facts(x509.load_pem_x509_crl(block)) for block in blocks]


def _facts(crl: x509.CertificateRevocationList) -> CrlFacts:
    number = find(crl, "CRLNumber")
    revoked = []
    for each in crl:
        reason = find(each, "CRLReason")
        word = reason.reason.name if reason else UNSPECIFIED
        revoked.append(Revoked(serial_text(each.serial_number), in_utc(each, "revocation_date"), word))
    return CrlFacts(
        issuer=crl.issuer,
        number=number.crl_number if number else None,
        last_update=in_utc(crl, "last_update"),
        next_update=in_utc(crl, "next_update"),
        revoked=tuple(revoked),
        _loaded=crl,
    )
