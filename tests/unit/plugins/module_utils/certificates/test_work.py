# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work spread over processes: the same results in the same order, whatever becomes of the processes."""

from __future__ import annotations

import os

import pytest

from ansible_collections.wss.edge.plugins.module_utils.certificates import work

MAIN = os.getpid()


@pytest.fixture(autouse=True)
def processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1, 2})


def test_it_is_spread_and_comes_back_in_order():
    found = work.spread(lambda item: (item * item, os.getpid()), range(200), pays=True)
    assert [result for result, _process in found] == [item * item for item in range(200)]
    assert MAIN not in {process for _result, process in found}


@pytest.mark.parametrize(("items", "pays"), [(range(200), False), ([7], True), ([], True)])
def test_it_stays_here_where_that_is_faster(items, pays):
    assert work.spread(lambda item: (item, os.getpid()), items, pays) == [(item, MAIN) for item in items]


def test_what_goes_wrong_is_told():
    def fail(item):
        if item == 3:
            raise ValueError("item 3")
        return item

    with pytest.raises(ValueError, match="item 3"):
        work.spread(fail, range(10), pays=True)


def test_processes_that_are_killed_are_replaced_by_this_one():
    def die(item):
        if item == 9 and os.getpid() != MAIN:
            os._exit(9)
        return item

    assert work.spread(die, range(10), pays=True) == list(range(10))


def test_without_semaphores_it_is_done_here(monkeypatch):
    def missing(*_arguments):
        raise NotImplementedError("sem_open")

    monkeypatch.setattr(work.concurrent.futures, "ProcessPoolExecutor", missing)
    assert work.spread(str, range(3), pays=True) == ["0", "1", "2"]
