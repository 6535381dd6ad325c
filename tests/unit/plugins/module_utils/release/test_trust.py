# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities and revocation lists on their way into a release."""

from __future__ import annotations

import datetime

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    AuthorityRecipe,
    load_certificates,
    make_authority,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, dump_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import make_crl
from ansible_collections.wss.edge.plugins.module_utils.release import trust

NOW = datetime.datetime(2026, 11, 23, 8, 0, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
CURRENT = "/etc/nginx/wss/current"
NONE = {"ca": None, "crl": None}
NONE_TRUSTED = {"ca": [], "crl": []}
SYSTEM = "/etc/ssl/certs/ca-certificates.crt"
KEY = make_key(KeySettings())


def authority(name):
    return make_authority(KEY, AuthorityRecipe((("common_name", name),), NOW - DAY, NOW + 99 * DAY))


def crl(name, days=7):
    issuer = load_certificates(authority(name))[0]
    return make_crl(issuer, KEY, [], 1, NOW - DAY, NOW + days * DAY)


OURS, THEIRS = authority("ours"), authority("theirs")


def gather(ca=(), crl=(), private_ca=None, **files):
    """What is trusted, of files by these names."""

    def read(name):
        if name not in files:
            raise ValueError("cannot be read")
        return files[name]

    return trust.gather({"ca": list(ca), "crl": list(crl)}, private_ca or NONE, read, CURRENT, NOW, SYSTEM)


def test_what_the_host_trusts_is_where_its_package_puts_it():
    found = gather()
    assert (found.files, found.complete, found.problems) == ({}, True, [])
    assert found.paths == {"ca": {"system": SYSTEM}, "crl": {}}
    assert trust.gather(NONE_TRUSTED, NONE, None, CURRENT, NOW).paths == {"ca": {}, "crl": {}}


def test_the_private_authority_s_are_called_after_it():
    lists = crl("ours") + crl("theirs")
    found = gather(["private_ca"], ["private_ca"], {"ca": (OURS + THEIRS).decode(), "crl": lists.decode()})
    assert found.files == {
        "trust/private_ca.pem": (OURS + THEIRS).decode(),
        "crl/private_ca.pem": lists.decode(),
    }
    assert found.paths["ca"]["private_ca"] == f"{CURRENT}/trust/private_ca.pem"
    assert found.paths["crl"] == {"private_ca": f"{CURRENT}/crl/private_ca.pem"}
    assert found.complete
    assert found.digests.keys() == found.files.keys()
    later = gather(["private_ca"], ["private_ca"], {"ca": (OURS + THEIRS).decode(), "crl": crl("ours").decode()})
    assert later.paths == found.paths
    assert {name for name in found.files if found.digests[name] != later.digests[name]} == {"crl/private_ca.pem"}


def test_files_are_called_after_their_content_and_bring_nothing_else_with_them():
    revoked = crl("ours")
    found = gather(["a", "b", "c"], ["d"], a=b"Bag\n" + dump_key(KEY) + OURS, b=THEIRS, c=OURS, d=b"text\n" + revoked)
    assert sorted(found.files.values()) == sorted([OURS.decode(), THEIRS.decode(), revoked.decode()])
    paths = found.paths["ca"]
    assert paths["a"] == paths["c"] != paths["b"]
    assert {**paths, **found.paths["crl"]}.keys() == {"system", "a", "b", "c", "d"}
    assert {f"{CURRENT}/{name}" for name in found.files} == {*paths.values(), *found.paths["crl"].values()} - {SYSTEM}


def test_what_is_not_made_yet_has_its_place_already():
    found = gather(["private_ca"], ["private_ca"])
    assert (found.complete, found.problems) == (False, [])
    assert found.paths["crl"] == {"private_ca": f"{CURRENT}/crl/private_ca.pem"}
    assert not gather(["private_ca"], [], {"ca": OURS.decode(), "crl": None}).problems
    assert not gather(["private_ca"], ["private_ca"], {"ca": OURS.decode(), "crl": None}).complete


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"ca": ["x"]}, 'ca: "x" cannot be read'),
        ({"ca": ["x"], "x": crl("ours")}, 'ca: "x" holds no certificate in PEM'),
        ({"ca": ["x"], "x": OURS.replace(b"MII", b"AAA")}, 'ca: "x" is damaged or of an unknown format'),
        ({"crl": ["x"], "x": OURS}, 'crl: "x" holds no certificate revocation list in PEM'),
        (
            {"crl": ["x"], "x": crl("ours") + crl("theirs", days=0)},
            'crl: "x" ended on 2026-11-23T08:00:00Z, and servers refuse everybody by it; put a new list in its place',
        ),
        ({"ca": ["private_ca"], "private_ca": {"ca": "", "crl": ""}}, 'ca: "private_ca" holds no certificate in PEM'),
    ],
)
def test_what_is_wrong_is_said_of_what_was_given(given, problem):
    assert gather(**given).problems == [problem]


def test_all_that_is_wrong_is_said():
    assert len(gather(["x", "y"], ["z"]).problems) == 3
