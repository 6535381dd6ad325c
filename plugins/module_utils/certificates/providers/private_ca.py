# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider private_ca: the private authority signs a request that the host makes.

Until it has signed, what is installed stays as it is, even if that is nothing.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import needs, requested
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Installed, Plan, Refused, Wanted
from ansible_collections.wss.edge.plugins.module_utils.pki import chains
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    Facts,
    dump_certificate,
    issued_by,
    load_certificates,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import fingerprint
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError


def plan(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    warning = _of_other_root(wanted, installed, now)
    signed = requested.read_answer(wanted, installed)
    need = _need(wanted, installed, now)
    if signed and not signed.installed:
        leaf = signed.chain[0]
        problems = [
            *chains.problems(signed.chain, wanted.names, now, wanted.profile),
            *_mismatches(wanted, leaf, read_facts(leaf)),
        ]
        if problems:
            raise Refused([f"signed: {problem}" for problem in problems])
        reason = need or "the private CA has signed it anew"
        settled = not requested.is_needed_yet(installed, signed.bundle)
        return Plan(wanted, installed, reason, bundle=signed.bundle, settled=settled)
    if need:
        asked = requested.ask(wanted, installed, bool(_of_revocation(wanted, installed.facts)))
        return Plan(wanted, installed, needs.joined(need, asked.why), asked=asked, warning=warning)
    reason = needs.joined(installed.note, *installed.damage)
    return Plan(wanted, installed, reason, bundle=installed.bundle if reason else None, settled=True)


def _of_other_root(wanted: Wanted, installed: Installed, now: datetime.datetime) -> str:
    """A warning where clients trust a root that is not in force; refused where the one in force has its name.

    Such a root was made because the old one's folder was not found, and not because somebody wanted it.
    """
    trust = (installed.bundle.trust if installed.bundle else None) or b""
    old, new = _loaded_roots(trust), _loaded_roots(wanted.authority)
    if not old or not installed.facts or {_key_of(each) for each in old} & {_key_of(each) for each in new}:
        return ""
    clients = f"clients that trust {_named(old)} must trust"
    if not new:
        return (
            f"certificate {wanted.name}: there is no private authority yet, and {clients} the one that is made; if it "
            "was lost, bring its folder back"
        )
    if now < installed.facts.not_after and {each.subject for each in old} & {each.subject for each in new}:
        raise Refused(
            [
                f"authority: the private authority that signed it ({_named(old)}) is not the one in force "
                f"({_named(new)}), though it has the same name: its folder was lost or is another one. Clients that "
                "trust the old root would refuse the new one. Bring the old folder back; or, to start anew, remove the "
                "new one and give it another name by wss_ca_subject"
            ]
        )
    return f"certificate {wanted.name} is signed by another authority: {clients} {_named(new)} from now on"


def _key_of(certificate: Any) -> str:
    return fingerprint(certificate.public_key())


def _named(found: Sequence[Any]) -> str:
    about = [read_facts(each) for each in found]
    return ", ".join(f"root «{facts.subject}», {facts.fingerprint_sha256}" for facts in about)


def _need(wanted: Wanted, installed: Installed, now: datetime.datetime) -> str:
    if not installed.bundle or not installed.facts or installed.broken:
        return needs.joined(installed.note, *installed.broken)
    leaf = load_certificates(installed.bundle.certificates[0])[0]
    ends = [read_facts(each).not_after for each in authorities(wanted.authority) if issued_by(leaf, each)]
    # The authority signs nothing that outlives it.
    new_end = min([now + datetime.timedelta(days=wanted.valid_days), *sorted(ends)[-1:]])
    return needs.joined(
        *_mismatches(wanted, leaf, installed.facts),
        needs.of_time(wanted, installed.facts, now, new_end),
    )


def _mismatches(wanted: Wanted, leaf: Any, facts: Facts) -> list[str]:
    ours = any(issued_by(leaf, each) for each in authorities(wanted.authority))
    found = (
        _of_revocation(wanted, facts) if ours else f"it was issued by {facts.issuer}, not by the private CA",
        needs.of_key_settings(wanted, facts.key),
        needs.of_names(wanted, facts.names),
        needs.of_subject(wanted, facts.subject),
        needs.of_profile(wanted, facts.eku),
    )
    return [each for each in found if each]


def _of_revocation(wanted: Wanted, facts: Facts | None) -> str:
    return "it is revoked" if facts and facts.serial in wanted.revoked else ""


@functools.lru_cache(maxsize=4)  # all entries have the same
def authorities(pem: bytes) -> tuple[Any, ...]:
    return tuple(load_certificates(pem)) if pem else ()


def roots(pem: bytes) -> bytes:
    """Of an authority's certificates those that clients trust."""
    return b"".join(dump_certificate(each) for each in _roots(pem))


@functools.lru_cache(maxsize=4)
def _roots(pem: bytes) -> tuple[Any, ...]:
    return tuple(each for each in authorities(pem) if issued_by(each, each))


def _loaded_roots(pem: bytes) -> tuple[Any, ...]:
    """The same of a file, which may be damaged."""
    try:
        return _roots(pem)
    except PkiError:
        return ()
