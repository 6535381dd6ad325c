# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of M(wss.edge.sites): reads the host's C(wss_*) variables and touches no host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wss.edge.plugins.module_utils.model import targets
from ansible_collections.wss.edge.plugins.module_utils.model.build import ModelError, build, build_authority
from ansible_collections.wss.edge.plugins.module_utils.model.types import Authority
from ansible_collections.wss.edge.plugins.module_utils.probe.session import library_problem

SPEC = Path(__file__).parents[2] / "roles" / "wss" / "meta" / "argument_specs.yml"
PREFIX = "wss_"
ARGUMENTS = {"part": {"type": "str", "choices": ["all", "authority"], "default": "all"}}


class ActionModule(ActionBase):
    """Turns variables into the model."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the model, and what it asks of the certificates module and of the probe."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        host = variables["inventory_hostname"]
        _validation, asked = self.validate_argument_spec(argument_spec=ARGUMENTS)
        options = yaml.safe_load(SPEC.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
        mine = {key: self._templar.template(value) for key, value in variables.items() if key.startswith(PREFIX)}
        try:
            if asked["part"] == "authority":
                return {**result, "changed": False, "authority": _known(build_authority(options, mine), variables)}
            model = build(options, mine, self._probe_address(mine, variables), host)
            _known(model["authority"], variables)
        except ModelError as error:
            heading = f"The variables of {host} are refused; no host was touched."
            raise AnsibleActionFail("\n".join([heading, *(f"- {problem}" for problem in error.problems)])) from None
        to_prove = targets.targets(model)
        http2 = any(target["http2"] for target in to_prove)
        missing = library_problem(http2) if to_prove and model["probe_from"] == "controller" else None
        if missing:
            raise AnsibleActionFail(f"{missing} No host was touched.")
        return {
            **result,
            "changed": False,
            "model": model,
            "authority": model["authority"],
            "certificates": targets.certificates(model),
            "probe_certificate": targets.probe_certificate(model),
            "trusted": targets.trusted(model),
            "targets": to_prove,
        }

    def _probe_address(self, mine: dict[str, Any], variables: dict[str, Any]) -> str:
        """Where the probe finds a listener on every address of the host."""
        if mine.get("wss_probe_from") == "host" or self._play_context.connection == "local":
            return "127.0.0.1"
        address = variables.get("ansible_host", variables["inventory_hostname"])
        return str(self._templar.template(address))


def _known(authority: Authority | None, variables: Mapping[str, Any]) -> Authority | None:
    """The authority, if its host can be delegated to."""
    hosts = ["localhost", *variables.get("groups", {}).get("all", [])]
    if authority and authority["host"] not in hosts:
        allowed = "localhost, or a host of the inventory"
        raise ModelError([f"wss_ca_host: {json.dumps(authority['host'])} is in no inventory (allowed: {allowed})"])
    return authority
