# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what Apache writes into its error log while it starts or reloads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import Resolved, VirtualHost
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import ERROR_LEVELS, Message
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE

# That it did not start, which follows the reason; and what is only a warning, though it has no level yet.
_NO_REASON = re.compile(
    r"AH(?:0001[3-9]|00020|02311|02312|00558)\b|no listening sockets available|AH\d+: Warning: |wss-edge: ended"
)
_DEFINED = re.compile(r" defined at (?P<file>/.*):(?P<line>\d+)$")
_CONFIGURED = re.compile(r"AH01914: Configuring server (?P<name>\S+):(?P<port>\d+) for SSL protocol")
_BOUND = re.compile(r"could not bind to address \S+:(?P<port>\d+)")
_KEPT = re.compile(
    r"AH00\d\d\d: changing (?P<name>\w+) to (?P<wanted>\d+) from original value of (?P<kept>\d+) not allowed"
)
_CUT = re.compile(r"AH00516: MaxRequestWorkers of \d+ would .* decreasing to (?P<threads>\d+)")


def reasons(log: str) -> list[Message]:
    """Return why Apache ended instead of serving, as errors; what has no level was said before it had its log."""
    said = {
        Message("emerg", each["text"], each["file"], int(each["line"]) if each["line"] else None): None
        for each in re.finditer(APACHE.message_pattern, log, re.MULTILINE)
        if each["level"] in (None, *ERROR_LEVELS)
    }
    return [with_place(each) for each in said if not _NO_REASON.search(each.text)] or list(said)


def with_place(message: Message) -> Message:
    """Take the place out of the text, where it says one at its end."""
    defined = _DEFINED.search(message.text)
    if defined is None:
        return message
    return Message(message.level, message.text[: defined.start()], defined["file"], int(defined["line"]))


def placed(messages: Iterable[Message], log: str, resolved: Resolved) -> list[Message]:
    """Give those that name no place the one of the C(Listen), or of the virtual host, that they are about.

    Apache logs whose TLS it sets up where C(LogLevel) is C(ssl:info).
    """
    host = _last_configured(log, resolved.hosts)
    result = []
    for each in messages:
        bound = _BOUND.search(each.text)
        if bound:
            about = next((item for item in reversed(resolved.listens) if item.port == int(bound["port"])), None)
            each = replace(each, file=about.file, line=about.line) if about else each
        elif host and each.file is None:
            each = replace(each, file=host.file, line=host.line)
        result.append(each)
    return result


def _last_configured(log: str, hosts: Iterable[VirtualHost]) -> VirtualHost | None:
    configured = list(_CONFIGURED.finditer(log))
    if not configured:
        return None
    name, port = configured[-1]["name"].lower(), int(configured[-1]["port"])
    found = (host for host in hosts if name in host.names[:1] and any(place[1] == port for place in host.listens))
    return next(found, None)


def original_limits(log: str) -> dict[str, int]:
    """Return the limits that a reload left as they were when Apache started, by their names."""
    return {each["name"]: int(each["kept"]) for each in _KEPT.finditer(log)}


def kept_limits(log: str) -> list[str]:
    """Say in one sentence, or none, which limits of the configuration wait for a restart."""
    kept = {each["name"]: f"{each['name']} {each['kept']} (not {each['wanted']})" for each in _KEPT.finditer(log)}
    if not kept:
        return []
    cut = _CUT.search(log)
    threads = f", and takes at most {cut['threads']} connections at a time" if cut else ""
    return [
        f"Until Apache is restarted it goes on with {' and '.join(kept.values())}{threads}: no reload changes that."
    ]
