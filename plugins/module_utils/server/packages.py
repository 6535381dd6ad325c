# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the host's package manager what is installed, and how the files of a package were when they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.family import DEBIAN, REDHAT, family

_INSTALLED = {
    DEBIAN: ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\\n"],
    REDHAT: ["rpm", "--query", "--queryformat", "%{NAME} installed\\n"],
}
# The packages of a server's folder are several, their names begin alike. A link has its target in place of a digest.
_FILES = {
    DEBIAN: ["dpkg-query", "--show", "--showformat", "${Conffiles}\\n"],
    REDHAT: ["rpm", "--query", "--all", "--queryformat", "[%{FILENAMES} %{FILEDIGESTS}%{FILELINKTOS}\\n]"],
}


def missing(packages: Sequence[str], runner: Runner) -> list[str]:
    """Which of these packages are not installed."""
    _status, out, _err = runner([*_INSTALLED[family()], *packages])
    installed = {line.split()[0] for line in out.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def conffiles(names: Iterable[str], runner: Runner) -> dict[str, str]:
    """The files that packages whose names begin so brought, and their digests or, of links, their targets.

    dpkg knows the configuration files alone, by MD5; rpm knows all, by SHA-256.
    """
    _status, out, _err = runner([*_FILES[family()], *(f"{name}*" for name in names)])
    rows = (line.split() for line in out.splitlines())
    return {row[0]: row[1] for row in rows if len(row) >= 2}
