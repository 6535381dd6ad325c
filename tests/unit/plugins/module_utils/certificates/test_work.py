# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work spread over processes: the same results in the same order, whatever becomes of the processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from ansible_collections.wss.edge.plugins.module_utils.certificates import work


@pytest.fixture(autouse=True)
def processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1, 2})


@pytest.fixture
def here():
    """This process: ansible-test runs each test in one of its own."""
    return os.getpid()


def test_it_is_spread_and_comes_back_in_order(here):
    found = work.spread(lambda item: (item * item, os.getpid()), range(200), pays=True)
    assert [result for result, _process in found] == [item * item for item in range(200)]
    assert here not in {process for _result, process in found}


@pytest.mark.parametrize(("items", "pays"), [(range(200), False), ([7], True), ([], True)])
def test_it_stays_here_where_that_is_faster(items, pays, here):
    assert work.spread(lambda item: (item, os.getpid()), items, pays) == [(item, here) for item in items]


def test_what_goes_wrong_is_told():
    def fail(item):
        if item == 3:
            raise ValueError("item 3")
        return item

    with pytest.raises(ValueError, match="item 3"):
        work.spread(fail, range(10), pays=True)


def test_processes_that_are_killed_are_replaced_by_this_one(here):
    def die(item):
        if item == 9 and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    assert work.spread(die, range(30), pays=True) == list(range(30))


def test_much_comes_from_all_at_once():
    found = work.spread(lambda item: bytes([item]) * 1_000_000, range(30), pays=True)
    assert [len(set(each)) for each in found] == [1] * 30
    assert [each[0] for each in found] == list(range(30))


ENDLESS = """
import os, sys, time
from ansible_collections.wss.edge.plugins.module_utils.certificates import work
os.sched_getaffinity = lambda process: {0, 1}
def slow(item):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(0.01)
    return item
work.spread(slow, range(1_000_000), pays=True)
"""


def test_none_is_left_when_the_one_that_waits_is_killed():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, env=environment) as main:
        workers = {int(main.stdout.readline()) for _line in range(20)}
        main.kill()
        try:
            main.communicate(timeout=20)  # its output ends with the last process that has it
        except subprocess.TimeoutExpired:
            for process in workers:
                os.kill(process, signal.SIGKILL)
            raise
    assert len(workers) == 2
    assert main.pid not in workers
