# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done to an authority, and why. Decides; opens no key and touches nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.authority import asked, page, settings, state
from ansible_collections.wss.edge.plugins.module_utils.authority.asked import Signing
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import AuthorityError, Design
from ansible_collections.wss.edge.plugins.module_utils.authority.state import Certificate, State
from ansible_collections.wss.edge.plugins.module_utils.model import constraints, grammar
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import iso
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import CrlFacts
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import SUBJECT_FIELDS, pairs_of, subject_text

ROOT_DAYS = 3650
INTERMEDIATE_LIFE = datetime.timedelta(days=1825)
ROOT_CRL_LIFE = datetime.timedelta(days=365)  # at most 12 months (CA/Browser Forum, Baseline Requirements 4.9.7)
WARN = datetime.timedelta(days=365)
NONE = "there was none"

# What is made with keys, in this order
ROOT, INTERMEDIATE, CRL, ROOT_CRL = "root", "intermediate", "revocation list", "root's revocation list"


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    state: State
    now: datetime.datetime
    subject: tuple[tuple[str, str], ...]  # of a new root
    key: KeySettings  # of new keys
    design: Design
    constraints: tuple[tuple[str, ...], tuple[str, ...]]  # permitted, excluded
    crl_days: int
    due: dict[str, str] = field(default_factory=dict)  # ROOT, ... -> why it is made
    repairs: tuple[str, ...] = ()
    revoke: dict[str, str] = field(default_factory=dict)  # serial -> reason
    sign: tuple[Signing, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def reasons(self) -> list[str]:
        return [
            *(f"{what}: {reason}" for what, reason in self.due.items()),
            *self.repairs,
            *(f"serial {serial}: revoked ({reason})" for serial, reason in self.revoke.items()),
            *(f"certificate {each.name}: a request is to be signed" for each in self.sign),
        ]

    @property
    def needs_keys(self) -> bool:
        return bool(self.due or self.sign)


def plan(options: Mapping[str, Any], sign: Sequence[Signing], found: State, now: datetime.datetime) -> Plan:
    """Plan all that the options ask for, or refuse with everything that is wrong."""
    design = found.design or _new_design(options)
    problems = _differences(options, found)
    if found.root and now >= found.root.facts.not_after:
        problems.append(
            f"directory: the root in {found.directory} has ended on {iso(found.root.facts.not_after)}; "
            "have a new authority of another name made in another folder, and clients trust its root"
        )
    limits = constraints.effective(design.permitted, design.excluded)
    revoke = _revoke(options, found, problems)
    problems += asked.problems(sign, limits)
    if problems:
        raise AuthorityError(*problems)
    if not found.root and options["passphrase"]:
        settings.check_passphrase(options["passphrase"])
    must, aged = _must(found, design, revoke, now), _aged(found, now)
    opened = bool(options["passphrase"] or must or revoke or sign)
    left = {what: _left(what, ends, found) for what, (_why, ends) in aged.items() if not _can(what, found, opened)}
    due = {**must, **{what: why for what, (why, _ends) in aged.items() if what not in left}}
    return Plan(
        state=found,
        now=now,
        subject=_subject(options),
        key=KeySettings(**(options["key"] or settings.DEFAULT_KEY)),
        design=design,
        constraints=limits,
        crl_days=options["crl_days"],
        due={what: due[what] for what in (ROOT, INTERMEDIATE, CRL, ROOT_CRL) if what in due},
        repairs=() if not found.root else _repairs(found, INTERMEDIATE in due),
        revoke=revoke,
        sign=tuple(sign),
        warnings=(*_warnings(found, now), *(text for what, text in left.items() if what not in must)),
    )


# --- what it is made by


def _subject(options: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    given = {part: value for part, value in (options["subject"] or {}).items() if value is not None}
    values = {"common_name": settings.COMMON_NAME, **given}
    return tuple((part, values[part]) for part in SUBJECT_FIELDS if part in values)


def _new_design(options: Mapping[str, Any]) -> Design:
    path_length = options["path_length"]
    if path_length is None:
        path_length = 0 if options["intermediate"] is False else 1
    permitted, excluded = settings.constraints(options)
    return Design(
        subject=subject_text(_subject(options)),
        key=str(KeySettings(**(options["key"] or settings.DEFAULT_KEY))),
        valid_days=options["valid_days"] or ROOT_DAYS,
        path_length=path_length,
        permitted=permitted,
        excluded=excluded,
    )


def _differences(options: Mapping[str, Any], found: State) -> list[str]:
    """An authority cannot be changed once clients trust it; what is not given stays as it is."""
    if not found.design:
        return []
    asked, made = _new_design(options).shown(), found.design.shown()
    return [
        f"{option}: the authority in {found.directory} was made with {made[option]}, and {asked[option]} is asked for; "
        "set it back, or give directory another folder for a new authority"
        for option in asked
        if options[option] is not None and asked[option] != made[option]
    ]


# --- what is due


def _must(found: State, design: Design, revoke: Mapping[str, str], now: datetime.datetime) -> dict[str, str]:
    """What nothing is done without, and why."""
    below = (INTERMEDIATE, ROOT_CRL) if design.path_length else ()
    if not found.root:
        return dict.fromkeys((ROOT, CRL, *below), NONE)
    must = {CRL: _lost(found.crl, found.files[state.CRL]) or _unlisted(found, revoke)}
    if below:
        ended = found.intermediate and now >= found.intermediate.facts.not_after
        must[INTERMEDIATE] = _lost(found.intermediate, found.files[state.INTERMEDIATE]) or (
            "it has ended" * bool(ended)
        )
        must[ROOT_CRL] = _lost(found.root_crl, found.files[state.CRL])
    return {what: why for what, why in must.items() if why}


def _lost(part: Certificate | CrlFacts | None, content: bytes | None) -> str:
    if part:
        return ""
    return "it was damaged" if content else NONE


def _unlisted(found: State, revoke: Mapping[str, str]) -> str:
    crl = found.crl
    if crl is None:
        return ""
    if set(crl.serials) - set(found.records.revoked):
        raise AuthorityError(
            f"{found.directory}/{state.CRL} names revoked certificates that the records beside it do not have: put "
            "the records back from a copy"
        )
    start = iso(crl.last_update)
    if revoke or [serial for serial, ends in _revoked(found) if serial not in crl.serials and ends > start]:
        return "certificates were revoked"
    return ""


def _aged(found: State, now: datetime.datetime) -> dict[str, tuple[str, datetime.datetime]]:
    """What is better renewed soon: why, and when it ends."""
    aged = {}
    if found.root and found.intermediate:
        facts = found.intermediate.facts
        life, left = facts.not_after - facts.not_before, facts.not_after - now
        ends_later = min(now + INTERMEDIATE_LIFE, found.root.facts.not_after) - facts.not_after
        if left <= life / 3 and ends_later >= datetime.timedelta(days=1):
            why = f"a third of its life is left: {max(left.days, 0)} of {life.days} days"
            aged[INTERMEDIATE] = why, facts.not_after
    for what, crl in ((CRL, found.crl), (ROOT_CRL, found.root_crl)):
        if crl and crl.next_update - now <= (crl.next_update - crl.last_update) / 2:
            left, life = crl.next_update - now, crl.next_update - crl.last_update
            aged[what] = f"half of its life is left: {max(left.days, 0)} of {life.days} days", crl.next_update
    return aged


def _can(what: str, found: State, opened: bool) -> bool:
    """Whether what has aged can be renewed in this run: the root's key may be kept elsewhere until then."""
    return opened and (state.ROOT_KEY in found.keys or not _by_root(what, found))


def _by_root(what: str, found: State) -> bool:
    return what != CRL or bool(found.design and not found.design.path_length)


def _left(what: str, ends: datetime.datetime, found: State) -> str:
    away = f" and {state.ROOT_KEY} in its place" if _by_root(what, found) and state.ROOT_KEY not in found.keys else ""
    return f"The {what} in {found.directory} ends on {iso(ends)}: a run with the passphrase{away} renews it."


def _revoked(found: State) -> list[tuple[str, str]]:
    return [(serial, found.records.issued[serial]) for serial in found.records.revoked]


def _repairs(found: State, renewed: bool) -> tuple[str, ...]:
    """What is wrong around the certificates; the file of both follows from them."""
    repairs = []
    for name, content in public_files(found).items():
        if found.files[name] is None:
            repairs.append(f"{name} was missing")
        elif found.files[name] != content and not (renewed and name == state.CA):
            repairs.append(f"{name} was out of date")
    return (*repairs, *(f"{name} could be read by others" for name in found.open_keys))


def public_files(found: State) -> dict[str, bytes]:
    """The files that follow from the certificates."""
    if not found.root or not found.design:
        return {}
    facts = found.root.facts
    name = dict(pairs_of(found.root.loaded.subject)).get("common_name", facts.subject)
    design = found.design
    text = page.trust_page(name, facts.fingerprint_sha256, iso(facts.not_after), design.permitted, design.excluded)
    return {state.CA: b"".join(each.pem for each in found.chain), state.PAGE: text}


# --- what is asked for


def _revoke(options: Mapping[str, Any], found: State, problems: list[str]) -> dict[str, str]:
    """Those that are not revoked yet."""
    wanted = {}
    for each in options["revoke"]:
        serial = grammar.serial(each["serial"])
        if serial not in found.records.issued:
            problems.append(
                f"revoke: the authority in {found.directory} has issued no certificate with the serial {serial}; its "
                "records.jsonl has those that it has"
            )
        elif serial not in found.records.revoked:
            wanted[serial] = each["reason"]
    return wanted


def _warnings(found: State, now: datetime.datetime) -> tuple[str, ...]:
    if not found.root or found.root.facts.not_after - now > WARN:
        return ()
    return (
        f"The root in {found.directory} ends on {iso(found.root.facts.not_after)}, and no certificate of it lasts "
        "longer: have a new authority of another name made in another folder, and clients trust both roots until then.",
    )
