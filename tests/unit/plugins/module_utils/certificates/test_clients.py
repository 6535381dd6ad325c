# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates by which clients prove who they are: without names, and with all in one file."""

from __future__ import annotations

import subprocess

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan, report
from ansible_collections.wss.edge.plugins.module_utils.certificates.providers import private_ca
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Refused
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import load_certificates, read_facts

from .conftest import DAY, NOW

PROXY = {"provider": "private_ca", "profile": "client", "names": [], "subject": {"common_name": "proxy host1"}}
KEYPAIR = "keypair.pem"


@pytest.fixture
def ca(ours):
    return {"authority": ours.pem, "trust": private_ca.roots(ours.pem)}


@pytest.fixture
def signed(home, ours, ca):
    """A home with a client's certificate of the private CA, made at NOW."""
    home.run(PROXY, **ca)
    home.run(PROXY, {"certificate": ours.sign(home.requested[1], profile="client")}, **ca)
    return home


def in_one(home):
    return home.read("cert.pem") + home.read("privkey.pem") + home.read("chain.pem")


def test_a_client_has_no_name_but_a_common_name(home, ours, ca):
    home.run(PROXY, **ca)
    (wanted,) = report.to_sign([home.decide(PROXY, **ca)], [plan.Made()])
    assert (wanted["names"], wanted["profile"]) == ([], "client")
    home.run(PROXY, {"certificate": ours.sign(home.requested[1], profile="client")}, **ca)
    facts = read_facts(load_certificates(home.read())[0])
    assert (facts.names, facts.subject, facts.eku) == ((), "CN=proxy host1", ("clientAuth",))
    done = home.run(PROXY, **ca)
    assert not done.changed
    about = report.result(done, plan.Made(), str(home.path), NOW)
    assert about["paths"].keys() == {"privkey", "cert", "chain", "fullchain", "keypair"}
    assert about["names"] == []


@pytest.mark.parametrize(
    ("entry", "after", "reason"),
    [
        ({}, 59, ""),
        ({}, 61, "a third of its life is left: 29 of 90 days"),
        ({"subject": {"common_name": "proxy host2"}}, 0, "subject changed: CN=proxy host1 -> CN=proxy host2"),
        ({"names": ["a.example.com"]}, 0, "names changed: +a.example.com"),
    ],
)
def test_it_is_renewed_as_others_are(signed, ca, entry, after, reason):
    assert signed.decide({**PROXY, **entry}, now=NOW + after * DAY, **ca).reason == reason


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ({"profile": "server"}, ""),
        ({"profile": "peer"}, ""),
        ({"subject": {}}, ", or with profile client a subject with a common_name"),
        ({"provider": "self_signed", "subject": {}}, ", or with profile client a subject with a common_name"),
    ],
)
def test_others_need_a_name(home, entry, allowed):
    with pytest.raises(Refused) as caught:
        home.decide({**PROXY, **entry})
    assert caught.value.problems == [f"certificate chat, names: needs at least one DNS name or IP address{allowed}"]


def test_all_in_one_file_is_for_its_owner_alone(signed):
    assert signed.read(KEYPAIR) == in_one(signed)
    path = signed.chat / "current" / KEYPAIR
    assert oct(path.stat().st_mode)[-3:] == "600"
    of_key = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"], check=True, capture_output=True)
    of_leaf = subprocess.run(["openssl", "x509", "-in", path, "-pubkey", "-noout"], check=True, capture_output=True)
    assert of_key.stdout == of_leaf.stdout


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda path: path.unlink(), "keypair.pem was missing"),
        (lambda path: path.write_bytes(b"x"), "keypair.pem was damaged"),
        (lambda path: path.chmod(0o644), "keypair.pem had mode 0644 instead of 0600"),
    ],
)
def test_it_is_set_right_like_the_others(signed, ca, harm, reason):
    harm(signed.chat / "current" / KEYPAIR)
    keys = signed.keys
    assert signed.run(PROXY, **ca).reason == reason
    assert signed.read(KEYPAIR) == in_one(signed)
    assert oct((signed.chat / "current" / KEYPAIR).stat().st_mode)[-3:] == "600"
    assert (signed.keys, signed.run(PROXY, **ca).changed) == (keys, False)


@pytest.mark.parametrize(("profile", "there"), [("server", False), ("client", True), ("peer", True)])
def test_only_clients_have_it(home, profile, there):
    home.run({"profile": profile})
    assert (home.chat / "current" / KEYPAIR).exists() == there
    assert not home.run({"profile": profile}).changed


def test_a_client_s_own_files(home, ours, ca):
    """What checks it has the intermediates, and so nothing is said of a chain that is missing."""
    home.run(PROXY, **ca)
    key, request = home.requested
    leaf = ours.sign(request, profile="client").replace(ours.intermediate, b"")
    mine = {**PROXY, "provider": "files", "subject": {}}
    found = home.run(mine, {"certificate": leaf, "private_key": key})
    assert (found.reason, found.warning) == ("there was none", "")
    assert home.read(KEYPAIR) == leaf + key
    assert not home.run(mine, {"certificate": leaf, "private_key": key}).changed
    with pytest.raises(Refused, match="may be used for serverAuth only"):
        home.run(mine, {"certificate": ours.sign(request), "private_key": key})
