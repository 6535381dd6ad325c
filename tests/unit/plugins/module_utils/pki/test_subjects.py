# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subjects of requests and certificates, with openssl as the oracle."""

from __future__ import annotations

import re

import pytest
from cryptography import x509

from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import (
    Recipe,
    load_request,
    make_request,
    read_request,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import (
    check_subject_value,
    name_text,
    pairs_of,
    subject_text,
    to_name,
)

FULL = (
    ("country", "CN"),
    ("state", "上海"),
    ("locality", "Sankt Pölten"),
    ("organization", "Example, Inc."),
    ("organizational_unit", "IT"),
    ("organizational_unit", 'Web+Sockets="all"'),
    ("common_name", "chat.example.com"),
    ("email", "ops@example.com"),
)


@pytest.mark.parametrize("pairs", [FULL, FULL[::-1], FULL[6:7], ()], ids=["all", "backwards", "one", "none"])
def test_order_and_values_stay(openssl, pairs):
    _key, request = make_request(Recipe(None, KeySettings(), pairs))
    facts = read_request(load_request(request))
    assert (facts.subject_pairs, facts.subject) == (pairs, subject_text(pairs))
    openssl.write("made.csr", request)
    shown = openssl("req -in made.csr -noout -subject -nameopt utf8,sep_multiline,lname").strip().splitlines()[1:]
    long = {"country": "countryName", "state": "stateOrProvinceName", "locality": "localityName",
            "organization": "organizationName", "organizational_unit": "organizationalUnitName",
            "common_name": "commonName", "email": "emailAddress"}  # fmt: skip
    assert [line.strip() for line in shown] == [f"{long[field]}={value}" for field, value in pairs]


def test_the_types_that_openssl_uses(openssl):
    _key, request = make_request(Recipe(None, KeySettings(), FULL))
    openssl.write("made.csr", request)
    types = re.findall(r"([A-Z0-9]+STRING) *:", openssl("asn1parse -in made.csr"))
    assert types == ["PRINTABLESTRING", *["UTF8STRING"] * 6, "IA5STRING"]


def test_fields_that_have_no_word_here():
    name = x509.Name([x509.NameAttribute(x509.NameOID.SERIAL_NUMBER, "7"), *to_name(FULL[6:7])])
    assert pairs_of(name) == (("2.5.4.5", "7"), ("common_name", "chat.example.com"))
    assert name_text(name) == "2.5.4.5=7, CN=chat.example.com"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "CHN"),
        ("country", "中"),
        ("country", "1a"),
        ("country", "d\ne"),
        ("common_name", "x" * 65),
        ("common_name", "й" * 40),  # whose 80 bytes cryptography refuses from 43 on
        ("organization", "й" * 65),
        ("common_name", ""),
        ("state", "a\nb"),
        ("email", "ops"),
        ("email", "öps@example.com"),
    ],
)
def test_refuses_values_of_a_subject(field, value):
    with pytest.raises(PkiError):
        check_subject_value(field, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("country", "cn"), ("state", "上海"), ("common_name", "x" * 64), ("common_name", "й" * 32),
     ("organization", "й" * 64), ("email", "ops@example.com")],
)  # fmt: skip
def test_takes_values_of_a_subject(field, value):
    check_subject_value(field, value)
    assert pairs_of(to_name([(field, value)])) == ((field, value),)
