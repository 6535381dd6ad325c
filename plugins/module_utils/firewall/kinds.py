# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall guards the host, and what is to be done in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.firewall import firewalld, iptables, nftables, ufw
from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import ChainPlan
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Plan, Rule, in_order
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

AUTO = "auto"
NONE = "none"
# In this order: the first two write rulesets of nftables or iptables themselves.
KINDS = {"firewalld": firewalld, "ufw": ufw, "nftables": nftables, "iptables": iptables}
PROGRAMS = {"firewalld": "firewall-cmd", "ufw": "ufw", "nftables": "nft", "iptables": "iptables"}
# Firewalls are among the programs of root, which sudo and su do not always have on the path.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
STARTS = {
    "firewalld": "Start it (systemctl enable --now firewalld)",
    "ufw": "Start it (ufw enable, after ufw allow OpenSSH)",
    "nftables": "Load a ruleset with an input chain that refuses",
    "iptables": "Load rules with an INPUT chain that refuses",
}


def runner_on(run_command: Callable[..., tuple[int, str, str]]) -> Runner:
    """Runs a module's commands in C's words, with root's programs; one that is not there fails, and the module goes on.

    :param run_command: The module's own.
    """

    def runner(command: list[str]) -> tuple[int, str, str]:
        if not _which(command[0]):
            return 127, "", f"{command[0]} is not installed"
        return run_command(command, environ_update={"LC_ALL": "C", "LANGUAGE": "C", "PATH": PATH})

    return runner


def active(kind: str, runner: Runner) -> str:
    """The firewall that guards the host: C(kind), or with V(auto) the first that does, or V(none).

    :raises FirewallError: where C(kind) does not guard it.
    """
    asked = {AUTO: list(KINDS), NONE: []}.get(kind, [kind])
    for each in asked:
        if installed(each) and KINDS[each].active(runner):
            return each
    if kind in KINDS:
        why = "is not active" if installed(kind) else "is not installed"
        raise FirewallError(
            f"wss_firewall: {kind} {why} on this host; nothing was changed. {STARTS[kind]}, or choose auto, which takes"
            " whichever is active, or none."
        )
    return NONE


def installed(kind: str) -> bool:
    """Whether the host has its program."""
    return _which(PROGRAMS[kind])


@dataclass
class Work:
    """What there is to do: C(chains) are applied here, the rest by the modules that firewalld and ufw have.

    C(opening) and C(closing) have all of it, each with its firewall.
    """

    before: list[Rule] = field(default_factory=list)
    opening: list[dict[str, Any]] = field(default_factory=list)
    closing: list[dict[str, Any]] = field(default_factory=list)
    chains: list[ChainPlan] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, kind: str, rules: Sequence[Rule], runner: Runner) -> None:
        """See to it that C(rules) are all that is ours in this firewall."""
        found = KINDS[kind].plan(rules, runner)
        self.before += found.before
        self.warnings += found.warnings
        if isinstance(found, Plan):
            self.opening += [
                _entry(kind, change.rule, {**change.arguments, "again": change.rule in found.before})
                for change in found.opening
            ]
            self.closing += [_entry(kind, *change) for change in found.closing]
            return
        self.chains.append(found)
        closing = [rule for rule in found.before if rule not in rules]
        kept = KINDS[kind].plan([*rules, *closing], runner) if closing else found
        # Nothing new to open, but something to put right, is told by all of it.
        opening = [rule for rule in rules if rule not in found.before] or (rules if kept.changed else [])
        self.opening += [_entry(kind, rule, {"again": rule in found.before}) for rule in opening]
        self.closing += [_entry(kind, rule, {}) for rule in closing]


def to_have(kind: str, rules: Sequence[Rule], runner: Runner) -> Work:
    """What there is to do so that an active firewall has C(rules) of ours and no others."""
    work = Work()
    if kind != NONE:
        work.add(kind, in_order(rules), runner)
    return work


def to_leave(runner: Runner) -> Work:
    """What there is to do so that nothing is ours in any firewall of the host, active or not."""
    work = Work()
    for kind in filter(installed, KINDS):
        try:
            work.add(kind, [], runner)
        except FirewallError as error:
            work.warnings.append(str(error))
    return work


def _which(program: str) -> bool:
    return shutil.which(program, path=PATH) is not None


def _entry(kind: str, rule: Rule, arguments: dict[str, Any]) -> dict[str, Any]:
    what = f"port {rule.port} in {kind} for {rule.source or 'everybody'}"
    return {"firewall": kind, "what": what, **rule._asdict(), **arguments}
