# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether SELinux enforces on the host, and which ports it lets a web server listen on."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

ENFORCING = "enforcing"
TOOLS = ("policycoreutils-python-utils",)
"""What SELinux is asked and set by, in both families; it needs the libraries of the modules that set it."""
SEMANAGE = "/usr/sbin/semanage"
ENFORCE = Path("/sys/fs/selinux/enforce")
# The labels of ports that the policy lets nginx and Apache listen on.
LABELS = ("http_port_t", "http_cache_port_t")


def mode() -> str:
    """Return V(enforcing), V(permissive), or V(disabled) where the kernel shows no SELinux."""
    if not ENFORCE.is_file():
        return "disabled"
    return ENFORCING if ENFORCE.read_text(encoding="ascii").strip() == "1" else "permissive"


def http_ports(runner: Runner) -> list[int]:
    """Return the TCP ports with the labels of web servers; none while the tools are missing."""
    if not os.access(SEMANAGE, os.X_OK):
        return []
    _status, out, _err = runner([SEMANAGE, "port", "--list", "--noheading"])
    rows = (line.replace(",", " ").split() for line in out.splitlines())
    return sorted({port for row in rows if row[:2] in [[label, "tcp"] for label in LABELS] for port in _ports(row[2:])})


def _ports(ranges: list[str]) -> list[int]:
    """Return each port of ranges such as "80" and "10001-10010"."""
    ends = [(first, last or first) for first, _dash, last in (each.partition("-") for each in ranges)]
    return [port for first, last in ends for port in range(int(first), int(last) + 1)]
