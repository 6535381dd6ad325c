# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates, with openssl and Python's own TLS as the oracles."""

from __future__ import annotations

import dataclasses
import datetime
import re
import ssl

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki import requests
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    CLOCK_SKEW,
    AuthorityRecipe,
    Recipe,
    issued_by,
    load_certificates,
    make_authority,
    make_self_signed,
    read_facts,
    self_sign,
    sign,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, fingerprint, load_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import subject_text

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
    ("text", "message"),
    [
        (b"", "no certificate in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
    ],
)
def test_refuses_certificates_that_it_cannot_read(text, message):
    with pytest.raises(PkiError, match=message):
        load_certificates(text)


def test_says_which_certificate_of_a_file_is_damaged(authority):
    text = authority.read("leaf.pem") + authority.read("root.pem").replace(b"\nMII", b"\nAAA", 1)
    with pytest.raises(PkiError, match="certificate 2 of 2"):
        load_certificates(text)


def test_who_issued_whom(authority):
    root, intermediate, leaf, other = (
        load_certificates(authority.read(f"{name}.pem"))[0] for name in ("root", "intermediate", "leaf", "other")
    )
    authority.issue("twin", "", "/CN=Intermediate", "rsa:2048", [])
    twin = load_certificates(authority.read("twin.pem"))[0]
    authority("req -new -x509 -key intermediate.key -subj /CN=Renamed -out renamed.pem")
    renamed = load_certificates(authority.read("renamed.pem"))[0]
    assert issued_by(leaf, intermediate)
    assert not issued_by(leaf, renamed)  # of the same key, but another name
    assert issued_by(intermediate, root)
    assert issued_by(other, root)
    assert issued_by(root, root)
    assert not issued_by(leaf, root)
    assert not issued_by(leaf, twin)  # of the same name, but another key, and even another kind of key
    assert not issued_by(leaf, leaf)


# --- signed by an authority

SITE = requests.Recipe(None, KEYS[0], SUBJECT, NAMES)
DAY = datetime.timedelta(days=1)


def authority_recipe(name, days=3650, **more):
    pairs = (("organization", "Example"), ("common_name", name))
    return AuthorityRecipe(pairs, NOW - CLOCK_SKEW, NOW + days * DAY, **more)


@pytest.fixture
def make_chain(openssl):
    """Makes root.pem, intermediate.pem; gives what signs."""

    def make(settings=KEYS[0], **limits):
        root_key, key = make_key(settings), make_key(settings)
        root_pem = make_authority(root_key, authority_recipe("Root", path_length=1, **limits))
        (root,) = load_certificates(root_pem)
        pem = make_authority(key, authority_recipe("Intermediate", 1825, path_length=0), root, root_key)
        openssl.write("root.pem", root_pem)
        openssl.write("intermediate.pem", pem)
        return load_certificates(pem)[0], key

    return make


def asked(recipe=SITE, **changes):
    return requests.load_request(requests.make_request(dataclasses.replace(recipe, **changes))[1])


NEW_EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256"
VERIFY = "verify -x509_strict -CAfile root.pem -untrusted intermediate.pem"


@pytest.mark.parametrize("settings", KEYS, ids=str)
def test_openssl_trusts_what_an_authority_signs(openssl, make_chain, settings):
    issuer, key = make_chain(settings)
    request = asked(settings=settings)
    openssl("verify -x509_strict -CAfile root.pem intermediate.pem")
    for profile, purposes in (
        ("server", {"sslserver"}),
        ("client", {"sslclient"}),
        ("peer", {"sslserver", "sslclient"}),
    ):
        certificate = sign(request, issuer, key, profile, NOW - CLOCK_SKEW, NOW + 90 * DAY)
        openssl.write("leaf.pem", certificate)
        for purpose in purposes:
            openssl(f"{VERIFY} -purpose {purpose} leaf.pem")
        for purpose in {"sslserver", "sslclient"} - purposes:
            with pytest.raises(AssertionError, match="purpose"):
                openssl(f"{VERIFY} -purpose {purpose} leaf.pem")
        (loaded,) = load_certificates(certificate)
        facts = read_facts(loaded)
        assert (facts.eku, facts.is_ca, facts.self_signed) == (PROFILES[profile], False, False)
        assert (facts.names, facts.subject) == (NAMES, subject_text(SUBJECT))
        assert facts.issuer == "O=Example, CN=Intermediate"
        assert 140 <= loaded.serial_number.bit_length() <= 159
        assert fingerprint(loaded.public_key()) == fingerprint(request.public_key())
        usage = "Digital Signature"
        if settings.type == "rsa" and profile != "client":
            usage += ", Key Encipherment"
        text = " ".join(openssl("x509 -in leaf.pem -noout -text").split())
        assert f"X509v3 Key Usage: critical {usage} X509v3" in text


def test_what_openssl_reads_in_an_authority(openssl, make_chain):
    make_chain(permitted=("example.com", "192.0.2.0/24", "2001:db8::/32"), excluded=("bad.example.com",))
    root, intermediate = (
        " ".join(openssl(f"x509 -in {name}.pem -noout -text").split()) for name in ("root", "intermediate")
    )
    assert "X509v3 Basic Constraints: critical CA:TRUE, pathlen:1 X509v3" in root
    assert "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0 X509v3" in intermediate
    for text in (root, intermediate):
        assert "X509v3 Key Usage: critical Certificate Sign, CRL Sign X509v3" in text
        assert "Extended Key Usage" not in text
    permitted = "DNS:example.com IP:192.0.2.0/255.255.255.0 IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0"
    assert f"X509v3 Name Constraints: critical Permitted: {permitted} Excluded: DNS:bad.example.com" in root
    assert "Name Constraints" not in intermediate
    own, of_issuer = (
        re.search(rf"X509v3 {kind} Key Identifier: (?:keyid:)?([0-9A-F:]+)", text)[1]
        for kind, text in (("Subject", root), ("Authority", intermediate))
    )
    assert own == of_issuer
    facts = read_facts(load_certificates(openssl.read("root.pem"))[0])
    assert (facts.is_ca, facts.self_signed, facts.eku, facts.names) == (True, True, (), ())


@pytest.mark.parametrize(
    ("names", "good"),
    [
        (("chat.example.com", "*.example.com", "192.0.2.7"), True),
        (("example.com",), True),
        (("2001:db8::7",), True),
        (("example.org",), False),
        (("notexample.com",), False),
        (("a.bad.example.com",), False),
        (("198.51.100.1",), False),
        (("chat.example.com", "198.51.100.1"), False),
    ],
)
def test_openssl_enforces_name_constraints(openssl, make_chain, names, good):
    issuer, key = make_chain(permitted=("example.com", "192.0.2.0/24", "2001:db8::/32"), excluded=("bad.example.com",))
    request = asked(names=names, subject=(("organization", "Example"),))
    openssl.write("leaf.pem", sign(request, issuer, key, "server", NOW - CLOCK_SKEW, NOW + DAY))
    if good:
        openssl(f"{VERIFY} leaf.pem")
    else:
        with pytest.raises(AssertionError, match=r"(permitted|excluded) subtree violation"):
            openssl(f"{VERIFY} leaf.pem")


def test_openssl_enforces_the_path_length(openssl, make_chain):
    issuer, key = make_chain()
    third_key = make_key(KEYS[0])
    third = make_authority(third_key, authority_recipe("Third", 100), issuer, key)
    leaf = sign(asked(), load_certificates(third)[0], third_key, "server", NOW - CLOCK_SKEW, NOW + DAY)
    openssl.write("leaf.pem", leaf)
    openssl.write("untrusted.pem", openssl.read("intermediate.pem") + third)
    with pytest.raises(AssertionError, match="path length constraint exceeded"):
        openssl("verify -CAfile root.pem -untrusted untrusted.pem leaf.pem")


def test_only_excluded_names(openssl):
    openssl.write(
        "root.pem", make_authority(make_key(KEYS[0]), authority_recipe("Root", excluded=("bad.example.com",)))
    )
    text = " ".join(openssl("x509 -in root.pem -noout -text").split())
    assert "Name Constraints: critical Excluded: DNS:bad.example.com" in text
    assert "Basic Constraints: critical CA:TRUE X509v3" in text


def test_extensions_of_a_request_are_not_taken_over(openssl, make_chain):
    issuer, key = make_chain()
    request = asked(ca=True, key_usage=("keyCertSign",), extended_key_usage=("codeSigning",))
    openssl.write("leaf.pem", sign(request, issuer, key, "server", NOW, NOW + DAY))
    text = openssl("x509 -in leaf.pem -noout -text")
    assert "CA:FALSE" in text
    assert "Certificate Sign" not in text
    assert "Code Signing" not in text


def test_names_without_a_subject_are_critical(openssl, make_chain):
    issuer, key = make_chain()
    openssl.write("leaf.pem", sign(asked(subject=()), issuer, key, "server", NOW - CLOCK_SKEW, NOW + DAY))
    assert "Subject Alternative Name: critical" in openssl("x509 -in leaf.pem -noout -text")
    openssl(f"{VERIFY} leaf.pem")


def test_a_client_has_a_subject_and_no_names(openssl, make_chain):
    issuer, key = make_chain()
    request = asked(names=(), subject=(("common_name", "Ann"), ("email", "ann@example.com")))
    openssl.write("leaf.pem", sign(request, issuer, key, "client", NOW - CLOCK_SKEW, NOW + DAY))
    openssl(f"{VERIFY} -purpose sslclient leaf.pem")
    assert "Alternative" not in openssl("x509 -in leaf.pem -noout -text")


def test_ends_no_later_than_its_issuer(make_chain):
    issuer, key = make_chain()
    until = read_facts(issuer).not_after
    for asked_for, expected in ((until + DAY, until), (until, until), (until - DAY, until - DAY)):
        (leaf,) = load_certificates(sign(asked(), issuer, key, "server", NOW, asked_for))
        assert read_facts(leaf).not_after == expected
    with pytest.raises(PkiError, match="would never be valid; its issuer ends no later"):
        sign(asked(), issuer, key, "server", until, until + DAY)


def test_refuses_to_sign(make_chain):
    issuer, key = make_chain()
    life = (NOW, NOW + DAY)
    other_key, leaf = make_self_signed(recipe())
    with pytest.raises(PkiError, match="not that of «O=Example, CN=Intermediate»"):
        sign(asked(), issuer, make_key(KEYS[0]), "server", *life)
    with pytest.raises(PkiError, match="is no authority"):
        sign(asked(), load_certificates(leaf)[0], load_key(other_key), "server", *life)
    with pytest.raises(PkiError, match="neither a subject nor a name"):
        sign(asked(names=(), subject=()), issuer, key, "server", *life)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-newkey rsa:1024 -addext subjectAltName=DNS:a.example.com", "the key rsa 1024; at least 2048 bits are safe"),
        (f"{NEW_EC} -addext subjectAltName=DNS:a_b..example", "'a_b..example' is not a DNS name"),
        (f"{NEW_EC} -addext subjectAltName=DNS:{'a' * 70}.example", "is not a DNS name"),
        (f"{NEW_EC} -addext subjectAltName=DER:3006A504A1020C00", "asks for what cannot be read|neither"),
        (f"{NEW_EC} -addext subjectAltName=DER:FFFF", "asks for what cannot be read"),
    ],
)
def test_refuses_what_requests_ask_for(openssl, make_chain, options, message):
    issuer, key = make_chain()
    openssl(f"req -new -nodes {options} -subj / -keyout a.key -out a.csr")
    request = requests.load_request(openssl.read("a.csr"))
    with pytest.raises(PkiError, match=message):
        sign(request, issuer, key, "server", NOW, NOW + DAY)


def test_signed_by_its_own_key(openssl):
    key_pem, request_pem = requests.make_request(SITE)
    request, key = requests.load_request(request_pem), load_key(key_pem)
    openssl.write("own.pem", self_sign(request, key, "client", NOW - CLOCK_SKEW, NOW + DAY))
    openssl("verify -x509_strict -purpose sslclient -CAfile own.pem own.pem")
    with pytest.raises(PkiError, match="the key is not the request's"):
        self_sign(request, make_key(KEYS[0]), "client", NOW, NOW + DAY)


# --- made by others


@pytest.fixture
def by_openssl(openssl):
    """A self-signed certificate; the key is in a.key."""

    def make(*extensions, options=NEW_EC):
        openssl.write(
            "a.cnf",
            "\n".join(["[req]", "distinguished_name=dn", "x509_extensions=x", "[dn]", "[x]", *extensions]).encode(),
        )
        openssl(
            f"req -x509 -config a.cnf -newkey rsa:2048 -nodes -keyout a.key -out a.pem -subj /CN=a -days 30 {options}"
        )
        return load_certificates(openssl.read("a.pem"))[0]

    return make


@pytest.mark.parametrize("identifier", ["none", "01:02:03:04"])
def test_an_issuer_of_another_makers(openssl, by_openssl, identifier):
    issuer = by_openssl("basicConstraints=CA:TRUE", f"subjectKeyIdentifier={identifier}")
    life = (NOW - CLOCK_SKEW, NOW + DAY)
    openssl.write("leaf.pem", sign(asked(), issuer, load_key(openssl.read("a.key")), "server", *life))
    openssl("verify -CAfile a.pem leaf.pem")
    shown = " ".join(openssl("x509 -in leaf.pem -noout -text").split())
    assert identifier == "none" or f"Authority Key Identifier: {identifier} " in shown.replace("keyid:", "")


def test_e_mail_addresses_and_uris_are_names(openssl):
    names = ("chat.example.com", "ops@example.com", "https://example.com/a", "192.0.2.1")
    _key, certificate = make_self_signed(recipe(names=names))
    openssl.write("own.pem", certificate)
    text = " ".join(openssl("x509 -in own.pem -noout -text").split())
    assert "DNS:chat.example.com, email:ops@example.com, URI:https://example.com/a, IP Address:192.0.2.1" in text
    assert read_facts(load_certificates(certificate)[0]).names == names


def test_names_of_other_kinds_are_left_out(by_openssl):
    assert read_facts(by_openssl("subjectAltName=RID:1.2.3,DNS:A.b")).names == ("a.b",)


def test_usages_without_a_word_are_numbers(by_openssl):
    facts = read_facts(by_openssl("extendedKeyUsage=1.2.3,clientAuth"))
    assert (facts.eku, facts.names, facts.is_ca) == (("1.2.3", "clientAuth"), (), False)


def test_contents_that_cannot_be_read(by_openssl):
    with pytest.raises(PkiError, match="has contents that cannot be read"):
        read_facts(by_openssl("subjectAltName=DER:FFFF"))


def test_signed_with_pss(by_openssl):
    options = "-newkey rsa:2048 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sha256"
    assert read_facts(by_openssl(options=options)).self_signed
