# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, from its arguments to what it returns."""

from __future__ import annotations

import json
import os
import pwd

import pytest
from ansible.module_utils.common import parameters

from ansible_collections.wss.edge.plugins.module_utils.application import delivery, readers, served, wanted
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger
from ansible_collections.wss.edge.plugins.modules import application_certificates as module

NAME = "chat.example.com"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Run the module for an application that sees by itself what it has, on a host without systemd."""
    testing = pytest.importorskip("ansible.module_utils.testing")
    monkeypatch.setattr(module, "Ledger", lambda: Ledger(tmp_path / "lib"))
    monkeypatch.setattr(readers, "has_systemd", lambda: False)
    monkeypatch.setattr(served, "shown", lambda _place: b"\0\0\0")
    monkeypatch.setattr(wanted.sockets, "listeners", list)
    me = pwd.getpwuid(os.getuid())
    monkeypatch.setattr(delivery.pwd, "getpwnam", lambda name: {"chat": me}[name])

    def start(**arguments):
        with testing.patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return start


@pytest.fixture
def asked(tmp_path):
    """What the role asks for."""
    store = tmp_path / NAME / "0123456789abcdef"
    store.mkdir(parents=True)
    for name in ("cert", "chain", "fullchain"):
        (store / f"{name}.pem").write_text(CERTIFICATE)
    (store / "privkey.pem").write_text("the secret\n")
    application = {
        "certificate": f"{tmp_path}/cert.pem",
        "private_key": f"{tmp_path}/key.pem",
        "chain": None,
        "user": "chat",
        "service": None,
        "on_change": "restart",
        "command": [],
    }
    site = {"name": NAME, "listen": [{"address": "*", "port": 8443}], "application": application}
    return {
        "model": {"sites": [site]},
        "certificates": [{"name": NAME, "directory": str(store), "changed": False, "trust": None}],
        "targets": [{"site": NAME, "server_name": NAME}],
    }


def test_delivers_goes_back_and_takes_away(run, asked, tmp_path):
    first = run(**asked)
    assert first["changed"], first
    assert (tmp_path / "key.pem").read_text() == "the secret\n"
    assert not run(**asked)["changed"]
    back = run(state="restored", release=first["previous"])
    assert (back["changed"], back["release"], back["previous"]) == (True, None, first["release"])
    assert run(**asked)["release"] == first["release"]
    gone = run(state="absent")
    assert gone["lacking"][0].startswith(f"The application of the site {NAME} goes on")
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("state", ["present", "restored", "absent"])
def test_check_mode_tells_the_same_and_writes_nothing(run, asked, tmp_path, state):
    if state != "present":
        run(**asked)
    arguments = asked if state == "present" else {"state": state}
    before = sorted(tmp_path.rglob("*"))
    rehearsed = run(_ansible_check_mode=True, **arguments)
    assert sorted(tmp_path.rglob("*")) == before
    done = run(**arguments)
    assert {**rehearsed, "invocation": 0} == {**done, "invocation": 0}
    assert done["changed"]


def test_no_key_is_in_what_it_returns(run, asked):
    assert "the secret" not in json.dumps(run(_ansible_diff=True, **asked))


def test_what_cannot_be_is_said(run, asked):
    asked["model"]["sites"][0]["application"]["user"] = "nobody-here"
    found = run(**asked)
    assert found["failed"]
    assert 'application.user: there is no user "nobody-here" on this host' in found["msg"]


def test_what_cannot_be_written_is_said(run, asked, tmp_path):
    (tmp_path / "lib").write_text("no folder")
    assert "Cannot write" in run(**asked)["msg"]


def test_every_return_value_is_documented(run, asked):
    yaml = pytest.importorskip("yaml")
    documented = set(yaml.safe_load(module.RETURN))
    assert set(run(**asked)) - {"changed", "diff", "invocation", "warnings"} == documented


def test_options_are_those_of_the_documentation():
    yaml = pytest.importorskip("yaml")
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    told = {key: {**value, "description": None, "no_log": None} for key, value in documented.items()}
    assert told == {key: {**value, "description": None, "no_log": None} for key, value in module.ARGUMENTS.items()}


def test_a_folder_that_is_swapped_while_it_runs_is_said(run, asked, monkeypatch):
    def swapped(*_arguments):
        raise module.FileProblem("/srv/chat/key.pem leads through the symlink /srv/chat")

    monkeypatch.setattr(delivery.files, "prepared", swapped)
    assert run(**asked)["msg"] == "/srv/chat/key.pem leads through the symlink /srv/chat"


def test_logins_are_kept_out_of_the_log(run, asked, monkeypatch):
    logged = []
    monkeypatch.setattr(module.AnsibleModule, "log", lambda _module, text, **_more: logged.append(text))
    headers = {"Authorization": "Basic c2VjcmV0"}
    asked["model"]["sites"][0]["endpoints"] = [{"probe": {"headers": headers}}]
    asked["targets"][0]["headers"] = headers
    # Only ansible-core 2.20 and newer asks for it; before, the invocation is always there.
    more = {"_ansible_inject_invocation": True} if "inject_invocation" in parameters.PASS_VARS else {}
    result = run(_ansible_no_log=False, _ansible_diff=True, **more, **asked)
    assert "invocation" in result
    assert "Invoked with" in logged[0]
    assert "c2VjcmV0" not in logged[0] + json.dumps(result)
    folder = asked["certificates"][0]["directory"]
    path = asked["model"]["sites"][0]["application"]["certificate"]
    assert result["reasons"][0] == f"site {NAME}: {path} is not there"
    assert f"from: {folder}/fullchain.pem" in result["diff"][0]["after"]
