# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles firewall and wss have opened and closed, by their variables as Ansible templates them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = Path(__file__).parents[3] / "roles"
VARS = {
    name: trust_as_template(value) if isinstance(value, str) else value
    for role in ("firewall", "wss")
    for name, value in yaml.safe_load((ROLES / role / "vars/main.yml").read_text(encoding="utf-8")).items()
}


def rule(port, **more):
    return {"port": port, "source": None, **more}


def entry(port, again=False):
    return rule(port, firewall="nftables", what=f"port {port}", again=again)


LOOK = {"before": [rule(80), rule(8443)], "open": [entry(443), entry(80, again=True)], "close": [entry(8443)]}


def templated(name, **variables):
    model = {"firewall": {"rules": [rule(80), rule(443)]}}
    given = {**VARS, "firewall_look": LOOK, "sites_result": {"model": model}, **variables}
    return Templar(DataLoader(), variables=given).template(trust_as_template("{{ " + name + " }}"))


@pytest.mark.parametrize(
    ("step", "kept", "changed", "ports"),
    [
        ("open", [], [443, 80], {80, 443, 8443}),
        ("close", [], [8443], {80, 443}),
        ("close", [8443], [], {80, 443, 8443}),
        ("undo", [], [443], {80, 8443}),  # what was open before, if not for good, stays open
    ],
)
def test_what_a_step_changes_and_what_is_ours_afterwards(step, kept, changed, ports):
    variables = {"firewall_step": step, "firewall_kept": kept}
    assert [each["port"] for each in templated("firewall_changes", **variables)] == changed
    assert {each["port"] for each in templated("firewall_rules", **variables)} == ports


def test_the_removal_keeps_nothing():
    assert templated("firewall_changes", firewall_step="close") == LOOK["close"]


@pytest.mark.parametrize(
    ("beside", "replaced", "kept"),
    [
        ({}, "", []),
        ({"apache": [8443]}, "", [8443]),
        ({"apache": [8443]}, "apache", []),
        ({"apache": [8443], "none": [8765]}, "apache", [8765]),
    ],
)
def test_ports_of_other_sites_on_the_host_are_not_closed(beside, replaced, kept):
    seen = {"proxy_facts": {"beside": beside}, "proxy_replaced": replaced}
    assert templated("__wss_beside", **seen) == kept
    assert len(templated("__wss_closing", **seen)) == (0 if 8443 in kept else 1)
