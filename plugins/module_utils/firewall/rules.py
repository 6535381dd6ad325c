# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a firewall shall let in, in words that all four of them share.

Each kind of firewall is a module beside this one with two functions: C(active(runner)), whether it guards the host now,
and C(plan(rules, runner)), which of our rules it has and what is to be done. No record is kept anywhere else: what is
ours is marked in the firewall itself, so that a rule of the user's is never taken for ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """C(port) is one of TCP; C(source) is a network, or None for everybody, by IPv4 and IPv6."""

    port: int
    source: str | None


class FirewallError(Exception):
    """The firewall is not as it shall be; the text says why, and what is as it was."""


class Change(NamedTuple):
    """What makes or ends a rule: C(arguments) are what the module that does it needs besides."""

    rule: Rule
    arguments: dict[str, Any]


@dataclass
class Plan:
    """C(before) are our rules as they are; C(opening) and C(closing) is what there is to do, in this order."""

    before: list[Rule]
    opening: list[Change]
    closing: list[Change]
    warnings: list[str] = field(default_factory=list)


def network(source: str) -> str:
    """The one way to write an address or network."""
    return str(ip_network(source, strict=False))


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Each once; those for everybody first."""
    return sorted(set(rules), key=lambda rule: (rule.port, rule.source or ""))
