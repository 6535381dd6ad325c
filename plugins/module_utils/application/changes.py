# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a file and what an application shall have there."""

from __future__ import annotations

import grp
import pwd
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.application.files import MODE, FileProblem, Found
from ansible_collections.wss.edge.plugins.module_utils.single_files import access


@dataclass(frozen=True)
class Change:
    """A file that is not as it shall be, and why."""

    site: str
    path: str
    source: Path
    account: pwd.struct_passwd
    found: Found
    reason: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"site {self.site}: {self.path} {self.reason}"

    @property
    def is_other(self) -> bool:
        """Whether its content changes, of which the application must be told."""
        return self.found.content != self.content


def change_of(site: str, path: str, found: Found, source: Path, account: pwd.struct_passwd) -> Change | None:
    """The change that is needed, or None; none is known while the source is still to be made.

    :raises FileProblem: where the source cannot be read.
    """
    if not source.is_absolute():
        return None
    try:
        content = source.read_bytes()
    except OSError as error:
        raise FileProblem(f"the certificate in {source.parent} cannot be read: {error.strerror}; run again") from None
    reason = _difference(found, content, account)
    return Change(site, path, source, account, found, reason, content) if reason else None


def _difference(found: Found, content: bytes, account: pwd.struct_passwd) -> str:
    if found.content is None:
        return "is not there"
    if found.content != content:
        return "is another one"
    if (found.owner, found.group) != (account.pw_uid, account.pw_gid):
        return f"belongs to {_owner(found)}, not to {_owner(_with(account))}"
    return "" if found.mode == MODE else f"has the mode {found.mode:04o}, not {MODE:04o}"


def diff_of(change: Change) -> dict[str, str]:
    """For Ansible's diff mode: attributes, and where the content is from, never a content."""
    after = {**_attributes(_with(change.account, change.content)), "from": str(change.source)}
    before = _attributes(change.found)
    return access.diff(change.path, before if change.is_other else {**before, "from": after["from"]}, after)


def _with(account: pwd.struct_passwd, content: bytes = b"") -> Found:
    return Found(content, account.pw_uid, account.pw_gid, MODE)


def _attributes(found: Found) -> dict[str, str]:
    if found.content is None:
        return {}
    return {"owner": _owner(found), "mode": f"{found.mode:04o}"}


def _owner(found: Found) -> str:
    try:
        owner = pwd.getpwuid(found.owner).pw_name
    except KeyError:
        owner = str(found.owner)
    try:
        return f"{owner}:{grp.getgrgid(found.group).gr_name}"
    except KeyError:
        return f"{owner}:{found.group}"
