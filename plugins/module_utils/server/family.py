# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which family of distributions the host is of, by the words of Ansible's C(ansible_os_family)."""

from __future__ import annotations

from pathlib import Path

DEBIAN = "Debian"
REDHAT = "RedHat"
# What each distribution of a family has, its own release file beside.
MARKS = {
    DEBIAN: ("/etc/debian_version",),
    REDHAT: ("/etc/redhat-release", "/etc/system-release"),
}


class UnknownFamily(Exception):
    """The host is of a family that the collection does not know; the text says so."""


def family() -> str:
    """Return V(Debian) or V(RedHat).

    :raises UnknownFamily: for any other host.
    """
    for name, marks in MARKS.items():
        if any(Path(mark).is_file() for mark in marks):
            return name
    raise UnknownFamily(
        "This host is neither of Debian's nor of Red Hat's family: there is no "
        f"{', '.join(mark for marks in MARKS.values() for mark in marks)}. wss.edge supports these two."
    )
