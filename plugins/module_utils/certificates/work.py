# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreads work over the processors.

Not by concurrent.futures: its processes stay for ever, with keys in their memory, when the one that waits for them is
killed. Here each has its share from the start, and a pipe; when nobody reads that any more, it ends.
"""

from __future__ import annotations

import io
import os
import pickle
import selectors
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_PIECE = 8  # results that are sent together


def spread(function: Callable[[T], R], items: Sequence[T], pays: bool) -> list[R]:
    """The function's result for each item, by a process for each processor if that pays."""
    processes = min(len(os.sched_getaffinity(0)), len(items)) if pays else 1
    if processes < 2:
        return [function(item) for item in items]
    shares = [items[start::processes] for start in range(processes)]
    pipes: dict[int, int] = {}  # read by this process -> written by the process of that number
    for share in shares:
        reader, child = _start(function, share, list(pipes))
        pipes[reader] = child
    sent = _read_all(list(pipes))
    found: list[Any] = [None] * len(items)
    for start, (share, (reader, child)) in enumerate(zip(shares, pipes.items())):
        good = os.waitpid(child, 0)[1] == 0
        # What goes wrong over there goes wrong here again, where it can be told; a process that was killed is no loss.
        found[start::processes] = _results(sent[reader]) if good else [function(item) for item in share]
    return found


def _start(function: Callable[[Any], Any], share: Sequence[Any], others: Sequence[int]) -> tuple[int, int]:
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return reader, child
    try:
        for each in (reader, *others):
            os.close(each)
        with open(writer, "wb", buffering=0) as stream:
            for start in range(0, len(share), _PIECE):
                pickled = memoryview(pickle.dumps([function(item) for item in share[start : start + _PIECE]]))
                while pickled:
                    pickled = pickled[stream.write(pickled) :]
        os._exit(0)
    finally:
        os._exit(1)


def _read_all(readers: Sequence[int]) -> Mapping[int, bytearray]:
    """All that comes from each, from whichever has something, so that none has to wait."""
    found = {reader: bytearray() for reader in readers}
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                content = os.read(key.fd, 1 << 16)
                found[key.fd] += content
                if not content:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return found


def _results(sent: bytearray) -> list[Any]:
    found: list[Any] = []
    stream = io.BytesIO(sent)
    while stream.tell() < len(sent):
        found += pickle.load(stream)
    return found
