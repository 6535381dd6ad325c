# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that come together: which is the leaf, who issued whom, and will clients accept them?"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    Facts,
    describe,
    iso,
    issued_by,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import belongs_to
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import uncovered
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES

if TYPE_CHECKING:
    from cryptography import x509

    from ansible_collections.wss.edge.plugins.module_utils.pki.keys import PrivateKey


def order(certificates: Sequence[x509.Certificate], key: PrivateKey | None = None) -> list[x509.Certificate]:
    """The leaf, its issuer, and so on; without the root, which clients have or do not trust, unless it is alone."""
    left: list[x509.Certificate] = []
    for certificate in certificates:
        if certificate not in left:
            left.append(certificate)
    chain = [_leaf(left, key)]
    left.remove(chain[0])
    while True:
        # Of an authority's own certificate and one that another issued for it, the latter leads further.
        issuers = sorted((each for each in left if issued_by(chain[-1], each)), key=_is_root)
        if _is_root(chain[-1]) or not issuers:
            break
        chain.append(issuers[0])
        left.remove(issuers[0])
    strangers = [each for each in left if not (_is_root(each) and any(issued_by(one, each) for one in chain))]
    if strangers:
        raise PkiError(
            f"{_listed(strangers)} did not issue {describe(chain[0])} nor any of its issuers; take it out, "
            "or put the missing issuers in"
        )
    return chain[:-1] if len(chain) > 1 and _is_root(chain[-1]) else chain


def _leaf(certificates: Sequence[x509.Certificate], key: PrivateKey | None) -> x509.Certificate:
    if key:
        for each in certificates:
            if belongs_to(key, each):
                return each
        raise PkiError(f"the key belongs to none of {_listed(certificates)}; give the key that it was requested with")
    leaves = [
        each for each in certificates if not any(issued_by(other, each) for other in certificates if other != each)
    ]
    if len(leaves) != 1:
        raise PkiError(f"{_listed(leaves or certificates)}: only one of them can be the leaf; give its private key")
    return leaves[0]


def _is_root(certificate: x509.Certificate) -> bool:
    return issued_by(certificate, certificate)


def _listed(certificates: Sequence[x509.Certificate]) -> str:
    return ", ".join(describe(each) for each in certificates)


def problems(
    chain: Sequence[x509.Certificate], names: Sequence[str], now: datetime.datetime, profile: str | None = None
) -> list[str]:
    """Why clients would not accept the leaf of an ordered chain for these names."""
    leaf = read_facts(chain[0])
    found = _date_problems(leaf, now, "")
    for certificate in chain[1:]:
        facts, which = read_facts(certificate), f"its issuer {describe(certificate)} "
        found += _date_problems(facts, now, which)
        if not facts.is_ca:
            found.append(f"{which}is no authority; clients accept nothing that it signs")
    missing = uncovered(names, leaf.names)
    if missing:
        found.append(
            f"does not cover {', '.join(missing)} (it covers {', '.join(leaf.names) or 'no name'}); "
            "have it issued for these names too, or take them off"
        )
    usages = PROFILES[profile] if profile else ()
    if leaf.eku and "anyExtendedKeyUsage" not in leaf.eku and not set(usages) <= set(leaf.eku):
        found.append(
            f"may be used for {', '.join(leaf.eku)} only; have it issued with the extended key usage "
            f"{', '.join(usages)}"
        )
    return found


def _date_problems(facts: Facts, now: datetime.datetime, which: str) -> list[str]:
    if now >= facts.not_after:
        return [f"{which}expired on {iso(facts.not_after)}; put a renewed one in its place"]
    if now < facts.not_before:
        return [f"{which}is not valid before {iso(facts.not_before)}; check the host's clock, or wait"]
    return []
