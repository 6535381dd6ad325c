# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of M(wss.edge.private_ca): does the work here where the authority is here, or has its host do it."""

from __future__ import annotations

import datetime
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.authority import engine
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import ARGUMENTS, AuthorityError
from ansible_collections.wss.edge.plugins.plugin_utils.secrets import SecretArguments


class ActionModule(SecretArguments):
    """Works in this very process, so that the passphrase stays in it, unless another host or user is meant."""

    SECRETS = ("passphrase",)

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns."""
        if self._connection.transport != "local" or self._connection.become:
            return super().run(tmp, task_vars)
        result: dict[str, Any] = super(SecretArguments, self).run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENTS)
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        try:
            return {**result, **engine.run(options, now, self._task.check_mode, self._task.diff)}
        except AuthorityError as error:
            return {**result, "failed": True, "msg": str(error), "problems": error.problems}
