# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role would set in SELinux, and take back, by modules that only note it: no host of the tests has SELinux."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COLLECTIONS = ROOT.parents[2] if ROOT.parents[1].name == "ansible_collections" else ROOT / "build/collections"

# A module that notes its arguments, and calls a boolean changed unless it is one that was on.
NOTES = """\
import json
from ansible.module_utils.basic import AnsibleModule
spec = {key: {"type": kind, **({"elements": "str"} if kind == "list" else {})} for key, kind in KEYS.items()}
module = AnsibleModule(spec, supports_check_mode=True)
with open("LOG", "a") as log:
    log.write(json.dumps({key: value for key, value in module.params.items() if value is not None}) + "\\n")
module.exit_json(changed=module.params.get("name") != "httpd_setrlimit")
"""
MODULES = {
    "ansible/posix/plugins/modules/seboolean.py": {"name": "str", "state": "bool", "persistent": "bool"},
    "community/general/plugins/modules/seport.py": {"ports": "list", "proto": "str", "setype": "str", "state": "str"},
}
PLAY = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.include_role": {"name": "wss.edge.proxy", "tasks_from": "TASKS", "public": True}},
        ],
    }
]
SITE = {
    "listen": [{"address": "*", "port": 443}, {"address": "*", "port": 5555}],
    "redirect_http": True,
    "endpoints": [{"backends": [{"address": "127.0.0.1:8282"}]}],
}
UNIX = {**SITE, "redirect_http": False, "endpoints": [{"backends": [{"address": "unix:/run/chat.sock"}]}]}
CONNECT = {"name": "httpd_can_network_connect", "state": True, "persistent": True}
LIMITS = {**CONNECT, "name": "httpd_setrlimit"}
LABEL = {"ports": ["5555"], "proto": "tcp", "setype": "http_port_t"}


@pytest.fixture
def play(tmp_path):
    """Run the tasks of a file of the role, and return what was set."""
    log = tmp_path / "log"
    for name, keys in MODULES.items():
        path = tmp_path / "ansible_collections" / name
        path.parent.mkdir(parents=True)
        path.write_text(NOTES.replace("KEYS", repr(keys)).replace("LOG", str(log)))
    restorecon = tmp_path / "restorecon"
    restorecon.write_text("#!/bin/sh\n")
    restorecon.chmod(0o755)
    beside = Path(sys.executable).with_name("ansible-playbook")
    program = beside if beside.exists() else "ansible-playbook"

    def run(tasks: str, **variables: object) -> list[dict[str, object]]:
        log.write_text("")
        playbook = tmp_path / "play.json"
        playbook.write_text(json.dumps(PLAY).replace("TASKS", tasks))
        extra = {
            "proxy_selinux_record": str(tmp_path / "record"),
            "certificates_directory": "/nowhere",
            "ansible_python_interpreter": sys.executable,
            **variables,
        }
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": f"{tmp_path}:{COLLECTIONS}",
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
        }
        command = [program, playbook, "--inventory", "localhost,", "--connection", "local", "-e", json.dumps(extra)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in log.read_text().splitlines()]

    return run


@pytest.mark.parametrize(
    ("site", "server", "ports", "expected"),
    [
        (SITE, "nginx", [80, 443], [CONNECT, LIMITS, LABEL]),
        (SITE, "apache", [80, 443, 5555], [CONNECT]),
        (UNIX, "apache", [443, 5555], []),
    ],
    ids=["nginx", "apache", "unix socket"],
)
def test_what_is_set(play, tmp_path, site, server, ports, expected):
    model = {"model": {"server": server, "sites": [site]}}
    assert play("selinux", sites_result=model, proxy_facts={"http_ports": ports}) == expected
    # Only what was not so before is ours to take back.
    record = tmp_path / "record"
    noted = record.read_text().split() if record.exists() else []
    assert noted == [
        word for word, said in (("httpd_can_network_connect", CONNECT), ("5555", LABEL)) if said in expected
    ]


def test_what_was_set_is_taken_back(play):
    assert play("selinux_remove", proxy_set=["httpd_can_network_connect", "5555"]) == [
        {**CONNECT, "state": False},
        {**LABEL, "state": "absent"},
    ]
