# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of the provider files on the controller, and sees that private keys leave no trace on the way."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.plugin_utils.secrets import SecretArguments


class ActionModule(SecretArguments):
    """Runs the module of the same name once, for all certificates of a host."""

    INSTEAD = "Bring the files of the private keys to the host and set remote_src to true."

    _private_keys: dict[str, str]  # by the names of their certificates; what `run` has read

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read the files, run the module with what is in them."""
        self._private_keys = {}
        problems: list[str] = []
        entries = self._task.args.get("certificates")
        if isinstance(entries, list):
            entries = [self._with_contents(entry, problems) for entry in entries]
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        arguments = {**self._task.args, "certificates": entries}
        arguments.pop("private_keys", None)
        return self.run_with(arguments, {"private_keys": self._private_keys}, task_vars)

    def _with_contents(self, entry: Any, problems: list[str]) -> Any:
        """The entry with the contents of its files; what is no such entry is left for the module to refuse."""
        if not isinstance(entry, dict) or entry.get("provider") != "files":
            return entry
        remote = boolean(entry.get("remote_src") or False, strict=False)
        found = dict(entry)
        for key in ("ca",) if remote else ("certificate", "private_key", "chain", "ca"):
            if not entry.get(key):
                continue
            try:
                text = self._loader.get_text_file_contents(self._find_needle("files", entry[key]))
            except (AnsibleError, OSError) as error:
                where = f"certificate {entry.get('name')}, {key}"
                problems.append(f"{where}: cannot read {entry[key]} on the controller: {error}")
                continue
            # Only what is asked for: people keep keys and certificates in one file.
            encoded = text.encode("utf-8", "replace")
            if key == "private_key":
                self._private_keys[str(entry.get("name"))] = b"".join(pem_blocks(encoded, "PRIVATE KEY")).decode()
            else:
                found[f"{key}_content"] = b"".join(pem_blocks(encoded, "CERTIFICATE")).decode()
        return found
