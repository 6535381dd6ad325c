# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a private authority may sign for: domains and networks that are permitted or excluded."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from . import grammar


def as_said(permitted: Iterable[str], excluded: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Without what follows of itself."""
    return _sorted(permitted), _sorted(set(excluded) - _implied(permitted))


def effective(permitted: Iterable[str], excluded: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """With what follows of itself: what a certificate says."""
    return _sorted(permitted), _sorted(set(excluded) | _implied(permitted))


def _sorted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


def _implied(permitted: Iterable[str]) -> set[str]:
    """A constraint binds names of its own kind alone: where only domains are permitted, addresses must be excluded.

    The empty domain stands for all of them (CA/Browser Forum, Baseline Requirements 7.1.5).
    """
    kinds = {"/" in text for text in permitted}
    return {frozenset([False]): {"0.0.0.0/0", "::/0"}, frozenset([True]): {""}}.get(frozenset(kinds), set())


def forbidden(names: Sequence[str], permitted: Sequence[str], excluded: Sequence[str]) -> list[str]:
    """Those of the names that clients would refuse by these constraints."""
    return [name for name in names if not _permits(name, permitted, excluded)]


def _permits(name: str, permitted: Sequence[str], excluded: Sequence[str]) -> bool:
    address = grammar.ip_address(name)
    if not address and ("@" in name or "://" in name):
        return True  # no constraint is of their kind
    own_kind = [each for each in permitted if ("/" in each) == bool(address)]
    shut = [each for each in excluded if ("/" in each) == bool(address)]
    if any(_within(name, address, each) or _covers(name, each) for each in shut):
        return False
    return not own_kind or any(_within(name, address, each) for each in own_kind)


def _within(name: str, address: grammar.IPAddress | None, constraint: str) -> bool:
    if address:
        return address in ipaddress.ip_network(constraint)
    host = name[2:] if name.startswith("*.") else name
    return not constraint or host == constraint or host.endswith(f".{constraint}")


def _covers(name: str, domain: str) -> bool:
    """A wildcard is good for each domain that lies one label below it."""
    return name.startswith("*.") and domain.partition(".")[2] == name[2:]
