# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a certificate: the module's result, and its diff."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.certificates.plan import Made
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Plan
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    Facts,
    Recipe,
    iso,
    load_certificates,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import Recipe as RequestRecipe
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import subject_text

_ABOUT = (  # null where there is no certificate
    "digest", "directory", "paths", "pem", "trust", "names", "subject", "issuer", "self_signed", "key",
    "not_before", "not_after", "days_left", "serial", "fingerprint_sha256",
)  # fmt: skip


def result(plan: Plan, made: Made, directory: str, now: datetime.datetime) -> dict[str, Any]:
    """What the module returns for a certificate, with what has been made of the plan, if it has been carried out."""
    wanted = plan.wanted
    request = request_of(plan, made)
    found: dict[str, Any] = {
        "name": wanted.name,
        "provider": wanted.provider,
        "changed": plan.changed,
        "reason": plan.reason,
        "waiting": plan.asked is not None,
        "request": request.decode() if request else None,
    }
    bundle = made.bundle or plan.installed.bundle
    about = dict.fromkeys(_ABOUT)
    facts = made.facts or plan.installed.facts
    if bundle and facts:
        about = _about(plan, directory, bundle, facts, now)
    return {**found, **about}


def request_of(plan: Plan, made: Made) -> bytes | None:
    """The request that is on disk for an authority to sign."""
    if made.pending:
        return made.pending.request
    return plan.asked.pem if plan.asked else None


def to_sign(plans: Sequence[Plan], made: Sequence[Made]) -> list[dict[str, Any]]:
    """What the private CA has to sign."""
    return [
        {
            "name": plan.wanted.name,
            "request": request.decode(),
            "names": list(plan.wanted.names),
            "profile": plan.wanted.profile,
            "valid_days": plan.wanted.valid_days,
        }
        for plan, each in zip(plans, made)
        for request in [request_of(plan, each)]
        if plan.wanted.provider == "private_ca" and request
    ]


def _about(plan: Plan, directory: str, bundle: store.Bundle, facts: Facts, now: datetime.datetime) -> dict[str, Any]:
    folder = store.folder(directory, plan.wanted.name, bundle.digest)
    files = (*store.FILES, store.KEYPAIR) if bundle.keypair else store.FILES
    pem = b"".join(bundle.certificates).decode()
    return {
        "digest": bundle.digest,
        "directory": folder,
        "paths": {file[: -len(".pem")]: f"{folder}/{file}" for file in files},
        "pem": pem,
        "trust": _trust(plan, bundle, facts),
        "names": list(facts.names),
        "subject": facts.subject,
        "issuer": facts.issuer,
        "self_signed": facts.self_signed,
        "key": facts.key,
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
        "days_left": facts.days_left(now),
        "serial": facts.serial,
        "fingerprint_sha256": facts.fingerprint_sha256,
    }


def _trust(plan: Plan, bundle: store.Bundle, facts: Facts) -> str | None:
    """What is installed may be of another authority than what is asked for."""
    if facts.self_signed:
        return bundle.certificates[0].decode()
    known = (bundle.trust, plan.wanted.trust) if plan.asked else (plan.wanted.trust, bundle.trust)
    found = known[0] or known[1]
    return found.decode() if found else None


def _facts_of(bundle: store.Bundle) -> Facts:
    return read_facts(load_certificates(bundle.certificates[0])[0])


def diff(plan: Plan) -> dict[str, str]:
    """The certificate's attributes before and after: never a key, not even a public one."""
    before = _of_facts(plan.installed.facts) if plan.installed.facts else {}
    after = before
    if plan.recipe:
        after = _of_recipe(plan.recipe)
    elif plan.bundle:
        after = _of_facts(_facts_of(plan.bundle))
    elif plan.asked and plan.asked.recipe:
        after = _of_recipe(plan.asked.recipe)
    header = f"certificate {plan.wanted.name}"
    return {
        "before_header": header,
        "after_header": f"{header} ({plan.reason})",
        "before": _lines(before),
        "after": _lines(after),
    }


def _lines(attributes: Mapping[str, str]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in attributes.items())


def _of_facts(facts: Facts) -> dict[str, str]:
    return {
        "names": ", ".join(facts.names),
        "subject": facts.subject,
        "issuer": facts.issuer,
        "key": facts.key,
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
    }


def _of_recipe(recipe: Recipe | RequestRecipe) -> dict[str, str]:
    subject = subject_text(recipe.subject)
    found = {
        "names": ", ".join(recipe.names),
        "subject": subject,
        "issuer": "(waits to be signed)",
        "key": str(recipe.settings) + ("" if recipe.key_pem else " (new)"),
    }
    if isinstance(recipe, Recipe):
        found.update(issuer=subject, not_before=iso(recipe.not_before), not_after=iso(recipe.not_after))
    return found
