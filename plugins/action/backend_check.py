# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of M(wss.edge.backend_check): knows where the release of a model has its authorities."""

from __future__ import annotations

import datetime
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.wss.edge.plugins.module_utils.model import targets
from ansible_collections.wss.edge.plugins.module_utils.model.types import Model
from ansible_collections.wss.edge.plugins.module_utils.probe.backend_check import ARGUMENTS
from ansible_collections.wss.edge.plugins.module_utils.release.trust import gather

# What the host must know of a probe that failed.
PROOF = ("site", "url", "address", "port", "status", "unreached")


class ActionModule(ActionBase):
    """Runs the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENTS)
        if not any(options["trust"].values()):
            options["trust"] = self._trust(options["model"])
        options["certificates"] = [
            {key: each[key] for key in ("name", "directory")} for each in options["certificates"]
        ]
        options["proofs"] = [{key: each[key] for key in PROOF} for each in options["proofs"] if not each["ok"]]
        module = "wss.edge.backend_check"
        return {**result, **self._execute_module(module_name=module, module_args=options, task_vars=task_vars)}

    def _trust(self, model: Model) -> dict[str, dict[str, str]]:
        """The paths alone; what is in the files, and whether it holds, is the release's business.

        They are relative to the server's folder, which the host knows.
        """
        now = datetime.datetime.now(datetime.timezone.utc)
        return gather(targets.trusted(model), {"ca": None, "crl": None}, self._read, "wss/current", now).paths

    def _read(self, name: str) -> bytes:
        try:
            text: str = self._loader.get_text_file_contents(self._loader.path_dwim(name), encoding="latin-1")
        except (AnsibleError, OSError) as error:
            raise ValueError(str(error)) from error
        return text.encode("latin-1")
