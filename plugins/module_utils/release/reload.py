# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads a running server and sees that it took the new configuration: it says nothing of that to who asked."""

from __future__ import annotations

import re
import time
from os import kill
from pathlib import Path
from signal import Signals

from ansible_collections.wss.edge.plugins.module_utils.server import apache_log, sockets
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.02


class ReloadError(Exception):
    """The server does not serve what it was told to; the text says why."""


def reload(server: Server, error_log: Path) -> list[str]:
    """Have the server read its configuration, and wait until new workers serve.

    :returns: What of the configuration is not in force yet, as sentences.
    :raises ReloadError: when the server does not run, refuses, ends, or does nothing for C(DEADLINE_SECONDS).
    """
    pid_file = Path(server.pid_file)
    master = sockets.master_pid(pid_file)
    if master is None:
        raise ReloadError("the server does not run")
    before = _serving(master)
    logged = error_log.stat().st_size if error_log.exists() else 0
    try:
        kill(master, Signals[server.reload_signal])
    except OSError as error:
        raise ReloadError(str(error)) from error
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not _serving(master) - before:
        reason = _refusal(server, _since(error_log, logged), ended=sockets.master_pid(pid_file) is None)
        if reason:
            raise ReloadError(reason)
        if time.monotonic() > deadline:
            raise ReloadError(f"no new worker came up within {DEADLINE_SECONDS:.0f} seconds")
        time.sleep(PAUSE_SECONDS)
    return apache_log.kept_limits(_since(error_log, logged))


def _serving(master: int) -> set[int]:
    return {worker.pid for worker in sockets.workers(master) if not worker.draining}


def _since(error_log: Path, start: int) -> str:
    """What the server has logged since; all of a log that was begun anew."""
    if not error_log.exists():
        return ""
    with error_log.open("rb") as stream:
        stream.seek(start if start <= error_log.stat().st_size else 0)
        return stream.read(65536).decode(errors="replace")


def _refusal(server: Server, log: str, ended: bool) -> str | None:
    """The server's first reason for not serving its new configuration, if it gave up."""
    found = REFUSALS[server.name](log, ended)
    return found or (f"{server.title} has ended, and its error log does not say why" if ended else None)


def _nginx_refusal(log: str, _ended: bool) -> str | None:
    """It keeps its old configuration, and says so."""
    found = re.search(r"\[emerg\] \d+#\d+: (.*)", log)
    return found[1] if found else None


def _apache_refusal(log: str, ended: bool) -> str | None:
    """It ends."""
    said = apache_log.reasons(log) if ended else []
    return "; ".join(map(str, said)) or None


REFUSALS = {"nginx": _nginx_refusal, "apache": _apache_refusal}
"""By server: the reason that its error log gives."""
