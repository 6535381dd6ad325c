# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates, with openssl and Python's own TLS as the oracles."""

from __future__ import annotations

import base64
import datetime
import ssl

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    CLOCK_SKEW,
    Recipe,
    issued_by,
    load_certificates,
    make_self_signed,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, describe_key, dump_key, load_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import uncovered
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import check_subject_value, subject_text

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
NAMES = ("chat.example.com", "*.chat.example.com", "192.0.2.10", "2001:db8::1")
SUBJECT = (("country", "CN"), ("state", "上海"), ("organization", "Example, Inc."), ("common_name", "chat.example.com"))
KEYS = [
    KeySettings("ecdsa"),
    KeySettings("ecdsa", curve="secp384r1"),
    KeySettings("ecdsa", curve="secp521r1"),
    KeySettings("rsa", bits=2048),
    KeySettings("ed25519"),
]


def recipe(settings=KEYS[0], key_pem=None, names=NAMES, subject=SUBJECT):
    return Recipe(key_pem, settings, subject, names, NOW - CLOCK_SKEW, NOW + datetime.timedelta(days=90))


@pytest.fixture
def openssl(authority):
    return authority


@pytest.mark.parametrize("settings", KEYS, ids=str)
class TestSelfSigned:
    def test_openssl_trusts_it_as_its_own_anchor(self, settings, openssl):
        key, certificate = make_self_signed(recipe(settings))
        openssl.write("own.pem", certificate)
        openssl.write("own.key", key)
        openssl("verify -x509_strict -purpose sslserver -verify_hostname a.chat.example.com -CAfile own.pem own.pem")
        openssl("verify -x509_strict -purpose sslserver -verify_ip 2001:db8::1 -CAfile own.pem own.pem")
        assert openssl("x509 -in own.pem -noout -pubkey") == openssl("pkey -in own.key -pubout")
        openssl("pkey -in own.key -check -noout")

    def test_what_openssl_reads_in_it(self, settings, openssl):
        _key, certificate = make_self_signed(recipe(settings))
        openssl.write("own.pem", certificate)
        text = " ".join(openssl("x509 -in own.pem -noout -text -nameopt utf8,sep_comma_plus").split())
        names = "DNS:chat.example.com, DNS:*.chat.example.com, IP Address:192.0.2.10, IP Address:2001:DB8:0:0:0:0:0:1"
        usage = "Digital Signature, Key Encipherment" if settings.type == "rsa" else "Digital Signature"
        algorithm = {
            "rsa 2048": "sha256WithRSAEncryption",
            "ecdsa secp256r1": "ecdsa-with-SHA256",
            "ecdsa secp384r1": "ecdsa-with-SHA384",
            "ecdsa secp521r1": "ecdsa-with-SHA512",
            "ed25519": "ED25519",
        }
        for expected in (
            "Version: 3",
            f"X509v3 Subject Alternative Name: {names} X509v3",
            "X509v3 Basic Constraints: critical CA:FALSE",
            f"X509v3 Key Usage: critical {usage} X509v3",
            "X509v3 Extended Key Usage: TLS Web Server Authentication X509v3",
            "X509v3 Subject Key Identifier:",
            "X509v3 Authority Key Identifier:",
            f"Signature Algorithm: {algorithm[str(settings)]}",
            "Subject: C=CN,ST=上海,O=Example, Inc.,CN=chat.example.com",
        ):
            assert expected in text

    def test_a_strict_client_in_python_accepts_it(self, settings, tmp_path):
        key, certificate = make_self_signed(recipe(settings, names=("localhost", "127.0.0.1")))
        (tmp_path / "own.pem").write_bytes(certificate + key)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(tmp_path / "own.pem")
        client = ssl.create_default_context(cadata=certificate.decode())
        client.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ("localhost", "127.0.0.1"):
            shake_hands(client, server, name)
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(client, server, "example.com")

    def test_its_facts_agree_with_openssl(self, settings, openssl):
        _key, certificate = make_self_signed(recipe(settings))
        openssl.write("own.pem", certificate)
        facts = read_facts(load_certificates(certificate)[0])
        said = openssl("x509 -in own.pem -noout -serial -fingerprint -sha256").lower()
        assert f"serial={facts.serial.lower()}\n" in said
        assert said.endswith(f"{facts.fingerprint_sha256}\n")
        assert facts.key == str(settings)
        assert (facts.names, facts.self_signed) == (NAMES, True)
        assert facts.subject == facts.issuer == "C=CN, ST=上海, O=Example, Inc., CN=chat.example.com"
        assert facts.subject == subject_text(SUBJECT)
        assert facts.not_after - facts.not_before == datetime.timedelta(days=90, minutes=5)
        assert facts.days_left(NOW) == 90
        assert facts.days_left(NOW + datetime.timedelta(seconds=1)) == 89


def shake_hands(client_context, server_context, name):
    one, two = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(one, two, server_hostname=name)
    server = server_context.wrap_bio(two, one, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


def test_a_key_that_is_there_is_used_again():
    key, first = make_self_signed(recipe())
    again, second = make_self_signed(recipe(key_pem=key))
    assert again == key
    assert first != second  # another serial


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out KEY", "rsa 2048"),  # PKCS#8
        ("genpkey -algorithm ED25519 -out KEY", "ed25519"),
        ("ecparam -name secp384r1 -genkey -out KEY", "ecdsa secp384r1"),  # SEC1, after its parameters
        ("rsa -in leaf.key -out KEY", "rsa 2048"),  # PKCS#1 by OpenSSL 1.1.1, PKCS#8 by 3
    ],
)
def test_reads_the_keys_that_openssl_writes(openssl, command, kind):
    openssl(command.replace("KEY", "some.key"))
    key = load_key(openssl.read("some.key"))
    assert describe_key(key.public_key()) == kind
    openssl.write("again.key", dump_key(key))
    assert openssl("pkey -in again.key -pubout") == openssl("pkey -in some.key -pubout")


def pkcs1(openssl):
    header = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\n"
    return header + b"AAAA\n-----END RSA PRIVATE KEY-----\n"


def pkcs8(openssl):
    openssl("pkey -in leaf.key -aes256 -passout pass:secret -out locked.key")
    return openssl.read("locked.key")


def dsa(openssl):
    openssl("genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa.par")
    openssl("genpkey -paramfile dsa.par -out dsa.key")
    return openssl.read("dsa.key")


def numbers_changed(openssl):
    """An RSA key that can be read and signs nonsense: its primes are those of another."""
    good, other = (rsa.generate_private_key(65537, 2048).private_numbers() for _key in "ab")
    mixed = rsa.RSAPrivateNumbers(good.p, good.q, other.d, other.dmp1, other.dmq1, good.iqmp, good.public_numbers)
    return pem("RSA PRIVATE KEY", der_of(mixed))


def der_of(numbers):
    def integer(value):
        return tagged(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    def tagged(tag, content):
        length = len(content)
        size = bytes([length]) if length < 128 else bytes([0x82]) + length.to_bytes(2, "big")
        return bytes([tag]) + size + content

    public = numbers.public_numbers
    values = [0, public.n, public.e, numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp]
    return tagged(0x30, b"".join(integer(value) for value in values))


def pem(label, der):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda openssl: b"", "no private key in PEM"),
        (lambda openssl: openssl.read("leaf.pem"), "no private key in PEM"),
        (lambda openssl: openssl.read("leaf.key")[:400], "no private key in PEM"),
        (lambda openssl: openssl.read("leaf.key").replace(b"\nMII", b"\nAAA", 1), "damaged"),
        (lambda openssl: openssl.read("leaf.key")[:800] + openssl.read("leaf.key")[864:], "damaged"),
        (pkcs1, "passphrase"),
        (pkcs8, "passphrase"),
        (dsa, "type that TLS servers do not use"),
        (numbers_changed, "damaged"),
    ],
    ids=["empty", "a certificate", "truncated", "overwritten", "a line lost", "3DES", "PKCS#8", "dsa", "numbers"],
)
@pytest.mark.parametrize("validate", [True, False])
def test_refuses_keys_that_it_cannot_use(openssl, make, message, validate):
    text = make(openssl)
    with pytest.raises(PkiError, match=message) as caught:
        load_key(text, validate=validate)
    assert not [line for line in text.decode().split() if len(line) > 20 and line in str(caught.value)]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
    ],
)
def test_refuses_certificates_that_it_cannot_read(text, message):
    with pytest.raises(PkiError, match=message):
        load_certificates(text)


def test_says_which_certificate_of_a_file_is_damaged(openssl):
    text = openssl.read("leaf.pem") + openssl.read("root.pem").replace(b"\nMII", b"\nAAA", 1)
    with pytest.raises(PkiError, match="certificate 2 of 2"):
        load_certificates(text)


def test_who_issued_whom(openssl):
    root, intermediate, leaf, other = (
        load_certificates(openssl.read(f"{name}.pem"))[0] for name in ("root", "intermediate", "leaf", "other")
    )
    openssl.issue("twin", "", "/CN=Intermediate", "rsa:2048", [])
    twin = load_certificates(openssl.read("twin.pem"))[0]
    openssl("req -new -x509 -key intermediate.key -subj /CN=Renamed -out renamed.pem")
    renamed = load_certificates(openssl.read("renamed.pem"))[0]
    assert issued_by(leaf, intermediate)
    assert not issued_by(leaf, renamed)  # of the same key, but another name
    assert issued_by(intermediate, root)
    assert issued_by(other, root)
    assert issued_by(root, root)
    assert not issued_by(leaf, root)
    assert not issued_by(leaf, twin)  # of the same name, but another key, and even another kind of key
    assert not issued_by(leaf, leaf)


@pytest.mark.parametrize(
    ("wanted", "names", "expected"),
    [
        (["a.example.com"], ["a.example.com"], []),
        (["a.example.com"], ["*.example.com"], []),
        (["example.com"], ["*.example.com"], ["example.com"]),
        (["a.b.example.com"], ["*.example.com"], ["a.b.example.com"]),
        (["*.example.com"], ["*.example.com"], []),
        (["*.a.example.com"], ["*.example.com", "*.*.example.com"], ["*.a.example.com"]),
        (["*.example.com"], ["a.example.com"], ["*.example.com"]),
        (["192.0.2.1"], ["*.0.2.1"], ["192.0.2.1"]),
        (["192.0.2.1"], ["192.0.2.1"], []),
        (["localhost", "b"], ["localhost"], ["b"]),
        ([], [], []),
    ],
)
def test_names_that_a_certificate_does_not_cover(wanted, names, expected):
    assert uncovered(wanted, names) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "CHN"),
        ("country", "中"),
        ("country", "1a"),
        ("common_name", "x" * 65),
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
    [("country", "cn"), ("state", "上海"), ("common_name", "x" * 64), ("email", "ops@example.com")],
)
def test_takes_values_of_a_subject(field, value):
    check_subject_value(field, value)
    subject = (("common_name", "a"), (field, value)) if field != "common_name" else ((field, value),)
    _key, certificate = make_self_signed(recipe(subject=subject))
    assert value in read_facts(load_certificates(certificate)[0]).subject
