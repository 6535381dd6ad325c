# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done in ufw, by its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.firewall import ufw
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import Rule

HTTPS, LAN, LAN6 = Rule(443, None), Rule(443, "192.0.2.0/24"), Rule(443, "2001:db8::/32")
ONE, ONE6 = Rule(443, "192.0.2.7/32"), Rule(443, "2001:db8::1/128")
MARK = " comment=7773732e65646765"
# As ufw 0.36 writes them.
LINE = {
    HTTPS: ("allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in", "allow tcp 443 ::/0 any ::/0 in"),
    LAN: ("allow tcp 443 0.0.0.0/0 any 192.0.2.0/24 in", ""),
    LAN6: ("", "allow tcp 443 ::/0 any 2001:db8::/32 in"),
    ONE: ("allow tcp 443 0.0.0.0/0 any 192.0.2.7 in", ""),
    ONE6: ("", "allow tcp 443 ::/0 any 2001:db8::1 in"),
}


class Files:
    """The folder of ufw's rules and its settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings("yes")

    def settings(self, ipv6: str) -> None:
        (self.folder / "default").write_text(f"# IPV6=no\nIPV6={ipv6}\n")

    def rules(self, ipv4: str = "", ipv6: str = "") -> None:
        for name, line in (("user.rules", ipv4), ("user6.rules", ipv6)):
            text = f"### tuple ### {line}\n-A ufw-user-input -p tcp --dport 443 -j ACCEPT\n" if line else ""
            (self.folder / name).write_text(f"*filter\n### RULES ###\n\n{text}\n### END RULES ###\n")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(ufw, "FOLDERS", (tmp_path, tmp_path / "older"))
    monkeypatch.setattr(ufw, "SETTINGS", tmp_path / "default")
    return Files(tmp_path)


def plan(*rules: Rule) -> ufw.Plan:
    return ufw.plan(rules, lambda command: (1, "", str(command)))


def told(changes: list[ufw.Change]) -> list[tuple[Rule, str]]:
    return [(change.rule, change.arguments["clients"]) for change in changes]


@pytest.mark.parametrize(
    ("rule", "clients"), [(HTTPS, "any"), (LAN, "192.0.2.0/24"), (LAN6, "2001:db8::/32"), (ONE, "192.0.2.7/32")]
)
def test_what_is_not_there_is_opened(files: Files, rule: Rule, clients: str) -> None:
    found = plan(rule)
    assert told(found.opening) == [(rule, clients)]
    assert (found.before, found.closing, found.warnings) == ([], [], [])


@pytest.mark.parametrize("rule", LINE)
def test_what_is_there_is_left_alone_and_closed_when_it_is_not_wanted(files: Files, rule: Rule) -> None:
    files.rules(*(line and line + MARK for line in LINE[rule]))
    found = plan(rule)
    assert (found.before, found.opening, found.closing) == ([rule], [], [])
    assert [change.rule for change in plan().closing] == [rule]


@pytest.mark.parametrize("comment", ["", " comment=6d696e65", " comment=7773732e6564676566"])
def test_a_rule_of_the_users_is_neither_taken_over_nor_closed(files: Files, comment: str) -> None:
    files.rules(*(line + comment for line in LINE[HTTPS]))
    assert (plan(HTTPS).opening, plan(HTTPS).before, plan().closing) == ([], [], [])


def test_what_the_user_has_for_one_version_of_ip_is_opened_for_the_other(files: Files) -> None:
    files.rules(LINE[HTTPS][0])
    assert told(plan(HTTPS).opening) == [(HTTPS, "::/0")]
    files.rules(LINE[HTTPS][0], LINE[HTTPS][1] + MARK)
    assert told(plan().closing) == [(HTTPS, "::/0")]


@pytest.mark.parametrize(("action", "warned"), [("deny", True), ("reject_log", True), ("limit", False)])
def test_a_rule_of_the_users_that_refuses_stays_and_is_told(files: Files, action: str, warned: bool) -> None:
    files.rules(LINE[HTTPS][0].replace("allow", action), LINE[HTTPS][1])
    found = plan(HTTPS)
    assert not found.opening
    said = [f"A rule of the user's in ufw keeps port 443 closed: {action} for everybody, IPv4."]
    assert [warning.split(" It stays;")[0] for warning in found.warnings] == (said if warned else [])


@pytest.mark.parametrize(
    "line",
    [
        "allow any 443 0.0.0.0/0 any 0.0.0.0/0 in",
        "allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in_eth0",
        "allow tcp 443 192.0.2.1 any 0.0.0.0/0 in",
        "route:allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 out",
        "allow tcp 443,8443 0.0.0.0/0 any 0.0.0.0/0 in",
    ],
)
def test_other_rules_are_none_of_ours(files: Files, line: str) -> None:
    files.rules(line + MARK)
    assert told(plan(HTTPS).opening) == [(HTTPS, "any")]
    assert not plan().closing


def test_where_ufw_leaves_ipv6_alone_so_do_we(files: Files) -> None:
    files.settings("no")
    assert told(plan(HTTPS, LAN6).opening) == [(HTTPS, "0.0.0.0/0")]
    files.rules(*(line + MARK for line in LINE[HTTPS]))
    assert not plan(HTTPS).closing
    assert told(plan().closing) == [(HTTPS, "0.0.0.0/0")]


@pytest.mark.parametrize(("said", "active"), [("Status: active\n\nTo", True), ("Status: inactive\n", False)])
def test_whether_it_guards_the_host(said: str, active: bool) -> None:
    assert ufw.active(lambda command: (0, said if command == ["ufw", "status"] else "", "")) == active
