# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections Apache can hold: each live WebSocket keeps a thread, each old generation keeps its processes."""

from __future__ import annotations

import math
from collections.abc import Mapping

SLACK = 1.25
GENERATIONS = 10
"""How many reloads may each leave every process of theirs behind, for some WebSockets that stay open."""
THREADS = 64
"""Of a process: the most that Apache's own ThreadLimit allows, which only a restart changes."""
PROCESSES = 100
"""Of a generation; more connections than fit into these take more threads in each."""
HIGHEST = 20000
"""Apache's own bound on ServerLimit and on ThreadLimit."""


def mpm_limits(max_connections: int, present: Mapping[str, int], mpm: str = "event") -> dict[str, int]:
    """What the configuration has to say, in this order, for so many WebSockets at a time.

    :param present: What the user's own configuration says; what is higher there stays.
    """
    needed = max(math.ceil(max_connections * SLACK) + THREADS, present.get("MaxRequestWorkers", 0))
    if mpm == "prefork":
        # One process for each connection, those of old generations counted.
        slots = max(needed, present.get("ServerLimit", 0))
        return {"ServerLimit": slots, "MaxRequestWorkers": needed, "MaxSpareServers": needed}
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
