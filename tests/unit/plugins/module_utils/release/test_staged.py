# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staged files, seen by the checker and by nobody else: with the real unshare and mount where they are permitted."""

from __future__ import annotations

import dataclasses
import os
import subprocess

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release.staged import can_stage, check_staged, stage
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def top(tmp_path):
    top = tmp_path / "it's staged"
    top.mkdir()
    return top


def test_files_and_links_are_laid_out(top):
    stage(top, {"nginx.conf": "caf\udce9\n", "wss/releases/1/index.conf": "x"}, {"wss/current": "releases/1"})
    assert (top / "nginx.conf").read_bytes() == b"caf\xe9\n"
    assert os.readlink(top / "wss" / "current") == "releases/1"
    assert (top / "wss" / "current" / "index.conf").read_text() == "x"


def test_a_link_may_be_all_there_is(top):
    stage(top, {}, {"wss/current": "releases/1"})
    assert os.readlink(top / "wss" / "current") == "releases/1"


@pytest.mark.parametrize("permitted", [True, False])
def test_it_asks_whether_mounts_are_permitted(host, top, permitted):
    host.mounts = permitted
    assert can_stage(host.folder, top, host.run) is permitted
    assert host.commands[0][-1] == "true"


def test_a_host_without_unshare_permits_none(host, top, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert not can_stage(host.folder, top, host.run)
    assert host.commands == []


def test_the_checker_sees_both_and_the_host_only_its_own(host, top):
    stage(top, {"sites-enabled/new": "bogus on;\n"}, {})
    before = host.snapshot()
    (message,) = check_staged(host.server, top, host.run).messages
    assert (message.file, message.line) == (f"{host.folder}/sites-enabled/new", 1)
    assert host.snapshot() == before


def test_the_same_in_a_real_mount_namespace(host, top):
    stage(top, {"sites-enabled/new": "new\n"}, {"wss/current": "releases/1"})
    if not can_stage(host.folder, top, run):
        pytest.skip("this machine does not permit a mount namespace")
    program = host.temporary / "nginx"
    said = f"nginx version: nginx/1.22.1 --conf-path={host.main_file} --pid-path={host.pid_file}"
    show = f'cd "{host.folder}"; cat sites-enabled/own sites-enabled/new; readlink wss/current'
    program.write_text(f'#!/bin/sh\n[ "$1" != -V ] || {{ echo "{said}"; exit; }}\n{show}\n')
    program.chmod(0o755)
    before = host.snapshot()
    result = check_staged(dataclasses.replace(host.server, binaries=(str(program),)), top, run)
    assert result.dump == (host.folder / "sites-enabled" / "own").read_text() + "new\nreleases/1\n"
    assert host.snapshot() == before


# Apache, whose check does not see everything: with what 2.4.71 of Debian 12 printed.

FINE = "wss-edge: tried\n[t] [core:error] [pid 7] (2)No such file: AH00099: could not create /none/pid.29zHAg\n"
MISMATCH = "AH02565: Certificate and private key chat.example.com:443:0 from /a.pem and /b.key do not match"
TRIALS = [
    (FINE, []),
    (f"wss-edge: tried\n[t] [ssl:emerg] [pid 7] {MISMATCH}\nAH00016: Configuration Failed\n", [MISMATCH]),
    ("unshare: unshare failed: Operation not permitted\n", []),  # no other namespace than that of mounts
    ("mount: /run: permission denied\n", []),
    ("wss-edge: tried\nwss-edge: ended with 124\n", []),
    ("wss-edge: tried\n(EAI 3)Temporary failure: AH00077: alloc_listener: failed to set up sockaddr for a\n", []),
]


class Apache:
    """A stand-in for the programs."""

    def __init__(self, folder, trial, status=0):
        binary = folder / "sbin" / "apache2"
        binary.parent.mkdir()
        binary.touch(mode=0o755)
        self.server = dataclasses.replace(APACHE, binaries=(str(binary),), config_dir=str(folder))
        self.trial = trial
        self.status = status
        self.commands = []

    def run(self, command):
        self.commands.append(command)
        if command[1:] == ["-V"]:
            return 0, "Server version: Apache/2.4.71 (Debian)\n", ""
        assert command[:2] == ["unshare", "--mount"]
        if command[-1] == "DUMP_CONFIG":
            return 0, "ErrorLog /var/log/z\nCustomLog /var/log/a/b common\nErrorLog logs/own\n", ""
        if "--net" in command:
            return 0, self.trial, ""
        said = "(2)No such file or directory: AH02297: x defined at /chat.conf:9\nAH00014: Configuration check failed\n"
        return self.status, "", said if self.status else "Syntax OK\n"


@pytest.mark.parametrize(("trial", "errors"), TRIALS)
def test_apache_is_also_tried(tmp_path, trial, errors):
    apache = Apache(tmp_path, trial)
    result = check_staged(apache.server, tmp_path / "top", apache.run)
    assert ([each.text for each in result.messages], result.valid) == (errors, not errors)
    logs = [f"{tmp_path}/logs/own", "/var/log/z", "/var/log/a/b"]
    assert sorted(apache.commands[-1][-3:]) == sorted(logs)
    assert apache.commands[-1][-2:] == logs[1:], "a folder before those in it"


def test_what_the_check_refuses_is_not_tried(tmp_path):
    apache = Apache(tmp_path, FINE, status=1)
    result = check_staged(apache.server, tmp_path / "top", apache.run)
    error = result.first_error()
    assert (error.text, error.file, error.line) == ("(2)No such file or directory: AH02297: x", "/chat.conf", 9)
    assert not any("--net" in command for command in apache.commands)
