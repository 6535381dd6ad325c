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

from ansible_collections.wss.edge.plugins.modules import nginx_config_check

VERSION = "nginx version: nginx/1.22.1\n"
WRONG = '2026/11/23 03:52:36 [emerg] 7#7: unknown directive "bogus" in /etc/nginx/nginx.conf:1\n'


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """Return a program that answers -V as nginx does, and says of any other call what is in the file ``says``."""
    program = tmp_path / "nginx"
    says = tmp_path / "says"
    program.write_text(
        f'#!/bin/sh\n[ "$1" != -V ] || {{ printf "%s" "{VERSION}" >&2; exit 0; }}\n'
        f"[ -s {says} ] || exit 0\ncat {says} >&2; exit 1\n"
    )
    program.chmod(0o755)
    return program


def run(capsys: pytest.CaptureFixture[str], **arguments: Any) -> dict[str, Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit):
        nginx_config_check.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


@pytest.mark.parametrize("check_mode", [True, False])
def test_valid(binary: Path, capsys: pytest.CaptureFixture[str], check_mode: bool) -> None:
    result = run(capsys, binary=str(binary), _ansible_check_mode=check_mode)
    assert {key: result[key] for key in ("changed", "valid", "version", "messages")} == {
        "changed": False,
        "valid": True,
        "version": "1.22.1",
        "messages": [],
    }


@pytest.mark.parametrize("fail", [True, False])
def test_invalid(binary: Path, capsys: pytest.CaptureFixture[str], fail: bool) -> None:
    binary.with_name("says").write_text(WRONG)
    result = run(capsys, binary=str(binary), fail_on_invalid=fail)
    assert result["messages"] == [
        {"level": "emerg", "text": 'unknown directive "bogus"', "file": "/etc/nginx/nginx.conf", "line": 1}
    ]
    assert result["valid"] is False
    assert result.get("failed", False) is fail
    assert result.get("msg") == (
        'The nginx configuration is invalid. /etc/nginx/nginx.conf:1: unknown directive "bogus"' if fail else None
    )


@pytest.mark.parametrize("fail", [True, False])
def test_missing(capsys: pytest.CaptureFixture[str], fail: bool) -> None:
    result = run(capsys, binary="/nowhere/nginx", fail_on_invalid=fail)
    assert result["failed"]
    assert result["msg"].startswith("nginx is not installed: no program at /nowhere/nginx")


def test_too_old(binary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    binary.write_text(binary.read_text().replace("1.22.1", "1.3.12"))
    result = run(capsys, binary=str(binary))
    assert result["failed"]
    assert "is nginx 1.3.12. At least 1.3.13 is needed" in result["msg"]


def test_every_return_value_is_documented(binary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documented = set(yaml.safe_load(nginx_config_check.RETURN))
    assert set(run(capsys, binary=str(binary))) - {"changed", "invocation", "warnings"} == documented
