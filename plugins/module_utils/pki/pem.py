# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM, the text around keys and certificates."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n")
_END = re.compile(r"-----END ([A-Z0-9 ]+)-----")


def pem_blocks(text: bytes, ending: str) -> list[bytes]:
    """The PEM blocks whose label ends so ("CERTIFICATE", "PRIVATE KEY"), in order; nothing of what is between them.

    A block goes up to the first end of its own label. Takes time in proportion to the text, whatever that is.
    """
    found = text.decode("ascii", "replace")
    ends = defaultdict(list)
    for match in _END.finditer(found):
        ends[match.group(1)].append(match.end())
    blocks, done = [], 0
    for match in _BEGIN.finditer(found):
        label, own_ends = match.group(1), ends[match.group(1)]
        position = bisect.bisect(own_ends, match.end())
        if match.start() < done or position == len(own_ends):
            continue
        done = own_ends[position]
        if label.endswith(ending):
            blocks.append(found[match.start() : done].encode("ascii", "replace") + b"\n")
    return blocks
