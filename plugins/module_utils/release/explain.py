# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says of a server's message which site caused it, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckResult, Message
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

CONFLICT = re.compile(r'conflicting server name "(?P<name>[^"]*)" on (?P<place>\S+), ignored')
NAMES = re.compile(r"^\s*server_name\s+([^;]+);", re.MULTILINE)


def refusal(check: CheckResult, prefix: str, files: Mapping[str, str], sites: Mapping[str, str]) -> str | None:
    """Why a checked configuration must not go live, or None.

    :param prefix: The path under which the server sees the release's files, with a slash at its end.
    :param files: The release's files.
    :param sites: The site that each file belongs to; other files belong to all.
    """
    error = check.first_error()
    if error:
        return located(error, prefix, files, sites)
    ours = {name.lower() for text in files.values() for names in NAMES.findall(text) for name in names.split()}
    for message in check.messages:
        conflict = CONFLICT.search(message.text)
        if conflict and conflict["name"].lower() in ours:
            return f"{message.text}: another configuration file serves that name already; take it out there"
    if check.dump and f"{prefix}index.conf:" not in check.dump:
        return "the main file includes neither sites-enabled/* nor conf.d/*.conf; include one of them"
    return None


def located(message: Message, prefix: str, files: Mapping[str, str], sites: Mapping[str, str]) -> str:
    """The message with its site, file and line, and the text of that line."""
    if message.file is None or message.line is None:
        return _by_path(message, prefix, files, sites)
    where = f"{message.file} line {message.line}"
    name = message.file[len(prefix) :] if message.file.startswith(prefix) else None
    if name is None or name not in files:
        return f"{message.text} ({where}, which is not a file of wss.edge)"
    lines = files[name].splitlines()
    line = lines[message.line - 1].strip() if message.line <= len(lines) else ""
    owner = f"site {sites[name]}: " if name in sites else ""
    return f"{owner}{message.text} ({where}: {line})"


def _by_path(message: Message, prefix: str, files: Mapping[str, str], sites: Mapping[str, str]) -> str:
    """A message about a path that names no file: ours is the file in which that path is written."""
    path = re.search(r'"(/[^"]+)"|\s(/[^\s"]*[^\s".,:])', message.text)
    for name, content in files.items():
        for number, line in enumerate(content.splitlines(), 1):
            if path and re.search(rf"[\s\"]{re.escape(path[1] or path[2])}(?=[;\"\s]|$)", line):
                whose = f"site {sites[name]}: " if name in sites else ""
                return f"{whose}{message.text} ({prefix}{name} line {number}: {line.strip()})"
    owner = next((site for site in sites.values() if f"/{site}/" in message.text), None)
    return f"site {owner}: {message.text}" if owner else message.text


def _moves(holder: sockets.Socket, address: str) -> bool:
    return holder.address != address and (":" in holder.address) == (":" in address)


def held_ports(
    listens: Iterable[Mapping[str, Any]],
    found: Sequence[sockets.Socket],
    server: Server,
    leaving: Sequence[str] = (),
) -> list[str]:
    """A sentence for each address to listen on that another program holds, but those that are C(leaving)."""
    problems = []
    for listen in listens:
        holder = sockets.holder(found, listen["address"], listen["port"])
        shown = grammar.host_port(listen["address"], listen["port"])
        own = holder is not None and holder.program in server.programs
        if holder is not None and own and _moves(holder, listen["address"]):
            now = grammar.host_port(holder.address, holder.port)
            problems.append(
                f"{listen['owner']}: {server.title} listens on {now} now, and one"
                f" reload cannot change that into {shown}; release without that listener first, and then with it"
            )
        if holder is None or own or holder.program in leaving:
            continue
        who = f"{holder.program or 'a program of another user'} (pid {holder.pid or 'unknown'})"
        instead = listen.get("instead", "listen on another port")
        problems.append(f"{listen['owner']}: {shown} is held by {who}; stop it, or {instead}")
    return problems
