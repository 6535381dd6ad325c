# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains, in every wrong order."""

from __future__ import annotations

import datetime
import itertools

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki import requests
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    AuthorityRecipe,
    Recipe,
    load_certificates,
    make_authority,
    make_self_signed,
    sign,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.chains import order, problems
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, load_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class World:
    """root -> one -> two -> leaf (and stranger), cross (root's key and name, by another root); by single letters."""

    def __init__(self):
        self.keys = {name: make_key(KeySettings()) for name in "ROTX"}
        self.certificates = {}
        self.authority("R", "R", 3650)
        self.authority("X", "X", 3650)
        self.authority("O", "R", 1000)
        self.authority("T", "O", 500)
        self.certificates["C"] = self.made("R", self.certificates["X"], self.keys["X"], 1000)
        self.leaf("L", "T", ("www.example.com", "*.w.example.com"))
        self.leaf("S", "R", ("stranger.example.com",))

    def made(self, name, issuer, issuer_key, days):
        recipe = AuthorityRecipe((("common_name", name),), NOW - DAY, NOW + days * DAY)
        return load_certificates(make_authority(self.keys[name], recipe, issuer, issuer_key))[0]

    def authority(self, name, issuer, days):
        self.certificates[name] = self.made(name, self.certificates.get(issuer), self.keys[issuer], days)

    def leaf(self, name, issuer, names, profile="server", days=90):
        recipe = requests.Recipe(None, KeySettings(), (("common_name", name),), names)
        key, request = requests.make_request(recipe)
        certificate = sign(
            requests.load_request(request),
            self.certificates[issuer],
            self.keys[issuer],
            profile,
            NOW - DAY,
            NOW + days * DAY,
        )
        self.keys[name] = load_key(key)
        self.certificates[name] = load_certificates(certificate)[0]

    def pick(self, letters):
        return [self.certificates[letter] for letter in letters]

    def letters(self, certificates):
        names = {each.serial_number: letter for letter, each in self.certificates.items()}
        return "".join(names[each.serial_number] for each in certificates)


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.mark.parametrize("key", ["", "L"])
@pytest.mark.parametrize("given", ["".join(each) for each in itertools.permutations("LTOR")])
def test_every_order_is_repaired(world, given, key):
    assert world.letters(order(world.pick(given), world.keys.get(key))) == "LTO"


@pytest.mark.parametrize(
    ("given", "key", "expected"),
    [
        ("L", "", "L"),
        ("LT", "L", "LT"),
        ("LTO", "", "LTO"),
        ("LTOLTOR", "", "LTO"),
        ("RR", "", "R"),
        ("R", "R", "R"),
        ("OR", "O", "O"),
        ("LTOCR", "", "LTOC"),  # an authority's own certificate, and the one by another that leads further
        ("RCXOTL", "L", "LTOC"),
        ("LTOCX", "", "LTOC"),
        ("TLO", "T", "refused"),
    ],
)
def test_other_compositions(world, given, key, expected):
    if expected == "refused":
        with pytest.raises(PkiError, match="«CN=L» did not issue «CN=T»"):
            order(world.pick(given), world.keys[key])
    else:
        assert world.letters(order(world.pick(given), world.keys.get(key))) == expected


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ("LTOS", "L", "^«CN=S» did not issue «CN=L» nor any of its issuers; take it out"),
        ("LO", "L", "^«CN=O» did not issue «CN=L» .* put the missing issuers in"),
        ("LTX", "L", "^«CN=X» did not issue «CN=L»"),
        ("LS", "", "^«CN=L», «CN=S»: only one of them can be the leaf; give its private key"),
        ("LTO", "X", "^the key belongs to none of «CN=L», «CN=T», «CN=O»; give the key"),
    ],
)
def test_refuses_what_does_not_belong(world, given, key, message):
    with pytest.raises(PkiError, match=message):
        order(world.pick(given), world.keys.get(key))


def test_two_authorities_that_issued_each_other(world):
    crossed = world.made("X", world.certificates["R"], world.keys["R"], 10)
    with pytest.raises(PkiError, match="«CN=R», «CN=X»: only one of them"):
        order([world.certificates["C"], crossed])


WWW = ["www.example.com"]


@pytest.mark.parametrize(
    ("names", "days", "profile", "expected"),
    [
        (WWW, 0, None, []),
        ([*WWW, "a.w.example.com"], 0, "server", []),
        (
            ["b.example.com"],
            0,
            None,
            ["does not cover b.example.com (it covers www.example.com, *.w.example.com); have"],
        ),
        (WWW, 0, "client", ["may be used for serverAuth only; have it issued with the extended key usage clientAuth"]),
        (WWW, 0, "peer", ["may be used for serverAuth only; have it issued with the extended key usage serverAuth, c"]),
        (WWW, 90, None, ["expired on 2027-02-21T12:00:00Z; put a renewed one in its place"]),
        (WWW, 500, None, ["expired on 2027-02-21T12:00:00Z", "its issuer «CN=T» expired on 2028-04-06T12:00:00Z"]),
        (
            WWW,
            -2,
            None,
            [
                "is not valid before 2026-11-22T12:00:00Z; check the host's clock, or wait",
                "its issuer «CN=T» is not valid before",
                "its issuer «CN=O» is not valid before",
            ],
        ),
    ],
)
def test_why_clients_would_refuse(world, names, days, profile, expected):
    found = problems(world.pick("LTO"), names, NOW + days * DAY, profile)
    assert len(found) == len(expected)
    assert all(one.startswith(other) for one, other in zip(found, expected))


def test_an_issuer_that_is_no_authority(world):
    found = problems(world.pick("LS"), WWW, NOW)
    assert found == ["its issuer «CN=S» is no authority; clients accept nothing that it signs"]


@pytest.mark.parametrize(
    "usages", ["", "extendedKeyUsage=anyExtendedKeyUsage", "extendedKeyUsage=clientAuth,serverAuth"]
)
def test_certificates_for_everything(openssl, usages):
    openssl.write("a.cnf", f"[req]\ndistinguished_name=dn\nx509_extensions=x\n[dn]\n[x]\n{usages}\n".encode())
    new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key"
    openssl(f"req -x509 -config a.cnf {new_key} -out a.pem -subj /CN=a -days 30")
    certificates = load_certificates(openssl.read("a.pem"))
    now = datetime.datetime.now(datetime.timezone.utc)
    for profile in ("server", "client", "peer"):
        assert problems(certificates, [], now, profile) == []


def test_self_signed_alone(world):
    life = (NOW, NOW + DAY)
    key, certificate = make_self_signed(Recipe(None, KeySettings(), (("common_name", "a"),), ("a.example.com",), *life))
    assert len(order(load_certificates(certificate * 2), load_key(key))) == 1
