# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role packages reads out of what apt and dnf would remove, by its expressions as Ansible templates them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).parents[3] / "roles/packages"
APT = {"stdout_lines": ["Reading package lists...", "Remv nginx [1.22.1-9]", "Purg mine [2.0] [other:amd64 ]"]}
DNF = {"results": ["Removed: nginx-2:1.20.1-1.el9.x86_64", "Removed: mine-2.0-1.noarch"]}
NOTHING = {"changed": False}  # apt, of packages that the user has removed already


def trusted(value):
    """Return a value of which every string is a template."""
    if isinstance(value, dict):
        return {key: trusted(each) for key, each in value.items()}
    return trust_as_template(value) if isinstance(value, str) else value


def templated(expression, **variables):
    text = (ROLE / "vars/main.yml").read_text(encoding="utf-8")
    given = {**trusted(yaml.safe_load(text)), **variables}
    return Templar(DataLoader(), variables=given).template(trust_as_template("{{ " + expression + " }}"))


@pytest.mark.parametrize(("said", "expected"), [(APT, True), (DNF, True), (NOTHING, False)])
def test_whether_others_need_a_package(said, expected):
    block = yaml.safe_load((ROLE / "tasks/remove.yml").read_text(encoding="utf-8"))[1]["block"]
    needed = next(task["changed_when"] for task in block if task.get("register") == "packages_each")
    assert templated(needed, packages_each=said, packages_ours=["nginx"]) is expected
    assert templated(needed, packages_each=said, packages_ours=["nginx", "mine"]) is False


@pytest.mark.parametrize(("said", "expected"), [(APT, {"nginx", "mine"}), (DNF, {"nginx", "mine"}), (NOTHING, set())])
def test_what_leaves(said, expected):
    assert set(templated("packages_leaving", packages_spared={"results": [NOTHING, said]})) == expected
    assert templated("packages_leaving", packages_spared={"results": [said, said]}) == []
