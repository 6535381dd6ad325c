# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a jump belongs in a chain, and steps that are done whole or not at all."""

from __future__ import annotations

import os

import pytest

from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import (
    ENDS,
    PASSES,
    REFUSES,
    ChainPlan,
    by_source,
    normal,
    tail,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule
from ansible_collections.wss.edge.plugins.module_utils.firewall.steps import Edit, Transaction

CHECK = ("check",)


def good(_command):
    return 0, "", ""


@pytest.mark.parametrize(
    ("verdicts", "place"),
    [
        ([], None),
        ([None, None], None),
        ([None, PASSES], None),
        ([None, REFUSES], 1),
        ([None, PASSES, REFUSES], 1),
        ([None, REFUSES, PASSES], 1),
        ([REFUSES, None, PASSES, REFUSES, REFUSES], 2),
        ([REFUSES], 0),
        ([None, PASSES, ENDS, None, None], 1),
        ([ENDS, None, ENDS], 0),
    ],
)
def test_a_jump_belongs_before_the_rules_that_end_the_chain_by_refusing(verdicts, place):
    assert tail(verdicts) == place


def test_networks_are_written_as_firewalls_list_them_and_go_to_their_version_of_ip():
    rules = [Rule(443, "192.0.2.9/24"), Rule(80, "192.0.2.0/24"), Rule(443, None), Rule(443, "2001:DB8::1")]
    assert Rule(443, "2001:db8::1/128") in normal(rules)
    assert by_source(rules, 4) == {None: [443], "192.0.2.0/24": [80, 443]}
    assert by_source(rules, 6) == {None: [443], "2001:db8::1/128": [443]}
    assert len(by_source(rules, None)) == 3


def test_a_file_keeps_its_mode_and_owner(tmp_path):
    path = tmp_path / "rules"
    path.write_text("old\n")
    path.chmod(0o750)
    was = path.stat()
    plan = ChainPlan(good, [], [Edit(path, "old\n", "new\n", CHECK)])
    plan.apply()
    assert path.read_text() == "new\n"
    assert (path.stat().st_mode, path.stat().st_uid) == (was.st_mode, was.st_uid)
    assert plan.changed
    assert "-old\n+new\n" in plan.diff["prepared"]
    assert os.listdir(tmp_path) == ["rules"]


def test_nothing_to_do_is_no_change():
    plan = ChainPlan(good, [])
    assert not plan.changed
    assert plan.diff == {}


def test_a_text_that_does_not_load_is_not_put_there_and_what_was_done_before_is_taken_back(tmp_path):
    first, second, third = (tmp_path / name for name in ("new/first", "second", "third"))
    second.write_text("old\n")
    third.write_text("mine\n")

    def runner(command):
        with open(command[-1], encoding="utf-8") as stream:
            bad = "bad" in stream.read()
        return (1, "", f"\n{command[-1]}:7: no such thing\nmore") if bad else (0, "", "")

    steps = [
        Edit(first, None, "fine\n", CHECK),
        Edit(second, "old\n", None, CHECK),
        Edit(third, "mine\n", "bad\n", CHECK),
    ]
    with pytest.raises(FirewallError, match=rf"{third} stays as it is.*check says: {third}:7: no such thing$"):
        ChainPlan(runner, [], steps).apply()
    assert second.read_text() == "old\n"
    assert third.read_text() == "mine\n"
    assert sorted(os.listdir(tmp_path)) == ["second", "third"]


def test_where_the_kernel_refuses_the_files_and_the_other_table_are_as_before(tmp_path):
    path, said = tmp_path / "rules", []

    def runner(command):
        with open(command[-1], encoding="utf-8") as stream:
            said.append((command[0], stream.read()))
        return (4, "", "") if command[0] == "six" else (0, "", "")

    steps = [
        Edit(path, None, "new\n", CHECK),
        Transaction(("four",), "on\n", "off\n"),
        Transaction(("six",), "on\n", ""),
    ]
    with pytest.raises(FirewallError, match="The live rules stay as they are: six says: exit status 4"):
        ChainPlan(runner, [], steps).apply()
    assert said == [("check", "new\n"), ("four", "on\n"), ("six", "on\n"), ("four", "off\n")]
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FirewallError, match=r"file/rules cannot be written"):
        ChainPlan(good, [], [Edit(tmp_path / "file/rules", None, "new\n", CHECK)]).apply()
