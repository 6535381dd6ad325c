# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate revocation lists, with openssl as the oracle."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki import requests
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    AuthorityRecipe,
    dump_certificate,
    load_certificates,
    make_authority,
    read_facts,
    sign,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, dump_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import (
    REASONS,
    Revoked,
    make_crl,
    read_crls,
)

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
KEYS = [
    KeySettings("ecdsa"),
    KeySettings("ecdsa", curve="secp384r1"),
    KeySettings("ecdsa", curve="secp521r1"),
    KeySettings("rsa", bits=2048),
    KeySettings("ed25519"),
]


def authority(name, settings=KEYS[0], issuer=None, issuer_key=None):
    key = make_key(settings)
    recipe = AuthorityRecipe((("common_name", name),), NOW - DAY, NOW + 100 * DAY)
    (certificate,) = load_certificates(make_authority(key, recipe, issuer, issuer_key))
    return certificate, key


@pytest.mark.parametrize("settings", KEYS, ids=str)
def test_openssl_verifies_it_and_reads_the_same(openssl, settings):
    issuer, key = authority("Root", settings)
    revoked = tuple(
        Revoked(serial, NOW - index * DAY, reason)
        for index, (serial, reason) in enumerate(zip(["01", "7F", "80", "0ABC", "FF" * 19, "10", "0200"], REASONS))
    )
    made = make_crl(issuer, key, revoked, 4711, NOW, NOW + 7 * DAY)
    openssl.write("crl.pem", made)
    openssl.write("root.pem", dump(issuer))
    openssl("crl -in crl.pem -CAfile root.pem -noout")
    text = " ".join(openssl("crl -in crl.pem -noout -text").split())
    assert "Version 2" in text
    assert "X509v3 CRL Number: 4711" in text
    assert "X509v3 Authority Key Identifier:" in text
    for each in revoked:
        assert f"Serial Number: {each.serial} " in text
    shown = {"Key Compromise", "CA Compromise", "Affiliation Changed", "Superseded", "Cessation Of Operation"}
    for reason in {*shown, "Privilege Withdrawn"}:
        assert f"X509v3 CRL Reason Code: {reason}" in text
    assert "Unspecified" not in text
    (facts,) = read_crls(made)
    assert (facts.issuer, facts.number, facts.revoked) == (issuer.subject, 4711, revoked)
    assert (facts.last_update, facts.next_update) == (NOW, NOW + 7 * DAY)
    assert facts.serials == tuple(each.serial for each in revoked)
    assert facts.issued_by(issuer)


def dump(*certificates):
    return b"".join(dump_certificate(each) for each in certificates)


def test_openssl_refuses_what_is_revoked(openssl):
    root, root_key = authority("Root")
    issuer, key = authority("Intermediate", KEYS[0], root, root_key)
    _key, request = requests.make_request(requests.Recipe(None, KEYS[0], (("common_name", "a"),), ("a",)))
    life = (NOW - DAY, NOW + DAY)
    good, bad = (sign(requests.load_request(request), issuer, key, "client", *life) for _each in range(2))
    serial = read_facts(load_certificates(bad)[0]).serial
    crl = make_crl(issuer, key, [Revoked(serial, NOW, "key_compromise")], 2, NOW, NOW + DAY)
    crls = crl + make_crl(root, root_key, [], 1, NOW, NOW + DAY)
    for file, content in (("crl.pem", crls), ("root.pem", dump(root)), ("i.pem", dump(issuer)), ("good.pem", good)):
        openssl.write(file, content)
    openssl.write("bad.pem", bad)
    command = "verify -x509_strict -crl_check_all -CRLfile crl.pem -CAfile root.pem -untrusted i.pem"
    openssl(f"{command} good.pem")
    with pytest.raises(AssertionError, match="certificate revoked"):
        openssl(f"{command} bad.pem")
    first, second = read_crls(crls)
    assert (first.serials, second.serials) == ((serial,), ())
    assert first.issued_by(issuer)
    assert not first.issued_by(root)


def test_whose_it_is_not():
    issuer, key = authority("Root")
    (facts,) = read_crls(make_crl(issuer, key, [], 1, NOW, NOW + DAY))
    twin, _key = authority("Root")
    other_kind, _key = authority("Root", KEYS[3])
    assert facts.issued_by(issuer)
    assert not facts.issued_by(twin)
    assert not facts.issued_by(other_kind)


def test_reads_what_openssl_makes(openssl):
    issuer, key = authority("Root")
    openssl.write("root.pem", dump(issuer))
    openssl.write("root.key", dump_key(key))
    configuration = "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=30\n"
    openssl.write("ca.cnf", configuration.encode())
    openssl.write("index.txt", b"R\t271123000000Z\t261120000000Z,keyCompromise\t0A\tunknown\t/CN=a\n")
    openssl("ca -gencrl -config ca.cnf -cert root.pem -keyfile root.key -out crl.pem")
    (facts,) = read_crls(openssl.read("crl.pem"))
    date = datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc)
    assert (facts.number, facts.revoked) == (None, (Revoked("0A", date, "key_compromise"),))
    assert facts.issued_by(issuer)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "holds no certificate revocation list in PEM"),
        (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "is damaged"),
    ],
)
def test_refuses(text, message):
    with pytest.raises(PkiError, match=message):
        read_crls(text)
