# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's front end: what goes in and what comes out, on real folders."""

from __future__ import annotations

import datetime
import json

import pytest

pytest.importorskip("ansible.module_utils.testing")
pytest.importorskip("cryptography")

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    CLOCK_SKEW,
    AuthorityRecipe,
    Recipe,
    load_certificates,
    make_authority,
    make_self_signed,
    sign,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, dump_key, load_key, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import load_request
from ansible_collections.wss.edge.plugins.modules import certificates

CHAT = {"name": "chat", "names": ["chat.example.com"]}


@pytest.fixture
def run(tmp_path, capsys):
    """Run the module; gives its result."""

    def run(*entries, **arguments):
        arguments = {"directory": str(tmp_path / "pki"), "certificates": list(entries), **arguments}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            certificates.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_makes_once_and_says_why(run, tmp_path):
    first = run(CHAT, {"name": "two", "names": ["two.example.com", "192.0.2.1"]})
    assert (first["changed"], first["diff"]) == (True, [])  # nobody asked for a diff
    assert [each["reason"] for each in first["certificates"]] == ["there was none"] * 2
    assert [each["days_left"] for each in first["certificates"]] == [90, 90]
    assert first["certificates"][1]["names"] == ["two.example.com", "192.0.2.1"]
    second = run(CHAT)
    assert (second["changed"], second["certificates"][0]["reason"]) == (False, "")
    assert second["certificates"][0]["pem"] == first["certificates"][0]["pem"]


def test_many_are_made_by_several_processes_and_told_in_order(run, monkeypatch):
    monkeypatch.setattr(certificates.certificate_plan, "MANY", 3)
    entries = [{"name": f"c{number}", "names": [f"c{number}.example.com"]} for number in range(5)]
    entries[3]["key"] = {"type": "rsa"}
    first, second = run(*entries)["certificates"], run(*entries)["certificates"]
    assert [each["names"] for each in first] == [entry["names"] for entry in entries]
    assert [each["key"] for each in first] == ["ecdsa secp256r1"] * 3 + ["rsa 2048", "ecdsa secp256r1"]
    assert [each["pem"] for each in second] == [each["pem"] for each in first]
    assert not [each for each in second if each["changed"]]
    twice = run(*entries, entries[0], {"name": "bad", "names": []})
    assert twice["problems"] == [
        "certificate c0, name: is there twice; every certificate needs a name of its own",
        "certificate bad, names: needs at least one DNS name or IP address",
    ]


def test_check_mode_changes_nothing_and_tells_all(run, tmp_path):
    found = run(CHAT, _ansible_check_mode=True, _ansible_diff=True)
    assert (found["changed"], found["certificates"][0]["reason"]) == (True, "there was none")
    assert found["certificates"][0]["digest"] is None
    assert "names: chat.example.com" in found["diff"][0]["after"]
    assert not (tmp_path / "pki").exists()
    made = run(CHAT)["certificates"][0]
    renewed = run({**CHAT, "names": ["b.example.com"]}, _ansible_check_mode=True)["certificates"][0]
    assert renewed["reason"].startswith("names changed: +b.example.com -chat.example.com")
    assert renewed["digest"] == made["digest"]  # what is there now
    assert run(CHAT)["changed"] is False


def pair():
    recipe = Recipe(None, KeySettings(), (("common_name", "a"),), ("chat.example.com",), *dates())
    return [part.decode() for part in make_self_signed(recipe)]


def dates():
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return now - CLOCK_SKEW, now + datetime.timedelta(days=10)


def test_contents_from_the_controller_are_installed_and_the_key_is_not_told(run, tmp_path, monkeypatch):
    # What becomes of a warning depends on whether ansible's controller code is loaded in this process, too.
    said = []
    monkeypatch.setattr(certificates.AnsibleModule, "warn", lambda _module, text: said.append(text))
    key, certificate = pair()
    entry = {**CHAT, "provider": "files", "certificate_content": certificate}
    found = run(entry, private_keys={"chat": key}, _ansible_diff=True)
    assert (tmp_path / "pki/chat/current/privkey.pem").read_text() == key
    assert found["certificates"][0]["pem"] == certificate
    assert [text.partition(" in ")[0] for text in said] == ["certificate chat expires"]
    assert not [line for line in key.splitlines() if line in json.dumps([found, said])]
    assert not run(entry, private_keys={"chat": key})["changed"]


def test_files_on_the_host(run, tmp_path):
    key, certificate = pair()
    (tmp_path / "key").write_text(key)
    (tmp_path / "pem").write_text(certificate)
    entry = {**CHAT, "provider": "files", "remote_src": True, "certificate": str(tmp_path / "pem")}
    assert run({**entry, "private_key": str(tmp_path / "key")})["changed"]
    missing = run({**entry, "private_key": str(tmp_path / "none")}, {**CHAT, "valid_days": 0, "name": "b"})
    assert missing["failed"]
    assert missing["problems"] == missing["msg"].splitlines()
    assert missing["problems"] == [
        f"certificate chat, private_key: cannot read {tmp_path}/none: No such file or directory",
        "certificate b, valid_days: 0 must be 1 to 825",
    ]


def test_says_what_is_in_the_way_when_it_writes(run, tmp_path):
    (tmp_path / "pki").write_text("")
    found = run(CHAT)
    assert found["failed"]
    assert str(tmp_path / "pki") in found["msg"]


def test_the_directory_must_be_absolute(run):
    assert "must be an absolute path" in run(CHAT, directory="pki")["msg"]


def test_names_the_package_that_is_missing(run, monkeypatch):
    monkeypatch.setattr(certificates.library, "HAS_CRYPTOGRAPHY", False)
    assert "install the package python3-cryptography" in run(CHAT)["msg"]


# --- what an authority signs


@pytest.fixture
def authority():
    """The private CA's root in PEM, and what signs a request by it."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    key = make_key(KeySettings())
    life = now - CLOCK_SKEW, now + datetime.timedelta(days=99)
    root = make_authority(key, AuthorityRecipe((("common_name", "Root"),), *life))

    def sign_it(request):
        return sign(load_request(request.encode()), load_certificates(root)[0], key, "server", *life).decode()

    return root.decode(), sign_it


OURS = {**CHAT, "provider": "private_ca"}


def test_what_the_private_ca_has_to_sign_and_what_it_has_signed(run, authority, tmp_path):
    root, sign_it = authority
    planned = run(OURS, _ansible_check_mode=True)  # before there is an authority
    assert (planned["changed"], planned["requests"], planned["certificates"][0]["waiting"]) == (True, [], True)
    asked = run(OURS, {"name": "own", "names": ["own"]}, authority=root)
    assert [each["digest"] is None for each in asked["certificates"]] == [True, False]
    request = asked["certificates"][0]["request"]
    assert asked["requests"] == [
        {"name": "chat", "request": request, "names": ["chat.example.com"], "profile": "server", "valid_days": 90}
    ]
    again = run(OURS, authority=root, _ansible_check_mode=True)
    assert (again["changed"], again["requests"]) == (False, asked["requests"])
    done = run(OURS, authority=root, signed={"chat": sign_it(request)})
    assert (done["changed"], done["requests"], done["certificates"][0]["trust"]) == (True, [], root)
    assert not run(OURS, authority=root)["changed"]
    secret = (tmp_path / "pki/chat/current/privkey.pem").read_text().splitlines()[1]
    assert secret not in json.dumps([planned, asked, again, done])


def test_what_the_private_ca_has_revoked(run, authority):
    root, sign_it = authority
    asked = run(OURS, authority=root)["certificates"][0]["request"]
    done = run(OURS, authority=root, signed={"chat": sign_it(asked)})["certificates"][0]
    revoked = ":".join(done["serial"][at : at + 2] for at in range(0, len(done["serial"]), 2)).lower()
    for serial in (done["serial"], revoked):
        found = run(OURS, authority=root, revoked=[serial], _ansible_check_mode=True)["certificates"][0]
        assert (found["changed"], found["reason"]) == (True, "it is revoked")
    assert not run(OURS, authority=root, revoked=["00"])["changed"]
    assert run(OURS, authority=root, revoked=["x"])["msg"].startswith('revoked: "x" is not a serial number')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "authority: is empty; chat with provider private_ca needs its PEM"),
        ({"authority": "nonsense"}, "authority: holds no certificate in PEM"),
        ({"authority": "root", "signed": {"other": "PEM"}}, "signed: other is among no certificates"),
        (
            {"authority": "root", "signed": {"chat": "PEM"}},
            "certificate chat, certificate: the file holds no",
        ),
    ],
)
def test_refuses_what_no_authority_gives(run, authority, arguments, message):
    if arguments.get("authority") == "root":
        arguments = {**arguments, "authority": authority[0]}
    assert run(OURS, **arguments)["msg"].startswith(message)


def test_what_somebody_else_signs(run, authority, monkeypatch):
    said = []
    monkeypatch.setattr(certificates.AnsibleModule, "warn", lambda _module, text: said.append(text))
    entry = {**CHAT, "provider": "request", "request": "a.csr", "certificate": "a.pem"}
    asked = run(entry)["certificates"][0]
    assert (asked["waiting"], asked["self_signed"], len(said)) == (True, True, 1)
    signed = authority[1](asked["request"])
    done = run({**entry, "certificate_content": signed, "ca_content": authority[0]})["certificates"][0]
    assert (done["pem"], done["waiting"], done["request"], done["trust"]) == (signed, False, None, authority[0])
    assert len(said) == 1


def test_passphrases_and_pkcs12_come_as_secrets(run, tmp_path):
    key, certificate = pair()
    locked = dump_key(load_key(key.encode()), b"1234").decode()
    entry = {**CHAT, "provider": "files", "certificate_content": certificate}
    assert run(entry, private_keys={"chat": locked}, passphrases={"chat": 1234})["changed"]
    assert (tmp_path / "pki/chat/current/privkey.pem").read_text() == key
    assert "passphrase" in run(entry, private_keys={"chat": locked})["msg"]
    # What is in names and certificates, too, is not blotted out there.
    shown = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}  # or always
    passphrases = {"chat": "1234", "b": "chat", "c": "A"}
    found = run(entry, private_keys={"chat": locked}, passphrases=passphrases, **shown)
    assert (found["certificates"][0]["pem"], found["certificates"][0]["names"]) == (certificate, ["chat.example.com"])
    assert not {"passphrases", "private_keys"} & set(found["invocation"]["module_args"])
    refused = run({**CHAT, "provider": "files", "pkcs12": "a.p12"}, private_keys={"chat": "MAA="})
    assert refused["problems"] == [
        "certificate chat, pkcs12: the file is no PKCS#12 file; what begins with -----BEGIN is PEM"
    ]


def test_a_client_needs_no_name(run, authority):
    client = {"name": "sensor", "provider": "private_ca", "profile": "client", "subject": {"common_name": "sensor 17"}}
    found = run(client, authority=authority[0])
    assert [(each["names"], each["profile"]) for each in found["requests"]] == [([], "client")]
    assert run({**client, "subject": {}}, authority=authority[0])["problems"] == [
        "certificate sensor, names: needs at least one DNS name or IP address, or with profile client a subject with a "
        "common_name"
    ]
    made = run({**client, "name": "own", "provider": "self_signed"})["certificates"][0]
    assert made["paths"]["keypair"] == f"{made['directory']}/keypair.pem"
