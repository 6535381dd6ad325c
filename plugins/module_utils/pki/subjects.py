# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subject of a certificate."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError

if HAS_CRYPTOGRAPHY:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

# field of `subject` -> how openssl shows it; in the order of the subject
SUBJECT_FIELDS = {
    "country": "C",
    "state": "ST",
    "locality": "L",
    "organization": "O",
    "organizational_unit": "OU",
    "common_name": "CN",
    "email": "emailAddress",
}


def check_subject_value(field: str, value: str) -> None:
    try:
        grammar.subject_value(field, value)
    except ValueError as error:
        raise PkiError(f"{value!r} {error}") from None


def subject_text(pairs: Sequence[tuple[str, str]]) -> str:
    """A subject as openssl shows it: C=DE, O=Example, CN=chat.example.com"""
    return ", ".join(f"{SUBJECT_FIELDS.get(field, field)}={value}" for field, value in pairs)


def to_name(pairs: Sequence[tuple[str, str]]) -> x509.Name:
    """In the order given; UTF-8, but for e-mail addresses and countries, which have their own types."""
    oids = _oids()
    return x509.Name([x509.NameAttribute(oids[field], value) for field, value in pairs])


def pairs_of(name: x509.Name) -> tuple[tuple[str, str], ...]:
    """What C(to_name) takes; a field that has no word here is named by its dotted number."""
    fields = {oid: field for field, oid in _oids().items()}
    return tuple((fields.get(part.oid, part.oid.dotted_string), str(part.value)) for part in name)


def name_text(name: x509.Name) -> str:
    return subject_text(pairs_of(name))


def _oids() -> dict[str, x509.ObjectIdentifier]:
    return {
        "country": NameOID.COUNTRY_NAME,
        "state": NameOID.STATE_OR_PROVINCE_NAME,
        "locality": NameOID.LOCALITY_NAME,
        "organization": NameOID.ORGANIZATION_NAME,
        "organizational_unit": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "common_name": NameOID.COMMON_NAME,
        "email": NameOID.EMAIL_ADDRESS,
    }
