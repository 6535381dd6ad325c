# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chain of our own in a firewall that is written by hand: what is to be done, and doing it whole or not at all.

In nftables and iptables an accept counts only within the chain that would refuse the packet. So our rules are in a
chain of our own, and the user's chain gets one jump to it. Their files get the same, so that a restart keeps it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Optional

from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule, in_order
from ansible_collections.wss.edge.plugins.module_utils.firewall.steps import Edit, Transaction
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

# What a rule does to a new TCP connection from anywhere: refuse it, as all else or if a limit or the like allows, or
# let it go on to the next rule.
ENDS = "ends"
REFUSES = "refuses"
PASSES = "passes"
# None: it asks for an address, an interface, a port or the like, or it accepts.
Verdict = Optional[str]


@dataclass(frozen=True)
class ChainPlan:
    """What is open by us now, and the steps to what shall be."""

    runner: Runner
    before: list[Rule]
    steps: Sequence[Edit | Transaction] = ()
    warnings: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.steps)

    @property
    def diff(self) -> dict[str, str]:
        """As Ansible shows it with --diff."""
        return {"prepared": "".join(step.show() for step in self.steps)} if self.steps else {}

    def apply(self) -> None:
        """Do all of it, or none.

        Files come first: a kill in between leaves live rules as they were, and the next run does the rest.

        :raises FirewallError: where a step fails; those before it are taken back.
        """
        done: list[Edit | Transaction] = []
        try:
            for step in self.steps:
                step.do(self.runner)
                done.append(step)
        except FirewallError:
            for step in reversed(done):
                with contextlib.suppress(FirewallError):
                    step.undo(self.runner)
            raise


def tail(verdicts: Sequence[Verdict]) -> int | None:
    """Where in a chain a jump belongs: before the last rules that together refuse what comes from anywhere.

    The user's rules before them, as those for the addresses that they block, go on to win.

    :returns: None where no such rule ends the chain.
    """
    end = verdicts.index(ENDS) + 1 if ENDS in verdicts else len(verdicts)  # what stands behind is never reached
    start = end
    while start and verdicts[start - 1] is not None:
        start -= 1
    return start if {ENDS, REFUSES} & {*verdicts[start:end]} else None


def whole(verdicts: Sequence[Verdict]) -> Verdict:
    """What a chain does that a rule jumps to; None where it does not end by refusing."""
    if tail(verdicts) is None:
        return None
    return ENDS if ENDS in verdicts and None not in verdicts[: verdicts.index(ENDS)] else REFUSES


def at_most(verdict: Verdict, concerned: bool, always: bool) -> Verdict:
    """A rule's verdict, where it is only about some packets, or not about ours."""
    if not concerned:
        return PASSES
    return REFUSES if verdict == ENDS and not always else verdict


def normal(rules: Iterable[Rule]) -> list[Rule]:
    """Each rule once, with its network as all the firewalls can write it."""
    return in_order(
        Rule(port, None if source is None else str(ip_network(source, strict=False))) for port, source in rules
    )


def by_source(rules: Iterable[Rule], version: int | None) -> dict[str | None, list[int]]:
    """The ports for each source, of one version of IP or of both."""
    found: dict[str | None, list[int]] = {}
    for port, source in normal(rules):
        if source is None or version in (None, ip_network(source).version):
            found.setdefault(source, []).append(port)
    return found


def enabled(unit: str, runner: Runner) -> bool:
    """Whether systemd starts it with the host."""
    return runner(["systemctl", "is-enabled", "--quiet", unit])[0] == 0
