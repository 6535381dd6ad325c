# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits that Apache gets, and what keeps a reload from using them up."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.apache_mpm import HIGHEST, mpm_limits

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


def test_prefork_has_a_process_for_each_connection() -> None:
    present = {"MaxRequestWorkers": 150, "MaxSpareServers": 10}
    assert mpm_limits(1000, present, "prefork") == {
        "ServerLimit": 1314,
        "MaxRequestWorkers": 1314,
        "MaxSpareServers": 1314,
    }
