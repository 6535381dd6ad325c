# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens ports where the firewall is rules of iptables that the user has written, of IPv4 and of IPv6.

The live table gets our chain and the jump to it in one transaction. The files that are loaded at boot get only our
lines: to save all live rules would save those of other programs, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import (
    ChainPlan,
    enabled,
    normal,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.iptables_table import (
    Table,
    own_rules,
    parse,
    saved,
    transaction,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule
from ansible_collections.wss.edge.plugins.module_utils.firewall.steps import Edit, Transaction, run
from ansible_collections.wss.edge.plugins.module_utils.release.releases import read_file
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

IPV6 = Path("/proc/net/if_inet6")


class Protocol(NamedTuple):
    """A version of IP, its commands, and what loads its rules from which file at boot."""

    version: int
    command: str
    files: tuple[tuple[str, Path], ...]


PROTOCOLS = (
    Protocol(
        4,
        "iptables",
        (
            ("netfilter-persistent.service", Path("/etc/iptables/rules.v4")),
            ("iptables.service", Path("/etc/sysconfig/iptables")),
        ),
    ),
    Protocol(
        6,
        "ip6tables",
        (
            ("netfilter-persistent.service", Path("/etc/iptables/rules.v6")),
            ("ip6tables.service", Path("/etc/sysconfig/ip6tables")),
        ),
    ),
)


def active(runner: Runner) -> bool:
    """Whether INPUT refuses what comes in, or has our jump."""
    try:
        tables = [_live(protocol, runner) for protocol in _protocols()]
    except FirewallError:
        return False
    return any(table.place() is not None or table.declared() for table in tables)


def plan(rules: Sequence[Rule], runner: Runner) -> ChainPlan:
    """What is open by us, and what is to be done so that it is C(rules), no more and no less.

    :raises FirewallError: where the rules cannot be read.
    """
    edits: list[Edit] = []
    transactions: list[Transaction] = []
    before: list[Rule] = []
    warnings: list[str] = []
    for protocol in _protocols():
        live, lines = _live(protocol, runner), own_rules(rules, protocol.version)
        before += live.opened()
        forth, back = transaction(live, lines)
        if forth:
            transactions.append(Transaction((f"{protocol.command}-restore", "--noflush"), forth, back))
        path = _file(protocol, runner)
        table = parse(read_file(path), str(path)) if path else None
        if path and table:
            old, new = "".join(table.lines), saved(table, lines)
            if new != old:
                edits.append(Edit(path.resolve(), old, new, (f"{protocol.command}-restore", "--test")))
        if lines and live.place() is not None and (table is None or table.place() is None):
            warnings.append(_warning(protocol, path))
    return ChainPlan(runner, normal(before), [*edits, *transactions], warnings)


def _protocols() -> list[Protocol]:
    return [protocol for protocol in PROTOCOLS if protocol.version == 4 or IPV6.exists()]


def _live(protocol: Protocol, runner: Runner) -> Table:
    command = f"{protocol.command}-save"
    return parse(run([command], runner, f"The rules of {protocol.command} cannot be read"), command)


def _file(protocol: Protocol, runner: Runner) -> Path | None:
    return next((path for unit, path in protocol.files if path.is_file() and enabled(unit, runner)), None)


def _warning(protocol: Protocol, path: Path | None) -> str:
    files = " or ".join(f"{file} by {unit}" for unit, file in protocol.files)
    why = f"INPUT in {path} does not refuse what it refuses now" if path else f"nothing loads {files}"
    return (
        f"The ports are open in {protocol.command} until its rules are loaded anew: {why}. Save your rules there, "
        "and run this again; or add to what loads them rules that accept the ports."
    )
