# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens ports where the firewall is a ruleset of nftables that the user has written.

The live rules get what they need in one transaction; the user's ruleset is not loaded anew. For the next load, one line
at the end of the file that nftables.service loads includes a file of ours. Its statements succeed whatever the user
makes of their ruleset later: they add what is there already, or what nothing jumps to. They have to come last: a chain
that they add cannot become a base chain below.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import (
    ChainPlan,
    enabled,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.nftables_ruleset import (
    COMMENT,
    OWN,
    Chain,
    Ruleset,
    parse,
    statements,
    wanted,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule
from ansible_collections.wss.edge.plugins.module_utils.firewall.steps import Edit, Transaction, run
from ansible_collections.wss.edge.plugins.module_utils.release.releases import read_file
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

UNIT = "nftables.service"
FILE = Path("/etc/wss-edge/nftables.nft")
HEAD = "# wss.edge: the ports of the sites. Written by Ansible; the next run writes it anew.\n"
# With a wildcard it is no error where the file is missing.
INCLUDE = 'include "{}/nftables*.nft"  # wss.edge: keep this the last line'
LIST = ["nft", "-j", "-t", "list", "ruleset"]


def active(runner: Runner) -> bool:
    """Whether a chain of the user's refuses what comes in, or has our jump."""
    try:
        live = parse(run(LIST, runner, "The ruleset cannot be read"))
    except FirewallError:
        return False
    start = _next_ruleset(_main_file(runner), runner)
    return bool(live.ours() or live.refusing(start.chains if start else ()))


def plan(rules: Sequence[Rule], runner: Runner) -> ChainPlan:
    """What is open by us, and what is to be done so that it is C(rules), no more and no less.

    :raises FirewallError: where the ruleset cannot be read.
    """
    live = parse(run(LIST, runner, "The ruleset of nftables cannot be read"))
    main = _main_file(runner)
    start = _next_ruleset(main, runner)
    places = _places(live, start, rules)
    at_boot = main is not None and enabled(UNIT, runner)
    later = _places(start, start, rules) if start else places if at_boot else {}
    steps: list[Edit | Transaction] = list(_edits(main, later, rules)) if main else []
    forth = transaction(live, places, rules)
    if forth:
        steps.append(Transaction(("nft", "-f"), forth, ""))  # the last step: never taken back
    return ChainPlan(runner, live.before(), steps, _warnings(main if at_boot else None, places, later))


def transaction(live: Ruleset, places: dict[Chain, int | None], rules: Sequence[Rule]) -> str:
    """The commands from the live ruleset to what shall be; empty where it is so."""
    lines: list[str] = []
    for chain in live.chains:
        jumps, place = live.jumps(chain), places.get(chain)
        there = len(jumps) == 1 and (place is None or jumps[0] <= place)
        if chain in places and there and live.opened(chain.own) == wanted(chain, rules):
            continue
        lines += [f"delete rule {chain} handle {live.rules[chain][index]['handle']}" for index in jumps]
        if chain in places:
            lines += statements(chain, rules)
            before = "" if place is None else f"handle {live.users(chain)[place]['handle']} "
            lines.append(f"{'add' if place is None else 'insert'} rule {chain} {before}jump {OWN} {COMMENT}")
    kept = {chain.own for chain in places}
    for chain in live.ours():
        if chain not in kept:
            lines += [f"flush chain {chain}", f"delete chain {chain}"]
    return "".join(f"{line}\n" for line in lines)


def file_text(places: dict[Chain, int | None], rules: Sequence[Rule]) -> str:
    """Our file: at a load it follows the user's ruleset.

    A rule's place can be told only by numbers, which fail when the user's rules become fewer: so it is the end of the
    chain, or its head where rules that refuse end it.
    """
    lines: list[str] = []
    for chain, place in places.items():
        lines += [f"add table {chain.family} {chain.table}", f"add chain {chain}", *statements(chain, rules)]
        lines.append(f"{'add' if place is None else 'insert'} rule {chain} jump {OWN} {COMMENT}")
    return HEAD + "".join(f"{line}\n" for line in lines)


def included(text: str, line: str) -> str:
    """The main file with our line at its end."""
    if text.rstrip().endswith(f"\n{line}"):
        return text
    text = not_included(text, line)
    return f"{text}{line}\n" if text.endswith("\n") or not text else f"{text}\n{line}"


def not_included(text: str, line: str) -> str:
    """The main file as it was without our line."""
    if text.endswith(f"\n{line}"):
        return text[: -len(line) - 1]
    return "".join(row for row in text.splitlines(keepends=True) if row.rstrip("\r\n") != line)


def _places(ruleset: Ruleset, start: Ruleset | None, rules: Sequence[Rule]) -> dict[Chain, int | None]:
    """The chains that get our jump, and where; none that would have nothing to accept."""
    places = ruleset.refusing(start.chains if start else ())
    return {chain: place for chain, place in places.items() if wanted(chain, rules)}


def _edits(main: Path, later: dict[Chain, int | None], rules: Sequence[Rule]) -> list[Edit]:
    line, check = INCLUDE.format(FILE.parent), ("nft", "-c", "-f")
    text, own = read_file(main), read_file(FILE) if FILE.is_file() else None
    wish = file_text(later, rules) if later else None
    edits = [
        Edit(FILE, own, wish, check),
        Edit(main, text, included(text, line) if later else not_included(text, line), check),
    ]
    # What is included is there before the line, and goes after it.
    return [edit for edit in (edits if later else edits[::-1]) if edit.before != edit.after]


def _main_file(runner: Runner) -> Path | None:
    """What nftables.service loads, enabled or not."""
    _status, out, _err = runner(["systemctl", "show", "--property", "ExecStart", UNIT])
    named = re.search(r"-f (/[^\s;]+)", out)
    return Path(named[1]).resolve() if named and Path(named[1]).is_file() else None


def _next_ruleset(main: Path | None, runner: Runner) -> Ruleset | None:
    """What the file makes of an empty kernel, seen in a network namespace; None where it cannot be seen."""
    if main is None:
        return None
    script = 'nft -f "$0" && exec ' + " ".join(LIST)
    status, out, _err = runner(["unshare", "--net", "sh", "-c", script, str(main)])
    return parse(out) if status == 0 else None


def _warnings(main: Path | None, places: dict[Chain, int | None], later: dict[Chain, int | None]) -> list[str]:
    if places and main is None:
        return [
            f"The ports are open until nftables is loaded anew: {UNIT} is not enabled, or loads no file. Put the "
            "ruleset into the file that it loads, enable it, and run this again."
        ]
    return [
        f"The ports are open in the chain {chain} until it is loaded anew: {main} does not make it. Put it there, or "
        "add to what makes it a rule that accepts the ports."
        for chain in places
        if chain not in later
    ]
