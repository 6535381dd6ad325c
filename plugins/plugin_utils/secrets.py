# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the secrets among a task's arguments to its module, and to no file and no output on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class SecretArguments(ActionBase):
    """An action that runs a module with secret options.

    One that has nothing else to do names the options in SECRETS; another calls C(run_with).
    """

    SECRETS: tuple[str, ...] = ()
    INSTEAD = "Use a connection that can pipeline, such as ssh, without becoming another user or by sudo."

    _requires_connection = True
    _secrets: Mapping[str, Any] = {}

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module of the same name."""
        return self.run_with(self._task.args, {}, task_vars)

    def run_with(
        self,
        arguments: Mapping[str, Any],
        secrets: Mapping[str, Any],
        task_vars: dict[str, Any] | None,
        module_name: str | None = None,
    ) -> dict[str, Any]:
        """Run the module with these arguments, and with these options and those named in SECRETS by pipe alone."""
        found = {**{key: arguments[key] for key in self.SECRETS if key in arguments}, **secrets}
        self._secrets = {key: value for key, value in found.items() if value}
        if self._secrets and not self._can_pipeline():
            raise AnsibleActionFail(
                f"{', '.join(self._secrets)}: the connection {self._connection.transport}, with its way to become "
                f"another user, can send secrets through temporary files only. {self.INSTEAD}"
            )
        super().run(task_vars=task_vars)
        result: dict[str, Any] = self._execute_module(
            module_name=module_name,
            module_args={key: value for key, value in arguments.items() if key not in found},
            task_vars=task_vars,
        )
        return result

    def _can_pipeline(self) -> bool:
        become = self._connection.become
        return bool(self._connection.has_pipelining and (not become or become.pipelining))

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        """Without pipelining the arguments would be written to temporary files on both machines."""
        if self._secrets and module_style == "new":
            return True
        return bool(super()._is_pipelining_enabled(module_style, wrap_async))

    def _configure_module(self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> Any:
        """Add the secrets at the last moment: ansible's debugging output shows the arguments as they were before."""
        return super()._configure_module(module_name, {**module_args, **self._secrets}, task_vars)
