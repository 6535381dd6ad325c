# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate signing requests, with openssl as the oracle."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, fingerprint, load_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import (
    Recipe,
    load_request,
    make_request,
    read_request,
)

SUBJECT = (("organization", "Example"), ("common_name", "chat.example.com"))
NAMES = (
    "chat.example.com",
    "*.chat.example.com",
    "192.0.2.1",
    "2001:db8::1",
    "ops@example.com",
    "https://example.com/",
)
KEYS = [
    KeySettings("ecdsa"),
    KeySettings("ecdsa", curve="secp384r1"),
    KeySettings("ecdsa", curve="secp521r1"),
    KeySettings("rsa", bits=2048),
    KeySettings("ed25519"),
]


@pytest.mark.parametrize("settings", KEYS, ids=str)
def test_openssl_verifies_it(openssl, settings):
    key, request = make_request(Recipe(None, settings, SUBJECT, NAMES))
    openssl.write("made.csr", request)
    openssl.write("made.key", key)
    openssl("req -in made.csr -verify -noout")
    assert openssl("req -in made.csr -noout -pubkey") == openssl("pkey -in made.key -pubout")
    facts = read_request(load_request(request))
    assert (facts.key, facts.names, facts.subject_pairs) == (str(settings), NAMES, SUBJECT)
    assert facts.subject == "O=Example, CN=chat.example.com"
    assert facts.fingerprint == fingerprint(load_key(key).public_key())
    assert (facts.key_usage, facts.extended_key_usage, facts.ca, facts.path_length) == ((), (), None, None)


def test_a_key_that_is_there_is_used():
    key, _request = make_request(Recipe(None, KEYS[0], SUBJECT))
    again, _request = make_request(Recipe(key, KEYS[3], SUBJECT))
    assert again == key


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"key_usage": ("digitalSignature",)}, "X509v3 Key Usage: critical Digital Signature"),
        (
            {"key_usage": ("digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment")},
            "X509v3 Key Usage: critical Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment",
        ),
        (
            {"key_usage": ("keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly")},
            "X509v3 Key Usage: critical Key Agreement, Certificate Sign, CRL Sign, Encipher Only, Decipher Only",
        ),
        (
            {"extended_key_usage": ("serverAuth", "clientAuth", "1.2.3.4")},
            "X509v3 Extended Key Usage: TLS Web Server Authentication, TLS Web Client Authentication, 1.2.3.4",
        ),
        (
            {"extended_key_usage": ("codeSigning", "emailProtection", "timeStamping", "OCSPSigning")},
            "X509v3 Extended Key Usage: Code Signing, E-mail Protection, Time Stamping, OCSP Signing",
        ),
        ({"extended_key_usage": ("anyExtendedKeyUsage",)}, "X509v3 Extended Key Usage: Any Extended Key Usage"),
        ({"ca": False}, "X509v3 Basic Constraints: critical CA:FALSE"),
        ({"ca": True}, "X509v3 Basic Constraints: critical CA:TRUE Signature"),
        ({"ca": True, "path_length": 0}, "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0"),
        ({"names": ("a.example.com",)}, "X509v3 Subject Alternative Name: DNS:a.example.com"),
        ({"names": ("a.example.com",), "subject": ()}, "X509v3 Subject Alternative Name: critical DNS:a.example.com"),
    ],
    ids=str,
)
def test_what_it_asks_for(openssl, asked, shown):
    recipe = Recipe(**{"key_pem": None, "settings": KEYS[0], "subject": SUBJECT, **asked})
    _key, request = make_request(recipe)
    openssl.write("made.csr", request)
    assert shown in " ".join(openssl("req -in made.csr -noout -text").split())
    facts = read_request(load_request(request))
    fields = ("names", "key_usage", "extended_key_usage", "ca", "path_length")
    assert [getattr(facts, field) for field in fields] == [getattr(recipe, field) for field in fields]


def test_usages_that_need_another():
    with pytest.raises(PkiError, match="say how keyAgreement may be used"):
        make_request(Recipe(None, KEYS[0], SUBJECT, key_usage=("digitalSignature", "encipherOnly")))


def made(openssl, options="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes", label=b"CERTIFICATE"):
    openssl(f"req -new {options} -keyout a.key -out a.csr -subj /CN=a")
    return openssl.read("a.csr").replace(b"CERTIFICATE REQUEST", label + b" REQUEST")


def forged(openssl):
    first, *lines, last = made(openssl).splitlines(keepends=True)
    data = base64.b64decode(b"".join(lines)).replace(b"\x0c\x01a", b"\x0c\x01b")  # CN=b, under the signature of CN=a
    return first + base64.encodebytes(data) + last


def of_a_curve(openssl):
    return made(openssl, "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes")


def of_dsa(openssl):
    openssl("dsaparam -out dsa.par 1024")
    return made(openssl, "-newkey dsa:dsa.par -nodes")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda openssl: b"", "holds no certificate request in PEM"),
        (lambda openssl: made(openssl)[:300], "holds no certificate request in PEM"),
        (lambda openssl: made(openssl) * 2, "holds 2 certificate requests in PEM; it must hold one"),
        (lambda openssl: made(openssl).replace(b"\nMI", b"\nAA"), "damaged or of an unknown format"),
        (forged, "its signature does not verify"),
        (of_a_curve, "of a type that TLS servers do not use"),
        (of_dsa, "of a type that TLS servers do not use"),
    ],
    ids=["empty", "truncated", "two", "damaged", "forged", "curve", "dsa"],
)
def test_refuses(openssl, make, message):
    with pytest.raises(PkiError, match=message):
        load_request(make(openssl))


def test_reads_the_older_label(openssl):
    assert read_request(load_request(made(openssl, label=b"NEW CERTIFICATE"))).subject == "CN=a"


def test_contents_that_cannot_be_read(openssl):
    options = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -addext subjectAltName=DER:FFFF"
    with pytest.raises(PkiError, match="cannot be read"):
        read_request(load_request(made(openssl, options)))


def test_a_request_of_any_length_is_not_read():
    _key, request = make_request(Recipe(None, KEYS[0], SUBJECT))
    load_request(b"x" * (65535 - len(request)) + b"\n" + request)
    with pytest.raises(PkiError, match="is 65537 bytes long; a certificate request has 65536 at most"):
        load_request(b"x" * (65536 - len(request)) + b"\n" + request)
