# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of M(wss.edge.firewall): sees that it has the module that changes the host's firewall."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import module_loader

MODULES = {"firewalld": "ansible.posix.firewalld", "ufw": "community.general.ufw"}


class ActionModule(ActionBase):
    """Runs the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns, or fail before anything is changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        found = self._execute_module(module_name="wss.edge.firewall", task_vars=task_vars)
        for kind in dict.fromkeys(each["firewall"] for each in found.get("open", []) + found.get("close", [])):
            module = MODULES.get(kind)
            if module and not module_loader.find_plugin_with_context(module).resolved:
                raise AnsibleActionFail(
                    f"To open and close ports in {kind} the controller needs the module {module}; the firewall is as it"
                    " was. Run this, then the playbook again: ansible-galaxy collection install ansible.posix"
                    " community.general"
                )
        return {**result, **found}
