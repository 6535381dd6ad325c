# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.wss.edge.plugins.modules import apache_config_check

VERSION = (
    'Server version: Apache/2.4.71 (Debian)\n -D HTTPD_ROOT="/etc/apache2"\n -D SERVER_CONFIG_FILE="apache2.conf"\n'
)
WRONG = "AH00526: Syntax error on line 1 of /etc/apache2/apache2.conf:\nInvalid command 'bogus'\n"
MODULES = "Loaded Modules:\n core_module (static)\n mpm_worker_module (shared)\n"


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """Return a program that answers -V and dumps as Apache does, and says of a check what is in the file ``says``."""
    program = tmp_path / "apache2"
    for name, text in {"version": VERSION, "modules": MODULES, "says": ""}.items():
        (tmp_path / name).write_text(text)
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$*" >>called\n[ "$1" != -V ] || exec cat version\n'
        'case "$*" in *DUMP*) exec cat modules;; esac\n[ -s says ] || exit 0\ncat says >&2; exit 1\n'
    )
    program.chmod(0o755)
    return program


def run(capsys: pytest.CaptureFixture[str], **arguments: Any) -> dict[str, Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit):
        apache_config_check.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


@pytest.mark.parametrize("check_mode", [True, False])
def test_valid(binary: Path, capsys: pytest.CaptureFixture[str], check_mode: bool) -> None:
    result = run(capsys, binary=str(binary), _ansible_check_mode=check_mode)
    assert {name: value for name, value in result.items() if name not in ("invocation", "warnings")} == {
        "changed": False,
        "valid": True,
        "version": "2.4.71",
        "binary": str(binary),
        "main_file": "/etc/apache2/apache2.conf",
        "modules": ["core_module", "mpm_worker_module"],
        "mpm": "worker",
        "messages": [],
    }


@pytest.mark.parametrize("fail", [True, False])
def test_invalid(binary: Path, capsys: pytest.CaptureFixture[str], fail: bool) -> None:
    binary.with_name("says").write_text(WRONG)
    result = run(capsys, binary=str(binary), fail_on_invalid=fail)
    assert result["messages"] == [
        {"level": "emerg", "text": "Invalid command 'bogus'", "file": "/etc/apache2/apache2.conf", "line": 1}
    ]
    assert (result["valid"], result["modules"], result["mpm"]) == (False, [], None)
    assert result.get("failed", False) is fail
    assert result.get("msg") == (
        "The Apache configuration is invalid. /etc/apache2/apache2.conf:1: Invalid command 'bogus'" if fail else None
    )


@pytest.mark.parametrize(
    ("options", "arguments", "main_file"),
    [
        ({}, "-t", "/etc/apache2/apache2.conf"),
        ({"path": "/srv/a/b.conf"}, "-t -d /srv/a -f /srv/a/b.conf", "/srv/a/b.conf"),
        ({"root": "/srv/a/"}, "-t -d /srv/a -f /srv/a/apache2.conf", "/srv/a/apache2.conf"),
        ({"path": "/srv/a/b.conf", "root": "/srv"}, "-t -d /srv -f /srv/a/b.conf", "/srv/a/b.conf"),
    ],
)
def test_what_is_checked(
    binary: Path, capsys: pytest.CaptureFixture[str], options: dict[str, str], arguments: str, main_file: str
) -> None:
    assert run(capsys, binary=str(binary), **options)["main_file"] == main_file
    assert binary.with_name("called").read_text().splitlines()[1] == arguments


@pytest.mark.parametrize("fail", [True, False])
def test_missing(capsys: pytest.CaptureFixture[str], fail: bool) -> None:
    result = run(capsys, binary="/nowhere/apache2", fail_on_invalid=fail)
    assert result["failed"]
    assert result["msg"].startswith("Apache is not installed: no program at /nowhere/apache2")


def test_every_return_value_is_documented(binary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(yaml.safe_load(apache_config_check.RETURN))
    assert set(run(capsys, binary=str(binary))) - {"changed", "invocation", "warnings"} == documented
