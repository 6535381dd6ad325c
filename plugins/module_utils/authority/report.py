# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about an authority: the module's result, and its diff."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.authority import log, state
from ansible_collections.wss.edge.plugins.module_utils.authority.plan import Plan
from ansible_collections.wss.edge.plugins.module_utils.authority.state import Certificate, State
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import iso

_PATHS = {
    "root": state.ROOT,
    "authority": state.CA,
    "crl": state.CRL,
    "records": log.NAME,
    "trust": state.PAGE,
}
_OF_ISSUED = ("name", "serial", "subject", "names", "profile", "not_before", "not_after", "fingerprint_sha256")


def result(plan: Plan, found: State, issued: Sequence[Mapping[str, Any]], diff: bool) -> dict[str, Any]:
    """C(found) is what is there now; where there is no authority, as in check mode, what is said of it is null."""
    chain = found.intermediate.pem.decode() if found.intermediate else ""
    root = found.root.pem.decode() if found.root else None
    crl = found.files.get(state.CRL)
    return {
        "changed": bool(plan.reasons),
        "reasons": plan.reasons,
        "directory": found.directory,
        "paths": {key: found.path(name) for key, name in _PATHS.items()},
        "authority": chain + root if root else None,
        "root": root,
        "crl": crl.decode() if crl else None,
        "crl_not_after": iso(min(each.next_update for each in found.crls)) if found.crls else None,
        "revoked": _revoked(plan, found),
        "root_certificate": _about(found.root, plan.now),
        "intermediate_certificate": _about(found.intermediate, plan.now),
        "certificates": {each["name"]: each["pem"] + chain for each in issued},
        "issued": [{key: each[key] for key in _OF_ISSUED} for each in issued],
        "diff": [_diff(plan)] if diff and plan.reasons else [],
        "warnings": list(plan.warnings),
    }


def _revoked(plan: Plan, found: State) -> list[str]:
    """What no server may go on with; in check mode also what would be revoked."""
    ends = found.records.issued
    return [serial for serial in {**found.records.revoked, **plan.revoke} if ends[serial] > iso(plan.now)]


def _about(certificate: Certificate | None, now: datetime.datetime) -> dict[str, Any] | None:
    if not certificate:
        return None
    facts = certificate.facts
    return {
        "subject": facts.subject,
        "key": facts.key,
        "serial": facts.serial,
        "fingerprint_sha256": facts.fingerprint_sha256,
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
        "days_left": facts.days_left(now),
    }


def _diff(plan: Plan) -> dict[str, str]:
    """What the authority is made by, what it revokes and signs: never a key, not even a public one."""
    revoked = [f"revoked: {serial}" for serial in plan.state.records.revoked]
    design = [f"{option}: {value}" for option, value in plan.design.shown().items()]
    before = [*design, *revoked] if plan.state.root else []
    new = [f"revoked: {serial}" for serial in plan.revoke]
    signed = [f"signed: {each.name}, {each.profile}, {', '.join(each.names)}" for each in plan.sign]
    header = f"authority {plan.state.directory}"
    return {
        "before_header": header,
        "after_header": f"{header} ({'; '.join(plan.reasons)})",
        "before": "".join(f"{line}\n" for line in before),
        "after": "".join(f"{line}\n" for line in [*design, *revoked, *new, *signed]),
    }
