# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a configuration where it will live, before anything live changes.

In a mount namespace of its own, the staged files lie over the live ones; the server's checker sees them together.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.server import apache_config, apache_log, config_check
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckResult, Message, Runner
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server


def can_stage(config_dir: Path, top: Path, runner: Runner) -> bool:
    """Whether this host lets us mount one folder over another, unseen by everything else."""
    return shutil.which("unshare") is not None and runner([*_namespace(config_dir, top), "true"])[0] == 0


def stage(top: Path, files: Mapping[str, str], links: Mapping[str, str]) -> None:
    """Lay out files and links, named relative to the server's configuration folder, below C(top)."""
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", errors="surrogateescape")
    for name, target in links.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def check_staged(server: Server, top: Path, runner: Runner) -> CheckResult:
    """The checker's word on the live configuration with what is below C(top) laid over it.

    A server whose check does not see everything is also started, where it can change nothing.
    """
    prefix = _namespace(Path(server.config_dir), top)
    result = config_check.check(server, None, runner, prefix=prefix)
    if not server.trial:
        return result
    errors = _tried(server, top, runner) if result.valid else []
    messages = [*errors, *map(apache_log.with_place, result.messages)]
    return replace(result, valid=result.valid and not errors, messages=messages)


def _tried(server: Server, top: Path, runner: Runner) -> list[Message]:
    """Why the server would not start; nothing, too, where this host does not let us try."""
    folder = Path(server.config_dir)
    binary = config_check.installed(server, runner).binary
    resolved = apache_config.resolve(server, binary, runner, prefix=_namespace(folder, top))
    logs = sorted({folder / log for log in resolved.logs}, key=lambda path: (path.parent, path.name))
    script = ["/bin/sh", "-c", server.trial, server.variables.format(root=folder), str(top), binary, *map(str, logs)]
    _status, out, _err = runner([*_namespace(folder, top, *ALONE), *script])
    said = out.partition("wss-edge: tried\n")[2]  # nothing where it was not
    # It ran into its end on purpose, or for long, or into a name that only the host can look up.
    if re.search(r"AH00099: could not create /none|wss-edge: ended with 124|AH00077: ", said):
        return []
    return apache_log.placed(apache_log.reasons(said), said, resolved)


ALONE = ("--net", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child")
"""A program with these sees none of the host's sockets and processes, and leaves none behind."""


def _namespace(config_dir: Path, top: Path, *alone: str) -> list[str]:
    layers = f"lowerdir={top}:{config_dir}"
    mount = f"mount -t overlay wss-edge -o ro,{shlex.quote(layers)} {shlex.quote(str(config_dir))}"
    return ["unshare", "--mount", *alone, "--", "sh", "-c", f'{mount} && exec "$@"', "sh"]
