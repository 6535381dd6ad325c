# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged bytes, of which there are more kinds than the library's words for them: all end in a PkiError."""

from __future__ import annotations

import base64
import contextlib
import datetime
import random

import pytest
from cryptography import x509

from ansible_collections.wss.edge.plugins.module_utils.pki import certificates, chains, keys, requests, revocations
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
KEY = keys.make_key(keys.KeySettings())
RECIPE = certificates.AuthorityRecipe((("common_name", "R"),), NOW - DAY, NOW + 9 * DAY, 1, ("example.com",))
ROOT_PEM = certificates.make_authority(KEY, RECIPE)
ROOT = certificates.load_certificates(ROOT_PEM)[0]
NAMES = ("a.example.com", "192.0.2.1", "a@example.com", "https://example.com/")
KEY_PEM, REQUEST = requests.make_request(
    requests.Recipe(
        None, keys.KeySettings(), (("common_name", "a"),), NAMES, ("digitalSignature",), ("serverAuth",), True
    )
)
LEAF = certificates.sign(requests.load_request(REQUEST), ROOT, KEY, "peer", NOW - DAY, NOW + DAY)
CRL = revocations.make_crl(ROOT, KEY, [revocations.Revoked("0A", NOW, "superseded")], 3, NOW, NOW + DAY)


def use_certificate(pem):
    found = certificates.load_certificates(pem)
    certificates.describe(found[0])
    certificates.issued_by(found[0], ROOT)
    certificates.issued_by(ROOT, found[0])
    keys.belongs_to(KEY, found[0])
    with contextlib.suppress(PkiError):
        chains.order([*found, ROOT], KEY)
    chains.problems(chains.order([*found, ROOT]), ["a.example.com"], NOW, "server")


def use_request(pem):
    requests.read_request(requests.load_request(pem))


def use_unverified_request(pem):
    """What a request with a good signature can hold."""
    try:
        request = x509.load_pem_x509_csr(pem)
    except Exception:  # not ours
        raise PkiError from None
    with contextlib.suppress(PkiError):
        requests.read_request(request)
    certificates.sign(request, ROOT, KEY, "server", NOW, NOW + DAY)


def use_crl(pem):
    for each in revocations.read_crls(pem):
        each.issued_by(ROOT)


@pytest.mark.parametrize(
    ("use", "pem"),
    [
        (use_certificate, LEAF),
        (use_certificate, ROOT_PEM),
        (use_request, REQUEST),
        (use_unverified_request, REQUEST),
        (use_crl, CRL),
        (keys.load_key, KEY_PEM),
        (lambda pem: keys.load_key(pem, b"secret"), keys.dump_key(KEY, b"secret")),
    ],
    ids=["leaf", "root", "request", "unverified", "crl", "key", "protected key"],
)
def test_ends_in_an_error_of_ours(use, pem):
    use(pem)
    first, *lines, last = pem.splitlines(keepends=True)
    chance, refused = random.Random(3), 0
    for _each in range(300 if b"ENCRYPTED" not in pem else 30):
        damaged = damage(base64.b64decode(b"".join(lines)), chance)
        try:
            use(first + base64.encodebytes(damaged) + last)
        except PkiError:
            refused += 1
    assert refused


def damage(data, chance):
    """One to three bytes changed, gone or new."""
    found = bytearray(data)
    for _each in range(chance.randint(1, 3)):
        place, new = chance.randrange(len(found)), chance.choice([0, 1, 0x30, 0x80, 0xA3, 0xA5, chance.randrange(256)])
        found[place : place + chance.choice([0, 1, 1])] = bytes([new][: chance.randint(0, 4)])
    return bytes(found)
