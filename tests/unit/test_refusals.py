# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real playbook on an inventory in which every host has another mistake, and no host can be reached."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT.parents[2] if ROOT.parents[1].name == "ansible_collections" else ROOT / "build/collections"
TABLE = ROOT / "tests/unit/plugins/module_utils/model/test_model.py"


def mistakes():
    spec = importlib.util.spec_from_file_location("table_of_mistakes", TABLE)
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    return list(table.MISTAKES.values())


def test_every_mistake_is_refused_before_any_host_is_touched(tmp_path):
    table = mistakes()
    assert len(table) >= 30
    reachable_nowhere = {"ansible_host": "192.0.2.1", "ansible_ssh_common_args": "-o ConnectTimeout=1"}
    hosts = {
        f"host{number}": {"wss_sites": sites, **variables, **reachable_nowhere}
        for number, (sites, variables, _words) in enumerate(table)
    }
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    beside = Path(sys.executable).with_name("ansible-playbook")
    program = beside if beside.exists() else "ansible-playbook"  # where ansible-test puts its own on the path
    command = [program, ROOT / "playbooks/wss.yml", "--inventory", inventory]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORKS": "20",
    }
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
    messages = {
        host: json.loads(result)["msg"]
        for host, result in re.findall(r"^fatal: \[(host\d+)\]: FAILED! => (.*)$", done.stdout, re.MULTILINE)
    }
    assert set(messages) == set(hosts), done.stdout + done.stderr
    assert "UNREACHABLE" not in done.stdout
    missing = {
        messages[f"host{number}"]: word
        for number, (_sites, _variables, words) in enumerate(table)
        for word in words
        if word not in messages[f"host{number}"]
    }
    assert missing == {}
