# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of iptables as C(iptables-save) writes them, live or saved: whether INPUT refuses, and what is ours."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import (
    ENDS,
    PASSES,
    Verdict,
    at_most,
    by_source,
    normal,
    tail,
    whole,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule

OWN = "WSS-EDGE"
DECLARED = f":{OWN} - [0:0]"
JUMP = f"-A INPUT -j {OWN}"
# Options that say nothing on where a packet is from, and how many values they have.
NEUTRAL = {
    "-m": 1,
    "--match": 1,
    "--comment": 1,
    "--limit": 1,
    "--limit-burst": 1,
    "--reject-with": 1,
    "--log-prefix": 1,
    "--log-level": 1,
    "--log-tcp-options": 0,
    "--log-ip-options": 0,
    "--log-uid": 0,
    "--nflog-group": 1,
    "--nflog-prefix": 1,
}
LOGS = ("LOG", "NFLOG")
_APPENDED = re.compile(r"\s*(?:\[\d+:\d+\]\s+)?(?:-A|--append)\s+(\S+)\s*(.*)")


@dataclass(frozen=True)
class Table:
    """The table filter in a text: all lines, and where its rules are."""

    lines: Sequence[str]
    first: int
    last: int

    def rules(self, chain: str) -> list[tuple[int, str]]:
        """A chain's rules: the line's number, and what stands behind the chain's name."""
        found = []
        for number in range(self.first, self.last):
            match = _APPENDED.match(self.lines[number])
            if match and match[1] == chain:
                found.append((number, match[2].strip()))
        return found

    def jumps(self) -> list[int]:
        """Where in INPUT our jumps stand."""
        return [index for index, (_number, rule) in enumerate(self.rules("INPUT")) if _is_jump(rule)]

    def users(self) -> list[tuple[int, str]]:
        """The rules of INPUT without our jump."""
        return [(number, rule) for number, rule in self.rules("INPUT") if not _is_jump(rule)]

    def declared(self) -> list[int]:
        """The lines that make our chain."""
        return [number for number in range(self.first, self.last) if self.lines[number].split(" ")[0] == f":{OWN}"]

    def place(self) -> int | None:
        """Before which of the user's rules of INPUT our jump belongs, or None where INPUT refuses nothing."""
        rules = [rule for _number, rule in self.users()]
        place = tail([self._verdict(rule) for rule in rules])
        if place is None and any(line.startswith(":INPUT DROP") for line in self.lines[self.first : self.last]):
            return len(rules)
        return place

    def opened(self) -> list[Rule]:
        """What our chain lets in."""
        return normal(found for _number, rule in self.rules(OWN) for found in [_read(rule)] if found)

    def done(self, rules: Sequence[str]) -> bool:
        """Whether our chain has these rules alone, and INPUT its jump where it belongs."""
        place, jumps = self.place(), self.jumps()
        if place is None or not rules:
            return not (jumps or self.declared())
        found = [_read(rule) for _number, rule in self.rules(OWN)]
        return len(jumps) == 1 and jumps[0] <= place and found == [_read(rule) for rule in rules]

    def _verdict(self, rule: str) -> Verdict:
        words = shlex.split(rule)
        verdict: Verdict = PASSES
        concerned, always = True, True
        while words:
            option = words.pop(0)
            values = [words.pop(0) for _count in range(NEUTRAL.get(option, 1)) if words]
            if option in ("-j", "--jump", "-g", "--goto"):
                if values[0] in LOGS:
                    continue
                verdict = ENDS if values[0] in ("DROP", "REJECT") else self._whole(values[0])
                if verdict is None:
                    return None
            elif option in ("-p", "--protocol"):
                concerned, always = values[0] in ("tcp", "6", "all"), values[0] == "all"
            elif option in ("--ctstate", "--state"):
                always = False
                if "NEW" not in values[0].split(","):
                    return None
            elif option == "--limit":
                always = False
            elif option not in NEUTRAL:
                return None
        return at_most(verdict, concerned, always)

    def _whole(self, chain: str) -> Verdict:
        return whole([self._verdict(rule) for _number, rule in self.rules(chain)])


def parse(text: str, name: str) -> Table:
    """Find the table filter; one that is not there has no lines.

    :param name: What the text is, for the error.
    :raises FirewallError: where it cannot be read.
    """
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.strip() == "*filter"]
    if len(starts) > 1 or "`filter' is incompatible" in text:
        raise FirewallError(
            f"{name}: the table filter is there more than once, or is not iptables's. "
            "Set wss_firewall: none and open the ports by hand, or nftables where its ruleset is the firewall."
        )
    if not starts:
        return Table(lines, len(lines), len(lines))
    ends = [number for number, line in enumerate(lines) if number > starts[0] and line.strip() == "COMMIT"]
    table = Table(lines, starts[0] + 1, ends[0] if ends else starts[0] + 1)
    try:
        table.place()
        if not ends:
            raise ValueError("the table filter has no COMMIT")
    except (ValueError, IndexError) as error:
        raise FirewallError(f"{name} cannot be read: {error}. Correct it, or set wss_firewall: none.") from None
    return table


def own_rules(rules: Sequence[Rule], version: int) -> list[str]:
    """What our chain has, of one version of IP."""
    found = []
    for source, ports in by_source(rules, version).items():
        # iptables does not tell a network of everybody.
        address = "" if source is None or source.endswith("/0") else f"-s {source} "
        found += [f"{address}-p tcp -m tcp --dport {port} -j ACCEPT" for port in ports]
    return list(dict.fromkeys(found))


def saved(table: Table, rules: Sequence[str]) -> str:
    """The text with our chain and jump where they belong; all other lines are as they were."""
    text = "".join(table.lines)
    if table.done(rules):
        return text
    ours = {*table.declared(), *(number for number, _rule in table.rules(OWN))}
    ours |= {number for number, rule in table.rules("INPUT") if _is_jump(rule)}
    lines = ["" if number in ours else line for number, line in enumerate(table.lines)]
    place, users = table.place(), table.users()
    if place is None or not rules:
        return "".join(lines)
    declared = [number for number in range(table.first, table.last) if table.lines[number].startswith(":")]
    lines[declared[-1] if declared else table.first - 1] += f"{DECLARED}\n"
    jump = users[place][0] if place < len(users) else table.last
    lines[jump] = f"{JUMP}\n" + lines[jump]
    lines[table.last] = "".join(f"-A {OWN} {rule}\n" for rule in rules) + lines[table.last]
    return "".join(lines)


def transaction(table: Table, rules: Sequence[str]) -> tuple[str, str]:
    """What iptables-restore --noflush does to the live table, and what takes it back; empty where all is well."""
    if table.done(rules):
        return "", ""
    place, jumps = table.place(), table.jumps()
    before = [rule for _number, rule in table.rules(OWN)] if table.declared() else None
    after = None if place is None or not rules else rules
    back = jumps[0] if jumps else None
    there = None if after is None else place
    return _replaced(after, jumps, there), _replaced(before, [] if there is None else [there], back)


def _replaced(rules: Sequence[str] | None, jumps: Sequence[int], place: int | None) -> str:
    lines = ["*filter", DECLARED, f"-F {OWN}"]
    lines += [f"-A {OWN} {rule}" for rule in rules or ()]
    lines += [f"-D INPUT {index + 1}" for index in sorted(jumps, reverse=True)]
    if place is not None:
        lines.append(f"-I INPUT {place + 1} -j {OWN}")
    if rules is None:
        lines.append(f"-X {OWN}")
    return "".join(f"{line}\n" for line in [*lines, "COMMIT"])


def _is_jump(rule: str) -> bool:
    return rule.split()[-2:] == ["-j", OWN]


def _read(rule: str) -> Rule | None:
    """What one rule of our chain lets in; None where we would not have written it."""
    match = re.fullmatch(r"(?:-s (\S+) )?-p tcp -m tcp --dport (\d+) -j ACCEPT", rule)
    return Rule(int(match[2]), match[1]) if match else None
