# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall it is, and what there is to do in one or in all."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.wss.edge.plugins.module_utils.firewall import kinds
from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import ChainPlan
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import Change, FirewallError, Plan, Rule
from ansible_collections.wss.edge.plugins.module_utils.firewall.steps import Transaction

HTTP, HTTPS = Rule(80, None), Rule(443, None)


def runner(command: list[str]) -> tuple[int, str, str]:
    raise AssertionError(command)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a host: by the name of each firewall whether it is active, None where it is not installed."""

    def make(plans: Any = None, **active: bool | None) -> None:
        for kind in kinds.KINDS:
            is_active = partial(lambda it, _runner: bool(it), active.get(kind))
            monkeypatch.setitem(kinds.KINDS, kind, SimpleNamespace(active=is_active, plan=plans))
        there = [kinds.PROGRAMS[kind] for kind, it in active.items() if it is not None]
        monkeypatch.setattr(kinds.shutil, "which", lambda name, path: name if name in there else None)

    return make


def test_programs_of_root_are_found_and_one_that_is_not_there_only_fails(host: Any) -> None:
    def run_command(command: list[str], environ_update: dict[str, str]) -> tuple[int, str, str]:
        return 0, " ".join(command), environ_update["LC_ALL"] + environ_update["PATH"]

    host(ufw=True)
    run = kinds.runner_on(run_command)
    status, out, environment = run(["ufw", "status"])
    assert (status, out, environment[0]) == (0, "ufw status", "C")
    assert {"/usr/sbin", "/sbin"} <= {*environment.split(":")}
    assert run(["systemctl", "show"]) == (127, "", "systemctl is not installed")


@pytest.mark.parametrize(
    ("active", "found"),
    [
        ({}, "none"),
        ({"ufw": False, "nftables": False, "iptables": False}, "none"),
        ({"firewalld": True, "nftables": True}, "firewalld"),
        ({"firewalld": False, "ufw": True, "nftables": True, "iptables": True}, "ufw"),
        ({"ufw": False, "nftables": True, "iptables": True}, "nftables"),
        ({"nftables": False, "iptables": True}, "iptables"),
    ],
)
def test_the_one_that_guards_the_host(host: Any, active: dict[str, bool], found: str) -> None:
    host(**active)
    assert kinds.active("auto", runner) == found
    assert kinds.active("none", runner) == "none"


def test_one_that_is_named(host: Any) -> None:
    host(firewalld=True, ufw=False, iptables=True)
    assert kinds.active("iptables", runner) == "iptables"
    with pytest.raises(
        FirewallError, match=r"wss_firewall: ufw is not active .* nothing was changed.* ufw allow OpenSSH"
    ):
        kinds.active("ufw", runner)
    with pytest.raises(FirewallError, match="wss_firewall: nftables is not installed "):
        kinds.active("nftables", runner)


def test_what_a_module_of_its_own_does(host: Any) -> None:
    host(
        lambda rules, _runner: Plan([HTTP], [Change(rule, {"clients": "any"}) for rule in rules], [], ["mind"]),
        ufw=True,
    )
    work = kinds.to_have("ufw", [HTTPS, HTTPS], runner)
    what = "port 443 in ufw for everybody"
    entry = {"firewall": "ufw", "what": what, "port": 443, "source": None, "clients": "any", "again": False}
    assert work.opening == [entry]
    assert kinds.to_have("ufw", [HTTP], runner).opening[0]["again"]
    assert (work.before, work.closing, work.chains, work.warnings) == ([HTTP], [], [], ["mind"])


def chain(before: list[Rule], intact: bool = True) -> Any:
    """A chain with these rules; it has something to do unless it is intact and shall have the same."""

    def plan(rules: list[Rule], _runner: Any) -> ChainPlan:
        same = intact and set(rules) == set(before)
        return ChainPlan(runner, before, () if same else (Transaction(("nft", "-f"), "forth", "back"),))

    return plan


@pytest.mark.parametrize(
    ("before", "intact", "rules", "opening", "closing"),
    [
        ([], True, [], [], []),
        ([], True, [HTTP, HTTPS], [80, 443], []),
        ([HTTP], True, [HTTP, HTTPS], [443], []),
        ([HTTP, HTTPS], True, [HTTPS], [], [80]),
        ([HTTP], True, [HTTPS], [443], [80]),
        ([HTTPS], False, [HTTPS], [443], []),
        ([HTTP, HTTPS], False, [HTTPS], [443], [80]),
    ],
)
def test_what_is_done_in_a_chain(
    host: Any, before: list[Rule], intact: bool, rules: list[Rule], opening: list[int], closing: list[int]
) -> None:
    host(chain(before, intact), nftables=True)
    work = kinds.to_have("nftables", rules, runner)
    assert [each["port"] for each in work.opening] == opening
    assert [each["port"] for each in work.closing] == closing
    assert any(each.changed for each in work.chains) == bool(opening or closing)


def test_everything_of_ours_leaves_every_firewall_that_is_there(host: Any) -> None:
    host(chain([HTTPS]), ufw=False, nftables=True)
    work = kinds.to_leave(runner)
    assert [each["firewall"] for each in work.closing] == ["ufw", "nftables"]


def test_one_that_cannot_be_read_does_not_keep_the_others(host: Any) -> None:
    def broken(_rules: list[Rule], _runner: Any) -> ChainPlan:
        raise FirewallError("The ruleset cannot be read.")

    host(broken, nftables=True)
    assert kinds.to_leave(runner).warnings == ["The ruleset cannot be read."]
