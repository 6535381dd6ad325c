# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of iptables, live and saved, as people and C(iptables-save) write them."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.wss.edge.plugins.module_utils.firewall import iptables
from ansible_collections.wss.edge.plugins.module_utils.firewall.iptables_table import (
    own_rules,
    parse,
    saved,
    transaction,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule

REJECTS = """\
# sample configuration for iptables service
*mangle
:INPUT ACCEPT [0:0]
-A INPUT -j DROP
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -s 203.0.113.0/24 -j DROP
[7:420] -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -m limit --limit 3/min -j LOG --log-prefix "no way: "
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""
POLICY = """\
*filter
:INPUT DROP [12:720]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:f2b-sshd - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A f2b-sshd -s 203.0.113.77/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
COMMIT
"""
OPEN = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n-A INPUT -p tcp --dport 23 -j DROP\nCOMMIT\n"
RULES = [Rule(443, None), Rule(80, "192.0.2.0/24"), Rule(80, "2001:db8::/32")]
FOUR = ["-s 192.0.2.0/24 -p tcp -m tcp --dport 80 -j ACCEPT", "-p tcp -m tcp --dport 443 -j ACCEPT"]


def table(*rules, policy="ACCEPT", chains=""):
    lines = "".join(f"-A INPUT {rule}\n" for rule in rules)
    return f"*filter\n:INPUT {policy} [0:0]\n:refuse - [0:0]\n{lines}{chains}COMMIT\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (REJECTS, 4),
        (POLICY, 3),
        (OPEN, None),
        ("", None),
        ("*nat\n:INPUT DROP [0:0]\nCOMMIT\n", None),
        (table("-j DROP"), 0),
        (table("-j ACCEPT", policy="DROP"), 1),
        (table("-i lo -j ACCEPT", "-p tcp -j REJECT --reject-with tcp-reset", "-p udp -j REJECT", "-j DROP"), 1),
        (table("-i lo -j ACCEPT", "-p udp -j DROP"), None),
        (table("-p tcp -m conntrack --ctstate NEW -j DROP"), 0),
        (table("-m conntrack --ctstate INVALID -j DROP"), None),
        (table("-i eth0 -j DROP"), None),
        (table("-i lo -j ACCEPT", "-j DROP", "-p tcp -m tcp --dport 8080 -j ACCEPT"), 1),
        (table("-p tcp -j DROP", "-p tcp -m tcp --dport 8080 -j ACCEPT"), None),
        (table("-m limit --limit 3/min -j DROP", "-i lo -j ACCEPT"), None),
        (table("-j refuse", "-i lo -j ACCEPT", chains="-A refuse -j DROP\n"), 0),
        (table("! -s 192.0.2.0/24 -j DROP"), None),
        (table("-s 192.0.2.0/24 -j ACCEPT", '-m comment --comment "all the rest" -j DROP'), 1),
        (table("-i lo -j ACCEPT", "-g refuse", chains="-A refuse -j LOG --log-ip-options\n-A refuse -j DROP\n"), 1),
        (table("-i lo -j ACCEPT", "-j refuse", chains="-A refuse -s 192.0.2.1 -j DROP\n"), None),
    ],
)
def test_the_jump_belongs_before_what_refuses_all(text, place):
    assert parse(text, "rules").place() == place


def test_a_saved_file_gets_our_lines_alone_and_is_the_same_without_them():
    there = saved(parse(REJECTS, "rules"), FOUR)
    ours = [line for line in there.splitlines() if line not in REJECTS.splitlines()]
    assert ours == [":WSS-EDGE - [0:0]", "-A INPUT -j WSS-EDGE", *(f"-A WSS-EDGE {rule}" for rule in FOUR)]
    lines = there.splitlines()
    assert lines[lines.index("-A INPUT -j WSS-EDGE") + 1].startswith("-A INPUT -m limit")
    assert lines.index(":WSS-EDGE - [0:0]") == lines.index(":FORWARD ACCEPT [0:0]") + 2
    assert lines.index(f"-A WSS-EDGE {FOUR[0]}") > lines.index(":WSS-EDGE - [0:0]") > lines.index("*filter")
    assert saved(parse(there, "rules"), FOUR) == there
    assert saved(parse(there, "rules"), []) == REJECTS


@pytest.mark.parametrize(
    "text", [REJECTS, POLICY, table("-j DROP"), REJECTS.replace("COMMIT\n*filter", "COMMIT\n\n*filter")]
)
def test_ours_come_and_go_without_a_trace(text):
    there = saved(parse(text, "rules"), FOUR)
    assert there != text
    assert parse(there, "rules").opened() == [Rule(80, "192.0.2.0/24"), Rule(443, None)]
    assert saved(parse(there, "rules"), []) == text


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("", "", True),
        (":WSS-EDGE - [0:0]", ":WSS-EDGE - [3:180]", True),
        ("-A INPUT -j WSS-EDGE\n", "", False),
        ("-A INPUT -j WSS-EDGE\n", "-A INPUT -j WSS-EDGE\n-A INPUT -j WSS-EDGE\n", False),
        ("-A INPUT -i lo", "-A INPUT -j WSS-EDGE\n-A INPUT -i lo", False),
        ("-A FORWARD", "-A INPUT -p icmp -j ACCEPT\n-A FORWARD", True),
        ("--dport 443", "--dport 444", False),
        ("-A WSS-EDGE -p tcp", "-A WSS-EDGE -j ACCEPT\n-A WSS-EDGE -p tcp", False),
    ],
)
def test_what_is_as_it_shall_be_stays(old, new, same):
    there = saved(parse(REJECTS, "rules"), FOUR)
    assert old in there
    text = there.replace(old, new, 1) if old else there
    assert (saved(parse(text, "rules"), FOUR) == text) is same
    assert (transaction(parse(text, "rules"), FOUR) == ("", "")) is same


def test_a_jump_behind_what_refuses_is_put_before_it():
    text = saved(parse(REJECTS, "rules"), FOUR).replace("-A INPUT -j WSS-EDGE\n", "")
    text = text.replace("-A FORWARD", "-A INPUT -j WSS-EDGE\n-A FORWARD")
    assert saved(parse(text, "rules"), FOUR) == saved(parse(REJECTS, "rules"), FOUR)
    forth, back = transaction(parse(text, "rules"), FOUR)
    assert forth.splitlines()[-3:] == ["-D INPUT 7", "-I INPUT 5 -j WSS-EDGE", "COMMIT"]
    assert back.splitlines()[-3:] == ["-D INPUT 5", "-I INPUT 7 -j WSS-EDGE", "COMMIT"]


def test_the_live_table_gets_ours_in_one_step_and_a_way_back():
    forth, back = transaction(parse(POLICY, "live"), FOUR)
    rules = [f"-A WSS-EDGE {rule}" for rule in FOUR]
    assert forth.splitlines() == [
        "*filter", ":WSS-EDGE - [0:0]", "-F WSS-EDGE", *rules, "-I INPUT 4 -j WSS-EDGE", "COMMIT"
    ]  # fmt: skip
    assert back.splitlines() == [
        "*filter", ":WSS-EDGE - [0:0]", "-F WSS-EDGE", "-D INPUT 4", "-X WSS-EDGE", "COMMIT"
    ]  # fmt: skip
    there = saved(parse(POLICY, "live"), FOUR)
    assert transaction(parse(there, "live"), []) == (back, forth)


def test_rules_are_of_their_version_of_ip_and_a_network_of_everybody_is_as_iptables_tells_it():
    assert own_rules(RULES, 4) == FOUR
    assert own_rules([Rule(443, None), Rule(443, "0.0.0.0/0")], 4) == ["-p tcp -m tcp --dport 443 -j ACCEPT"]
    assert own_rules(RULES, 6)[0] == "-s 2001:db8::/32 -p tcp -m tcp --dport 80 -j ACCEPT"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('*filter\n-A INPUT -m comment --comment "x -j DROP\nCOMMIT\n', "No closing quotation"),
        ("*filter\n:INPUT DROP [0:0]\n", "has no COMMIT"),
        ("*filter\n-A INPUT -j\nCOMMIT\n", "cannot be read"),
        ("*filter\nCOMMIT\n*filter\nCOMMIT\n", "more than once"),
        ("# Table `filter' is incompatible, use 'nft' tool.\n", "nftables where its ruleset is the firewall"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_name(text, reason):
    with pytest.raises(FirewallError, match=f"rules.v4.*{reason}|rules.v4 {reason}"):
        parse(text, "rules.v4")


class Host:
    """What the commands of iptables and systemctl answer."""

    def __init__(self, live4, live6, units=(), fails=()):
        """C(fails) are programs that refuse all."""
        self.live = {"iptables-save": live4, "ip6tables-save": live6}
        self.units, self.fails, self.loaded = units, fails, []

    def __call__(self, command):
        """Run a command."""
        if command[0] == "systemctl":
            return (0 if command[-1] in self.units else 1), "", ""
        if command[0] in self.live:
            text = self.live[command[0]]
            return (127, "", "no such file") if text is None else (0, text, "")
        self.loaded.append((command[:2], pathlib.Path(command[-1]).read_text()))
        return (1, "", "refused") if " ".join(command[:2]) in self.fails else (0, "", "")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Debian's files."""
    protocols, paths = [], []
    for protocol, text in zip(iptables.PROTOCOLS, (REJECTS, POLICY)):
        unit, path = protocol.files[0]
        paths.append(tmp_path / path.name)
        paths[-1].write_text(text)
        protocols.append(protocol._replace(files=((unit, paths[-1]),)))
    monkeypatch.setattr(iptables, "PROTOCOLS", tuple(protocols))
    monkeypatch.setattr(iptables, "IPV6", tmp_path)
    return paths


UNIT = "netfilter-persistent.service"


def test_both_versions_are_opened_live_and_saved_and_closed_again(files):
    host = Host(REJECTS, POLICY, [UNIT])
    plan = iptables.plan(RULES, host)
    assert (plan.before, plan.warnings) == ([], [])
    plan.apply()
    assert [command for command, _text in host.loaded] == [
        ["iptables-restore", "--test"],
        ["ip6tables-restore", "--test"],
        ["iptables-restore", "--noflush"],
        ["ip6tables-restore", "--noflush"],
    ]
    host = Host(files[0].read_text(), files[1].read_text(), [UNIT])
    again = iptables.plan(RULES, host)
    assert not again.changed
    assert again.before == [Rule(80, "192.0.2.0/24"), Rule(80, "2001:db8::/32"), Rule(443, None)]
    iptables.plan([], host).apply()
    assert [path.read_text() for path in files] == [REJECTS, POLICY]


def test_a_version_that_lets_all_in_gets_nothing(files):
    files[1].write_text(OPEN)
    host = Host(REJECTS, OPEN, [UNIT])
    plan = iptables.plan(RULES, host)
    plan.apply()
    assert plan.warnings == []
    assert files[1].read_text() == OPEN
    assert not any("ip6" in command[0] for command, _text in host.loaded)


def test_where_one_version_refuses_the_other_is_as_before(files):
    host = Host(REJECTS, POLICY, [UNIT], fails=["ip6tables-restore --noflush"])
    with pytest.raises(FirewallError, match="ip6tables-restore says: refused"):
        iptables.plan(RULES, host).apply()
    assert "-X WSS-EDGE" in host.loaded[-1][1]
    assert host.loaded[-1][0][0] == "iptables-restore"
    assert [path.read_text() for path in files] == [REJECTS, POLICY]


def test_what_is_not_loaded_at_boot_is_told(files):
    plan = iptables.plan(RULES, Host(REJECTS, POLICY))
    assert [warning.split(" until ")[0] for warning in plan.warnings] == [
        "The ports are open in iptables", "The ports are open in ip6tables"
    ]  # fmt: skip
    assert "nothing loads" in plan.warnings[0]
    plan.apply()
    assert [path.read_text() for path in files] == [REJECTS, POLICY]
    files[0].write_text(OPEN)
    plan = iptables.plan(RULES, Host(REJECTS, POLICY, [UNIT]))
    assert "rules.v4 does not refuse" in plan.warnings[0]
    assert len(plan.warnings) == 1


def test_a_host_without_ipv6_has_one_table(files, tmp_path, monkeypatch):
    monkeypatch.setattr(iptables, "IPV6", tmp_path / "none")
    assert iptables.plan(RULES, Host(REJECTS, None)).changed


@pytest.mark.parametrize(
    ("live", "active"),
    [(OPEN, False), (REJECTS, True), (None, False), (OPEN.replace(":FORWARD", ":WSS-EDGE - [0:0]\n:FORWARD"), True)],
)
def test_it_is_active_where_it_refuses_or_has_our_chain(files, live, active):
    assert iptables.active(Host(OPEN, live)) is active
