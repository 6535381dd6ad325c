# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys as other programs write them."""

from __future__ import annotations

import shutil
import subprocess

import pytest


@pytest.fixture
def openssl(tmp_path):
    """Run openssl with some input; its output."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")

    def run(command: str, given: bytes = b"") -> bytes:
        run = subprocess.run(["openssl", *command.split()], input=given, check=False, capture_output=True, cwd=tmp_path)
        assert run.returncode == 0, run.stderr.decode()
        return run.stdout

    return run
