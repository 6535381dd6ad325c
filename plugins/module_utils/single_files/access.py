# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner, group, mode and the like of one file, and what is shown of a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Access:
    """What a file shall have: C(wanted) and C(apply) are Ansible's own, which heed check mode."""

    wanted: Mapping[str, Any]
    apply: Callable[[Mapping[str, Any], bool, dict[str, Any], bool], bool]
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)

    def prepare(self, scratch: str) -> None:
        """Give it to the file that is about to be written; less what would keep it from being renamed."""
        self.apply({**self.wanted, "path": scratch, "attributes": None}, False, {}, False)

    def settle(self) -> str:
        """Give it to the file that is there; says what differed."""
        found: dict[str, Any] = {}
        if not self.apply(self.wanted, False, found, False):
            return ""
        self.before, self.after = ({key: str(value) for key, value in found[when].items()} for when in STATES)
        return "; ".join(f"{key} was {value} instead of {self.after[key]}" for key, value in self.before.items())


STATES = ("before", "after")


def diff(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """For Ansible's diff mode: attributes, never contents."""
    texts = ("".join(f"{key}: {value}\n" for key, value in state.items() if value) for state in (before, after))
    return {"before_header": path, "after_header": path, **dict(zip(STATES, texts))}
