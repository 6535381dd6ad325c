# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the variables: where, which key, which value, and what is allowed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

SECRET = "(a secret)"


@dataclass(frozen=True)
class At:
    """A place in the variables: C(site chat, endpoint /wss, tls.protocols)."""

    owner: str = ""
    key: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.owner, self.key) if part)

    def down(self, key: str) -> At:
        """The place of a key below this one."""
        return replace(self, key=f"{self.key}.{key}" if self.key else key)

    def item(self, index: int) -> At:
        """The place of an item, counted from 0, of the list at this place."""
        return replace(self, key=f"{self.key}[{index}]")

    def owned_by(self, owner: str) -> At:
        """The place of a site or endpoint that has a name of its own."""
        return At(f"{self.owner}, {owner}" if self.owner else owner)


@dataclass
class Problems:
    """Collects every problem, so that one run shows them all."""

    found: list[str] = field(default_factory=list)

    def add(self, at: At, text: str) -> None:
        """Record a problem that is not one of a single value."""
        self.found.append(f"{at}: {text}")

    def refuse(self, at: At, value: Any, why: str, allowed: str = "") -> None:
        """Record that C(value) is refused, why, and what is allowed there."""
        shown = json.dumps(_without_secrets(value), ensure_ascii=False, default=str)
        tail = f" (allowed: {allowed})" if allowed else ""
        self.found.append(f"{at}: {shown} {why}{tail}")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: SECRET if "passphrase" in str(key) else _without_secrets(each) for key, each in value.items()}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value
