# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets of nftables as people write them, in C(rulesets), and as nft 1.1 lists them."""

from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.wss.edge.plugins.module_utils.firewall import nftables
from ansible_collections.wss.edge.plugins.module_utils.firewall.nftables_ruleset import Chain, parse
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule

RULESETS = pathlib.Path(__file__).parent / "rulesets"
WORKSTATION = Chain("inet", "filter", "input")
RED_HAT = Chain("inet", "nftables_svc", "INPUT")
MINE = Chain("inet", "mine", "input")
RULES = [Rule(443, None), Rule(80, "192.0.2.0/24"), Rule(80, "2001:db8::/32")]
OTHERS = [Rule(8443, None)]


def read(name):
    return json.loads((RULESETS / f"{name}.json").read_text())


def with_ours(name, chain, index, jumps=1, right=443, comment="wss.edge"):
    """The ruleset with our chain for port 443, and the jump before a rule of the user's."""
    ruleset = read(name)
    entries = ruleset["nftables"]
    family, table, base = chain
    at = {"family": family, "table": table}
    rules = [number for number, entry in enumerate(entries) if entry.get("rule", {}).get("chain") == base]
    place = ([*rules, rules[-1] + 1])[index]
    jump = {"rule": {**at, "chain": base, "handle": 900, "expr": [{"jump": {"target": "wss_edge"}}]}}
    entries[place:place] = [jump] * jumps
    match = {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}
    accept = {
        **at,
        "chain": "wss_edge",
        "handle": 902,
        "comment": comment,
        "expr": [{"match": match}, {"accept": None}],
    }
    entries += [{"chain": {**at, "name": "wss_edge", "handle": 901}}, {"rule": accept}]
    return ruleset


class Host:
    """What nft and systemctl answer on a host."""

    def __init__(self, live, main, start=None, enabled=True):
        """C(live) and C(start) are rulesets; without C(start), none can be seen."""
        self.live, self.main, self.start, self.enabled = live, main, start, enabled
        self.loaded = []

    def __call__(self, command):
        """Run a command."""
        if command[:2] == ["systemctl", "is-enabled"]:
            return (0 if self.enabled else 1), "", ""
        if command[:2] == ["systemctl", "show"]:
            argv = f"ExecStart={{ path=/usr/sbin/nft ; argv[]=/usr/sbin/nft -f {self.main} ; ignore_errors=no }}\n"
            return 0, argv if self.main else "", ""
        if command[0] == "unshare":
            return (1, "", "no interface eth0") if self.start is None else (0, json.dumps(self.start), "")
        if command == nftables.LIST:
            return 0, json.dumps(self.live), ""
        self.loaded.append((command[:-1], pathlib.Path(command[-1]).read_text()))
        return 0, "", ""


@pytest.fixture
def main(tmp_path, monkeypatch):
    monkeypatch.setattr(nftables, "FILE", tmp_path / "ours/nftables.nft")
    path = tmp_path / "nftables.conf"
    path.write_text((RULESETS / "workstation.nft").read_text())
    return path


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("workstation", {WORKSTATION: 5}),
        ("red-hat", {RED_HAT: 1}),
        ("policy", {MINE: None}),
        ("step-by-step", {WORKSTATION: 4}),
        ("two-families", {Chain("ip6", "filter", "INPUT"): None}),
        ("of-iptables", {}),
        ("nothing-refused", {}),
    ],
)
def test_chains_that_refuse_get_the_jump_before_what_refuses_all(name, places):
    assert parse(json.dumps(read(name))).refusing(()) == places


def test_a_chain_that_the_users_file_makes_is_theirs_though_it_looks_like_one_of_iptables():
    ruleset = parse(json.dumps(read("two-families")))
    assert len(ruleset.refusing(ruleset.chains)) == 2


@pytest.mark.parametrize(
    ("name", "jump"),
    [
        ("workstation", "insert rule inet filter input handle 10 jump wss_edge"),
        ("red-hat", "insert rule inet nftables_svc INPUT handle 10 jump wss_edge"),
        ("policy", "add rule inet mine input jump wss_edge"),
    ],
)
def test_the_live_ruleset_gets_our_chain_and_a_jump_in_one_step(main, name, jump):
    host = Host(read(name), main, start=read("workstation"))
    nftables.plan(RULES, host).apply()
    command, text = host.loaded[-1]
    assert command == ["nft", "-f"]
    table = " ".join(jump.split()[2:4])
    assert text.splitlines() == [
        f"add chain {table} wss_edge",
        f"flush chain {table} wss_edge",
        f'add rule {table} wss_edge ip saddr 192.0.2.0/24 tcp dport {{ 80 }} accept comment "wss.edge"',
        f'add rule {table} wss_edge ip6 saddr 2001:db8::/32 tcp dport {{ 80 }} accept comment "wss.edge"',
        f'add rule {table} wss_edge tcp dport {{ 443 }} accept comment "wss.edge"',
        f'{jump} comment "wss.edge"',
    ]


def test_a_table_of_one_version_gets_no_source_of_the_other_and_none_that_would_be_empty(main):
    host = Host(read("two-families"), main, start=read("two-families"))
    nftables.plan([Rule(443, "2001:db8::/32")], host).apply()
    assert "add rule ip6 filter INPUT jump wss_edge" in host.loaded[-1][1]
    assert " ip filter" not in host.loaded[-1][1]


@pytest.mark.parametrize(
    ("ruleset", "changed"),
    [
        (with_ours("workstation", WORKSTATION, 5), False),
        (with_ours("workstation", WORKSTATION, 0), False),
        (with_ours("workstation", WORKSTATION, 6), True),
        (with_ours("workstation", WORKSTATION, 5, jumps=2), True),
        (with_ours("workstation", WORKSTATION, 5, jumps=0), True),
        (with_ours("workstation", WORKSTATION, 5, right={"set": [443]}), False),
        (with_ours("workstation", WORKSTATION, 5, right={"set": [80, 443]}), True),
        (with_ours("workstation", WORKSTATION, 5, right={"set": [{"range": [80, 443]}]}), True),
        (with_ours("workstation", WORKSTATION, 5, comment="mine"), True),
    ],
)
def test_what_is_as_it_shall_be_stays(main, ruleset, changed):
    host = Host(read("workstation"), main, start=read("workstation"))
    nftables.plan([Rule(443, None)], host).apply()
    host = Host(ruleset, main, start=ruleset)
    plan = nftables.plan([Rule(443, None)], host)
    assert plan.changed is changed
    plan.apply()
    assert ("delete rule inet filter input handle 900" in str(host.loaded)) is (changed and "900" in str(ruleset))


def test_nothing_to_open_takes_all_of_ours_away_and_says_what_was_open(main):
    text = main.read_text()
    host = Host(read("workstation"), main, start=read("workstation"))
    nftables.plan(RULES, host).apply()
    assert main.read_text() == text + nftables.INCLUDE.format(nftables.FILE.parent) + "\n"
    ours = with_ours("workstation", WORKSTATION, 5)
    host = Host(ours, main, start=ours, enabled=False)
    plan = nftables.plan([], host)
    assert plan.before == [Rule(443, None)]
    plan.apply()
    assert main.read_text() == text
    assert not nftables.FILE.parent.exists()
    assert host.loaded[-1][1].splitlines() == [
        "delete rule inet filter input handle 900",
        "flush chain inet filter wss_edge",
        "delete chain inet filter wss_edge",
    ]


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("workstation", "insert rule inet filter input jump wss_edge"),
        ("red-hat", "insert rule inet nftables_svc INPUT jump wss_edge"),
        ("policy", "add rule inet mine input jump wss_edge"),
    ],
)
def test_the_file_says_nothing_that_fails_when_the_users_ruleset_is_another(main, name, statement):
    nftables.plan(RULES, Host(read(name), main, start=read(name))).apply()
    lines = nftables.FILE.read_text().splitlines()
    assert lines[-1] == f'{statement} comment "wss.edge"'
    table = " ".join(statement.split()[2:4])
    base = " ".join(statement.split()[2:5])
    assert lines[1:5] == [
        f"add table {table}",
        f"add chain {base}",
        f"add chain {table} wss_edge",
        f"flush chain {table} wss_edge",
    ]
    assert not any(word in line for line in lines for word in ("handle", "index", "delete"))


@pytest.mark.parametrize("text", ["", "a\n", "a", "a\nb", "a\n\n"])
def test_the_line_in_the_users_file_comes_and_goes_without_a_trace(text):
    there = nftables.included(text, "LINE")
    assert there.split("\n")[-2:].count("LINE") == 1
    assert nftables.included(there, "LINE") == there
    assert nftables.not_included(there, "LINE") == text


def test_the_line_goes_back_to_the_end_where_something_was_put_behind():
    assert nftables.included("a\nLINE\nb\n", "LINE") == "a\nb\nLINE\n"


def test_what_the_file_alone_makes_is_kept_in_it_and_what_it_does_not_is_told(main):
    plan = nftables.plan(RULES, Host(read("policy"), main, start=read("workstation")))
    plan.apply()
    assert "inet filter input" in nftables.FILE.read_text()
    assert "mine" not in nftables.FILE.read_text()
    assert plan.warnings[0].startswith("The ports are open in the chain inet mine input until it is loaded anew:")
    assert len(plan.warnings) == 1


def test_where_the_file_cannot_be_tried_the_live_ruleset_says_what_it_makes(main):
    plan = nftables.plan(RULES, Host(read("workstation"), main))
    plan.apply()
    assert "inet filter input" in nftables.FILE.read_text()
    assert plan.warnings == []


@pytest.mark.parametrize(("there", "enabled"), [(True, False), (False, True)])
def test_without_a_service_that_loads_a_file_the_ports_are_open_for_now(main, there, enabled):
    host = Host(read("workstation"), main if there else None, enabled=enabled)
    plan = nftables.plan(RULES, host)
    plan.apply()
    assert "nftables.service is not enabled" in plan.warnings[0]
    assert len(host.loaded) == 1
    assert "wss" not in main.read_text()


@pytest.mark.parametrize(
    ("ruleset", "active"),
    [
        (read("workstation"), True),
        (read("nothing-refused"), False),
        (read("of-iptables"), False),
        (with_ours("nothing-refused", Chain("inet", "filter", "input"), 0), True),
    ],
)
def test_it_is_active_where_it_refuses_or_has_our_chain(main, ruleset, active):
    assert nftables.active(Host(ruleset, main)) is active


def test_a_host_without_nft_has_no_nftables():
    assert not nftables.active(lambda _command: (127, "", "no such file"))
    with pytest.raises(FirewallError, match="The ruleset of nftables cannot be read: nft says: no such file"):
        nftables.plan(RULES, lambda _command: (127, "", "no such file"))


@pytest.mark.parametrize("text", ["", "table inet filter {}", '{"nftables": [{"rule": {}}]}', "[]"])
def test_what_is_no_json_is_told_with_the_way_by_hand(text):
    with pytest.raises(FirewallError, match="wss_firewall: none, and open the ports by hand"):
        parse(text)
