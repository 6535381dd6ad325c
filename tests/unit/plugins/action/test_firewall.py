# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that changes the firewall is there, or is asked for before anything is changed."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.wss.edge.plugins.action import firewall
from ansible_collections.wss.edge.plugins.action.firewall import ActionModule


@pytest.mark.parametrize("answer", [{"open": [], "close": []}, {"open": [{"firewall": "nftables"}]}, {"failed": True}])
def test_what_needs_no_other_module(act, answer):
    result, (ran,) = act(ActionModule, {"kind": "auto"}, answer=answer)
    assert ran["module_name"] == "wss.edge.firewall"
    assert result == answer


@pytest.mark.parametrize("key", ["open", "close"])
def test_a_module_that_the_controller_has_not(act, monkeypatch, key):
    monkeypatch.setattr(firewall, "MODULES", {"ufw": "no.such.module"})
    with pytest.raises(AnsibleActionFail, match=r"ufw .* no\.such\.module;.* ansible-galaxy collection install "):
        act(ActionModule, {}, answer={key: [{"firewall": "ufw"}]})


def test_a_module_that_it_has(act, monkeypatch):
    monkeypatch.setattr(firewall, "MODULES", {"ufw": "command"})
    result, _ran = act(ActionModule, {}, answer={"open": [{"firewall": "ufw"}]})
    assert result["open"]
