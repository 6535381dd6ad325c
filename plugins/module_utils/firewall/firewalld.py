# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld: ours are the rich rules of one priority, in every zone that clients may come through.

The priority is above 0, so that the user's own rules come first, those that refuse somebody included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import (
    Change,
    FirewallError,
    Plan,
    Rule,
    in_order,
    network,
)
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

PROGRAM = "firewall-cmd"
ZONES = Path("/etc/firewalld/zones")
"""Where firewalld keeps each zone that was ever changed for good."""
PRIORITY = "7443"
OURS = re.compile(
    rf'rule priority="{PRIORITY}" (?:family="ipv[46]" source address="(?P<source>[^"]+)" )?'
    r'port port="(?P<port>\d+)" protocol="tcp" accept'
)
LETS_EVERYTHING_IN = "ACCEPT"
REFUSES = ("DROP", "REJECT", "%%REJECT%%")


class Zone(NamedTuple):
    """What firewalld says of a zone."""

    name: str
    is_default: bool
    target: str
    interfaces: str
    sources: str
    rules: list[Rule]


def active(runner: Runner) -> bool:
    """Whether its service runs."""
    return runner([PROGRAM, "--get-default-zone"])[0] == 0


def plan(rules: Sequence[Rule], runner: Runner) -> Plan:
    """What is to be done in it, now and for good; where it does not run, only what is to be taken from it."""
    status, default, _err = runner([PROGRAM, "--get-default-zone"])
    zones = list(_zones(runner([PROGRAM, "--list-all-zones"])[1], default.strip())) if status == 0 else []
    now = {(zone.name, rule) for zone in zones for rule in zone.rules}
    for_good = {(file.stem, rule) for file in ZONES.glob("*.xml") for rule in _kept(file)}
    wanted = {(zone.name, rule) for zone in zones if _lets_clients_in(zone) for rule in rules}
    return Plan(
        before=in_order(rule for _zone, rule in now | for_good),
        opening=_changes(wanted - (now & for_good)),
        closing=_changes((now | for_good) - wanted),
    )


def _changes(places: set[tuple[str, Rule]]) -> list[Change]:
    return [
        Change(rule, {"zone": zone, "rich_rule": _text(rule)})
        for rule in in_order(rule for _zone, rule in places)
        for zone in sorted(zone for zone, theirs in places if theirs == rule)
    ]


def _lets_clients_in(zone: Zone) -> bool:
    """Whether clients may come through it, but for one that lets everything in already, or keeps its sources out."""
    if zone.target == LETS_EVERYTHING_IN:
        return False
    if zone.is_default or zone.interfaces:
        return True
    return bool(zone.sources) and zone.target not in REFUSES


def _zones(listed: str, default: str) -> Iterator[Zone]:
    for block in re.split(r"\n(?=\S)", listed):
        name = block.split(maxsplit=1)[0] if block.strip() else ""
        values = dict(re.findall(r"^  ([a-z-]+): (.*)$", block, re.MULTILINE))
        texts = (OURS.fullmatch(line.strip()) for line in block.splitlines())
        rules = [_rule(found["port"], found["source"]) for found in texts if found]
        if name:
            interfaces, sources = values.get("interfaces", ""), values.get("sources", "")
            yield Zone(name, name == default, values.get("target", ""), interfaces.strip(), sources.strip(), rules)


def _kept(file: Path) -> Iterator[Rule]:
    """Our rules in the file of a zone."""
    try:
        rules = ElementTree.parse(file).getroot().iter("rule")
    except ElementTree.ParseError as error:
        raise FirewallError(f"{file} cannot be read: {error}. Correct it, or set wss_firewall: none.") from None
    for element in rules:
        port, source = element.find("port"), element.find("source")
        if element.get("priority") == PRIORITY and port is not None and element.find("accept") is not None:
            yield _rule(port.get("port", ""), source.get("address") if source is not None else None)


def _rule(port: str, source: str | None) -> Rule:
    return Rule(int(port), network(source) if source else None)


def _text(rule: Rule) -> str:
    family = "ipv6" if ":" in (rule.source or "") else "ipv4"
    source = f'family="{family}" source address="{rule.source}" ' if rule.source else ""
    return f'rule priority="{PRIORITY}" {source}port port="{rule.port}" protocol="tcp" accept'
