# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops a server as the host does: by systemd, or by its init script where there is none."""

from __future__ import annotations

import time
from os import kill
from pathlib import Path
from signal import Signals

from ansible_collections.wss.edge.plugins.module_utils.server import config_check, sockets
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckError, Runner
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

SYSTEMD = Path("/run/systemd/system")
DEADLINE_SECONDS = 20.0
PAUSE_SECONDS = 0.05


class ServiceError(Exception):
    """The service is not as it shall be; the text says why."""


def has_systemd() -> bool:
    """Whether systemd runs this host."""
    return SYSTEMD.is_dir()


def runs(server: Server) -> bool:
    """Whether the server's first process is there."""
    return sockets.master_pid(Path(server.pid_file)) is not None


def start(server: Server, runner: Runner) -> None:
    """Have the server run, now and with the host.

    :raises ServiceError: where it does not, with the first thing that its own check says.
    """
    _boot("enable", server, runner)
    _become("start", server, runner, running=True)


def stop(server: Server, runner: Runner, for_good: bool = False) -> None:
    """Have the server end; C(for_good), it does not start with the host either.

    :raises ServiceError: where it goes on.
    """
    if for_good:
        _boot("disable", server, runner)
    master = sockets.master_pid(Path(server.pid_file))
    if server.stop_signal and master is not None:
        kill(master, Signals[server.stop_signal])
    _become("stop", server, runner, running=False)


def restart(server: Server, runner: Runner) -> None:
    """End the server and start it again: for limits that no reload changes."""
    stop(server, runner)
    start(server, runner)


def _boot(verb: str, server: Server, runner: Runner) -> None:
    """Have the host start the server, or not: C(verb) is enable or disable."""
    runner(["systemctl", verb, server.service] if has_systemd() else ["update-rc.d", server.service, verb])


def _become(verb: str, server: Server, runner: Runner, running: bool) -> None:
    command = ["systemctl", verb, server.service] if has_systemd() else ["service", server.service, verb]
    status, out, err = runner(command)
    deadline = time.monotonic() + (DEADLINE_SECONDS if status == 0 else 0)
    while runs(server) != running:
        if time.monotonic() >= deadline:
            raise ServiceError(f"{server.title} did not {verb}: {_reason(server, runner, (err or out).strip())}")
        time.sleep(PAUSE_SECONDS)


def _reason(server: Server, runner: Runner, said: str) -> str:
    try:
        error = config_check.check(server, None, runner).first_error()
    except CheckError as problem:
        return str(problem)
    return str(error or said or "it says nothing")
