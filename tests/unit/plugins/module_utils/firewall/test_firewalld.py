# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done in firewalld, by what it says and by its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.firewall import firewalld
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule

HTTPS, LAN, LAN6 = Rule(443, None), Rule(443, "192.0.2.0/24"), Rule(443, "2001:db8::/32")
TEXTS = {
    HTTPS: 'rule priority="7443" port port="443" protocol="tcp" accept',
    LAN: 'rule priority="7443" family="ipv4" source address="192.0.2.0/24" port port="443" protocol="tcp" accept',
    LAN6: 'rule priority="7443" family="ipv6" source address="2001:db8::/32" port port="443" protocol="tcp" accept',
}
# As firewalld 0.9 and 2.3 list a zone.
ZONE = """
{name}
  target: {target}
  icmp-block-inversion: no
  interfaces: {interfaces}
  sources: {sources}
  services: dhcpv6-client ssh
  ports: 8080/tcp
  forward: yes
  rich rules: {rules}
"""
FILE = """<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <service name="ssh"/>
  <rule family="ipv4">
    <source address="192.0.2.7"/>
    <drop/>
  </rule>
  <rule priority="7443">
    <port port="443" protocol="tcp"/>
    <accept/>
  </rule>
  <rule family="ipv4" priority="7443">
    <source address="192.0.2.0/24"/>
    <port port="443" protocol="tcp"/>
    <accept/>
  </rule>
</zone>
"""


def zone(name: str, *rules: str, target: str = "default", interfaces: str = "", sources: str = "") -> str:
    lines = "".join(f"\n\t{rule}" for rule in rules)
    return ZONE.format(name=name, target=target, interfaces=interfaces, sources=sources, rules=lines)


class Runner:
    """firewall-cmd: what it lists, or that the service does not run."""

    def __init__(self, *zones: str, running: bool = True) -> None:
        self.zones, self.running = zones, running

    def __call__(self, command: list[str]) -> tuple[int, str, str]:
        if not self.running:
            return 252, "", "FirewallD is not running"
        return 0, {"--get-default-zone": "public\n", "--list-all-zones": "".join(self.zones)}[command[1]], ""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(firewalld, "ZONES", tmp_path)
    return tmp_path


def told(changes: list[firewalld.Change]) -> list[tuple[Rule, str, str]]:
    return [(change.rule, change.arguments["zone"], change.arguments["rich_rule"]) for change in changes]


@pytest.mark.parametrize("rule", TEXTS)
def test_what_is_not_there_is_opened(files: Path, rule: Rule) -> None:
    plan = firewalld.plan([rule], Runner(zone("public")))
    assert told(plan.opening) == [(rule, "public", TEXTS[rule])]
    assert (plan.before, plan.closing) == ([], [])


def test_what_is_there_now_and_for_good_is_left_alone(files: Path) -> None:
    (files / "public.xml").write_text(FILE)
    plan = firewalld.plan([HTTPS, LAN], Runner(zone("public (default, active)", TEXTS[HTTPS], TEXTS[LAN])))
    assert (plan.before, plan.opening, plan.closing) == ([HTTPS, LAN], [], [])


def test_what_is_there_now_or_for_good_alone_is_opened_again(files: Path) -> None:
    assert firewalld.plan([HTTPS], Runner(zone("public", TEXTS[HTTPS]))).opening
    (files / "public.xml").write_text(FILE)
    plan = firewalld.plan([HTTPS, LAN], Runner(zone("public", TEXTS[HTTPS])))
    assert told(plan.opening) == [(LAN, "public", TEXTS[LAN])]


def test_ours_alone_is_closed(files: Path) -> None:
    others = [
        TEXTS[HTTPS].replace("7443", "7"),
        'rule port port="443" protocol="tcp" accept',
        'rule priority="7443" port port="443" protocol="tcp" drop',
        'rule priority="7443" port port="443" protocol="udp" accept',
    ]
    plan = firewalld.plan([], Runner(zone("public", *others, TEXTS[LAN6])))
    assert told(plan.closing) == [(LAN6, "public", TEXTS[LAN6])]
    assert plan.before == [LAN6]


@pytest.mark.parametrize(
    ("listed", "zones"),
    [
        (zone("public") + zone("internal"), ["public"]),
        (zone("public", target="DROP"), ["public"]),
        (zone("public", target="ACCEPT"), []),
        (zone("public") + zone("dmz", interfaces="eth1"), ["dmz", "public"]),
        (zone("public") + zone("docker", target="ACCEPT", interfaces="docker0"), ["public"]),
        (zone("public") + zone("internal", sources="10.0.0.0/8"), ["internal", "public"]),
        (zone("public") + zone("drop", target="DROP", sources="ipset:bad"), ["public"]),
        (zone("public") + zone("block", target="%%REJECT%%", sources="198.51.100.7"), ["public"]),
        (zone("public") + zone("drop", target="DROP", interfaces="eth1"), ["drop", "public"]),
    ],
)
def test_the_zones_that_clients_come_through(files: Path, listed: str, zones: list[str]) -> None:
    plan = firewalld.plan([HTTPS], Runner(listed))
    assert [change.arguments["zone"] for change in plan.opening] == zones


def test_a_zone_that_clients_come_through_no_more_is_closed(files: Path) -> None:
    plan = firewalld.plan([HTTPS], Runner(zone("public") + zone("dmz", TEXTS[HTTPS])))
    assert [change.arguments["zone"] for change in plan.closing] == ["dmz"]


def test_what_does_not_run_is_only_left(files: Path) -> None:
    (files / "public.xml").write_text(FILE)
    stopped = Runner(running=False)
    assert not firewalld.active(stopped)
    plan = firewalld.plan([], stopped)
    assert [change.rule for change in plan.closing] == [HTTPS, LAN]
    assert not plan.opening


def test_a_zone_that_cannot_be_read_is_told(files: Path) -> None:
    (files / "public.xml").write_text("<zone>")
    with pytest.raises(FirewallError, match=r"public\.xml cannot be read: no element found.* wss_firewall: none\."):
        firewalld.plan([HTTPS], Runner(zone("public")))
