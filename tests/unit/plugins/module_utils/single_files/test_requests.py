# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a request is made anew, and what is refused."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.pki import requests as pki_requests
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.single_files import requests, single

KEY, OTHER = make_key(KeySettings()), make_key(KeySettings())
ASKED = {
    "subject": {"organization": "Beispiel", "country": "DE", "email": None},
    "names": ["bücher.example", "192.0.2.1", "ops@example.com", "https://example.com/", "bücher.example"],
    "key_usage": ["keyAgreement", "digitalSignature"],
    "extended_key_usage": ["serverAuth", "1.2.3.4"],
    "ca": True,
    "path_length": 0,
}
SHOWN = {
    "subject": "O=Beispiel, C=DE",
    "names": "xn--bcher-kva.example, 192.0.2.1, ops@example.com, https://example.com/",
    "key_usage": "digitalSignature, keyAgreement",
    "extended_key_usage": "serverAuth, 1.2.3.4",
    "basic_constraints": "CA:TRUE, pathlen:0",
}


def found(params, key=KEY):
    """A file with the request of these options."""
    return single.Found("/x.csr", pki_requests.make_request(requests.parse(params, key))[1])


def test_what_is_made_is_what_is_wanted():
    assert requests.plan(found(ASKED), requests.parse(ASKED, KEY), KEY) == ("", SHOWN)
    assert requests.shown(requests.parse(ASKED, KEY)) == SHOWN


def test_a_usage_given_by_its_number_is_that_of_its_word():
    wanted = requests.parse({**ASKED, "extended_key_usage": ["1.3.6.1.5.5.7.3.1", "serverAuth", "1.2.3.4"]}, KEY)
    assert wanted.extended_key_usage == ("serverAuth", "1.2.3.4")
    assert requests.plan(found(ASKED), wanted, KEY)[0] == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"names": list(reversed(ASKED["names"]))}, ""),
        ({"names": ["192.0.2.1"]}, "names changed: -https://example.com/ -ops@example.com -xn--bcher-kva.example"),
        (
            {"subject": {"country": "DE", "organization": "Beispiel"}},
            "subject changed: O=Beispiel, C=DE -> C=DE, O=Beispiel",
        ),
        ({"subject": None}, "subject changed: O=Beispiel, C=DE -> none"),
        ({"key_usage": []}, "key usage changed: digitalSignature, keyAgreement -> none"),
        ({"extended_key_usage": ["clientAuth"]}, "extended key usage changed: serverAuth, 1.2.3.4 -> clientAuth"),
        ({"path_length": 1}, "basic constraints changed"),
        ({"ca": None, "path_length": None}, "basic constraints changed"),
    ],
)
def test_what_changes_it(change, reason):
    wanted = {**ASKED, **change}
    assert requests.plan(found(ASKED), requests.parse(wanted, KEY), KEY)[0] == reason


def test_a_request_of_another_key_or_of_none():
    recipe = requests.parse(ASKED, KEY)
    assert requests.plan(found(ASKED, OTHER), recipe, KEY)[0] == "it belongs to another key"
    assert requests.plan(found(ASKED), recipe, None)[0] == "it belongs to another key"
    assert requests.plan(single.Found("/x.csr"), recipe, KEY) == ("there was none", {})


def test_what_is_damaged():
    whole = found(ASKED).content
    recipe = requests.parse(ASKED, KEY)
    assert requests.plan(single.Found("/x.csr", whole[:99]), recipe, KEY)[0].startswith("it holds no certificate req")
    lines = whole.splitlines()
    lines[2] = lines[2][::-1]
    assert requests.plan(single.Found("/x.csr", b"\n".join(lines)), recipe, KEY)[0].startswith("it ")
    with pytest.raises(single.FileError, match=r"/x.csr holds a private key, which would be lost; name another path"):
        requests.plan(single.Found("/x.csr", recipe.key_pem), recipe, KEY)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "names: a subject or at least one name is needed"),
        ({"subject": {"common_name": None}}, "names: a subject or at least one name is needed"),
        ({"names": ["a b"]}, "names: 'a b' "),
        ({"names": ["a"], "subject": {"country": "Germany"}}, "subject.country: 'Germany' must be"),
        (
            {"names": ["a"], "extended_key_usage": ["serverauth"]},
            "extended_key_usage: 'serverauth' must be one of serv",
        ),
        ({"names": ["a"], "key_usage": ["encipherOnly"]}, "key_usage: encipherOnly and decipherOnly"),
        ({"names": ["a"], "path_length": 0}, "path_length: 0 must be 0 or more, and needs ca"),
        ({"names": ["a"], "ca": True, "path_length": -1}, "path_length: -1 must be 0 or more"),
        ({"names": ["a b"], "subject": {"email": "x"}}, "subject.email: .*; names: "),
    ],
)
def test_what_cannot_be_asked_for(params, words):
    with pytest.raises(PkiError, match=words):
        requests.parse(params, KEY)
