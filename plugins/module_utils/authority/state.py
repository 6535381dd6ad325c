# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in an authority's folder, read and judged. Opens no key: their files are only looked at."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.authority import log
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import AuthorityError, Design
from ansible_collections.wss.edge.plugins.module_utils.model import constraints
from ansible_collections.wss.edge.plugins.module_utils.pki import certificates, profiles, revocations
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import CrlFacts
from ansible_collections.wss.edge.plugins.module_utils.single_files import single

ROOT, INTERMEDIATE = "root.pem", "intermediate.pem"
ROOT_KEY, INTERMEDIATE_KEY = "root.key.pem", "intermediate.key.pem"
CA, CRL, PAGE = "ca.pem", "crl.pem", "trust.md"
PRIVATE = (ROOT_KEY, INTERMEDIATE_KEY, log.NAME)


@dataclass(frozen=True)
class Certificate:
    """A certificate of the authority itself."""

    pem: bytes
    loaded: Any
    facts: certificates.Facts


@dataclass(frozen=True)
class State:
    """What there is. Without a root there is no authority, or one whose making was broken off."""

    directory: str
    root: Certificate | None = None
    design: Design | None = None
    intermediate: Certificate | None = None
    crl: CrlFacts | None = None  # of what signs for others
    root_crl: CrlFacts | None = None  # of the root, where an intermediate signs
    files: dict[str, bytes | None] = field(default_factory=dict, repr=False)  # all but the keys
    keys: frozenset[str] = frozenset()
    open_keys: tuple[str, ...] = ()  # private files that others can read
    records: log.Records = field(default_factory=log.Records)

    def path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    @property
    def chain(self) -> list[Certificate]:
        """What signs for others, and what signed that."""
        return [each for each in (self.intermediate, self.root) if each]

    @property
    def crls(self) -> list[CrlFacts]:
        """The lists that there are."""
        return [each for each in (self.crl, self.root_crl) if each]


@contextlib.contextmanager
def locked(directory: str) -> Iterator[None]:
    """Make the folder if need be, and keep other runs out of it. A killed run's lock goes with it."""
    os.makedirs(directory, mode=0o755, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(directory: str, name: str, content: bytes) -> None:
    mode = 0o600 if name in PRIVATE else 0o644
    single.replace(single.look(os.path.join(directory, name)), content, lambda scratch: os.chmod(scratch, mode))


def read(directory: str) -> State:
    """Refuses what no run has made and no run can put right."""
    if not os.path.isdir(directory) and os.path.lexists(directory):
        raise AuthorityError(f"{directory} is no folder; give directory another path")
    files = {name: single.look(os.path.join(directory, name)).content for name in (ROOT, INTERMEDIATE, CA, CRL, PAGE)}
    keys = frozenset(name for name in (ROOT_KEY, INTERMEDIATE_KEY) if os.path.lexists(os.path.join(directory, name)))
    records = log.read(directory)
    if files[ROOT] is None:
        if records.length or files[INTERMEDIATE] is not None:
            raise AuthorityError(
                f"{directory}/{ROOT} is missing, and the authority has signed: put it back from a copy"
            )
        return State(directory, files=files, keys=keys)
    root = _load(files[ROOT])
    if not root or not root.facts.self_signed:
        raise AuthorityError(f"{directory}/{ROOT} is no root: put it back from a copy")
    design = design_of(root)
    intermediate = _load(files[INTERMEDIATE]) if design.path_length else None
    if intermediate and not certificates.issued_by(intermediate.loaded, root.loaded):
        intermediate = None
    lists = _crls(files[CRL])
    return State(
        directory=directory,
        root=root,
        design=design,
        intermediate=intermediate,
        crl=_crl_of(intermediate if design.path_length else root, lists),
        root_crl=_crl_of(root, lists) if design.path_length else None,
        files=files,
        keys=keys,
        open_keys=tuple(name for name in PRIVATE if _open(os.path.join(directory, name))),
        records=records,
    )


def _load(pem: bytes | None) -> Certificate | None:
    try:
        (loaded,) = certificates.load_certificates(pem or b"")
        return Certificate(certificates.dump_certificate(loaded), loaded, certificates.read_facts(loaded))
    except (PkiError, ValueError):  # damaged, or more than one
        return None


def _crls(pem: bytes | None) -> list[CrlFacts]:
    try:
        return revocations.read_crls(pem or b"")
    except PkiError:
        return []


def _crl_of(issuer: Certificate | None, lists: Sequence[CrlFacts]) -> CrlFacts | None:
    return next((each for each in lists if issuer and each.issued_by(issuer.loaded)), None)


def _open(path: str) -> bool:
    try:
        return bool(stat.S_IMODE(os.stat(path).st_mode) & 0o077)
    except FileNotFoundError:
        return False


def design_of(root: Certificate) -> Design:
    """What a root says of how it was made."""
    basic = profiles.find(root.loaded, "BasicConstraints")
    limits = profiles.find(root.loaded, "NameConstraints")
    permitted, excluded = constraints.as_said(
        [str(each.value) for each in (limits.permitted_subtrees if limits else None) or ()],
        [str(each.value) for each in (limits.excluded_subtrees if limits else None) or ()],
    )
    return Design(
        subject=root.facts.subject,
        key=root.facts.key,
        valid_days=(root.facts.not_after - root.facts.not_before).days,
        path_length=(basic.path_length or 0) if basic else 0,
        permitted=permitted,
        excluded=excluded,
    )
