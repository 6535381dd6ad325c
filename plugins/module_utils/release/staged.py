# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a configuration where it will live, before anything live changes.

In a mount namespace of its own, the staged files lie over the live ones; the server's checker sees them together.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckResult, Runner, check
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


def check_staged(server: Server, top: Path, runner: Runner, binary: str | None = None) -> CheckResult:
    """The checker's word on the live configuration with what is below C(top) laid over it."""
    return check(server, None, runner, binary=binary, prefix=_namespace(Path(server.config_dir), top))


def _namespace(config_dir: Path, top: Path) -> list[str]:
    layers = f"lowerdir={top}:{config_dir}"
    mount = f"mount -t overlay wss-edge -o ro,{shlex.quote(layers)} {shlex.quote(str(config_dir))}"
    return ["unshare", "--mount", "--", "sh", "-c", f'{mount} && exec "$@"', "sh"]
