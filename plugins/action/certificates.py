# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes files between the controller and the module: keys and certificates there, requests back."""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.plugin_utils.secrets import SecretArguments


class ActionModule(SecretArguments):
    """Runs the module of the same name once, for all certificates of a host."""

    SECRETS = ("passphrases",)
    INSTEAD = "Bring the files of the private keys to the host and set remote_src to true."

    _private_keys: dict[str, str]  # by the names of their certificates; what `run` has read

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read the files, run the module with what is in them, write the requests that wait to be signed."""
        self._private_keys = {}
        problems: list[str] = []
        entries = self._task.args.get("certificates")
        if isinstance(entries, list):
            entries = [self._with_contents(entry, problems) for entry in entries]
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        arguments = {**self._task.args, "certificates": entries}
        arguments.pop("private_keys", None)
        result = self.run_with(arguments, {"private_keys": self._private_keys}, task_vars)
        if isinstance(entries, list):
            paths = {entry.get("name"): entry.get("request") for entry in entries if isinstance(entry, dict)}
            for found in result.get("certificates", ()):
                path = paths.get(found["name"])
                if found["provider"] == "request" and found["request"] and path:
                    self._write_request(path, found["request"].encode(), result)
        return result

    def _with_contents(self, entry: Any, problems: list[str]) -> Any:
        """The entry with the contents of its files; what is no such entry is left for the module to refuse.

        Paths on the controller are made whole: the module would look for C(~) on the host.
        """
        if not isinstance(entry, dict) or entry.get("provider") not in ("files", "request"):
            return entry
        found = dict(entry)
        if entry["provider"] == "request" and entry.get("request"):
            found["request"] = self._loader.path_dwim(str(entry["request"]))
        for part in self._parts(entry):
            if not entry.get(part):
                continue
            try:
                found[part], content = self._read(entry, part)
            except (AnsibleError, OSError) as error:
                where = f"certificate {entry.get('name')}, {part}"
                problems.append(f"{where}: cannot read {entry[part]} on the controller: {error}")
                continue
            if content is None:
                continue
            # Only what is asked for: people keep keys and certificates in one file.
            if part == "pkcs12":
                self._private_keys[str(entry.get("name"))] = base64.b64encode(content).decode()
            elif part == "private_key":
                self._private_keys[str(entry.get("name"))] = b"".join(pem_blocks(content, "PRIVATE KEY")).decode()
            else:
                found[f"{part}_content"] = b"".join(pem_blocks(content, "CERTIFICATE")).decode()
        return found

    def _parts(self, entry: dict[str, Any]) -> tuple[str, ...]:
        """The files of an entry that are on the controller."""
        if entry.get("provider") == "request":
            return ("certificate", "chain", "ca")
        if boolean(entry.get("remote_src") or False, strict=False):
            return ("ca",)
        return ("certificate", "private_key", "chain", "pkcs12", "ca")

    def _read(self, entry: dict[str, Any], part: str) -> tuple[str, bytes | None]:
        """Path and content of a file, taken out of ansible-vault if need be; None where it need not be there yet."""
        if entry.get("provider") == "request" and part != "ca":
            path = self._loader.path_dwim(str(entry[part]))
            if not os.path.exists(path):
                return path, None
        else:
            path = self._find_needle("files", str(entry[part]))
        # One character for each byte: PKCS#12 is no text.
        text: str = self._loader.get_text_file_contents(path, encoding="latin-1")
        return path, text.encode("latin-1")

    def _write_request(self, path: str, content: bytes, result: dict[str, Any]) -> None:
        """Let whoever signs find the request; until it is whole, what was there stays there."""
        try:
            if _content(path) == content:
                return
            result["changed"] = True
            if not self._task.check_mode:
                _write(path, content)
        except OSError as error:
            raise AnsibleActionFail(f"Cannot write the request {path} on the controller: {error.strerror}") from error


def _content(path: str) -> bytes | None:
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as stream:
        return stream.read()
    return None


def _write(path: str, content: bytes) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=folder, prefix=".wss-")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise
