# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections Apache can hold: each live WebSocket keeps a thread, each old generation keeps its processes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.server import apache_config, apache_log, config_check, sockets
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

SLACK = 1.25
GENERATIONS = 10
"""How many reloads may each leave every process of theirs behind, for some WebSockets that stay open."""
THREADS = 64
"""Of a process: the most that Apache's own ThreadLimit allows, which only a restart changes."""
PROCESSES = 100
"""Of a generation; more connections than fit into these take more threads in each."""
HIGHEST = 20000
"""Apache's own bound on ServerLimit and on ThreadLimit."""
DEFAULTS = {"ServerLimit": 16, "ThreadLimit": 64, "ThreadsPerChild": 25, "StartServers": 3, "MinSpareThreads": 75}
"""Of the event MPM, where the configuration says nothing."""
LOG_BYTES = 1 << 20
"""So much of the end of the error log holds the last reload."""


def mpm_limits(max_connections: int, present: Mapping[str, int], mpm: str = "event") -> dict[str, int]:
    """What the configuration has to say, in this order, for so many WebSockets at a time.

    :param present: What the user's own configuration says; what is higher there stays.
    """
    needed = max(math.ceil(max_connections * SLACK) + THREADS, present.get("MaxRequestWorkers", 0))
    threads = max(THREADS, present.get("ThreadsPerChild", 0), math.ceil(needed / PROCESSES))
    processes = math.ceil(needed / threads)
    slots = max(min(processes * (1 + GENERATIONS), HIGHEST), present.get("ServerLimit", 0))
    # The worker MPM counts the processes of old generations among those that may run; event does not.
    running = slots if mpm == "worker" else processes
    return {
        "ServerLimit": slots,
        "ThreadLimit": min(max(threads, present.get("ThreadLimit", 0)), HIGHEST),
        "ThreadsPerChild": threads,
        "MaxRequestWorkers": running * threads,
        "MinSpareThreads": max(THREADS, present.get("MinSpareThreads", 0)),
        # No process is told to end because others are idle: it would keep its slot as long as one socket is open.
        "MaxSpareThreads": running * threads,
    }


def reload_would_exhaust(server: Server, error_log: Path, runner: Runner) -> str | None:
    """Say why after a reload Apache would have no process left that takes connections, or None.

    Each process that has a connection stays until the last one ends, in a slot of its own.
    """
    master = sockets.master_pid(Path(server.pid_file))
    if master is None:
        return None
    live = apache_config.resolve(server, config_check.installed(server, runner).binary, runner)
    if live.mpm != "event":
        return None
    limits = {**DEFAULTS, **live.limits, **_in_force(master, error_log)}
    workers = sockets.workers(master)
    clients = sockets.clients(worker.pid for worker in workers)
    staying = sum(1 for worker in workers if clients[worker.pid])
    now = sum(clients[worker.pid] for worker in workers if not worker.draining)
    threads = min(limits["ThreadsPerChild"], limits["ThreadLimit"])
    needed = max(limits["StartServers"], math.ceil((now + limits["MinSpareThreads"]) / threads))
    slots = limits["ServerLimit"]
    if staying + needed <= slots:
        return None
    return (
        f"Apache started with {slots} slots for processes (ServerLimit). After a reload {staying} of them stay in use"
        f" by {sum(clients.values())} open connections, and {needed} are needed for new ones: it would stop answering."
        f" Restart it (systemctl restart {server.service}), which closes those, or wait until enough have ended."
    )


def _in_force(master: int, error_log: Path) -> dict[str, int]:
    """The limits that are not those of the configuration: Apache names them at every reload until it is restarted."""
    if not error_log.is_file():
        return {}
    with error_log.open("rb") as stream:
        stream.seek(max(0, error_log.stat().st_size - LOG_BYTES))
        log = stream.read().decode(errors="replace")
    return apache_log.original_limits("\n".join(line for line in log.splitlines() if f"[pid {master}:" in line))
