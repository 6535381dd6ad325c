# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that the user brings."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

MADE = Path(__file__).parents[2] / ".cache/molecule-files"


def test_a_client_that_trusts_the_root_gets_through(host: Any) -> None:
    trust = ssl.create_default_context(cafile=str(MADE / "root.pem"))
    for name in ("chat.example.com", "www.example.com"):
        assert host.echoes(f"wss://{name}/wss", "chat.example.com", ssl=trust, server_hostname=name)


def test_the_intermediate_is_sent_and_the_root_is_not(host: Any) -> None:
    seen = host.handshake(443, "-servername", "chat.example.com", "-showcerts")
    assert seen.count("BEGIN CERTIFICATE") == 2


def test_the_key_is_the_users(host: Any) -> None:
    public = ["openssl", "pkey", "-pubout", "-in", str(MADE / "chat.key")]
    ours = subprocess.run(public, check=True, capture_output=True, text=True).stdout
    assert host.run("openssl pkey -pubout -in /etc/pki/wss/chat.example.com/current/privkey.pem") == ours


def test_files_on_the_host_serve_as_well(host: Any) -> None:
    assert host.echoes("wss://host.example.com/wss", "host.example.com")
