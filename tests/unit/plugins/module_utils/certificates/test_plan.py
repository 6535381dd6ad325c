# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done for each certificate, and the reason that is given."""

from __future__ import annotations

import datetime
import functools
import os

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan, report, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Entry, Refused
from ansible_collections.wss.edge.plugins.module_utils.certificates.wanted import parse
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import CLOCK_SKEW, Recipe, make_self_signed
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, dump_key, load_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES

NOW = datetime.datetime(2026, 11, 23, 8, 0, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
ENTRY = {
    "name": "chat",
    "provider": "self_signed",
    "names": ["chat.example.com", "192.0.2.10"],
    "key": {"type": "ecdsa", "curve": "secp256r1", "bits": 2048},
    "subject": {"country": None, "organization": None},
    "valid_days": 90,
    "certificate": None,
    "private_key": None,
    "chain": None,
    "remote_src": False,
    "profile": "server",
    "renew_before": None,
    "request": None,
    "pkcs12": None,
}


def decide(directory, entry, given=None, now=NOW, **more):
    wanted = Entry({**ENTRY, **entry}, given or {}, **more)
    return plan.plan_all([wanted], functools.partial(store.read, str(directory)), now)[0]


def carry_out(directory, decision):
    if decision.changed or decision.settled:
        plan.install(str(directory), [decision], plan.make_all([decision]))
    return decision


def key_at(directory):
    return (directory / "chat" / "current" / "privkey.pem").read_bytes()


@pytest.fixture
def installed(tmp_path):
    """A directory with the certificate of ENTRY, made at NOW."""
    assert carry_out(tmp_path, decide(tmp_path, {})).reason == "there was none"
    return tmp_path


@pytest.mark.parametrize(
    ("entry", "after", "reason", "new_key"),
    [
        ({}, 0, "", False),
        (
            {"names": ["192.0.2.10", "CHAT.example.com"]},
            0,
            "subject changed: CN=chat.example.com -> CN=192.0.2.10",
            False,
        ),
        ({"valid_days": 30}, 0, "", False),  # when it is next renewed
        ({}, 59, "", False),
        ({}, 61, "a third of its life is left: 29 of 90 days", False),
        ({}, 90, "it expired on 2027-02-21T08:00:00Z", False),
        ({}, -1, "it is not valid before 2026-11-23T07:55:00Z", False),
        ({"names": ["chat.example.com", "*.example.com"]}, 0, "names changed: +*.example.com -192.0.2.10", False),
        (
            {"subject": {"organization": "Ex"}},
            0,
            "subject changed: CN=chat.example.com -> O=Ex, CN=chat.example.com",
            False,
        ),
        (
            {"key": {"type": "ecdsa", "curve": "secp384r1", "bits": 2048}},
            0,
            "key settings changed: ecdsa secp256r1 -> ecdsa secp384r1",
            True,
        ),
        (
            {"key": {"type": "ed25519", "curve": "secp256r1", "bits": 2048}},
            0,
            "key settings changed: ecdsa secp256r1 -> ed25519",
            True,
        ),
        ({"key": {"type": "ecdsa", "curve": "secp256r1", "bits": 4096}}, 0, "", False),  # bits are RSA's
    ],
)
def test_when_it_is_renewed_and_with_which_key(installed, entry, after, reason, new_key):
    key, now = key_at(installed), NOW + after * DAY
    assert carry_out(installed, decide(installed, entry, now=now)).reason == reason
    assert (key_at(installed) != key) == new_key
    assert decide(installed, entry, now=now).reason == ""


def test_it_is_renewed_at_a_third_of_its_life_and_no_second_before(installed):
    third = NOW + 90 * DAY - (90 * DAY + CLOCK_SKEW) / 3
    assert decide(installed, {}, now=third - datetime.timedelta(seconds=1)).reason == ""
    assert decide(installed, {}, now=third).reason == "a third of its life is left: 30 of 90 days"


def test_a_life_that_became_shorter_does_not_make_it_end_earlier(installed):
    entry = {"valid_days": 20}
    assert decide(installed, entry, now=NOW + 65 * DAY).reason == ""
    assert decide(installed, entry, now=NOW + 71 * DAY).reason == "a third of its life is left: 19 of 90 days"


def test_all_reasons_are_given(installed):
    found = decide(installed, {"names": ["a"], "key": {"type": "rsa", "curve": "", "bits": 2048}}, now=NOW + 70 * DAY)
    assert found.reason == (
        "key settings changed: ecdsa secp256r1 -> rsa 2048; names changed: +a -192.0.2.10 -chat.example.com; "
        "subject changed: CN=chat.example.com -> CN=a; a third of its life is left: 20 of 90 days"
    )


def rewrite(file, text):
    return lambda folder: (folder / file).write_bytes(text)


def truncate(file):
    return lambda folder: os.truncate(folder / file, 100)


def both_truncated(folder):
    truncate("cert.pem")(folder)
    truncate("fullchain.pem")(folder)


def other_key(folder):
    (folder / "privkey.pem").write_bytes(dump_key(make_key(KeySettings())))


def other_certificate(folder):
    """Somebody has put in a whole pair of their own."""
    recipe = Recipe(None, KeySettings(), (("common_name", "a"),), ("a",), NOW, NOW + 90 * DAY)
    key, certificate = make_self_signed(recipe)
    for file, content in (("privkey.pem", key), ("cert.pem", certificate), ("fullchain.pem", certificate)):
        (folder / file).write_bytes(content)


def key_in_its_older_form(folder):
    """Another program's writing of the same key is no damage."""
    key = load_key((folder / "privkey.pem").read_bytes())
    old = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(old)


def folder_for_key(folder):
    (folder / "privkey.pem").unlink()
    (folder / "privkey.pem").mkdir()


def key_at_nowhere(folder):
    (folder / "privkey.pem").unlink()
    (folder / "privkey.pem").symlink_to("/nowhere")


@pytest.mark.parametrize(
    ("harm", "reason", "same_certificate"),
    [
        (truncate("cert.pem"), "cert.pem was damaged", True),
        (truncate("fullchain.pem"), "fullchain.pem was damaged", True),
        (rewrite("chain.pem", b"x"), "chain.pem was damaged", True),
        (lambda folder: (folder / "chain.pem").unlink(), "chain.pem was missing", True),
        (lambda folder: (folder / "privkey.pem").chmod(0o640), "privkey.pem had mode 0640 instead of 0600", True),
        (lambda folder: folder.chmod(0o777), "its folder had mode 0777, which lets others write into it", True),
        (lambda folder: folder.chmod(0o700), "", True),
        (lambda folder: (folder.parent / "current").unlink(), "current was missing", True),
        (
            lambda folder: ((folder.parent / "current").unlink(), (folder.parent / "current").symlink_to("/nowhere")),
            "current pointed at /nowhere, which is no certificate of this name",
            True,
        ),
        (key_at_nowhere, "its key is missing; a new key is made", False),
        (key_in_its_older_form, "", True),
        (both_truncated, "its certificate is damaged", False),
        (other_key, "it does not match its key", False),
        (other_certificate, "its certificate is damaged", False),
        (truncate("privkey.pem"), "its key holds no private key in PEM; a new key is made", False),
        (lambda folder: (folder / "privkey.pem").unlink(), "its key is missing; a new key is made", False),
        (folder_for_key, "its key is missing; a new key is made", False),
    ],
)
def test_what_is_wrong_on_disk_is_set_right(installed, harm, reason, same_certificate):
    before = store.read(str(installed), "chat")
    harm(installed / "chat" / before.digest)
    readable = {path.read_bytes() for path in (installed / "chat").rglob("privkey.pem") if path.is_file()}
    assert carry_out(installed, decide(installed, {})).reason == reason
    after = store.read(str(installed), "chat")
    assert (after.files[store.CERT] == before.files[store.CERT]) == same_certificate
    assert (after.digest == before.digest) == same_certificate
    assert decide(installed, {}).reason == ""
    # No key is lost, readable or not, and one that can be read is used on.
    kept = {path.read_bytes() for path in (installed / "chat").rglob("privkey.pem") if path.is_file()}
    assert readable <= kept
    if "a new key" not in reason:
        assert readable == kept


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.example.com", "b.example.com"], "a.example.com"),
        (["x" * 60 + ".example.com", "b.example.com"], "b.example.com"),
        (["x" * 60 + ".example.com"], "chat"),
    ],
)
def test_the_default_common_name_is_one_that_fits(tmp_path, names, expected):
    assert decide(tmp_path, {"names": names}).wanted.subject == (("common_name", expected),)


@pytest.mark.parametrize(("names", "expected"), [(["192.0.2.1"], "IP 192.0.2.1"), (["192.0.2.1", "a.b"], "192.0.2.1")])
def test_a_common_name_that_no_constraint_takes_for_a_dns_name(names, expected):
    wanted = parse(Entry({**ENTRY, "provider": "private_ca", "names": names}, {}))
    assert wanted.subject == (("common_name", expected),)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"name": "../etc"}, 'name: "../etc" may hold letters'),
        ({"name": ".hidden"}, 'name: ".hidden" may hold letters'),
        ({"name": "a/b"}, 'name: "a/b" may hold letters'),
        ({"name": "a\n"}, 'name: "a\\n" may hold letters'),
        ({"names": []}, "names: needs at least one"),
        ({"names": ["a b"]}, "names: 'a b' is not a DNS name"),
        ({"valid_days": 0}, "valid_days: 0 must be 1 to 825"),
        ({"valid_days": 826}, "valid_days: 826 must be 1 to 825"),
        ({"key": {"type": "rsa", "curve": "", "bits": 1024}}, "key.bits: 1024 must be 2048 to 8192"),
        ({"subject": {"country": "CHN"}}, "subject.country: 'CHN' must be"),
        ({"provider": "files"}, "certificate: is missing"),
        ({"provider": "files", "remote_src": True, "certificate": "a.pem"}, 'certificate: "a.pem" must be an absolute'),
    ],
)
def test_refuses_what_cannot_be(tmp_path, entry, problem):
    with pytest.raises(Refused) as caught:
        decide(tmp_path, entry)
    assert caught.value.problems[0].startswith(f"certificate {entry.get('name', 'chat')}, {problem}")


@pytest.mark.parametrize("file", ["cert.pem", "chain.pem", "fullchain.pem"])
def test_a_folder_in_place_of_a_file_is_refused_before_anything_is_done(installed, file):
    path = installed / "chat" / "current" / file
    path.unlink()
    path.mkdir()
    with pytest.raises(Refused, match=f"certificate chat: .*/{file} must be a file and is something else"):
        decide(installed, {})


def test_all_problems_of_all_certificates_are_reported_together(tmp_path):
    entries = [
        {**ENTRY, "name": "one", "valid_days": 0, "names": ["a b"]},
        {**ENTRY, "name": "good"},
        {**ENTRY, "name": "two", "provider": "files"},
        {**ENTRY, "name": "good"},
        {**ENTRY, "name": "three"},
    ]
    (tmp_path / "three").write_text("")
    with pytest.raises(Refused) as caught:
        plan.plan_all([Entry(each) for each in entries], functools.partial(store.read, str(tmp_path)), NOW)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "certificate one, names",
        "certificate one, valid_days",
        "certificate two, certificate",
        "certificate two, private_key",
        "certificate good, name",
        "certificate three",
    ]


# --- the provider files


@pytest.fixture
def openssl(authority):
    return authority


def files(openssl, certificate=("leaf.pem", "intermediate.pem"), key="leaf.key", chain=()):
    given = {
        "certificate": functools.partial(openssl.read, *certificate),
        "private_key": functools.partial(openssl.read, key),
    }
    return {**given, "chain": functools.partial(openssl.read, *chain)} if chain else given


OWN = {"provider": "files", "names": ["www.example.com", "a.w.example.com", "192.0.2.7"]}


@pytest.mark.parametrize(
    ("certificate", "chain"),
    [
        (("leaf.pem", "intermediate.pem"), ()),
        (("leaf.pem",), ("intermediate.pem",)),
        (("leaf.pem", "intermediate.pem", "root.pem"), ()),
        (("leaf.pem", "intermediate.pem"), ("intermediate.pem", "root.pem")),
        (("leaf.key", "leaf.pem", "intermediate.pem"), ()),
        (("root.pem", "intermediate.pem", "leaf.pem", "intermediate.pem"), ()),
        (("intermediate.pem",), ("leaf.pem",)),
    ],
)
def test_installs_files_as_they_should_be_sent(tmp_path, openssl, certificate, chain):
    found = carry_out(tmp_path, decide(tmp_path, OWN, files(openssl, certificate, chain=chain)))
    assert (found.reason, found.warning) == ("there was none", "")
    current = tmp_path / "chat" / "current"
    assert (current / "cert.pem").read_bytes() == openssl.read("leaf.pem")
    assert (current / "chain.pem").read_bytes() == openssl.read("intermediate.pem")
    untrusted = f"-CAfile root.pem -untrusted {current}/chain.pem -attime 1795420000"
    openssl(f"verify -purpose sslserver -verify_hostname www.example.com {untrusted} {current}/cert.pem")
    assert openssl(f"pkey -in {current}/privkey.pem -pubout") == openssl("pkey -in leaf.key -pubout")
    assert decide(tmp_path, OWN, files(openssl)).reason == ""


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            {"certificate": ("leaf.pem",), "key": "other.key"},
            "certificate: the key belongs to none of «CN=www.example.com»; give the key that it was requested with",
        ),
        (
            {"certificate": ("leaf.pem",), "chain": ("intermediate.pem", "other.pem")},
            "certificate: «CN=other.example.com» did not issue «CN=www.example.com» nor any of its issuers; "
            "take it out, or put the missing issuers in",
        ),
        ({"certificate": ("leaf.key",)}, "certificate: the file holds no certificate in PEM"),
        ({"key": "leaf.pem"}, "private_key: the file holds no private key in PEM"),
        ({"key": "missing.key"}, "private_key: cannot read FOLDER/missing.key: No such file or directory"),
    ],
)
def test_refuses_files_that_do_not_belong_together(tmp_path, openssl, given, problem):
    with pytest.raises(Refused) as caught:
        decide(tmp_path, OWN, files(openssl, **given))
    assert caught.value.problems == [f"certificate chat, {problem.replace('FOLDER', str(openssl.folder))}"]


@pytest.mark.parametrize(
    ("names", "now", "problem"),
    [
        (
            ["www.example.com", "example.com", "a.b.w.example.com"],
            NOW,
            "certificate: does not cover example.com, a.b.w.example.com "
            "(it covers www.example.com, *.w.example.com, 192.0.2.7, 2001:db8::1); "
            "have it issued for these names too, or take them off",
        ),
        (
            ["www.example.com"],
            datetime.datetime(2027, 1, 30, tzinfo=datetime.timezone.utc),
            "certificate: expired on 2027-01-30T00:00:00Z; put a renewed one in its place",
        ),
        (
            ["www.example.com"],
            NOW - 30 * DAY,
            "certificate: is not valid before 2026-11-01T00:00:00Z; check the host's clock, or wait",
        ),
    ],
)
def test_refuses_files_that_clients_would_not_accept(tmp_path, openssl, names, now, problem):
    with pytest.raises(Refused) as caught:
        decide(tmp_path, {**OWN, "names": names}, files(openssl), now)
    assert caught.value.problems[0] == f"certificate chat, {problem}"


@pytest.mark.parametrize(
    ("now", "warning"),
    [
        (datetime.datetime(2027, 1, 16, tzinfo=datetime.timezone.utc), ""),
        (
            datetime.datetime(2027, 1, 16, 0, 0, 1, tzinfo=datetime.timezone.utc),
            "certificate chat expires in 13 days, on 2027-01-30T00:00:00Z; put a renewed one in its place",
        ),
    ],
)
def test_warns_a_fortnight_before_the_end(tmp_path, openssl, now, warning):
    assert decide(tmp_path, OWN, files(openssl), now).warning == warning


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda folder, key: (folder / "privkey.pem").write_bytes(key[:200]), "its key holds no private key in PEM"),
        (lambda folder, key: other_key(folder), "it does not match its key"),
        (
            lambda folder, key: (folder / "fullchain.pem").write_bytes(
                (folder / "chain.pem").read_bytes() + (folder / "cert.pem").read_bytes()
            ),
            "fullchain.pem was damaged",
        ),
        (lambda folder, key: (folder / "chain.pem").unlink(), "chain.pem was missing"),
    ],
)
def test_files_are_mended_and_every_key_is_kept(tmp_path, openssl, harm, reason):
    carry_out(tmp_path, decide(tmp_path, OWN, files(openssl)))
    current = tmp_path / "chat" / "current"
    before = {path.name: path.read_bytes() for path in current.iterdir()}
    harm(current, before["privkey.pem"])
    harmed = (current / "privkey.pem").read_bytes()
    assert carry_out(tmp_path, decide(tmp_path, OWN, files(openssl))).reason == reason
    assert {name: (current / name).read_bytes() for name in before} == before
    assert harmed in {path.read_bytes() for path in current.iterdir()}
    assert decide(tmp_path, OWN, files(openssl)).reason == ""


def test_the_authority_of_files_may_come_and_go_later(tmp_path, openssl):
    path, trust = tmp_path / "chat" / "current" / "trust.pem", openssl.read("root.pem")
    carry_out(tmp_path, decide(tmp_path, OWN, files(openssl)))
    for wanted in (trust, openssl.read("other.pem"), b""):
        found = carry_out(tmp_path, decide(tmp_path, OWN, files(openssl), trust=wanted))
        assert found.reason == "its authority changed"
        assert (path.read_bytes() if path.exists() else b"") == wanted
        assert decide(tmp_path, OWN, files(openssl), trust=wanted).reason == ""


def test_files_replace_what_differs_and_mend_what_is_damaged(installed, openssl):
    assert carry_out(installed, decide(installed, OWN, files(openssl))).reason == "the files given differ"
    assert decide(installed, OWN, files(openssl)).reason == ""
    other_key(installed / "chat" / "current")
    assert carry_out(installed, decide(installed, OWN, files(openssl))).reason == "it does not match its key"
    assert decide(installed, OWN, files(openssl)).reason == ""
    back = carry_out(installed, decide(installed, {"names": ["www.example.com"]}))
    assert "it was not self-signed but issued by CN=Intermediate" in back.reason


# --- what is said


def test_the_result_is_what_is_on_disk(installed):
    found = decide(installed, {})
    said = report.result(found, plan.Made(), str(installed), NOW)
    folder = f"{installed}/chat/{said['digest']}"
    assert {key: said[key] for key in ("name", "provider", "changed", "reason", "directory", "days_left")} == {
        "name": "chat",
        "provider": "self_signed",
        "changed": False,
        "reason": "",
        "directory": folder,
        "days_left": 90,
    }
    assert said["paths"] == {part: f"{folder}/{part}.pem" for part in ("privkey", "cert", "chain", "fullchain")}
    assert (installed / "chat" / said["digest"] / "fullchain.pem").read_text() == said["pem"]
    assert said["not_before"] == "2026-11-23T07:55:00Z"
    assert said["not_after"] == "2027-02-21T08:00:00Z"
    nothing = report.result(decide(installed, {"name": "b"}), plan.Made(), str(installed), NOW)
    assert set(nothing) == set(said)
    assert nothing["digest"] is None


def test_the_diff_shows_attributes_before_and_after(installed):
    found = report.diff(decide(installed, {"names": ["b.example.com"]}, now=NOW + DAY))
    assert found["before"].splitlines() == [
        "names: chat.example.com, 192.0.2.10",
        "subject: CN=chat.example.com",
        "issuer: CN=chat.example.com",
        "key: ecdsa secp256r1",
        "not_before: 2026-11-23T07:55:00Z",
        "not_after: 2027-02-21T08:00:00Z",
    ]
    assert found["after"].splitlines() == [
        "names: b.example.com",
        "subject: CN=b.example.com",
        "issuer: CN=b.example.com",
        "key: ecdsa secp256r1",
        "not_before: 2026-11-24T07:55:00Z",
        "not_after: 2027-02-22T08:00:00Z",
    ]


def test_the_diff_of_a_first_certificate_and_of_a_mended_one(tmp_path):
    new = report.diff(decide(tmp_path, {}))
    assert new["before"] == ""
    assert "key: ecdsa secp256r1 (new)\n" in new["after"]
    carry_out(tmp_path, decide(tmp_path, {}))
    (tmp_path / "chat" / "current").unlink()
    mended = report.diff(decide(tmp_path, {}))
    assert mended["before"] == mended["after"] != ""
    assert mended["after_header"] == "certificate chat (current was missing)"


def test_no_key_is_in_what_is_printed_by_mistake(installed):
    found = decide(installed, {"names": ["b.example.com"]})
    assert "PRIVATE" not in repr(found) + repr(plan.make(found)) + repr(store.read(str(installed), "chat"))


# --- PKCS#12 and passphrases


@pytest.fixture(scope="session")
def locked(authority):
    """The leaf's key under the passphrase «se cret», in all the forms that openssl writes; and a PKCS#12 of it."""
    authority.write("pass", b"se cret\n")
    authority("rsa -in leaf.key -des3 -passout file:pass -traditional -out des3.key")
    authority("pkey -in leaf.key -aes256 -passout file:pass -out aes.key")
    authority.write("more.pem", authority.read("root.pem", "intermediate.pem"))
    export = "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile more.pem"
    authority(f"{export} -passout file:pass -out leaf.p12")
    authority(f"{export} -passout pass: -out open.p12")
    authority("pkcs12 -export -inkey leaf.key -nocerts -passout file:pass -out keyonly.p12")
    return authority


def given_pkcs12(openssl, file):
    return {"pkcs12": functools.partial(openssl.read, file)}


PASSPHRASE = b"se cret"


@pytest.mark.parametrize(
    ("given", "passphrase"),
    [
        (lambda openssl: files(openssl, key="des3.key"), PASSPHRASE),
        (lambda openssl: files(openssl, key="aes.key"), PASSPHRASE),
        (files, PASSPHRASE),  # which is not needed
        (lambda openssl: given_pkcs12(openssl, "leaf.p12"), PASSPHRASE),
        (lambda openssl: given_pkcs12(openssl, "open.p12"), None),
    ],
)
def test_a_key_is_kept_without_its_passphrase(tmp_path, locked, given, passphrase):
    found = carry_out(tmp_path, decide(tmp_path, OWN, given(locked), passphrase=passphrase))
    assert (found.reason, found.warning) == ("there was none", "")
    current = tmp_path / "chat" / "current"
    assert (current / "privkey.pem").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert locked(f"pkey -in {current}/privkey.pem -pubout") == locked("pkey -in leaf.key -pubout")
    assert (current / "fullchain.pem").read_bytes() == locked.read("leaf.pem", "intermediate.pem")
    assert decide(tmp_path, OWN, files(locked)).reason == ""  # the same, in whichever form it comes
    assert "se cret" not in repr(found)


@pytest.mark.parametrize(
    ("given", "passphrase", "problem"),
    [
        (
            lambda openssl: files(openssl, key="des3.key"),
            None,
            "private_key: the file is protected by a passphrase, and none",
        ),
        (
            lambda openssl: files(openssl, key="des3.key"),
            b"an0ther",
            "private_key: the file cannot be read with the passphrase",
        ),
        (
            lambda openssl: files(openssl, key="aes.key"),
            b"an0ther",
            "private_key: the file cannot be read with the passphrase",
        ),
        (
            lambda openssl: given_pkcs12(openssl, "leaf.p12"),
            None,
            "pkcs12: the file cannot be read without a passphrase",
        ),
        (
            lambda openssl: given_pkcs12(openssl, "leaf.p12"),
            b"an0ther",
            "pkcs12: the file cannot be read with the passphrase",
        ),
        (lambda openssl: given_pkcs12(openssl, "keyonly.p12"), PASSPHRASE, "pkcs12: the file holds no certificate"),
        (lambda openssl: given_pkcs12(openssl, "leaf.pem"), PASSPHRASE, "pkcs12: the file is no PKCS#12 file"),
        (lambda openssl: given_pkcs12(openssl, "none.p12"), PASSPHRASE, "pkcs12: cannot read"),
    ],
)
def test_refuses_what_a_passphrase_does_not_open(tmp_path, locked, given, passphrase, problem):
    with pytest.raises(Refused) as caught:
        decide(tmp_path, OWN, given(locked), passphrase=passphrase)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(f"certificate chat, {problem}")
    assert not [word for word in ("se cret", "an0ther") if word in repr(caught.value)]


@pytest.mark.parametrize(
    ("certificate", "trust", "warning"),
    [
        (
            ("leaf.pem",),
            (),
            "certificate chat comes without that of its issuer, CN=Intermediate; many clients refuse it",
        ),
        (("leaf.pem",), ("root.pem",), "certificate chat comes without that of its issuer, CN=Intermediate"),
        (("leaf.pem",), ("root.pem", "intermediate.pem"), ""),
        (("leaf.pem", "intermediate.pem"), (), ""),
    ],
)
def test_warns_where_the_issuer_s_certificate_is_missing(tmp_path, openssl, certificate, trust, warning):
    found = decide(tmp_path, OWN, files(openssl, certificate), trust=openssl.read(*trust))
    assert found.warning.startswith(warning)
    assert bool(found.warning) == bool(warning)


def test_refuses_a_certificate_that_is_for_other_uses(tmp_path, openssl):
    with pytest.raises(Refused, match="may be used for serverAuth only"):
        decide(tmp_path, {**OWN, "profile": "client"}, files(openssl))


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"renew_before": 90}, "renew_before: 90 must be less than valid_days, 90"),
        ({"renew_before": 0}, "renew_before: 0 must be at least 1"),
        ({"provider": "files", "renew_before": 9}, "renew_before: 9 does not go with provider files"),
        ({"provider": "private_ca", "names": []}, "names: needs at least one"),
        ({"provider": "request", "certificate": "a"}, "request: is missing; provider request needs its path"),
        ({"provider": "request", "request": "a"}, "certificate: is missing; provider request needs its path"),
        ({"provider": "files", "pkcs12": "a", "chain": "b"}, "chain: is given beside pkcs12, which holds it already"),
        ({"ca_content": ""}, "ca: the file holds no certificate in PEM"),
        ({"provider": "files", "remote_src": True, "pkcs12": "a.p12"}, 'pkcs12: "a.p12" must be an absolute path'),
    ],
)
def test_refuses_options_that_cannot_be(tmp_path, entry, problem):
    with pytest.raises(Refused) as caught:
        decide(tmp_path, entry)
    assert caught.value.problems[0].startswith(f"certificate chat, {problem}")


@pytest.mark.parametrize(
    ("profile", "purpose"), [("server", "sslserver"), ("client", "sslclient"), ("peer", "sslclient")]
)
def test_openssl_accepts_a_certificate_for_its_profile(tmp_path, authority, profile, purpose):
    carry_out(tmp_path, decide(tmp_path, {"profile": profile}))
    current = tmp_path / "chat" / "current"
    authority(f"verify -purpose {purpose} -attime {NOW.timestamp():.0f} -CAfile {current}/cert.pem {current}/cert.pem")
    assert decide(tmp_path, {"profile": "server"}).reason == (
        "" if profile == "server" else f"usage changed: {', '.join(PROFILES[profile])} -> serverAuth"
    )
