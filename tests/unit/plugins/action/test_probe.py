# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who probes: this very process, or the host."""

from __future__ import annotations

import socket

import pytest
from ansible.errors import AnsibleError

from ansible_collections.wss.edge.plugins.action.probe import ActionModule

TARGET = {"site": "chat", "path": "/wss", "address": "127.0.0.1", "server_name": "chat.example.com", "tls": False}


@pytest.fixture
def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def test_the_controller_probes_itself_and_runs_nothing_on_the_host(act, free_port):
    result, ran = act(ActionModule, {"targets": [{**TARGET, "port": str(free_port)}]})
    assert (result["failed"], result["changed"], result["ok_count"]) == (True, False, 0)
    assert f"Nothing listens on 127.0.0.1 port {free_port}" in result["msg"]
    assert result["proofs"][0]["port"] == free_port
    assert ran == []


def test_the_host_probes_with_the_same_options(act):
    answer = {"changed": False, "ok_count": 1}
    result, ran = act(
        ActionModule, {"targets": [{**TARGET, "port": "443"}], "run_from": "host", "timeout": 3}, answer=answer
    )
    assert {key: result[key] for key in answer} == answer
    (module,) = ran
    assert module["module_name"] == "wss.edge.probe"
    assert (module["module_args"]["timeout"], module["module_args"]["targets"][0]["port"]) == (3.0, 443)


def test_nothing_to_probe(act):
    result, ran = act(ActionModule, {"targets": []})
    assert (result.get("failed", False), result["ok_count"], ran) == (False, 0, [])


def test_what_cannot_be_probed_is_told(act):
    result, _ran = act(ActionModule, {"targets": [], "timeout": 0})
    assert result["failed"]
    assert "timeout is 0.0" in result["msg"]


def test_an_unknown_option_is_refused(act):
    with pytest.raises(AnsibleError, match="paht"):
        act(ActionModule, {"targets": [{**TARGET, "port": 1, "paht": "/"}]})
