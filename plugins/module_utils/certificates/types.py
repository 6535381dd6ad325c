# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted, what is there, and what is to be done: plain data, so that another process can do the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import Facts, Recipe
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import Recipe as RequestRecipe
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import RequestFacts

Given = Mapping[str, Callable[[], bytes]]  # certificate, private_key, chain and so on, each read when asked


class Refused(Exception):
    """Everything that is wrong with one certificate."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Entry:
    """An item of C(certificates) as the module has it, and what comes to it from elsewhere."""

    options: Mapping[str, Any]
    given: Given = field(default_factory=dict, repr=False)
    passphrase: bytes | None = field(default=None, repr=False)
    trust: bytes = b""  # PEM of the roots that clients must have, where they are named
    authority: bytes = b""  # PEM of the private CA, its intermediates too
    revoked: frozenset[str] = frozenset()  # serials that the private CA has revoked


@dataclass(frozen=True)
class Wanted:
    """One entry of C(certificates), checked."""

    name: str
    provider: str
    names: tuple[str, ...]
    key: KeySettings
    subject: tuple[tuple[str, str], ...]
    valid_days: int
    profile: str = "server"
    renew_before: int | None = None  # days
    given: Given = field(default_factory=dict, repr=False)  # what comes from elsewhere
    passphrase: bytes | None = field(default=None, repr=False)
    trust: bytes = b""
    authority: bytes = b""
    revoked: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)  # of what is given, to name them in messages

    @property
    def keypair(self) -> bool:
        """Whether key and certificates are wanted in one file, too: some clients take them no other way."""
        return "clientAuth" in PROFILES[self.profile]


@dataclass(frozen=True)
class Requested:
    """What an authority is still to sign, read and judged. Without C(facts) it is no request that could be sent."""

    key_pem: bytes | None = field(default=None, repr=False)
    key: str | None = None
    pem: bytes | None = None
    facts: RequestFacts | None = None
    damage: tuple[str, ...] = ()


@dataclass(frozen=True)
class Installed:
    """What is on disk, read and judged. Without C(facts) there is no usable certificate, without C(key) no key."""

    note: str = ""
    bundle: store.Bundle | None = None
    facts: Facts | None = None
    key: str | None = None
    key_pem: bytes | None = field(default=None, repr=False)
    broken: tuple[str, ...] = ()  # why a certificate must replace it
    damage: tuple[str, ...] = ()  # what can be set right around it
    asked: RequestFacts | None = None  # the request that it answers
    requested: Requested | None = None
    untidy: bool = False
    former: Callable[[], list[bytes]] = list  # the certificates that it came after


@dataclass(frozen=True)
class Asked:
    """What an authority shall sign: a request that is there, or the recipe of one to make."""

    pem: bytes | None = None
    recipe: RequestRecipe | None = None
    why: str = ""  # it is made, where there was one before


@dataclass(frozen=True)
class Plan:
    """At most one of C(recipe) and C(bundle) is installed; C(asked) is what an authority is to sign besides."""

    wanted: Wanted
    installed: Installed
    reason: str = ""  # why something is done, or is waited for
    recipe: Recipe | None = None
    bundle: store.Bundle | None = None
    asked: Asked | None = None
    settled: bool = False  # nothing need be requested any more
    warning: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.recipe or self.bundle or (self.asked and self.asked.recipe))

    @property
    def makes_rsa(self) -> bool:
        recipes = (self.recipe, self.asked.recipe if self.asked else None)
        return any(recipe and not recipe.key_pem and recipe.settings.type == "rsa" for recipe in recipes)
