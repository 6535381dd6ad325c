# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files in a server's configuration folder are the user's: they would be lost if its package was purged."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.release import limits
from ansible_collections.wss.edge.plugins.module_utils.release.live import Configuration
from ansible_collections.wss.edge.plugins.module_utils.release.releases import read_file
from ansible_collections.wss.edge.plugins.module_utils.server import packages
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

SHA256_DIGITS = 64


def own_files(server: Server, runner: Runner) -> list[str]:
    """Every file and link that is neither the package's, unaltered, nor the collection's."""
    packaged = packages.conffiles(server.file_packages, runner)
    configuration = Configuration(server)
    ours = configuration.releases.base
    found = []
    for path in sorted(configuration.folder.rglob("*")):
        if path in configuration.hooks or ours in (path, *path.parents) or (path.is_dir() and not path.is_symlink()):
            continue
        if not _packaged(path, packaged, configuration.main_file):
            found.append(str(path))
    return found


def _packaged(path: Path, packaged: dict[str, str], main_file: Path) -> bool:
    if path.is_symlink():
        target = path.resolve()
        came_so = packaged.get(str(path)) == os.readlink(path)
        return came_so or str(target) in packaged or str(target).startswith("/usr/share/")
    if str(path) not in packaged:
        return False
    text = read_file(path)
    if text.startswith("# wss.edge:"):
        return True  # instead of the package's, which is set aside
    content = limits.restored(text) if path == main_file else text
    return _digest(content.encode("utf-8", "surrogateescape"), packaged[str(path)]) == packaged[str(path)]


def _digest(content: bytes, like: str) -> str:
    """The digest by the algorithm that made another one, which its length tells."""
    algorithm = "sha256" if len(like) == SHA256_DIGITS else "md5"
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
