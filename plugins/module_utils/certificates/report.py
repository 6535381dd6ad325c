# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a certificate: the module's result, and its diff."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan as certificate_plan
from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import Facts, Recipe, iso
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import subject_text

_ABOUT = (  # null where there is no certificate
    "digest", "directory", "paths", "pem", "trust", "names", "subject", "issuer", "self_signed", "key",
    "not_before", "not_after", "days_left", "serial", "fingerprint_sha256",
)  # fmt: skip


def result(
    plan: certificate_plan.Plan, directory: str, bundle: store.Bundle | None, now: datetime.datetime
) -> dict[str, Any]:
    """What the module returns for a certificate. C(bundle) is what is on disk now, None if nothing usable is."""
    wanted = plan.wanted
    found: dict[str, Any] = {"name": wanted.name, "provider": wanted.provider}
    found.update(changed=bool(plan.reason), reason=plan.reason)
    about = _about(plan, directory, bundle, now) if bundle else dict.fromkeys(_ABOUT)
    return {**found, **about}


def _about(plan: certificate_plan.Plan, directory: str, bundle: store.Bundle, now: datetime.datetime) -> dict[str, Any]:
    known = plan.installed.facts if bundle is plan.installed.bundle else None
    facts = known or certificate_plan.facts_of(bundle)
    folder = store.folder(directory, plan.wanted.name, bundle.digest)
    pem = bundle.files()[store.FULLCHAIN].decode()
    return {
        "digest": bundle.digest,
        "directory": folder,
        "paths": {file[: -len(".pem")]: f"{folder}/{file}" for file in store.FILES},
        "pem": pem,
        "trust": plan.wanted.ca or (pem if facts.self_signed else None),
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


def diff(plan: certificate_plan.Plan) -> dict[str, str]:
    """The certificate's attributes before and after: never a key, not even a public one."""
    before = _of_facts(plan.installed.facts) if plan.installed.facts else {}
    after = before
    if plan.recipe:
        after = _of_recipe(plan.recipe)
    elif plan.bundle:
        after = _of_facts(certificate_plan.facts_of(plan.bundle))
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


def _of_recipe(recipe: Recipe) -> dict[str, str]:
    subject = subject_text(recipe.subject)
    return {
        "names": ", ".join(recipe.names),
        "subject": subject,
        "issuer": subject,
        "key": str(recipe.settings) + ("" if recipe.key_pem else " (new)"),
        "not_before": iso(recipe.not_before),
        "not_after": iso(recipe.not_after),
    }
