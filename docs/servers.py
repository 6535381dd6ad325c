# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 docs/servers.py`, with ansible-core's Python: writes docs/servers.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
if ROOT.parents[1].name != "ansible_collections":
    sys.path.insert(0, str(ROOT / "build/collections"))  # made by `make collections`

from ansible_collections.wss.edge.plugins.module_utils.model.later import LATER  # noqa: E402
from ansible_collections.wss.edge.plugins.module_utils.model.servers import APPLICATIONS, DIFFERENCES, Difference  # noqa: E402

PAGE = ROOT / "docs/servers.md"
SITES = "wss_sites"
HEAD = """\
# What nginx and Apache do with each key

The same inventory serves on both; `wss_server` names one. Where a server cannot do what a value says, the value is
refused before any host is touched. With `none` [the application terminates TLS itself](application-tls.md); what only a
proxy does is refused there. Keys are those of a site; variables of the host begin with `wss_`. What a reload of Apache
does, and what its WebSockets cost, is in [apache.md](apache.md).

Made by `python3 docs/servers.py` from the model and the argument spec, which says what each key means.

| key | nginx | Apache | none |
|---|---|---|---|
"""


def keys(options: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of an argument spec that holds a value, and its description there."""
    for name, option in options.items():
        key = f"{above}{name}"
        if "options" in option:
            yield from keys(option["options"], f"{key}.")
        else:
            yield key, option


def word(key: str, option: dict[str, Any]) -> str:
    """What all of them do with it."""
    if key not in LATER:
        return "yes"
    missing = [choice for choice in option.get("choices", []) if choice not in LATER[key]]
    return f"yes, later {', '.join(missing)}" if missing else "later"


def cell(row: Difference | None, otherwise: str) -> str:
    if row is None:
        return otherwise
    if row.documentation == APPLICATIONS:
        return "no"
    start = "yes" if row.allowed is None else "in part" if len(row.allowed) > 1 else "no"
    return f"{start}: [{row.text}]({row.documentation})"


def row_of(rows: dict[tuple[str, str], Difference], server: str, key: str) -> Difference | None:
    """The row of a key, or one above it that allows nothing below."""
    while key:
        row = rows.get((server, key))
        if row is not None:
            return row
        key = key.rpartition(".")[0]
    return None


def page() -> str:
    spec = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text(encoding="utf-8"))
    rows = {(row.server, row.key): row for row in DIFFERENCES}
    told = {row.key for row in DIFFERENCES} | set(LATER)
    lines = []
    for key, option in keys(spec["argument_specs"]["main"]["options"]):
        if key.startswith(f"{SITES}.") or key in told:
            every = word(key, option)
            cells = [cell(row_of(rows, server, key), every) for server in ("nginx", "apache", "none")]
            lines.append(f"| `{key.removeprefix(f'{SITES}.')}` | {' | '.join(cells)} |\n")
    return HEAD + "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
