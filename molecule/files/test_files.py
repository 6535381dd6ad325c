# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that the user brings."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

MADE = Path(__file__).parents[2] / ".cache/molecule/files"


def test_a_client_that_trusts_the_root_gets_through(host: Any) -> None:
    trust = ssl.create_default_context(cafile=str(MADE / "root.pem"))
    for name in ("chat.example.com", "www.example.com"):
        assert host.echoes(f"wss://{name}/wss", "chat.example.com", ssl=trust, server_hostname=name)


@pytest.mark.parametrize("name", ["chat.example.com", "locked.example.com", "packed.example.com"])
def test_the_intermediate_is_sent_and_the_root_is_not(host: Any, name: str) -> None:
    seen = host.handshake(443, "-servername", name, "-showcerts", "-CAfile", str(MADE / "root.pem"))
    assert "Verify return code: 0 (ok)" in seen
    assert seen.count("BEGIN CERTIFICATE") == 2


def test_the_key_is_the_users(host: Any) -> None:
    public = ["openssl", "pkey", "-pubout", "-in", str(MADE / "chat.key")]
    ours = subprocess.run(public, check=True, capture_output=True, text=True).stdout
    assert host.run("openssl pkey -pubout -in /etc/pki/wss/chat.example.com/current/privkey.pem") == ours


def test_files_on_the_host_serve_as_well(host: Any) -> None:
    assert host.echoes("wss://host.example.com/wss", "host.example.com")


@pytest.mark.parametrize("name", ["locked.example.com", "packed.example.com"])
def test_a_key_under_a_passphrase_serves_without_one(host: Any, name: str) -> None:
    trust = ssl.create_default_context(cafile=str(MADE / "root.pem"))
    assert host.echoes(f"wss://{name}/wss", name, ssl=trust, server_hostname=name)
    assert "ENCRYPTED" not in host.run(f"head -3 /etc/pki/wss/{name}/current/privkey.pem")


def test_a_wrong_passphrase_is_told_and_changes_nothing(host: Any) -> None:
    locked = {"provider": "files", "pkcs12": str(MADE / "packed.p12"), "passphrase": "hunter-wrong"}
    endpoints = [{"path": "/wss", "backend": "ws://127.0.0.1:8282"}]
    run = host.wss({"name": "packed.example.com", "certificate": locked, "endpoints": endpoints}, arguments=("-vvv",))
    assert not run.ok
    assert "packed.example.com" in run
    assert "passphrase" in run
    assert "hunter" not in run.output
    trust = ssl.create_default_context(cafile=str(MADE / "root.pem"))
    assert host.echoes("wss://chat.example.com/wss", "chat.example.com", ssl=trust)
