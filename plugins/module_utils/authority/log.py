# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an authority has signed and revoked: one line of JSON each, only ever added to.

A line is on the disk before its certificate is given to anybody. A line that a killed run has left unfinished was
given to nobody: it is passed over, and cut off when the next one is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NAME = "records.jsonl"
ISSUED, REVOKED = "issued", "revoked"


class RecordsError(Exception):
    """The records cannot be used; says what to do."""


@dataclass(frozen=True)
class Records:
    """What the records say, and how many bytes of whole lines they have."""

    issued: dict[str, str] = field(default_factory=dict)  # serial -> when it ends
    revoked: dict[str, tuple[str, str]] = field(default_factory=dict)  # serial -> (reason, time)
    length: int = 0


def read(directory: str) -> Records:
    found = Records()
    length = 0
    try:
        with open(os.path.join(directory, NAME), "rb") as stream:
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    break
                _take(line, found, f"{directory}/{NAME}, line {number}")
                length += len(line)
    except FileNotFoundError:
        pass
    strange = sorted(set(found.revoked) - set(found.issued))
    if strange:
        raise RecordsError(
            f"{directory}/{NAME} says that {', '.join(strange)} is revoked, and not that it was issued: put the file "
            "back from a copy"
        )
    return Records(found.issued, found.revoked, length)


def _take(line: bytes, found: Records, where: str) -> None:
    try:
        entry = json.loads(line)
        if entry["event"] == ISSUED:
            found.issued[entry["serial"]] = entry["not_after"]
        else:
            found.revoked[entry["serial"]] = (entry["reason"], entry["time"])
    except (ValueError, TypeError, KeyError):
        raise RecordsError(f"{where} is damaged: put the file back from a copy") from None


def append(directory: str, records: Records, entries: Sequence[dict[str, Any]]) -> None:
    """Add the entries to the records that were read, under the same lock; they are on the disk afterwards."""
    text = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries)
    descriptor = os.open(os.path.join(directory, NAME), os.O_WRONLY | os.O_CREAT, 0o600)
    with open(descriptor, "wb") as stream:
        os.ftruncate(descriptor, records.length)
        stream.seek(records.length)
        stream.write(text.encode())
        stream.flush()
        os.fsync(descriptor)
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
