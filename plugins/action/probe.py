# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of M(wss.edge.probe): connects from here, or has the host connect."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.wss.edge.plugins.module_utils.probe.prove import ARGUMENTS, ProbeInputError, prove


class ActionModule(ActionBase):
    """Proves in this very process, where the module is not needed on the host."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENTS)
        if options["run_from"] == "host":
            module = "wss.edge.probe"
            return {**result, **self._execute_module(module_name=module, module_args=options, task_vars=task_vars)}
        try:
            return {**result, **prove(options)}
        except ProbeInputError as error:
            return {**result, "failed": True, "msg": str(error)}
