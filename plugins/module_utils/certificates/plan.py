# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for each certificate, and why. Decides; touches nothing.

A provider is one file of C(providers) with one function: what is wanted, what is installed and the time in; a Plan out,
or all that the user has to set right raised as Refused. To add a provider: write it, add it to PROVIDERS and to the
module's choices, and let C(given) have what comes from elsewhere.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.certificates.installed import judge
from ansible_collections.wss.edge.plugins.module_utils.certificates.providers import (
    files,
    private_ca,
    request,
    self_signed,
)
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import (
    Entry,
    Installed,
    Plan,
    Refused,
    Wanted,
)
from ansible_collections.wss.edge.plugins.module_utils.certificates.wanted import parse
from ansible_collections.wss.edge.plugins.module_utils.certificates.work import spread
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    Facts,
    load_certificates,
    make_self_signed,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import make_request

MANY = 100  # certificates are worth a process for each processor

PROVIDERS: dict[str, Callable[[Wanted, Installed, datetime.datetime], Plan]] = {
    "self_signed": self_signed.plan,
    "private_ca": private_ca.plan,
    "request": request.plan,
    "files": files.plan,
}


@dataclass(frozen=True)
class Made:
    """What a plan puts on disk."""

    bundle: store.Bundle | None = None
    facts: Facts | None = None
    pending: store.Pending | None = None


def plan_all(
    entries: Sequence[Entry],
    look: Callable[[str], store.Stored],
    now: datetime.datetime,
) -> list[Plan]:
    """Plan every certificate, or refuse with every problem of all of them. C(look) reads what is stored for a name."""
    found = spread(functools.partial(_plan, look, now), entries, len(entries) > MANY)
    plans: list[Plan] = []
    problems: list[str] = []
    seen: set[str] = set()
    for entry, (plan, reasons) in zip(entries, found):
        name = str(entry.options["name"])
        if name in seen:
            reasons = [f"certificate {name}, name: is there twice; every certificate needs a name of its own"]
        seen.add(name)
        problems += reasons
        if plan:
            plans.append(plan)
    if problems:
        raise Refused(problems)
    return plans


def _plan(look: Callable[[str], store.Stored], now: datetime.datetime, entry: Entry) -> tuple[Plan | None, list[str]]:
    """A plan, or all that is wrong."""
    name = str(entry.options["name"])
    try:
        wanted = parse(entry)
        stored = look(wanted.name)
        plan = PROVIDERS[wanted.provider](wanted, judge(stored, wanted.keypair), now)
        if plan.bundle:
            store.check(stored.base, plan.bundle)
        return plan, []
    except Refused as refused:
        return None, [f"certificate {name}, {problem}" for problem in refused.problems]
    except store.StoreError as error:
        return None, [f"certificate {name}: {error}"]
    except OSError as error:
        return None, [f"certificate {name}: cannot read {error.filename}: {error.strerror}"]


def make_all(plans: Sequence[Plan]) -> list[Made]:
    """What is to be put on disk, made if need be; RSA keys, of which one takes longer than all the rest, first."""
    changing = [index for index, plan in enumerate(plans) if plan.changed]
    slow = [index for index in changing if plans[index].makes_rsa]
    order = sorted(changing, key=lambda index: not plans[index].makes_rsa)
    made = spread(make, [plans[index] for index in order], len(slow) > 1 or len(order) > MANY)
    found = [Made()] * len(plans)
    for index, each in zip(order, made):
        found[index] = each
    return found


def make(plan: Plan) -> Made:
    pending = store.Pending(*make_request(plan.asked.recipe)) if plan.asked and plan.asked.recipe else None
    recipe, bundle = plan.recipe, plan.bundle
    if recipe:
        if pending:
            recipe = replace(recipe, key_pem=pending.key)  # what stands in has the requested key
        key, certificate = make_self_signed(recipe)
        bundle = store.Bundle(key, (certificate,), keypair=plan.wanted.keypair)
    facts = read_facts(load_certificates(bundle.certificates[0])[0]) if bundle else None
    return Made(bundle, facts, pending)


def install(directory: str, plans: Sequence[Plan], made: Sequence[Made]) -> None:
    """Put what was made in its place, and what is no longer wanted out of it."""
    bundles = {plan.wanted.name: each.bundle for plan, each in zip(plans, made) if each.bundle}
    pending = {plan.wanted.name: each.pending for plan, each in zip(plans, made) if each.pending}
    settled = [plan.wanted.name for plan in plans if plan.settled and plan.installed.requested]
    store.install(directory, bundles, pending, settled)
    for plan in plans:
        if plan.changed or plan.installed.untidy:
            store.tidy(directory, plan.wanted.name)
