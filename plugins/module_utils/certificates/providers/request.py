# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider request: somebody elsewhere signs a request that the host makes, some day.

What can serve until then serves on, whoever issued it; where there is nothing, a self-signed certificate stands in.
"""

from __future__ import annotations

import datetime
from dataclasses import replace

from ansible_collections.wss.edge.plugins.module_utils.certificates import needs, requested
from ansible_collections.wss.edge.plugins.module_utils.certificates.providers import self_signed
from ansible_collections.wss.edge.plugins.module_utils.certificates.requested import Answer
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import (
    Asked,
    Installed,
    Plan,
    Refused,
    Wanted,
)
from ansible_collections.wss.edge.plugins.module_utils.pki import chains
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import Recipe, iso, read_facts


def plan(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    answer = requested.read_answer(wanted, installed)
    if answer and not answer.installed:
        problems = chains.problems(answer.chain, wanted.names, now, wanted.profile)
        if problems and not requested.was_installed(installed, answer.chain[0]):
            raise Refused([f"certificate: {problem}" for problem in problems])
        answer = None if problems else answer
    after = _after(answer, installed) if answer else installed
    came = _came(answer, installed) if answer else ""
    need = _need(wanted, after, now, bool(answer))
    asked = requested.ask(wanted, after) if need else None
    stand_in = _stand_in(wanted, after, asked, now) if asked else None
    mends = needs.joined(came, after.note, *after.damage)
    return Plan(
        wanted,
        installed,
        # What was wrong before is a reason of what comes in its place.
        needs.joined(
            installed.note, *(installed.broken if came else ()), came, need, asked.why if asked else "", *after.damage
        ),
        stand_in,
        after.bundle if mends and not stand_in else None,
        asked,
        settled=not need and not (answer and requested.is_needed_yet(installed, answer.bundle)),
        warning=_warning(wanted, after, stand_in) if asked else "",
    )


def _came(answer: Answer, installed: Installed) -> str:
    before = installed.bundle
    if not answer.installed or not before:
        return "the signed certificate has come"
    if answer.bundle.certificates != before.certificates:
        return "its chain changed"
    if answer.bundle.key != before.key:
        return needs.joined(*installed.broken)
    return "" if answer.bundle == before else "its authority changed"


def _after(answer: Answer, installed: Installed) -> Installed:
    """What is installed when the answer is."""
    if answer.bundle == installed.bundle:
        return installed
    facts = read_facts(answer.chain[0])
    return Installed(
        bundle=answer.bundle,
        facts=facts,
        key=facts.key,
        key_pem=answer.bundle.key,
        asked=installed.requested.facts if answer.requested and installed.requested else installed.asked,
        requested=installed.requested,
    )


def _need(wanted: Wanted, installed: Installed, now: datetime.datetime, answered: bool) -> str:
    facts = installed.facts
    if not installed.bundle or not facts or installed.broken:
        return needs.joined(*installed.broken) or installed.note
    if facts.self_signed:
        return "it is self-signed"
    if not answered and not installed.asked:
        return f"it was issued by {facts.issuer} to no request of this certificate"
    return needs.joined(
        needs.of_key_settings(wanted, facts.key),
        needs.of_coverage(wanted, facts),
        needs.of_subject(wanted, installed.asked.subject) if installed.asked else "",
        needs.of_time(wanted, facts, now),
    )


def _stand_in(wanted: Wanted, installed: Installed, asked: Asked, now: datetime.datetime) -> Recipe | None:
    """A self-signed certificate of the requested key, unless there is one that can serve."""
    facts = installed.facts
    if installed.bundle and facts and not installed.broken and facts.not_before <= now < facts.not_after:
        # `renew_before` is about what is signed, and may be more than what stands in has.
        own = needs.joined(
            needs.of_coverage(wanted, facts), needs.of_time(replace(wanted, renew_before=None), facts, now)
        )
        if not (facts.self_signed and own):
            return None
    if asked.recipe:
        return self_signed.recipe(wanted, asked.recipe.key_pem, now)
    return self_signed.recipe(wanted, installed.requested.key_pem if installed.requested else None, now)


def _warning(wanted: Wanted, installed: Installed, stand_in: Recipe | None) -> str:
    serves = "a self-signed certificate stands in"
    if not stand_in and installed.facts and not installed.facts.self_signed:
        serves = f"the one that is installed serves until {iso(installed.facts.not_after)}"
    return (
        f"certificate {wanted.name} waits to be signed: have {wanted.paths['request']} signed and put the certificate, "
        f"with its chain, into {wanted.paths['certificate']}, both on the controller. Meanwhile {serves}."
    )
