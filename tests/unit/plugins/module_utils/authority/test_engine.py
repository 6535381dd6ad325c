# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority over its life: made, used, renewed, revoked from, damaged; openssl judges what comes out."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys

import pytest

from ansible_collections.wss.edge.plugins.module_utils.authority import asked, state
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import AuthorityError
from ansible_collections.wss.edge.plugins.module_utils.pki import keys, library

NOW = datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.timezone.utc)
FILES = ["ca.pem", "crl.pem", "intermediate.key.pem", "intermediate.pem", "root.key.pem", "root.pem", "trust.md"]
MADE = [
    "root: there was none",
    "intermediate: there was none",
    "revocation list: there was none",
    "root's revocation list: there was none",
]


def after(**time):
    return NOW + datetime.timedelta(**time)


def refused(authority, **options):
    """The problems of a run that is refused, which has changed nothing."""
    before = authority.bytes() if authority.folder.exists() else {}
    with pytest.raises(AuthorityError) as error:
        authority.run(**options)
    assert (authority.bytes() if authority.folder.exists() else {}) == before
    assert "correct horse" not in str(error.value)
    return error.value.problems


# --- made


def test_it_is_made_once(authority):
    first = authority.run()
    assert (first["changed"], first["reasons"]) == (True, MADE)
    assert list(authority.bytes()) == FILES
    modes = {path.name: path.stat().st_mode & 0o777 for path in authority.folder.iterdir()}
    assert modes == {name: 0o600 if name.endswith(".key.pem") else 0o644 for name in FILES}
    assert first["authority"] == (authority.folder / "ca.pem").read_text()
    assert first["authority"].endswith(first["root"])
    assert first["root_certificate"]["subject"] == "CN=wss.edge private CA"
    assert (first["root_certificate"]["days_left"], first["crl_not_after"]) == (3650, "2027-02-21T08:00:00Z")
    assert first["intermediate_certificate"]["subject"] == "CN=wss.edge private CA intermediate"
    before = authority.bytes()
    second = authority.run(now=after(days=14), passphrase=None, key=None)
    assert (second["changed"], second["reasons"], second["root"]) == (False, [], first["root"])
    assert authority.bytes() == before


def test_an_unchanged_run_opens_no_key(authority, monkeypatch):
    authority.run()
    monkeypatch.setattr(keys, "load_key", None)
    assert not authority.run()["changed"]


def test_check_mode_says_what_would_be_made_and_touches_nothing(authority):
    found = authority.run(check_mode=True, diff=True, passphrase=None, requests=[authority.request("a.com")])
    assert found["reasons"] == [*MADE, "certificate www: a request is to be signed"]
    assert (found["authority"], found["root_certificate"], found["certificates"]) == (None, None, {})
    assert found["diff"][0]["before"] == ""
    assert "key: ecdsa secp256r1\n" in found["diff"][0]["after"]
    assert not authority.folder.exists()


def test_openssl_finds_in_them_what_was_asked_for(authority):
    subject = {"country": "DE", "organization": "Exämple", "common_name": "x" * 64}
    options = {"subject": subject, "path_length": 2, "permitted": ["example.com"], "valid_days": 400}
    made = authority.run(**options)
    for name, path_length, common_name in (
        ("root", 2, "x" * 64),
        ("intermediate", 1, "x" * 51 + " intermediate"),
    ):
        text = authority.openssl(
            "x509", "-in", f"{name}.pem", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus_space"
        )[1]
        assert f"CA:TRUE, pathlen:{path_length}\n" in text
        assert f"Subject: C=DE, O=Exämple, CN={common_name}\n" in text
        assert "Name Constraints: critical" in text
        assert "DNS:example.com" in text
        assert "IP:0.0.0.0/0.0.0.0" in text
        assert "Certificate Sign, CRL Sign" in text
        assert made[f"{name}_certificate"]["days_left"] == 400  # an intermediate ends with its root
        assert made[f"{name}_certificate"]["not_before"] == "2026-11-23T07:55:00Z"
    assert not authority.run(**options)["changed"]


def test_the_intermediate_of_a_long_common_name_is_cut_between_characters(authority):
    made = authority.run(subject={"common_name": "й" * 32})
    assert made["root_certificate"]["subject"] == "CN=" + "й" * 32
    assert made["intermediate_certificate"]["subject"] == "CN=" + "й" * 25 + " intermediate"


def test_without_an_intermediate_the_root_signs(authority):
    made = authority.run(intermediate=False, key=None)
    assert made["reasons"] == [MADE[0], MADE[2]]
    assert (authority.folder / "crl.pem").read_text().count("BEGIN") == 1
    assert (made["intermediate_certificate"], made["authority"]) == (None, made["root"])
    assert "secp384r1" in made["root_certificate"]["key"]
    _about, pem = authority_of_root(authority)
    assert authority.verify(pem, "-crl_check_all", "-CRLfile", authority.folder / "crl.pem")[0]


def authority_of_root(authority):
    found = authority.run(intermediate=False, key=None, requests=[authority.request("www.example.com")])
    assert found["certificates"]["www"].count("BEGIN CERTIFICATE") == 1
    return found["issued"][0], found["certificates"]["www"]


# --- what cannot be


@pytest.mark.parametrize(
    ("changes", "made", "asked"),
    [
        ({"subject": {"country": "DE"}}, "CN=wss.edge private CA", "C=DE, CN=wss.edge private CA"),
        ({"key": {"type": "rsa", "curve": "", "bits": 2048}}, "ecdsa secp256r1", "rsa 2048"),
        ({"valid_days": 3651}, "3650", "3651"),
        ({"intermediate": False}, "true", "false"),
        ({"path_length": 2}, "1", "2"),
        ({"permitted": ["example.com"]}, "everything", "example.com"),
        ({"excluded": ["192.0.2.0/24"]}, "nothing", "192.0.2.0/24"),
    ],
)
def test_other_settings_than_it_was_made_with_are_refused(authority, changes, made, asked):
    authority.run()
    (option,) = changes
    assert refused(authority, **changes) == [
        f"{option}: the authority in {authority.folder} was made with {made}, and {asked} is asked for; "
        "set it back, or give directory another folder for a new authority"
    ]


def test_constraints_said_in_another_order_are_the_same(authority):
    authority.run(permitted=["B.com", "a.com"], excluded=["x.a.com"])
    same = {"permitted": ["a.com", "b.com"], "excluded": ["x.a.com"]}
    assert not authority.run(**same)["changed"]
    assert not authority.run()["changed"]
    assert len(refused(authority, permitted=[], excluded=[])) == 2


def test_a_wrong_passphrase_changes_nothing(authority):
    authority.run()
    (problem,) = refused(authority, passphrase="wrong horse", requests=[authority.request("a.com")])
    path = authority.folder / "intermediate.key.pem"
    assert problem == f"passphrase: does not open {path}; give the one that the authority was made with"
    assert "wrong horse" not in problem


@pytest.mark.parametrize(
    ("passphrase", "why"),
    [
        (None, "passphrase: is needed to open the keys in {0} (root: there was none; intermediate: there was none; "),
        ("", "passphrase: is needed"),
        ("7 bytes", "passphrase: a new authority needs one of 8 to 1023 bytes, and this has 7"),
    ],
)
def test_a_new_authority_needs_a_passphrase(authority, passphrase, why):
    (problem,) = refused(authority, passphrase=passphrase)
    assert problem.startswith(why.format(authority.folder))


def test_a_request_must_ask_for_its_names_and_for_no_others(authority):
    made = authority.run(permitted=["example.com"])
    damaged = authority.request("www.example.com", name="damaged")
    requests = [
        {**authority.request("b.example.com", "a.example.com", name="strange"), "names": ["a.example.com"]},
        {**authority.request("a.example.com", name="missing"), "names": ["a.example.com", "192.0.2.1"]},
        authority.request("a.example.org", name="forbidden"),
        {**damaged, "request": damaged["request"].replace("\nM", "\nN")},
        {**damaged, "name": "nothing", "request": made["root"]},
        {**damaged, "name": "nonsense", "names": ["a b"]},
    ]
    problems = refused(authority, requests=requests)
    assert [problem.partition(":")[0] for problem in problems] == [
        "request strange", "request missing", "request missing", "request forbidden", "request damaged",
        "request nothing", "request nonsense",
    ]  # fmt: skip
    assert problems[0].endswith("asks for b.example.com, which is none of its names (a.example.com)")
    assert problems[1].endswith("does not ask for 192.0.2.1; make it anew with all of its names")
    assert "may sign for example.com without 0.0.0.0/0, ::/0" in problems[2]
    assert "is damaged" in problems[4]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_cannot_be_signed_is_refused_before_anything_is_made(authority, check_mode):
    requests = [
        {**authority.request("a.com", name="weak"), "request": openssl_request("rsa:1024", "/CN=x", "DNS:a.com")},
        {"name": "empty", "names": [], "profile": "client", "request": openssl_request("rsa:2048", "/")},
        authority.request(name="nameless"),
        authority.request(name="both", profile="peer"),
        {**authority.request("a.com", name="long"), "request": "x" * 65537},
        authority.request("good.com", name="good"),
    ]
    assert refused(authority, check_mode=check_mode, requests=requests) == [
        "request weak: has the key rsa 1024; at least 2048 bits are safe",
        "request empty: has neither a subject nor a name; make it anew with what it is for",
        "request nameless: has no names, and clients find a server by them; give the names, or the profile client for "
        "server",
        "request both: has no names, and clients find a server by them; give the names, or the profile client for peer",
        "request long: is 65537 bytes long; a certificate request has 65536 at most",
    ]
    assert not authority.folder.exists()


def test_requests_are_read_before_others_have_to_wait(authority, monkeypatch):
    authority.run()
    order, read, locked = [], asked.read, state.locked
    monkeypatch.setattr(asked, "read", lambda requests: order.append("read") or read(requests))
    monkeypatch.setattr(state, "locked", lambda directory: order.append("locked") or locked(directory))
    authority.sign()
    assert order == ["read", "locked"]


def openssl_request(key, subject, *names):
    """A request that may be a bad one."""
    extension = ["-addext", f"subjectAltName={','.join(names)}"] if names else []
    command = ["openssl", "req", "-new", "-newkey", key, "-nodes", "-keyout", "/dev/null", "-subj", subject]
    return subprocess.run([*command, *extension], capture_output=True, text=True, check=True).stdout


def test_names_in_other_letters_are_the_same(authority):
    names = ["DNS:A.Example.com", "email:Ops@Example.com", "URI:HTTPS://Example.com/x"]
    text = openssl_request("rsa:2048", "/CN=x", *names)
    wanted = ["a.example.com", "Ops@Example.com", "https://example.com/x"]
    found = authority.run(requests=[{"name": "x", "request": text, "names": wanted}])
    assert found["issued"][0]["names"] == ["a.example.com", "Ops@example.com", "https://example.com/x"]


@pytest.mark.parametrize("name", ["root.pem", "intermediate.key.pem", "ca.pem"])
def test_a_folder_in_place_of_a_file_is_told(authority, name):
    authority.run()
    (authority.folder / name).unlink()
    (authority.folder / name).mkdir()
    with pytest.raises(AuthorityError, match=f"{name} must be a file and is a folder"):
        authority.run(requests=[authority.request("a.com")])


def test_a_file_in_place_of_the_folder_is_told(authority):
    authority.folder.write_text("")
    for check_mode in (True, False):
        with pytest.raises(AuthorityError, match=str(authority.folder)):
            authority.run(check_mode=check_mode)


def test_a_damaged_key_is_told(authority):
    authority.run()
    (authority.folder / "intermediate.key.pem").write_bytes(b"nonsense")
    (problem,) = refused(authority, requests=[authority.request("a.com")])
    assert problem == f"{authority.folder}/intermediate.key.pem holds no private key in PEM; put it back from a copy"


def test_a_key_of_an_authority_that_was_not_made_is_used_if_it_fits(authority):
    authority.folder.mkdir()
    text = keys.dump_key(keys.make_key(keys.KeySettings(curve="secp384r1")), b"correct horse")
    (authority.folder / "root.key.pem").write_bytes(text)
    (problem,) = refused(authority)
    assert problem.startswith(
        f"key: {authority.folder}/root.key.pem is left of an authority whose making was broken off"
    )
    authority.run(key=None)
    assert (authority.folder / "root.key.pem").read_bytes() == text


def test_names_the_library_that_is_missing(authority, monkeypatch):
    monkeypatch.setattr(library, "HAS_CRYPTOGRAPHY", False)
    assert refused(authority) == [library.MISSING]


# --- it signs


@pytest.mark.parametrize(
    ("profile", "purposes"),
    [("server", ["sslserver"]), ("client", ["sslclient"]), ("peer", ["sslserver", "sslclient"])],
)
def test_what_it_signs_is_for_its_profile_alone(authority, profile, purposes):
    about, pem = authority.sign("a.example.com", "192.0.2.1", profile=profile)
    assert pem.count("BEGIN CERTIFICATE") == 2
    for purpose in ("sslserver", "sslclient"):
        assert authority.verify(pem, "-purpose", purpose)[0] == (purpose in purposes)
    assert authority.verify(pem, "-verify_hostname", "a.example.com", "-verify_ip", "192.0.2.1")[0]
    assert (about["name"], about["names"], about["profile"]) == ("www", ["a.example.com", "192.0.2.1"], profile)
    assert (about["not_before"], about["not_after"]) == ("2026-11-23T07:55:00Z", "2027-02-21T08:00:00Z")
    assert authority.openssl("x509", "-noout", "-serial", stdin=pem)[1] == f"serial={about['serial']}\n"


def test_a_client_needs_no_name(authority):
    found = authority.run(requests=[authority.request(subject="/CN=sensor 17", profile="client")])
    assert (found["issued"][0]["subject"], found["issued"][0]["names"]) == ("CN=sensor 17", [])


def test_all_is_recorded(authority):
    about, pem = authority.sign()
    authority.run(now=after(hours=1), revoke=[{"serial": about["serial"], "reason": "superseded"}])
    issued, revoked = authority.records()
    assert issued.pop("pem") in pem
    assert issued == {"event": "issued", "time": "2026-11-23T08:00:00Z", **about}
    assert revoked == {
        "event": "revoked",
        "time": "2026-11-23T09:00:00Z",
        "serial": about["serial"],
        "reason": "superseded",
    }


def test_it_is_recorded_before_it_is_given_out(authority, monkeypatch):
    authority.run()
    monkeypatch.setattr(state.single, "replace", None)  # nothing else may be written
    monkeypatch.setattr(os, "fsync", lambda _handle: sys.exit("kill"))
    with pytest.raises(SystemExit, match="kill"):
        authority.run(requests=[authority.request("www.example.com")])


def test_to_sign_needs_the_key_that_signs_and_no_other(authority):
    authority.run()
    (authority.folder / "root.key.pem").rename(authority.top / "elsewhere")
    _about, _pem = authority.sign()
    (authority.folder / "crl.pem").unlink()
    (problem,) = refused(authority)
    assert problem == f"{authority.folder}/root.key.pem is missing: put it back from where it is kept"


def test_without_the_key_of_the_root_it_signs_and_revokes_and_renews_its_list(authority):
    authority.run()
    (authority.folder / "root.key.pem").rename(authority.top / "elsewhere")
    about, pem = authority.sign()
    assert authority.run(revoke=[{"serial": about["serial"]}])["changed"]
    check = ("-crl_check_all", "-CRLfile", authority.folder / "crl.pem")
    assert "certificate revoked" in authority.verify(pem, *check)[1]
    late = after(days=180)
    assert authority.run(now=late)["reasons"] == ["revocation list: half of its life is left: 0 of 90 days"]
    assert authority.verify(authority.sign(now=late)[1], *check, now=late)[0]
    later = authority.run(now=after(days=183))
    assert later["reasons"] == []
    assert later["warnings"] == [
        f"The root's revocation list in {authority.folder} ends on 2027-11-23T08:00:00Z: a run with the passphrase "
        "and root.key.pem in its place renews it."
    ]
    (authority.top / "elsewhere").rename(authority.folder / "root.key.pem")
    renewed = authority.run(now=after(days=183))
    assert (renewed["reasons"], renewed["warnings"]) == (
        ["root's revocation list: half of its life is left: 182 of 365 days"],
        [],
    )


def test_without_the_key_of_the_root_it_signs_while_the_intermediate_lasts(authority):
    authority.run()
    aside = authority.top / "elsewhere"
    (authority.folder / "root.key.pem").rename(aside)
    found = authority.run(now=after(days=1300), requests=[authority.request("a.com")])
    assert [text.partition(" in ")[0] for text in found["warnings"]] == [
        "The intermediate",
        "The root's revocation list",
    ]
    (problem,) = refused(authority, now=after(days=1826))
    assert problem == f"{authority.folder}/root.key.pem is missing: put it back from where it is kept"


def test_a_key_of_another_authority_is_not_used(authority):
    authority.run()
    text = keys.dump_key(keys.make_key(keys.KeySettings()), b"correct horse")
    (authority.folder / "intermediate.key.pem").write_bytes(text)
    (problem,) = refused(authority, requests=[authority.request("a.com")])
    assert "intermediate.key.pem is not the key of «CN=wss.edge private CA intermediate»" in problem


@pytest.mark.parametrize(
    ("constraints", "good", "bad"),
    [
        ({"permitted": ["a.com"]}, ["a.com", "x.a.com", "*.a.com"], ["b.com", "192.0.2.1", "ba.com"]),
        ({"permitted": ["192.0.2.0/24"]}, ["192.0.2.1"], ["192.0.3.1", "a.com", "2001:db8::1"]),
        ({"excluded": ["a.com", "2001:db8::/32"]}, ["b.com", "192.0.2.1"], ["x.a.com", "2001:db8::1"]),
        ({"permitted": ["a.com", "192.0.2.0/24"], "excluded": ["x.a.com"]}, ["192.0.2.1", "a.com"], ["x.a.com", "b.c"]),
    ],
)  # fmt: skip
def test_openssl_refuses_the_names_that_we_do(authority, constraints, good, bad):
    authority.run(**constraints)
    for name in [*good, *bad]:
        issue_by_openssl(authority, name)
        assert authority.verify((authority.top / "other.pem").read_text(), now=None)[0] == (name in good), name
    problems = refused(authority, requests=[authority.request(name, name=name) for name in [*good, *bad]])
    assert [problem.split()[1] for problem in problems] == [f"{name}:" for name in bad]


@pytest.mark.parametrize(
    ("constraints", "common_name", "names", "good"),
    [
        ({"permitted": ["example.com"]}, "alice.example.com", [], True),
        ({"permitted": ["example.com"]}, "Alice.Example.COM", [], True),
        ({"permitted": ["example.com"]}, "alice", [], True),
        ({"permitted": ["example.com"]}, "alice b.example.net", [], True),
        ({"permitted": ["example.com"]}, "-a.example.net", [], True),
        ({"permitted": ["example.com"]}, "alice.example.net", ["a.example.com"], True),
        ({"permitted": ["example.com"]}, "alice.example.net", [], False),
        ({"permitted": ["example.com"]}, "a_b.example.net", [], False),
        ({"permitted": ["example.com", "192.0.2.0/24"]}, "alice.example.net", ["192.0.2.1"], False),
        ({"permitted": ["192.0.2.0/24"]}, "192.0.2.1", ["192.0.2.1"], False),
        ({"excluded": ["example.net"]}, "alice.example.net", [], False),
        ({"excluded": ["192.0.2.0/24"]}, "alice.example.net", [], True),
        ({}, "alice.example.net", [], True),
    ],
)
def test_openssl_refuses_the_common_names_that_we_do(authority, constraints, common_name, names, good):
    authority.run(**constraints)
    request = authority.request(*names, name="alice", subject=f"/CN={common_name}", profile="client")
    issue_by_openssl(authority, *names, subject=f"/CN={common_name}")
    assert authority.verify((authority.top / "other.pem").read_text(), now=None)[0] == good
    if good:
        assert authority.run(requests=[request])["changed"]
        return
    (problem,) = refused(authority, requests=[request])
    assert problem.startswith(f"request alice: its common name {common_name} counts as a DNS name")


def issue_by_openssl(authority, *names, subject="/O=x"):
    """A certificate that the authority refuses to sign, signed with its key nevertheless; in other.pem."""
    (authority.top / "csr").write_text(authority.csr(subject, *names))
    kinds = [f"{'IP' if name[-1].isdigit() else 'DNS'}:{name}" for name in names]
    extensions = f"subjectAltName={','.join(kinds)}\n" if names else ""
    extensions += "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    (authority.top / "extensions").write_text(extensions)
    signer = ("-CA", "intermediate.pem", "-CAkey", "intermediate.key.pem", "-passin", "pass:correct horse")
    done, said = authority.openssl(
        "x509", "-req", "-in", authority.top / "csr", *signer, "-set_serial", "7", "-days", "9000",
        "-extfile", authority.top / "extensions", "-out", authority.top / "other.pem",
    )  # fmt: skip
    assert done, said
    with (authority.top / "other.pem").open("a") as stream:
        stream.write((authority.folder / "intermediate.pem").read_text())


# --- it revokes


def test_a_revoked_certificate_is_refused_and_others_are_not(authority):
    about, pem = authority.sign()
    _other, good = authority.sign(name="good")
    check = ("-crl_check_all", "-CRLfile", authority.folder / "crl.pem")
    assert authority.verify(pem, *check)[0]
    serial = about["serial"]
    colons = ":".join(serial[at : at + 2].lower() for at in range(0, len(serial), 2))
    wanted = [{"serial": colons, "reason": "key_compromise"}]
    first = authority.run(now=after(days=1), revoke=wanted)
    assert first["reasons"] == [
        "revocation list: certificates were revoked",
        f"serial {serial}: revoked (key_compromise)",
    ]
    passed, said = authority.verify(pem, *check, now=after(days=1))
    assert (passed, "certificate revoked" in said) == (False, True)
    assert authority.verify(good, *check, now=after(days=1))[0]
    assert "Key Compromise" in authority.openssl("crl", "-in", "crl.pem", "-noout", "-text")[1]
    second = authority.run(now=after(days=2), revoke=[{"serial": serial, "reason": "superseded"}], passphrase=None)
    assert second["reasons"] == []


def test_it_says_what_is_revoked_until_that_has_ended(authority):
    first, second = (authority.sign(name=name)[0]["serial"] for name in ("a", "b"))
    assert authority.run()["revoked"] == []
    assert authority.run(revoke=[{"serial": first}], check_mode=True)["revoked"] == [first]
    assert authority.run(revoke=[{"serial": first}])["revoked"] == [first]
    assert authority.run(revoke=[{"serial": second}])["revoked"] == [first, second]
    assert authority.run(now=after(days=89))["revoked"] == [first, second]
    assert authority.run(now=after(days=91))["revoked"] == []


def test_what_it_did_not_issue_cannot_be_revoked(authority):
    root = authority.run()["root_certificate"]["serial"]
    (problem,) = refused(authority, revoke=[{"serial": root}])
    assert problem.startswith(
        f"revoke: the authority in {authority.folder} has issued no certificate with the serial {root}"
    )


def test_the_list_is_renewed_when_half_of_its_life_is_left(authority):
    authority.run(crl_days=10)
    assert not authority.run(now=after(days=4, hours=23))["changed"]
    unchanged = authority.run(now=after(days=5), passphrase=None)
    assert (unchanged["changed"], unchanged["crl_not_after"]) == (False, "2026-12-03T08:00:00Z")
    assert unchanged["warnings"] == [
        f"The revocation list in {authority.folder} ends on 2026-12-03T08:00:00Z: a run with the passphrase renews it."
    ]
    refused(authority, now=after(days=5), passphrase=None, requests=[authority.request("a.com")])
    numbers = [crl_number(authority)]
    renewed = authority.run(now=after(days=5), crl_days=20)
    assert renewed["reasons"] == ["revocation list: half of its life is left: 5 of 10 days"]
    assert renewed["crl_not_after"] == "2026-12-18T08:00:00Z"
    numbers.append(crl_number(authority))
    authority.run(
        now=NOW, revoke=[{"serial": authority.sign(now=after(days=5))[0]["serial"]}]
    )  # the clock was set back
    assert numbers[0] < numbers[1] < crl_number(authority)


def crl_number(authority):
    return int(authority.openssl("crl", "-in", "crl.pem", "-noout", "-crlnumber")[1].partition("=")[2], 16)


def test_a_certificate_leaves_the_list_some_time_after_its_end(authority):
    about, _pem = authority.sign(valid_days=90)
    authority.run(revoke=[{"serial": about["serial"]}])
    for days, listed in ((100, True), (119, True), (140, False)):
        authority.run(now=after(days=days), crl_days=30)
        assert (about["serial"] in authority.openssl("crl", "-in", "crl.pem", "-noout", "-text")[1]) == listed
        assert not authority.run(now=after(days=days), crl_days=30)["changed"]


def test_a_revocation_that_was_not_listed_before_a_kill_is_listed_by_the_next_run(authority):
    about, _pem = authority.sign()
    before = (authority.folder / "crl.pem").read_bytes()
    authority.run(revoke=[{"serial": about["serial"]}])
    (authority.folder / "crl.pem").write_bytes(before)
    assert authority.run()["reasons"] == ["revocation list: certificates were revoked"]


def test_lost_records_do_not_make_good_what_was_revoked(authority):
    about, _pem = authority.sign()
    authority.run(revoke=[{"serial": about["serial"]}])
    (authority.folder / "records.jsonl").unlink()
    (problem,) = refused(authority)
    assert "names revoked certificates that the records beside it do not have" in problem


# --- it ages


def test_the_intermediate_is_renewed_with_its_key_and_old_certificates_stay_good(authority):
    authority.run()
    assert not [each for each in authority.run(now=after(days=1200))["reasons"] if "intermediate" in each]
    _about, leaf = authority.sign(now=after(days=1200), valid_days=825)
    renewed = authority.run(now=after(days=1217))
    assert "intermediate: a third of its life is left: 608 of 1825 days" in renewed["reasons"]
    assert renewed["intermediate_certificate"]["days_left"] == 1825
    assert (authority.folder / "ca.pem").read_text() == renewed["authority"]
    (authority.top / "new.pem").write_text(renewed["authority"])
    (authority.top / "old.pem").write_text(leaf[: leaf.index("-----END") + 30])
    late = ("-attime", int(after(days=1820).timestamp()))
    said = authority.openssl(
        "verify", *late, "-CAfile", "root.pem", "-untrusted", authority.top / "new.pem", authority.top / "old.pem"
    )
    assert said[0]


def test_near_the_end_of_the_root_nothing_outlives_it_and_a_warning_says_so(authority):
    authority.run()
    assert authority.run(now=after(days=3284))["warnings"] == []
    (warning,) = authority.run(now=after(days=3286))["warnings"]
    assert "ends on 2036-11-20T08:00:00Z" in warning
    late = after(days=3645)
    assert "intermediate" not in str(authority.run(now=late, check_mode=True)["reasons"])  # none could last longer
    about, _pem = authority.sign(now=late)
    assert about["not_after"] == "2036-11-20T08:00:00Z"
    assert not authority.run(now=late)["changed"]
    problems = refused(authority, now=after(days=3650))
    assert (
        "has ended on 2036-11-20T08:00:00Z; have a new authority of another name made in another folder" in problems[0]
    )


# --- it is damaged


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("ca.pem", None, "ca.pem was missing"),
        ("ca.pem", b"nonsense", "ca.pem was out of date"),
        ("trust.md", None, "trust.md was missing"),
        ("crl.pem", None, "revocation list: there was none"),
        ("crl.pem", b"nonsense", "revocation list: it was damaged"),
        ("intermediate.pem", None, "intermediate: there was none"),
        ("intermediate.pem", b"nonsense", "intermediate: it was damaged"),
    ],
)
def test_what_follows_from_the_keys_is_made_again(authority, name, content, reason):
    authority.run()
    path = authority.folder / name
    path.unlink() if content is None else path.write_bytes(content)
    assert reason in authority.run(check_mode=True)["reasons"]
    assert reason in authority.run()["reasons"]
    assert authority.verify(authority.sign()[1], "-crl_check_all", "-CRLfile", authority.folder / "crl.pem")[0]
    assert authority.run()["reasons"] == []


def test_an_intermediate_of_another_root_is_replaced(authority):
    authority.run()
    good = authority.bytes()
    authority.folder = authority.top / "other"
    other = authority.run()
    (authority.top / "ca" / "intermediate.pem").write_text(other["authority"][: -len(other["root"])])
    authority.folder = authority.top / "ca"
    reasons = authority.run()["reasons"]
    assert reasons[:2] == ["intermediate: it was damaged", "revocation list: it was damaged"]
    assert authority.bytes()["root.pem"] == good["root.pem"]
    assert authority.verify(authority.sign()[1])[0]


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_root_that_clients_may_trust_is_not_made_again(authority, content):
    authority.sign()
    path = authority.folder / "root.pem"
    path.unlink() if content is None else path.write_bytes(content)
    (problem,) = refused(authority)
    assert problem.startswith(f"{path} is ")
    assert problem.endswith("put it back from a copy")


def test_keys_that_others_can_read_are_closed(authority):
    authority.run()
    (authority.folder / "root.key.pem").chmod(0o644)
    assert authority.run()["reasons"] == ["root.key.pem could be read by others"]
    assert (authority.folder / "root.key.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "mode"), [("root.key.pem", 0o600), ("intermediate.key.pem", 0o600), ("crl.pem", 0o644)]
)
def test_a_key_is_closed_from_the_beginning(tmp_path, name, mode):
    state.write(str(tmp_path), name, b"")
    assert (tmp_path / name).stat().st_mode & 0o777 == mode


def test_the_keys_are_encrypted(authority):
    authority.run()
    for name in ("root", "intermediate"):
        path = authority.folder / f"{name}.key.pem"
        assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert not authority.openssl("pkey", "-in", path, "-passin", "pass:wrong horse", "-noout")[0]
        assert authority.openssl("pkey", "-in", path, "-passin", "pass:correct horse", "-noout", "-check")[0]


# --- it is killed, and used by many at once

CHANGES = ("open", "os.rename", "os.chmod", "os.truncate", "os.mkdir", "os.remove")


def killed(folder, changes_done, work):
    """Do the work in a process that ends right before it changes the folder once more; whether it was not done."""
    child = os.fork()
    if not child:
        left = [changes_done]

        def hook(event, arguments):
            if event in CHANGES and str(arguments[0]).startswith(str(folder)) and _changes(event, arguments):
                if not left[0]:
                    os._exit(9)
                left[0] -= 1

        sys.addaudithook(hook)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def _changes(event, arguments):
    return event != "open" or bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def whole(authority):
    """What the next run finds and leaves."""
    authority.run(requests=[authority.request("www.example.com")])
    _about, pem = authority.sign(name="next")
    assert authority.verify(pem, "-crl_check_all", "-CRLfile", authority.folder / "crl.pem")[0]
    assert authority.run(passphrase=None)["reasons"] == []
    assert sorted(authority.bytes()) == sorted([*FILES, "records.jsonl"])
    names = [each["name"] for each in authority.records()]
    assert names[-2:] == ["www", "next"]
    assert len(names) in (2, 3)


def test_a_kill_while_it_is_made_and_signs_is_made_good_by_the_next_run(authority, tmp_path):
    step = 0
    while True:
        authority.folder = tmp_path / f"ca{step}"
        request = authority.request("www.example.com")
        if not killed(authority.folder, step, lambda request=request: authority.run(requests=[request])):
            break
        whole(authority)
        step += 1
    assert step > 20


def test_a_kill_while_it_revokes_or_renews_is_made_good_by_the_next_run(authority, tmp_path):
    authority.run()
    about, _pem = authority.sign(now=after(days=1200), valid_days=825)
    late = after(days=1217)
    made = authority.bytes()
    step = 0
    while True:
        authority.folder = tmp_path / f"ca{step}"
        authority.folder.mkdir()
        for name, content in made.items():
            (authority.folder / name).write_bytes(content)
            (authority.folder / name).chmod(0o600)
        revoke = [{"serial": about["serial"]}]
        done = not killed(authority.folder, step, lambda revoke=revoke: authority.run(now=late, revoke=revoke))
        found = authority.run(now=late, revoke=revoke)
        assert found["intermediate_certificate"]["days_left"] == 1825
        assert about["serial"] in authority.openssl("crl", "-in", "crl.pem", "-noout", "-text")[1]
        assert not authority.run(now=late, revoke=revoke)["changed"]
        assert len(authority.records()) == 2
        if done:
            break
        step += 1
    assert step > 6


def test_fifty_at_once_make_one_authority_and_lose_no_record(authority):
    count = 50
    start, ready = os.pipe()
    request = authority.request("www.example.com")
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            os.close(ready)
            os.read(start, 1)  # until all are there
            found = authority.run(requests=[{**request, "name": f"host{number}"}])
            (authority.top / f"result{number}").write_text(json.dumps(found))
            os._exit(0)
        children.append(child)
    os.close(ready)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * count
    results = [json.loads((authority.top / f"result{number}").read_text()) for number in range(count)]
    assert len({each["root"] for each in results}) == 1
    assert len({each["authority"] for each in results}) == 1
    assert sum(MADE[0] in each["reasons"] for each in results) == 1
    records = authority.records()
    assert {each["name"] for each in records} == {f"host{number}" for number in range(count)}
    assert {each["serial"] for each in records} == {each["issued"][0]["serial"] for each in results}
    assert len(records) == count
