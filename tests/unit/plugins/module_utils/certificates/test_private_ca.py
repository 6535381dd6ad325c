# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider private_ca: what is requested when, and what is accepted of what is signed."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan, report, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.providers import private_ca
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Refused
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import load_certificates, read_facts
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import Recipe, make_request

from .conftest import DAY, NOW, Authority

CHAT = {"provider": "private_ca"}


@pytest.fixture
def ca(ours):
    return {"authority": ours.pem, "trust": private_ca.roots(ours.pem)}


@pytest.fixture
def signed(home, ours, ca):
    """A home with a certificate of the private CA, made at NOW."""
    home.run(CHAT, **ca)
    home.run(CHAT, {"certificate": ours.sign(home.requested[1])}, **ca)
    return home


def test_is_requested_then_installed(home, ours, ca):
    first = home.run(CHAT, **ca)
    assert (first.changed, first.reason, first.asked.why) == (True, "there was none", "")
    assert not (home.chat / "current").exists()
    assert {path.name: oct(path.stat().st_mode)[-3:] for path in (home.chat / "requested", *home.chat.glob("*/*"))} == {
        "requested": "700",
        "privkey.pem": "600",
        "request.pem": "600",
    }
    again, kept = home.requested, home.run(CHAT, **ca)
    assert (kept.changed, kept.reason, home.requested) == (False, "there was none", again)
    assert kept.asked.pem == again[1]
    key, request = home.requested
    second = home.run(CHAT, {"certificate": ours.sign(request)}, **ca)
    assert (second.changed, second.reason, second.asked) == (True, "there was none", None)
    assert home.requested is None
    assert (home.read("privkey.pem"), home.read("chain.pem")) == (key, ours.intermediate)
    third = home.run(CHAT, **ca)
    assert (third.changed, third.reason, third.asked) == (False, "", None)
    assert report.result(third, plan.Made(), str(home.path), NOW)["trust"].encode() == ours.root


@pytest.mark.parametrize(
    ("entry", "after", "reason", "same_key"),
    [
        ({}, 59, "", True),
        ({}, 61, "a third of its life is left: 29 of 90 days", True),
        ({"renew_before": 40}, 49, "", True),
        ({"renew_before": 40}, 50, "it is renewed 40 days before its end: 40 are left", True),
        ({"renew_before": 10}, 61, "", True),
        ({}, 91, "it expired on 2027-02-21T08:00:00Z", True),
        ({"names": ["chat.example.com"]}, 0, "names changed: -192.0.2.10", True),
        (
            {"subject": {"organization": "Ex"}},
            0,
            "subject changed: CN=chat.example.com -> O=Ex, CN=chat.example.com",
            True,
        ),
        ({"profile": "peer"}, 0, "usage changed: serverAuth -> serverAuth, clientAuth", True),
        (
            {"key": {"type": "ed25519", "curve": "", "bits": 0}},
            0,
            "key settings changed: ecdsa secp256r1 -> ed25519",
            False,
        ),
        ({"valid_days": 30}, 0, "", True),
    ],
)
def test_when_it_is_requested_anew_and_with_which_key(signed, ours, ca, entry, after, reason, same_key):
    now, before = NOW + after * DAY, (signed.read(), signed.read("privkey.pem"))
    found = signed.run({**CHAT, **entry}, now=now, **ca)
    assert (found.reason, found.changed) == (reason, bool(reason))
    assert (signed.read(), signed.read("privkey.pem")) == before  # until it is signed
    if not reason:
        assert signed.requested is None
        return
    key, request = signed.requested
    assert (key == before[1]) == same_key
    given = {"certificate": ours.sign(request, now, profile=entry.get("profile", "server"))}
    assert signed.run({**CHAT, **entry}, given, now, **ca).reason == reason
    assert signed.read() != before[0]
    assert before[1] in signed.keys
    assert signed.run({**CHAT, **entry}, now=now, **ca).reason == ""


@pytest.mark.parametrize(
    "entry", [{"names": ["chat.example.com"]}, {"key": {"type": "ed25519", "curve": "", "bits": 0}}]
)
def test_what_was_rolled_back_is_signed_again_with_the_same_key(signed, ours, ca, entry):
    entry, old = {**CHAT, **entry}, (signed.chat / "current").readlink()
    signed.run(entry, **ca)
    key = signed.requested[0]
    for _turn in range(2):
        signed.run(entry, {"certificate": ours.sign(signed.requested[1])}, **ca)
        assert signed.read("privkey.pem") == key
        store.activate(str(signed.path), "chat", str(old))
        assert signed.run(entry, **ca).asked
        assert signed.requested[0] == key
    signed.run(entry, {"certificate": ours.sign(signed.requested[1])}, **ca)
    assert not signed.run(entry, **ca).changed
    assert signed.requested is None


@pytest.mark.parametrize("entry", [{}, {"renew_before": 60}])
def test_it_is_not_renewed_where_a_new_one_would_end_no_later(home, entry):
    """The authority signs nothing that outlives it."""
    ending = Authority("ending", days=34)
    ca, entry = {"authority": ending.pem}, {**CHAT, **entry}
    home.run(entry, **ca)
    home.run(entry, {"certificate": ending.sign(home.requested[1], days=34)}, **ca)
    for after in (0, 30, 33):
        found = home.run(entry, now=NOW + after * DAY, **ca)
        assert (found.changed, found.reason) == (False, "")
    assert home.run(entry, now=NOW + 34 * DAY, **ca).reason == "it expired on 2026-12-27T08:00:00Z"


def test_it_is_renewed_once_its_authority_lasts_longer(home):
    """The same key, signed anew."""
    short = Authority("ending", days=34)
    home.run(CHAT, authority=short.pem)
    home.run(CHAT, {"certificate": short.sign(home.requested[1], days=34)}, authority=short.pem)
    short.renew(days=1000)
    found = home.decide(CHAT, now=NOW + 30 * DAY, authority=short.pem)
    assert found.reason == "a third of its life is left: 4 of 34 days"


def test_another_authority_s_certificate_serves_until_ours_has_signed(home, ours, theirs, ca):
    other = {"authority": theirs.pem}
    home.run(CHAT, **other)
    home.run(CHAT, {"certificate": theirs.sign(home.requested[1])}, **other)
    before = home.read()
    assert home.run(CHAT, **ca).reason == "it was issued by CN=theirs, not by the private CA"
    assert home.read() == before
    home.run(CHAT, {"certificate": ours.sign(home.requested[1])}, **ca)
    assert home.read() != before
    assert home.run({"provider": "self_signed"}).reason == "it was not self-signed but issued by CN=ours"
    assert home.run(CHAT, **ca).reason == "it was issued by CN=chat.example.com, not by the private CA"


def by(authority):
    return {"authority": authority.pem, "trust": private_ca.roots(authority.pem)}


def prints(authority):
    return read_facts(load_certificates(authority.root)[0]).fingerprint_sha256


def test_refuses_another_authority_of_the_same_name(signed, ours):
    """As it is made where the folder of the first was lost."""
    twin = Authority("ours")
    for given in ({}, {"certificate": twin.sign(make_request_of(signed))}):
        with pytest.raises(Refused) as caught:
            signed.decide(CHAT, given, **by(twin))
        assert caught.value.problems == [
            "certificate chat, authority: the private authority that signed it "
            f"(root «CN=ours root», {prints(ours)}) is not the one in force (root «CN=ours root», {prints(twin)}), "
            "though it has the same name: its folder was lost or is another one. Clients that trust the old root would "
            "refuse the new one. Bring the old folder back; or, to start anew, remove the new one and give it another "
            "name by wss_ca_subject"
        ]
    # What has expired serves nobody.
    found = signed.decide(CHAT, now=NOW + 90 * DAY, **by(twin))
    assert "must trust root" in found.warning
    assert found.asked


def make_request_of(home):
    """A request with the installed key."""
    recipe = Recipe(home.read("privkey.pem"), KeySettings(), (("common_name", "a"),), ("a",), ("serverAuth",))
    return make_request(recipe)[1]


def test_another_authority_of_another_name_is_told_once(signed, ours, theirs):
    found = signed.run(CHAT, **by(theirs))
    assert found.warning == (
        f"certificate chat is signed by another authority: clients that trust root «CN=ours root», {prints(ours)} must "
        f"trust root «CN=theirs root», {prints(theirs)} from now on"
    )
    signed.run(CHAT, {"certificate": theirs.sign(signed.requested[1])}, **by(theirs))
    found = signed.run(CHAT, **by(theirs))
    assert (found.reason, found.warning) == ("", "")


def test_a_lost_authority_is_told_before_another_is_made(signed, ours):
    """In check mode there is none then."""
    assert signed.decide(CHAT).warning == (
        "certificate chat: there is no private authority yet, and clients that trust root «CN=ours root», "
        f"{prints(ours)} must trust the one that is made; if it was lost, bring its folder back"
    )


@pytest.mark.parametrize("change", ["new intermediate", "damaged", "self_signed"])
def test_an_authority_with_the_same_root_and_what_has_none_are_no_matter(signed, ours, change):
    twin, trust = Authority("ours"), signed.chat / "current" / "trust.pem"
    if change == "new intermediate":
        twin.root, twin.root_key = ours.root, ours.root_key
        twin.renew(1000)
    elif change == "damaged":
        trust.write_bytes(b"x")
    else:
        signed.run({})
    assert signed.decide(CHAT, **by(twin)).warning == ""


def test_without_its_authority_all_is_in_need(signed):
    """As in check mode, before the authority is made."""
    found = signed.decide(CHAT)
    assert found.reason == "it was issued by CN=ours, not by the private CA"


@pytest.mark.parametrize(
    ("by", "request_of", "problem"),
    [
        ("theirs", {}, "signed: it was issued by CN=theirs, not by the private CA"),
        ("ours", {"names": ["chat.example.com"]}, "signed: does not cover 192.0.2.10"),
        ("ours", {"profile": "client"}, "signed: may be used for clientAuth only"),
        ("ours", {"now": NOW - 91 * DAY}, "signed: expired on 2026-11-22T08:00:00Z"),
    ],
)
def test_refuses_what_is_signed_wrongly(home, request, ca, by, request_of, problem):
    home.run({**CHAT, "names": request_of.get("names", ["chat.example.com", "192.0.2.10"])}, **ca)
    signer = request.getfixturevalue(by)
    answer = signer.sign(home.requested[1], now=request_of.get("now", NOW), profile=request_of.get("profile", "server"))
    with pytest.raises(Refused) as caught:
        home.run(CHAT, {"certificate": answer}, **ca)
    assert caught.value.problems[0].startswith(f"certificate chat, {problem}")
    assert home.requested
    assert not (home.chat / "current").exists()


def test_refuses_what_is_signed_for_another_key(home, ours, ca, tmp_path_factory):
    home.run(CHAT, **ca)
    stranger = type(home)(tmp_path_factory.mktemp("stranger"))
    stranger.run(CHAT, **ca)
    with pytest.raises(Refused, match="is of a key that this certificate has never had"):
        home.run(CHAT, {"certificate": ours.sign(stranger.requested[1])}, **ca)


def serial(home):
    return read_facts(load_certificates(home.read())[0]).serial


def test_a_revoked_one_is_replaced_and_so_is_its_key(signed, ours, ca):
    old, key = serial(signed), signed.read("privkey.pem")
    revoked = {**ca, "revoked": frozenset([old, "AB"])}
    assert not signed.decide(CHAT, **{**revoked, "revoked": frozenset(["AB"])}).changed
    found = signed.run(CHAT, **revoked)
    assert (found.changed, found.reason, serial(signed)) == (True, "it is revoked", old)
    requested = signed.requested
    assert requested[0] != key
    assert not signed.run(CHAT, **revoked).changed
    assert signed.requested == requested
    signed.run(CHAT, {"certificate": ours.sign(requested[1])}, **revoked)
    assert (signed.read("privkey.pem"), serial(signed) == old) == (requested[0], False)
    assert not signed.run(CHAT, **revoked).changed
    assert signed.requested is None


def test_a_request_with_the_key_of_a_revoked_one_is_made_anew(signed, ca):
    entry, key = {**CHAT, "names": ["chat.example.com"]}, signed.read("privkey.pem")
    signed.run(entry, **ca)
    assert signed.requested[0] == key
    found = signed.run(entry, **ca, revoked=frozenset([serial(signed)]))
    assert found.reason == (
        "it is revoked; names changed: -192.0.2.10; the request is made anew (its key is the revoked certificate's)"
    )
    assert signed.requested[0] != key
    assert not signed.run(entry, **ca, revoked=frozenset([serial(signed)])).changed


def test_refuses_a_revoked_answer(home, ours, ca):
    home.run(CHAT, **ca)
    answer = ours.sign(home.requested[1])
    revoked = frozenset([read_facts(load_certificates(answer)[0]).serial])
    with pytest.raises(Refused, match="signed: it is revoked"):
        home.run(CHAT, {"certificate": answer}, **ca, revoked=revoked)


def test_what_others_have_signed_is_not_revoked_here(home, ours):
    home.run({})
    assert not home.run({}, revoked=frozenset([serial(home)])).changed


def change(file, harm):
    return lambda folder: harm(folder / file)


@pytest.mark.parametrize(
    ("harm", "entry", "why", "same_key"),
    [
        (change("request.pem", lambda path: path.write_bytes(b"x")), {}, "the request was damaged", True),
        (change("request.pem", lambda path: path.unlink()), {}, "the request was damaged", True),
        (change("privkey.pem", lambda path: path.write_bytes(b"x")), {}, "the key of the request was damaged", False),
        (change("privkey.pem", lambda path: path.unlink()), {}, "the key of the request was damaged", False),
        (
            change("privkey.pem", lambda path: (path.unlink(), path.symlink_to("/nowhere"))),
            {},
            "the key of the request was damaged",
            False,
        ),
        (
            change("privkey.pem", lambda path: path.chmod(0o644)),
            {},
            "requested/privkey.pem had mode 0644 instead of 0600",
            True,
        ),
        (change("", lambda path: path.chmod(0o755)), {}, "requested/ had mode 0755 instead of 0700", True),
        (
            lambda folder: None,
            {"names": ["a.example.com"], "subject": {"common_name": "chat.example.com"}},
            "the request is made anew (names changed: +a.example.com -192.0.2.10 -chat.example.com)",
            True,
        ),
        (
            lambda folder: None,
            {"key": {"type": "rsa", "curve": "", "bits": 2048}},
            "the request is made anew (key settings changed: ecdsa secp256r1 -> rsa 2048)",
            False,
        ),
    ],
)
def test_a_request_that_does_not_do_is_made_anew_and_no_key_is_lost(home, ca, ours, harm, entry, why, same_key):
    home.run(CHAT, **ca)
    key = home.requested[0]
    harm(home.chat / "requested")
    readable = home.keys
    found = home.run({**CHAT, **entry}, **ca)
    assert (found.reason, found.changed) == (f"there was none; {why}", True)
    assert (home.requested[0] == key) == same_key
    assert readable <= home.keys
    assert oct((home.chat / "requested").stat().st_mode)[-3:] == "700"
    assert oct((home.chat / "requested" / "privkey.pem").stat().st_mode)[-3:] == "600"
    assert not home.run({**CHAT, **entry}, **ca).changed
    home.run({**CHAT, **entry}, {"certificate": ours.sign(home.requested[1])}, **ca)
    assert home.run({**CHAT, **entry}, **ca).reason == ""
    assert readable <= home.keys


def test_the_diff_shows_what_is_requested(home, ca):
    found = report.diff(home.decide(CHAT, **ca))
    assert found["before"] == ""
    assert found["after"].splitlines() == [
        "names: chat.example.com, 192.0.2.10",
        "subject: CN=chat.example.com",
        "issuer: (waits to be signed)",
        "key: ecdsa secp256r1 (new)",
    ]
