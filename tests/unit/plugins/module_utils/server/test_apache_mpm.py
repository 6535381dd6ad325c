# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits that Apache gets, and what keeps a reload from using them up."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import apache_mpm
from ansible_collections.wss.edge.plugins.module_utils.server.apache_mpm import (
    HIGHEST,
    mpm_limits,
    reload_would_exhaust,
)
from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import Resolved
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Installed
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE
from ansible_collections.wss.edge.plugins.module_utils.server.sockets import Worker

DEBIAN = {
    "StartServers": 2,
    "MinSpareThreads": 25,
    "MaxSpareThreads": 75,
    "ThreadLimit": 64,
    "ThreadsPerChild": 25,
    "MaxRequestWorkers": 150,
}
NAMES = ("ServerLimit", "ThreadLimit", "ThreadsPerChild", "MaxRequestWorkers", "MinSpareThreads", "MaxSpareThreads")


@pytest.mark.parametrize(
    ("max_connections", "present", "expected"),
    [
        (1, {}, (22, 64, 64, 128, 64, 128)),
        (1, DEBIAN, (33, 64, 64, 192, 64, 192)),
        (1000, DEBIAN, (231, 64, 64, 1344, 64, 1344)),
        (4000, DEBIAN, (880, 64, 64, 5120, 64, 5120)),
        (10000, DEBIAN, (1100, 126, 126, 12600, 64, 12600)),
        (100000, DEBIAN, (1100, 1251, 1251, 125100, 64, 125100)),
        (1000, {**DEBIAN, "MaxRequestWorkers": 5000}, (869, 64, 64, 5056, 64, 5056)),
        (1000, {**DEBIAN, "ServerLimit": 500, "ThreadLimit": 128}, (500, 128, 64, 1344, 64, 1344)),
        (1000, {**DEBIAN, "ThreadLimit": 128, "ThreadsPerChild": 100}, (154, 128, 100, 1400, 64, 1400)),
        (1000, {**DEBIAN, "MinSpareThreads": 200}, (231, 64, 64, 1344, 200, 1344)),
    ],
)
def test_limits_follow_from_the_connections(
    max_connections: int, present: dict[str, int], expected: tuple[int, ...]
) -> None:
    assert mpm_limits(max_connections, present) == dict(zip(NAMES, expected))


@pytest.mark.parametrize("max_connections", [1, 63, 64, 65, 1000, 5069, 50000, 1_000_000])
def test_every_connection_has_a_thread_and_old_generations_have_slots(max_connections: int) -> None:
    limits = mpm_limits(max_connections, DEBIAN)
    processes, rest = divmod(limits["MaxRequestWorkers"], limits["ThreadsPerChild"])
    assert limits["MaxRequestWorkers"] > max_connections
    assert rest == 0, "Apache would round it down, with a warning"
    assert limits["ServerLimit"] >= 11 * processes
    assert limits["ThreadsPerChild"] <= limits["ThreadLimit"] <= HIGHEST


def test_the_order_is_that_in_which_apache_wants_them() -> None:
    """ThreadLimit goes before ThreadsPerChild, which would be cut to the limit before."""
    assert tuple(mpm_limits(10000, DEBIAN)) == NAMES


def test_worker_counts_old_generations_among_the_running() -> None:
    limits = mpm_limits(1000, DEBIAN, "worker")
    assert limits["MaxRequestWorkers"] == limits["MaxSpareThreads"] == 231 * 64


# The guard before a reload


@pytest.fixture
def running(monkeypatch, tmp_path):
    """Apache 742, its limits and its processes: pid, whether it drains, and connections."""
    state = {"limits": DEBIAN, "mpm": "event", "processes": [], "master": 742, "log": tmp_path / "error.log"}
    installed = Installed("/usr/sbin/apache2", "2.4.71", "", "", "")
    monkeypatch.setattr(apache_mpm.sockets, "master_pid", lambda _pid_file: state["master"])
    monkeypatch.setattr(
        apache_mpm.sockets, "workers", lambda _master: [Worker(pid, 0.0, old) for pid, old, _n in state["processes"]]
    )
    monkeypatch.setattr(
        apache_mpm.sockets, "clients", lambda _pids: {pid: count for pid, _old, count in state["processes"]}
    )
    monkeypatch.setattr(apache_mpm.config_check, "installed", lambda _server, _runner: installed)
    monkeypatch.setattr(
        apache_mpm.apache_config, "resolve", lambda *_: Resolved([], [], state["limits"], [], state["mpm"])
    )
    return state


def guard(state):
    return reload_would_exhaust(APACHE, state["log"], lambda command: pytest.fail(str(command)))


def processes(old, serving):
    """So many of each, with 25 connections."""
    return [(pid, pid < old, 25) for pid in range(old + serving)]


@pytest.mark.parametrize(
    ("old", "serving", "limits", "refused"),
    [
        (0, 4, DEBIAN, False),  # as measured: 100 sockets and a spare process at each reload
        (4, 4, DEBIAN, False),
        (8, 4, DEBIAN, True),
        (7, 4, DEBIAN, False),  # 11 stay, and 5 are needed, of 16
        (8, 4, {**DEBIAN, "ServerLimit": 17}, False),
        (8, 4, {**DEBIAN, "ThreadsPerChild": 64}, False),  # which needs 2 only
        (8, 4, {**DEBIAN, "ThreadsPerChild": 64, "ThreadLimit": 25}, True),
        (15, 0, DEBIAN, True),
        (14, 0, DEBIAN, False),  # StartServers
        (14, 0, {**DEBIAN, "StartServers": 3}, True),
        (200, 3, mpm_limits(1000, DEBIAN), False),
    ],
)
def test_a_reload_that_leaves_no_slot_is_refused(running, old, serving, limits, refused):
    running |= {"limits": limits, "processes": processes(old, serving)}
    assert (guard(running) is not None) == refused


def test_the_refusal_has_the_numbers_and_what_to_do(running):
    running["processes"] = [*processes(12, 4), (99, False, 0)]
    assert guard(running) == (
        "Apache started with 16 slots for processes (ServerLimit). After a reload 16 of them stay in use by 400 open"
        " connections, and 5 are needed for new ones: it would stop answering. Restart it (systemctl restart apache2),"
        " which closes those, or wait until enough have ended."
    )


def test_the_limits_in_force_are_those_that_the_log_names(running):
    running |= {"limits": mpm_limits(1000, DEBIAN), "processes": processes(12, 4)}
    running["log"].write_text(
        "[t] [mpm_event:warn] [pid 74:tid 74] AH00501: changing ServerLimit to 400 from original value of 16 not"
        " allowed during restart\n"
    )
    assert guard(running) is None, "another Apache's"
    running["log"].write_text(
        "x"
        * apache_mpm.LOG_BYTES
        + "\n[t] [mpm_event:warn] [pid 742:tid 742] AH00501: changing ServerLimit to 400 from original value of 16 not"
        " allowed during restart\n"
    )
    assert "16 slots" in guard(running)


@pytest.mark.parametrize("change", [{"master": None}, {"mpm": "prefork"}])
def test_what_cannot_be_exhausted_so_is_not_looked_at(running, change):
    running |= {"processes": processes(16, 0), **change}
    assert guard(running) is None
