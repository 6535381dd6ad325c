# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the host's Python: runs it, and appends to peak.txt how much memory it and its children had at most.

That is the sum of their proportional shares (Pss), in KiB, looked at every 20 ms.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import time


def status(process: pathlib.Path) -> tuple[int, int]:
    """Its parent, and its memory in KiB; nothing of one that has just ended."""
    try:
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        lines = (process / "smaps_rollup").read_text().splitlines()
        return parent, next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    except (OSError, ValueError, IndexError):
        return 0, 0


def memory_of(family: int) -> int:
    seen = {int(path.name): status(path) for path in pathlib.Path("/proc").glob("[0-9]*")}
    members = [family]
    for member in members:
        members += [process for process, (parent, _memory) in seen.items() if parent == member]
    return sum(seen.get(member, (0, 0))[1] for member in members)


def main() -> int:
    child = subprocess.Popen(["/usr/bin/python3", *sys.argv[1:]])
    peak = 0
    while child.poll() is None:
        peak = max(peak, memory_of(child.pid))
        time.sleep(0.02)
    with pathlib.Path(__file__).with_name("peak.txt").open("a") as log:
        log.write(f"{peak}\n")
    return child.returncode


if __name__ == "__main__":
    sys.exit(main())
