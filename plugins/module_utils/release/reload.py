# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads a running server and sees that it took the new configuration: a refused reload exits with 0 too."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.02


class ReloadError(Exception):
    """The server still serves what it served before; the text says why."""


def reload(binary: str, pid_file: Path, error_log: Path, runner: Runner) -> None:
    """Have the server read its configuration, and wait until new workers serve.

    :raises ReloadError: when the server does not run, refuses, or does nothing for C(DEADLINE_SECONDS).
    """
    master = sockets.master_pid(pid_file)
    if master is None:
        raise ReloadError("the server does not run")
    before = _serving(master)
    logged = error_log.stat().st_size if error_log.exists() else 0
    status, out, err = runner([binary, "-s", "reload"])
    if status != 0:
        raise ReloadError((err or out).strip())

    def refusal() -> str | None:
        return None if _serving(master) - before else _refusal(error_log, logged)

    _wait(lambda: bool(_serving(master) - before), refusal)


def _serving(master: int) -> set[int]:
    return {worker.pid for worker in sockets.workers(master) if not worker.draining}


def _refusal(error_log: Path, start: int) -> str | None:
    """The server's first reason for keeping its old configuration, among what it has logged since."""
    if not error_log.exists():
        return None
    with error_log.open("rb") as stream:
        stream.seek(start)
        text = stream.read(65536).decode(errors="replace")
    found = re.search(r"\[emerg\] \d+#\d+: (.*)", text)
    return found[1] if found else None


def _wait(done: Callable[[], bool], refusal: Callable[[], str | None]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        reason = refusal()
        if reason:
            raise ReloadError(reason)
        if time.monotonic() > deadline:
            raise ReloadError(f"no new worker came up within {DEADLINE_SECONDS:.0f} seconds")
        time.sleep(PAUSE_SECONDS)
