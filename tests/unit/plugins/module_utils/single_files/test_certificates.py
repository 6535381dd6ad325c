# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a certificate is made anew, and what is refused."""

from __future__ import annotations

import datetime
import re

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.pki import certificates as pki
from ansible_collections.wss.edge.plugins.module_utils.pki import requests as pki_requests
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, dump_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.single_files import certificates, single, sources

NOW = datetime.datetime(2026, 11, 23, 8, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
KEY, OTHER, ROOT_KEY, SIGNER_KEY = (make_key(KeySettings()) for _each in range(4))


def recipe(key, names, subject, **more):
    pem = dump_key(key)
    return pki_requests.Recipe(pem, KeySettings(), (("common_name", subject),) if subject else (), names, **more)


def request(key=KEY, names=("a.example.com", "192.0.2.1"), subject="a", **more):
    return pki_requests.load_request(pki_requests.make_request(recipe(key, names, subject, **more))[1])


def authority(name, key, days, *issuer):
    made = pki.make_authority(key, pki.AuthorityRecipe((("common_name", name),), NOW - DAY, NOW + days * DAY), *issuer)
    return pki.load_certificates(made)[0]


ROOT = authority("Root", ROOT_KEY, 1000)
SIGNER = authority("Signer", SIGNER_KEY, 200, ROOT, ROOT_KEY)


def order(asked=None, life=None, profile="server", signed=False, **more):
    asked = asked or request(**more)
    life = life or certificates.Life()
    if signed:
        return certificates.Order(asked, SIGNER_KEY, profile, life, (SIGNER, ROOT))
    return certificates.Order(asked, KEY, profile, life)


def plan(content, wanted, now=NOW):
    return certificates.plan_made(single.Found("/x.crt", content), wanted, now)


def made(wanted, now=NOW):
    return plan(None, wanted, now).make()


@pytest.mark.parametrize("signed", [False, True])
def test_it_is_made_once(signed):
    first = plan(None, order(signed=signed))
    assert (first.reason, first.facts) == ("there was none", None)
    content = first.make()
    again = plan(content, order(signed=signed))
    assert (again.reason, again.after, again.after) == ("", first.after, certificates.shown(again.facts))
    assert again.make() == content
    told = certificates.about(content, NOW)
    assert (told["names"], told["days_left"]) == (["a.example.com", "192.0.2.1"], 90)
    assert told["certificate"].count("BEGIN CERTIFICATE") == 1 + signed
    assert told["issuer"] == ("CN=Signer" if signed else "CN=a")


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"names": ("b.example.com",)}, "names changed: +b.example.com -192.0.2.1 -a.example.com"),
        ({"subject": "b"}, "subject changed: CN=a -> CN=b"),
        ({"profile": "peer"}, "extended key usage changed: serverAuth -> serverAuth, clientAuth"),
        ({"signed": True}, "it was issued by CN=a"),
        ({"life": certificates.Life(valid_days=30)}, ""),
        ({"life": certificates.Life(renew_before=89)}, ""),
        (
            {"life": certificates.Life(not_after=NOW + 50 * DAY)},
            "not_after changed: 2027-02-21T08:00:00Z -> 2027-01-12T08:00:00Z",
        ),
        (
            {"life": certificates.Life(not_before=NOW)},
            "not_before changed: 2026-11-23T07:55:00Z -> 2026-11-23T08:00:00Z",
        ),
    ],
)
def test_what_changes_it(wanted, reason):
    content = made(order())
    now = NOW if "life" in wanted else NOW + DAY
    assert plan(content, order(**wanted), now).reason == reason
    assert plan(plan(content, order(**wanted), now).make(), order(**wanted), now).reason == ""


def test_a_certificate_of_another_key():
    other = certificates.Order(request(OTHER), OTHER, "server", certificates.Life())
    assert plan(made(other), order()).reason.startswith("it belongs to another key")


@pytest.mark.parametrize(
    ("days", "renew_before", "reason"),
    [
        (59, None, ""),
        (61, None, "a third of its life is left: 29 of 90 days"),
        (61, 28, ""),
        (62, 28, "it is to be renewed 28 days before its end, and has 28 left"),
        (91, None, "it expired on 2027-02-21T08:00:00Z"),
        (91, 0, "it expired on 2027-02-21T08:00:00Z"),
        (-1, None, "it is not valid before 2026-11-23T07:55:00Z"),
    ],
)
def test_when_it_is_renewed(days, renew_before, reason):
    life = certificates.Life(renew_before=renew_before)
    assert plan(made(order()), order(life=life), NOW + days * DAY).reason == reason


def test_none_outlives_its_authority_and_is_not_renewed_for_nothing():
    long = order(signed=True, life=certificates.Life(valid_days=300, renew_before=250))
    content = made(long)
    assert certificates.about(content, NOW)["not_after"] == pki.iso(pki.read_facts(SIGNER).not_after)
    assert plan(content, long, NOW + 199 * DAY).reason == ""
    with pytest.raises(PkiError, match="ca_certificate: «CN=Signer» ends on 2027-06-11T08:00:00Z; renew it first"):
        plan(content, long, NOW + 201 * DAY)


def test_given_dates_are_kept_to_the_end():
    life = certificates.Life(not_before=NOW + DAY, not_after=NOW + 10 * DAY)
    content = made(order(life=life))
    assert plan(content, order(life=life), NOW + 9 * DAY).reason == ""
    assert plan(content, order(life=life), NOW).reason == ""
    with pytest.raises(PkiError, match="would end on 2026-12-03T08:00:00Z, which is past"):
        plan(content, order(life=life), NOW + 11 * DAY)


def test_the_chain_is_repaired():
    content = made(order(signed=True))
    leaf = pki.dump_certificate(pki.load_certificates(content)[0])
    for damaged in (leaf, leaf + pki.dump_certificate(ROOT), content + leaf):
        repair = plan(damaged, order(signed=True))
        assert (repair.reason, repair.make()) == ("its chain was not that of its authority", content)


def test_what_is_damaged_or_in_the_way():
    assert plan(made(order())[:99], order()).reason == "it holds no certificate in PEM"
    assert plan(b"", order()).reason == "it holds no certificate in PEM"
    with pytest.raises(single.FileError, match="holds a private key, which would be lost"):
        plan(made(order()) + dump_key(KEY), order())


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (order(ca=True), "request: asks for the certificate of an authority"),
        (order(key=OTHER), "request: belongs to another key than private_key"),
        (order(life=certificates.Life(valid_days=0)), "valid_days: 0 must be 1 to 36500"),
        (
            order(life=certificates.Life(renew_before=90)),
            "renew_before: 90 must be 0 or more, and less than valid_days",
        ),
        (
            order(life=certificates.Life(not_before=NOW + DAY, not_after=NOW + DAY)),
            "not_after: 2026-11-24T08:00:00Z must be later than not_before, 2026-11-24T08:00:00Z",
        ),
        (
            order(life=certificates.Life(not_before=NOW.replace(9999, 12))),
            "not_before: 9999-12-23T08:00:00Z and valid_days, 90, lead beyond the year 9999",
        ),
        (order(subject=None), "request: has no subject, and a self-signed certificate must name its issuer"),
        (
            certificates.Order(
                request(), KEY, "server", certificates.Life(), (pki.load_certificates(made(order()))[0],)
            ),
            "ca_certificate: «CN=a» is no authority",
        ),
    ],
)
def test_what_cannot_be_made(wanted, words):
    with pytest.raises(PkiError, match=words):
        plan(None, wanted)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("", None),
        ("2026-11-23T08:00:00Z", NOW),
        ("2026-11-23T09:00:00+01:00", NOW),
        ("2026-11-23 08:00:00", NOW),
        ("2026-11-23T08:00:00.500Z", NOW),
        ("1950-01-01", NOW.replace(1950, 1, 1, 0)),
        ("9999-12-31T23:59:59Z", datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)),
        ("2026-11-23", NOW.replace(hour=0)),
    ],
)
def test_times(text, time):
    assert certificates.parse_time("not_before", text) == time


@pytest.mark.parametrize("text", ["1949-12-31", "1940-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00"])
def test_times_that_no_certificate_has(text):
    with pytest.raises(PkiError, match=f"not_before: '{re.escape(text)}' must be from 1950-01-01 to 9999-12-31"):
        certificates.parse_time("not_before", text)


def test_what_is_no_time():
    with pytest.raises(PkiError, match="not_after: 'tomorrow' must be a time in UTC, such as 2026-11-23T08:00:00Z"):
        certificates.parse_time("not_after", "tomorrow")


def given(*certificates_given, content=None, names=("a.example.com",), profile="server", now=NOW):
    found = single.Found("/x.crt", content)
    return certificates.plan_given(found, certificates_given, KEY, names, profile, now)


def test_files_of_the_user_are_put_in_order():
    whole = made(order(signed=True))
    leaf, signer = pki.load_certificates(whole)
    first = given(ROOT, leaf, signer, leaf)
    assert (first.reason, first.make(), first.warning) == ("there was none", whole, "")
    assert given(ROOT, leaf, signer, content=whole).reason == ""
    assert given(leaf, signer, content=whole[:99]).reason == "it holds no certificate in PEM"
    other = given(leaf, signer, content=made(order()), now=NOW + 80 * DAY)
    assert other.reason == "the files given differ"
    assert other.warning.startswith("/x.crt: the certificate expires in 10 days, on 2027-02-21T08:00:00Z; put a")


def test_files_of_the_user_that_do_not_do():
    leaf, signer = pki.load_certificates(made(order(signed=True)))
    with pytest.raises(PkiError, match=r"certificate: expired on .*; does not cover b.example.com .*; may be used for"):
        given(leaf, signer, names=["b.example.com"], profile="client", now=NOW + 91 * DAY)
    with pytest.raises(PkiError, match="the key belongs to none of «CN=Signer»"):
        given(signer)


def test_there_is_nothing_to_tell_of_nothing():
    assert set(certificates.about(None, NOW).values()) == {None}
    assert certificates.shown(None) == {}


OPTIONS = {option: None for options in sources.OPTIONS.values() for option in options}


@pytest.mark.parametrize(
    ("provider", "missing"),
    [
        ("ca", "request"),
        ("ca", "ca_certificate"),
        ("ca", "ca_private_key"),
        ("files", "private_key"),
        ("files", "certificate"),
        ("files", "chain"),
    ],
)
def test_in_check_mode_each_file_may_be_missing(tmp_path, provider, missing):
    (tmp_path / "there").touch()
    files = dict.fromkeys({*sources.MADE_EARLIER} & {*sources.OPTIONS[provider]}, str(tmp_path / "there"))
    params = {**OPTIONS, **files, "provider": provider, missing: str(tmp_path / "none")}
    planned = sources.plan(params, single.Found("/x.crt"), NOW, may_be_missing=True)
    assert planned.reason == "there was none"


@pytest.mark.parametrize(
    ("names", "subject", "issuer"),
    [
        (["*.example.com", "a.example.com"], None, "CN=*.example.com"),
        ([f"{'a' * 60}.example.com", "b.example.com"], {}, "CN=b.example.com"),
        ([f"{'a' * 60}.example.com"], {}, f"CN={'a' * 60}.exa"),
        (["a.example.com"], {"organization": "O", "common_name": None}, "O=O"),
    ],
)
def test_a_certificate_that_signs_itself_names_its_issuer(tmp_path, names, subject, issuer):
    (tmp_path / "key").write_bytes(dump_key(KEY))
    wanted = {"names": names, "subject": subject, "private_key": str(tmp_path / "key"), "valid_days": 90}
    times = dict.fromkeys(("not_before", "not_after", "renew_before"))
    params = {**OPTIONS, **times, **wanted, "provider": "self_signed", "profile": "server"}
    content = sources.plan(params, single.Found("/x.crt"), NOW, may_be_missing=False).make()
    facts = pki.read_facts(pki.load_certificates(content)[0])
    assert (facts.issuer, facts.subject, list(facts.names)) == (issuer, issuer, names)
    assert sources.plan(params, single.Found("/x.crt", content), NOW, may_be_missing=False).reason == ""


def test_in_check_mode_what_it_is_made_from_may_be_missing(tmp_path):
    params = {**OPTIONS, "provider": "self_signed", "private_key": str(tmp_path / "none")}
    planned = sources.plan(params, single.Found("/x.crt"), NOW, may_be_missing=True)
    assert planned.reason == "there was none"
    planned = sources.plan(params, single.Found("/x.crt", b"x"), NOW, may_be_missing=True)
    assert planned.reason == "what it is made from is yet to be made"
    with pytest.raises(AssertionError):
        planned.make()
    with pytest.raises(single.FileError, match="none does not exist"):
        sources.plan(
            {**params, "valid_days": 1, "not_before": None, "not_after": None, "renew_before": None},
            single.Found("/x.crt"),
            NOW,
            may_be_missing=False,
        )


def test_an_option_of_another_provider_is_refused():
    params = {**OPTIONS, "provider": "files", "ca_private_key": "/x"}
    with pytest.raises(PkiError, match="ca_private_key: is not for provider files; take it out"):
        sources.plan(params, single.Found("/x.crt"), NOW, may_be_missing=False)
