# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, from its arguments to what it returns."""

from __future__ import annotations

import json
import socket
import sys

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import prove
from ansible_collections.wss.edge.plugins.modules import probe

TARGET = {"site": "chat", "path": "/wss", "address": "127.0.0.1", "server_name": "chat.example.com", "tls": False}


@pytest.fixture
def run(capsys):
    """Run the module: what it returns, and whether it failed."""
    testing = pytest.importorskip("ansible.module_utils.testing")

    def start(**arguments):
        with testing.patch_module_args(arguments), pytest.raises(SystemExit):
            probe.main()
        return json.loads(capsys.readouterr().out)

    return start


@pytest.fixture
def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def test_no_targets_need_no_library(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "websockets.version", None)
    result = run(targets=[])
    assert (result["changed"], result["proofs"], result["ok_count"]) == (False, [], 0)
    assert result["report"] == ["Nothing to probe: no site has an endpoint."]


@pytest.mark.parametrize("check_mode", [True, False])
def test_failed_targets(run, free_port, check_mode):
    targets = [{**TARGET, "port": free_port}, {**TARGET, "port": free_port, "site": "other", "path": "/"}]
    result = run(targets=targets, _ansible_check_mode=check_mode)
    assert (result["failed"], result["changed"], result["ok_count"]) == (True, False, 0)
    first, second = result["msg"].split("\n")
    assert first.startswith(
        f"chat ws://chat.example.com:{free_port}/wss: Nothing listens on 127.0.0.1 port {free_port}"
    )
    assert second.startswith(f"other ws://chat.example.com:{free_port}/: Nothing listens")
    assert [proof["phase"] for proof in result["proofs"]] == ["tcp", "tcp"]
    assert result["report"][-1] == "0 of 2 endpoints proved."


def test_library_is_missing(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "websockets.version", None)
    result = run(targets=[{**TARGET, "port": 1}])
    assert "pip install websockets" in result["msg"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"targets": [{**TARGET, "port": 1}, {**TARGET, "port": 0}]}, "targets[1] of the site chat: port is 0"),
        (
            {"targets": [{**TARGET, "port": 1}], "trust": {"chat": "no PEM"}},
            "targets[0] of the site chat: trust holds no",
        ),
        ({"targets": [], "timeout": 0}, "timeout is 0.0: give seconds"),
        ({"targets": [{**TARGET, "port": 1, "expect": "else"}]}, "expect"),
        ({"targets": [{**TARGET, "port": 1, "paht": "/"}]}, "paht"),
    ],
)
def test_bad_arguments(run, arguments, problem):
    result = run(**arguments)
    assert result["failed"]
    assert problem in result["msg"]


def test_returns_are_documented(run, free_port):
    yaml = pytest.importorskip("yaml")
    documented = yaml.safe_load(probe.RETURN)
    result = run(targets=[{**TARGET, "port": free_port}])
    assert set(documented) == {"proofs", "report", "next_steps", "ok_count"}
    assert set(documented["proofs"]["contains"]) == set(result["proofs"][0])


def test_arguments_are_documented():
    yaml = pytest.importorskip("yaml")
    documented = yaml.safe_load(probe.DOCUMENTATION)["options"]["targets"]["suboptions"]
    assert {key: value.get("default") for key, value in documented.items()} == {
        key: value.get("default") for key, value in prove.TARGET.items()
    }
    assert set(documented["client_certificate"]["suboptions"]) == set(prove.OWN)


def test_examples_have_known_options():
    yaml = pytest.importorskip("yaml")
    for task in yaml.safe_load(probe.EXAMPLES):
        assert set(task["wss.edge.probe"]) <= set(prove.ARGUMENTS)
