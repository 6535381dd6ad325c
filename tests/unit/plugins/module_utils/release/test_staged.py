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
