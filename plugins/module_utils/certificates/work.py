# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreads work over the processors."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_LARGEST_PIECE = 64

# What the other processes have by being forked, so that nothing of it goes through a pipe.
_work: tuple[Callable[[Any], Any], Sequence[Any]] | None = None


def spread(function: Callable[[T], R], items: Sequence[T], pays: bool) -> list[R]:
    """The function's result for each item, by several processes if that pays and can be done."""
    global _work
    processes = min(len(os.sched_getaffinity(0)), len(items))
    if not pays or processes < 2:
        return [function(item) for item in items]
    # Small pieces at the end of a large heap: no processor waits long for the other.
    size = max(1, min(_LARGEST_PIECE, len(items) // (processes * 32)))
    pieces = [range(start, min(start + size, len(items))) for start in range(0, len(items), size)]
    _work = (function, items)
    try:
        with concurrent.futures.ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
            return [result for piece in pool.map(_do, pieces) for result in piece]
    except (OSError, ImportError, NotImplementedError, concurrent.futures.BrokenExecutor):
        return [function(item) for item in items]  # no semaphores here, or no more processes or memory
    finally:
        _work = None


def _do(piece: range) -> list[Any]:
    if _work is None:
        raise AssertionError("there is no work")
    function, items = _work
    return [function(items[index]) for index in piece]
