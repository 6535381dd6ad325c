# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider request: what serves while it waits, and what becomes of what is put into the named place."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan, report, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.providers import private_ca
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Refused
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import load_certificates, read_facts
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, dump_key, load_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import (
    Recipe,
    load_request,
    make_request,
    read_request,
)

from .conftest import DAY, NOW

CHAT = {"provider": "request", "request": "chat.csr", "certificate": "chat.pem"}
WAITS = (
    "certificate chat waits to be signed: have chat.csr signed and put the certificate, with its chain, into chat.pem, "
)
STANDS_IN = f"{WAITS}both on the controller. Meanwhile a self-signed certificate stands in."
ED = {"key": {"type": "ed25519", "curve": "", "bits": 0}}


def answer(signer, home, now=NOW, **more):
    return {"certificate": signer.sign(home.requested[1], now, **more)}


@pytest.fixture
def waiting(home):
    home.run(CHAT)
    return home


@pytest.fixture
def signed(waiting, theirs):
    """A home with a signed certificate, made at NOW, and what was put into the named place for it."""
    waiting.answer = answer(theirs, waiting)
    waiting.run(CHAT, waiting.answer)
    return waiting


def issuer(home):
    return read_facts(load_certificates(home.read())[0]).issuer


def test_a_certificate_of_the_same_key_stands_in(home):
    found = home.run(CHAT)
    assert (found.changed, found.reason, found.warning) == (True, "there was none", STANDS_IN)
    key, request = home.requested
    assert home.read("privkey.pem") == key
    assert read_request(load_request(request)).names == ("chat.example.com", "192.0.2.10")
    said = report.result(home.decide(CHAT), plan.Made(), str(home.path), NOW)
    assert (said["waiting"], said["request"].encode()) == (True, request)
    before = home.read()
    again = home.run(CHAT)
    assert (again.changed, again.reason, again.warning) == (False, "it is self-signed", STANDS_IN)
    assert (home.requested, home.read()) == ((key, request), before)


def test_what_is_signed_is_installed_with_its_chain(waiting, theirs):
    key, request = waiting.requested
    found = waiting.run(CHAT, answer(theirs, waiting))
    assert (found.changed, found.reason, found.warning) == (True, "the signed certificate has come", "")
    assert (waiting.read("privkey.pem"), waiting.read("chain.pem")) == (key, theirs.intermediate)
    assert waiting.read("request.pem") == request
    assert waiting.requested is None
    for given in ({}, {"certificate": waiting.read("fullchain.pem")}, {"certificate": waiting.read("fullchain.pem")}):
        again = waiting.run(CHAT, given)
        assert (again.changed, again.reason, again.warning) == (False, "", "")


def test_a_chain_that_comes_later_is_added(waiting, theirs):
    leaf = theirs.sign(waiting.requested[1]).replace(theirs.intermediate, b"")
    waiting.run(CHAT, {"certificate": leaf})
    assert waiting.read("chain.pem") == b""
    found = waiting.run(CHAT, {"certificate": leaf, "chain": theirs.pem})
    assert (found.changed, found.reason) == (True, "its chain changed")
    assert waiting.read("chain.pem") == theirs.intermediate
    assert waiting.run(CHAT, {"certificate": theirs.intermediate + leaf}).reason == ""  # in any order


@pytest.mark.parametrize(
    ("entry", "after", "reason", "same_key"),
    [
        ({}, 59, "", True),
        ({}, 61, "a third of its life is left: 29 of 90 days", True),
        ({"renew_before": 40}, 50, "it is renewed 40 days before its end: 40 are left", True),
        ({"renew_before": 20}, 61, "", True),
        ({"names": ["chat.example.com", "b"]}, 0, "it does not cover b", True),
        ({"names": ["chat.example.com"]}, 0, "", True),  # an authority may give more
        (
            {"subject": {"organization": "Ex"}},
            0,
            "subject changed: CN=chat.example.com -> O=Ex, CN=chat.example.com",
            True,
        ),
        (ED, 0, "key settings changed: ecdsa secp256r1 -> ed25519", False),
    ],
)
def test_when_it_is_requested_anew_while_the_old_serves(signed, theirs, entry, after, reason, same_key):
    now, before, key = NOW + after * DAY, signed.read(), signed.read("privkey.pem")
    found = signed.run({**CHAT, **entry}, signed.answer, now)
    assert (found.reason, found.changed, signed.read()) == (reason, bool(reason), before)
    assert bool(signed.requested) == bool(reason)
    if not reason:
        return
    assert found.warning.startswith(WAITS)
    assert "the one that is installed serves until 2027-02-21T08:00:00Z" in found.warning
    assert (signed.requested[0] == key) == same_key
    # The old answer is still in the named place, and still none.
    assert not signed.run({**CHAT, **entry}, signed.answer, now).changed
    given = answer(theirs, signed, now)
    assert "the signed certificate has come" in signed.run({**CHAT, **entry}, given, now).reason
    assert signed.read() != before
    assert key in signed.keys
    assert signed.run({**CHAT, **entry}, given, now).reason == ""
    assert signed.run({**CHAT, **entry}, now=now).reason == ""


def test_what_stands_in_is_not_made_anew_by_every_run(home):
    """C(renew_before) is about what is signed, which may last longer than C(valid_days)."""
    entry = {**CHAT, "renew_before": 100}
    home.run(entry)
    assert not home.run(entry, now=NOW + DAY).changed
    assert home.run(entry, now=NOW + 61 * DAY).changed


def test_an_expired_one_is_followed_by_one_that_stands_in(signed):
    found = signed.run(CHAT, signed.answer, NOW + 91 * DAY)
    assert (found.reason, issuer(signed)) == ("it expired on 2027-02-21T08:00:00Z", "CN=chat.example.com")
    again = signed.run(CHAT, signed.answer, NOW + 91 * DAY)
    assert (again.changed, again.warning) == (False, STANDS_IN)


def test_what_stands_in_is_renewed_and_follows_the_names(waiting):
    before, key = waiting.read(), waiting.requested[0]
    assert waiting.run(CHAT, now=NOW + 61 * DAY).changed
    assert waiting.read() != before
    found = waiting.run({**CHAT, "names": ["b"]}, now=NOW + 61 * DAY)
    assert found.reason.startswith("it is self-signed; the request is made anew (names changed: +b")
    assert read_facts(load_certificates(waiting.read())[0]).names == ("b",)
    assert (waiting.requested[0], waiting.read("privkey.pem")) == (key, key)


@pytest.mark.parametrize("before", ["self_signed", "private_ca"])
def test_what_another_provider_has_made_serves_on(home, ours, theirs, before):
    ca = {"authority": ours.pem, "trust": private_ca.roots(ours.pem)} if before == "private_ca" else {}
    home.run({"provider": before}, **ca)
    if before == "private_ca":
        home.run({"provider": before}, answer(ours, home), **ca)
    kept = home.read(), home.read("privkey.pem")
    found = home.run(CHAT)
    reasons = {
        "self_signed": "it is self-signed",
        "private_ca": "it was issued by CN=ours to no request of this certificate",
    }
    assert (found.changed, found.reason) == (True, reasons[before])
    assert (home.read(), home.read("privkey.pem")) == kept
    assert home.requested[0] == kept[1]
    # Clients of what serves need its root, not that of what is to come.
    said = report.result(home.decide(CHAT, trust=theirs.root), plan.Made(), str(home.path), NOW)
    assert said["trust"].encode() == (ours.root if before == "private_ca" else kept[0])
    home.run(CHAT, answer(theirs, home))
    assert issuer(home) == "CN=theirs"
    said = report.result(home.decide(CHAT, trust=theirs.root), plan.Made(), str(home.path), NOW)
    assert said["trust"].encode() == theirs.root
    assert home.run({"provider": "self_signed"}).changed


def test_nothing_is_requested_any_more_once_another_provider_serves(waiting, theirs):
    requested = waiting.requested[0]
    assert not waiting.decide({}).changed  # what stands in is what is wanted now, and has the requested key
    waiting.run({})
    assert waiting.requested is None
    assert not list(waiting.path.rglob("privkey.pem.replaced-*"))
    waiting.run({**CHAT, **ED})
    asked = waiting.requested[0]
    assert waiting.run({**ED}).reason.startswith("key settings changed")
    assert waiting.requested is None
    assert {requested, asked} <= waiting.keys
    waiting.run({**CHAT, **ED, "names": ["b"]})
    asked = waiting.requested[0]
    key = make_key(KeySettings())
    request = make_request(Recipe(dump_key(key), KeySettings(), (("common_name", "a"),), ("a",), ("serverAuth",)))[1]
    own = {"certificate": theirs.sign(request), "private_key": dump_key(key)}
    assert waiting.run({"provider": "files", "names": ["a"]}, own).reason == "the files given differ"
    assert waiting.requested is None
    assert asked in waiting.keys


@pytest.mark.parametrize("trust", [b"", b"other"])
def test_its_authority_changes_once(waiting, theirs, trust):
    given = answer(theirs, waiting)
    waiting.run(CHAT, given, trust=theirs.root)
    trust = trust and theirs.intermediate
    assert waiting.run(CHAT, given, trust=trust).reason == "its authority changed"
    assert not waiting.run(CHAT, given, trust=trust).changed


def test_what_was_installed_from_files_is_good_if_it_is_put_there(signed, theirs):
    (signed.chat / "current" / "request.pem").unlink()
    assert signed.decide(CHAT).reason == "it was issued by CN=theirs to no request of this certificate"
    assert signed.decide(CHAT, signed.answer).reason == ""


def test_an_answer_to_a_former_key_is_ignored(signed, theirs):
    entry = {**CHAT, **ED}
    signed.run(entry, signed.answer)
    signed.run(entry, answer(theirs, signed))
    assert read_facts(load_certificates(signed.read())[0]).key == "ed25519"
    found = signed.run(entry, signed.answer)  # of the ecdsa key, whose folder is still there
    assert (found.changed, found.reason, found.warning) == (False, "", "")
    signed.run({"provider": "self_signed", "key": {"type": "rsa", "curve": "", "bits": 2048}})
    found = signed.run({**CHAT, "key": {"type": "rsa", "curve": "", "bits": 2048}}, signed.answer)
    assert (found.reason, found.warning) == ("it is self-signed", STANDS_IN)


@pytest.mark.parametrize("entry", [{}, ED])
@pytest.mark.parametrize("before", ["waiting", "signed"])
def test_an_answer_that_was_rolled_back_is_installed_again(request, before, theirs, entry):
    """As when the same run fails at another site, or with the server."""
    home, entry = request.getfixturevalue(before), {**CHAT, **entry, "names": ["chat.example.com"]}
    old = (home.chat / "current").readlink()
    if before == "waiting" or "key" in entry:
        home.run(entry)
        old = (home.chat / "current").readlink()
    else:
        home.run(entry, now=NOW + 61 * DAY)
    now = NOW + (61 * DAY if before == "signed" else 0 * DAY)
    key, asked = home.requested
    given = answer(theirs, home, now)
    for _turn in range(2):
        found = home.run(entry, given, now)
        assert (found.changed, found.asked) == (True, None)
        assert "the signed certificate has come" in found.reason
        assert (home.read("privkey.pem"), home.read("request.pem")) == (key, asked)
        store.activate(str(home.path), "chat", str(old))
    home.run(entry, given, now)
    assert not home.run(entry, given, now).changed
    assert home.requested is None
    assert not list(home.path.rglob("privkey.pem.replaced-*"))
    assert home.run(entry, now=now).reason == ""


def test_an_answer_to_the_installed_key_is_taken_while_another_is_requested(waiting, theirs):
    late = answer(theirs, waiting)
    waiting.run({**CHAT, **ED})
    assert read_facts(load_certificates(waiting.read())[0]).key == "ecdsa secp256r1"
    found = waiting.run({**CHAT, **ED}, late)
    assert found.reason == "the signed certificate has come; key settings changed: ecdsa secp256r1 -> ed25519"
    assert issuer(waiting) == "CN=theirs"
    assert waiting.requested


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (lambda home, by: {"certificate": b"nonsense"}, "certificate: the file holds no certificate in PEM"),
        (lambda home, by: {"certificate": by.root}, "certificate: «CN=theirs root» is of a key that this certificate"),
        (lambda home, by: answer(by, home, profile="client"), "certificate: may be used for clientAuth only"),
        (lambda home, by: answer(by, home, now=NOW - 91 * DAY), "certificate: expired on 2026-11-22T08:00:00Z"),
        (lambda home, by: answer(by, home, now=NOW + DAY), "certificate: is not valid before 2026-11-24T07:55:00Z"),
        (
            lambda home, by: {"certificate": answer(by, home)["certificate"], "chain": home.read()},
            "certificate: «CN=chat.example.com» did not issue",
        ),
    ],
)
def test_refuses_an_answer_that_clients_would_not_accept(waiting, theirs, given, problem):
    before = waiting.requested, waiting.read()
    with pytest.raises(Refused) as caught:
        waiting.run(CHAT, given(waiting, theirs))
    assert caught.value.problems[0].startswith(f"certificate chat, {problem}")
    assert (waiting.requested, waiting.read()) == before


def test_refuses_an_answer_that_does_not_cover_the_names(waiting, theirs):
    late = answer(theirs, waiting)
    with pytest.raises(Refused, match="does not cover b "):
        waiting.run({**CHAT, "names": ["b"]}, late)


def other_key(folder):
    (folder / "privkey.pem").write_bytes(dump_key(make_key(KeySettings())))


@pytest.mark.parametrize(
    ("harm", "given", "reason", "stands_in"),
    [
        (lambda folder: (folder.parent / "current").unlink(), False, "current was missing", False),
        (lambda folder: (folder / "cert.pem").unlink(), False, "cert.pem was missing", False),
        (
            lambda folder: (folder / "request.pem").chmod(0o600),
            False,
            "request.pem had mode 0600 instead of 0644",
            False,
        ),
        (lambda folder: (folder / "privkey.pem").unlink(), False, "its key is missing", True),
        (other_key, False, "it does not match its key", True),
    ],
)
def test_what_is_wrong_on_disk_is_set_right_or_asked_for(signed, harm, given, reason, stands_in):
    folder = signed.chat / (signed.chat / "current").readlink()
    harm(folder)
    keys = signed.keys
    found = signed.run(CHAT)
    assert found.reason == reason
    assert (issuer(signed) == "CN=chat.example.com") == bool(signed.requested) == stands_in
    load_key(signed.read("privkey.pem"))
    assert keys <= signed.keys
    assert not signed.run(CHAT).changed
