# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the public variables can say, and the server cannot do or no server side does yet: refused, never ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .problems import At, Problems
from .schema import OWNERS
from .servers import DIFFERENCES

# A key, as its path in the argument spec, and the values that are done.
LATER: dict[str, tuple[Any, ...]] = {
    "wss_sites.certificate.provider": ("self_signed", "private_ca", "request", "files"),
}
WHY = "belongs to a later version"


def refuse(values: Mapping[str, Any], problems: Problems) -> None:
    """Add a problem for every value that the server of these variables cannot serve."""
    for key, done in LATER.items():
        for at, value in _places(values, key, At()):
            if value not in done:
                problems.refuse(at, value, WHY, ", ".join(text for text in done if text))
    for row in DIFFERENCES:
        if row.allowed is not None and row.server == values["wss_server"]:
            for at, value in _places(values, row.key, At()):
                if value not in row.allowed:
                    why = f"is not possible with wss_server: {row.server}: {row.text} (see {row.documentation})"
                    problems.refuse(at, value, why, ", ".join(map(json.dumps, row.allowed)))


def _places(values: Mapping[str, Any], key: str, at: At) -> Iterator[tuple[At, Any]]:
    """Where a key of the argument spec is in the variables, and its value there."""
    first, _dot, rest = key.partition(".")
    if not rest:
        yield at.down(first), values[first]
    elif first in OWNERS:
        word, name = OWNERS[first]
        for item in values[first]:
            yield from _places(item, rest, at.owned_by(f"{word} {item[name]}"))
    else:
        yield from _places(values[first], rest, at.down(first))
