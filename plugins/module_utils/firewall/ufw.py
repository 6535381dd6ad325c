# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw: ours are the rules with our comment.

ufw has one rule for the same port and clients, and gives it the comment and the action of whoever asks last. Where the
user has that rule, ours is not made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import Change, Plan, Rule, in_order, network
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

PROGRAM = "ufw"
FOLDERS = (Path("/etc/ufw"), Path("/lib/ufw"), Path("/var/lib/ufw"))
"""Where ufw keeps its rules, by its version."""
SETTINGS = Path("/etc/default/ufw")
FILES = {4: "user.rules", 6: "user6.rules"}
EVERYBODY = {4: "0.0.0.0/0", 6: "::/0"}
RULE = re.compile(
    r"^### tuple ### (?P<action>\S+) tcp (?P<port>\d+) (?:0\.0\.0\.0/0|::/0) any (?P<source>\S+) in"
    r"(?: comment=(?P<comment>[0-9a-f]*))?$",
    re.MULTILINE,
)
"""How ufw notes, above what it makes of it, a rule for one port and all of the host's addresses."""
COMMENT = "wss.edge"
LETS_IN = ("allow", "limit")

Place = tuple[int, Rule]
"""A rule in the file of one version of IP."""


def active(runner: Runner) -> bool:
    """Whether it guards the host."""
    return runner([PROGRAM, "status"])[1].startswith("Status: active")


def plan(rules: Sequence[Rule], _runner: Runner) -> Plan:
    """What is to be done in it."""
    ours: set[Place] = set()
    actions: dict[Place, str] = {}
    for version in _seen_to():
        for found in RULE.finditer(_text(version)):
            source = None if found["source"] == EVERYBODY[version] else network(found["source"])
            place = (version, Rule(int(found["port"]), source))
            actions[place] = found["action"]
            if bytes.fromhex(found["comment"] or "") == COMMENT.encode() and found["action"] == "allow":
                ours.add(place)
    wanted = {(version, rule) for rule in rules for version in _versions(rule)}
    return Plan(
        before=in_order(rule for _version, rule in ours),
        opening=_changes(wanted - set(actions)),
        closing=_changes(ours - wanted),
        warnings=[
            f"A rule of the user's in ufw keeps port {port} closed: {actions[place]} for {source or 'everybody'}, "
            f"IPv{place[0]}. It stays; take it out where clients shall get in."
            for place in sorted(wanted & set(actions), key=str)
            for port, source in [place[1]]
            if not actions[place].startswith(LETS_IN)
        ],
    )


def _versions(rule: Rule) -> list[int]:
    seen_to = _seen_to()
    return seen_to if rule.source is None else [each for each in seen_to if each == (6 if ":" in rule.source else 4)]


def _seen_to() -> list[int]:
    """The versions of IP that ufw sees to; of another, it takes no command."""
    return [4, 6] if re.search(r"^IPV6=[\"']?yes", _read(SETTINGS), re.MULTILINE | re.IGNORECASE) else [4]


def _changes(places: set[Place]) -> list[Change]:
    """One for both versions of IP where both are meant, as in ufw's own words."""
    changes = []
    for rule in in_order(rule for _version, rule in places):
        versions = [version for version in FILES if (version, rule) in places]
        everybody = "any" if len(versions) > 1 else EVERYBODY[versions[0]]
        changes.append(Change(rule, {"clients": rule.source or everybody}))
    return changes


def _text(version: int) -> str:
    return "".join(_read(folder / FILES[version]) for folder in FOLDERS)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
