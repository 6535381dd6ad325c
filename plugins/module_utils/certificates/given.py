# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key and certificates that the user has: do they belong together, and will clients accept them?"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    Facts,
    describe,
    dump_certificate,
    iso,
    issued_by,
    load_certificates,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import belongs_to, dump_key, load_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import uncovered

Given = Mapping[str, Callable[[], bytes]]  # certificate, private_key and perhaps chain, each read when asked


class Refused(Exception):
    """Everything that is wrong with one certificate."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def check(wanted_names: Sequence[str], given: Given, now: datetime.datetime) -> tuple[store.Bundle, Facts]:
    problems: list[str] = []
    certificates = _load_given(load_certificates, "certificate", given, problems)
    chain = _load_given(load_certificates, "chain", given, problems)
    key = _load_given(load_key, "private_key", given, problems)
    if problems:
        raise Refused(problems)
    certificates = _without_root(_unique([*certificates, *(chain or [])]))
    try:
        facts = read_facts(certificates[0])
    except PkiError as error:
        raise Refused([f"certificate: {error}"]) from None
    # Without its key it may not be the leaf, and what it covers says nothing.
    problems = _key_problems(key, certificates) or [
        *_chain_problems(certificates),
        *_date_problems(facts, now),
        *_name_problems(wanted_names, facts),
    ]
    if problems:
        raise Refused(problems)
    return store.Bundle(dump_key(key), tuple(dump_certificate(each) for each in certificates)), facts


def _load_given(load: Callable[[bytes], Any], key: str, given: Given, problems: list[str]) -> Any:
    if key not in given:
        if key != "chain":
            problems.append(f"{key}: is missing; provider files needs the path of a PEM file")
        return None
    try:
        return load(given[key]())
    except OSError as error:
        problems.append(f"{key}: cannot read {error.filename}: {error.strerror}")
        return None
    except PkiError as error:
        problems.append(f"{key}: the file {error}")
        return None


def _unique(certificates: Sequence[Any]) -> list[Any]:
    """Without those that come again: people give a full chain and its chain once more."""
    found: list[Any] = []
    for certificate in certificates:
        if certificate not in found:
            found.append(certificate)
    return found


def _without_root(certificates: list[Any]) -> list[Any]:
    """Clients have the root or do not trust it: sending it is of no use."""
    if len(certificates) > 1 and issued_by(certificates[-1], certificates[-1]):
        return certificates[:-1]
    return certificates


def _key_problems(key: Any, certificates: Sequence[Any]) -> list[str]:
    owners = [each for each in certificates if belongs_to(key, each)]
    if not owners:
        return [f"private_key: is not the key of {describe(certificates[0])}; give the key it was requested with"]
    if owners[0] != certificates[0]:
        return [
            f"certificate: begins with {describe(certificates[0])}, but the key is that of "
            f"{describe(owners[0])}; put that one first, and after each certificate its issuer"
        ]
    return []


def _chain_problems(certificates: Sequence[Any]) -> list[str]:
    for certificate, issuer in zip(certificates, certificates[1:]):
        if not issued_by(certificate, issuer):
            return [
                f"chain: {describe(certificate)} is followed by {describe(issuer)}, which did not issue it; "
                "put the issuer of each certificate after it"
            ]
    return []


def _date_problems(facts: Facts, now: datetime.datetime) -> list[str]:
    if now >= facts.not_after:
        return [f"certificate: expired on {iso(facts.not_after)}; put a renewed one in its place"]
    if now < facts.not_before:
        return [f"certificate: is not valid before {iso(facts.not_before)}; check the host's clock, or wait"]
    return []


def _name_problems(wanted_names: Sequence[str], facts: Facts) -> list[str]:
    missing = uncovered(wanted_names, facts.names)
    if not missing:
        return []
    return [
        f"certificate: does not cover {', '.join(missing)} (it covers {', '.join(facts.names) or 'no name'}); "
        "have it issued for these names too, or take them off the site"
    ]
