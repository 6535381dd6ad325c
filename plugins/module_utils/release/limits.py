# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker limits in nginx's main file, the one thing in it that the collection edits.

They cannot be set anywhere else: nginx reads them outside the http context. Each edited line says what was there.
"""

from __future__ import annotations

import math
import re

from ansible_collections.wss.edge.plugins.module_utils.server import nginx_syntax

SLACK = 1.25
OTHER_FILES = 1024
MARK = "# wss.edge: was"
NOT_SET = "not set"
EDITED = re.compile(rf" ?{MARK} (?P<value>.*?)\s*$")


def wanted(max_connections: int) -> dict[str, int]:
    """What the server needs: two connections for each WebSocket, a file for each connection, and some slack."""
    connections = math.ceil(2 * max_connections * SLACK)
    return {"worker_connections": connections, "worker_rlimit_nofile": connections + OTHER_FILES}


def raised(text: str, main_file: str, limits: dict[str, int]) -> str:
    """The main file with limits that are at least those; higher ones of the user's stay.

    :param limits: By name; one that another file sets is not there, for nginx takes each only once.

    :raises nginx_syntax.NginxSyntaxError: where the text is no configuration.
    """
    text = restored(text)
    lines = _lines(text)
    found = nginx_syntax.main_limits(nginx_syntax.parse(text, main_file))
    # From the bottom up, so that line numbers stay true.
    for name in limits:
        limit = getattr(found, name)
        if limit is None:
            continue
        if limit.value.isdigit() and int(limit.value) < limits[name]:
            lines[limit.line - 1] = _edited(lines[limit.line - 1], name, limit.value, limits[name])
    missing = [name for name in limits if getattr(found, name) is None]
    return _with_missing("".join(lines), missing, limits)


def _lines(text: str) -> list[str]:
    """The lines as nginx counts them; Python would end them at other characters, too."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _edited(line: str, name: str, value: str, least: int) -> str:
    raised = re.sub(rf"\b{name}\s+{value}\s*;", f"{name} {least};", line.rstrip("\n"), count=1)
    return f"{raised} {MARK} {value}\n"


def _with_missing(text: str, missing: list[str], limits: dict[str, int]) -> str:
    if "worker_rlimit_nofile" in missing:
        line = f"worker_rlimit_nofile {limits['worker_rlimit_nofile']}; {MARK} {NOT_SET}\n"
        text = re.sub(r"^(?=[ \t]*events\b)", line, text, count=1, flags=re.MULTILINE)
    if "worker_connections" in missing:
        line = f"    worker_connections {limits['worker_connections']}; {MARK} {NOT_SET}\n"
        text = re.sub(r"^([ \t]*events\s*\{)[ \t]*\n?", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)
    return text


def restored(text: str) -> str:
    """The main file as it was before any edit."""
    kept = []
    for line in _lines(text):
        edit = EDITED.search(line)
        if edit is None:
            kept.append(line)
        elif edit["value"] != NOT_SET:
            limit = re.compile(r"\b(worker_connections|worker_rlimit_nofile) \d+;")
            kept.append(limit.sub(rf"\1 {edit['value']};", line[: edit.start()]) + "\n")
    return "".join(kept)
