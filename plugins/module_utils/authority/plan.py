# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done to an authority, and why. Decides; opens no key and touches nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.authority import page, settings, state
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import AuthorityError, Design
from ansible_collections.wss.edge.plugins.module_utils.authority.state import State
from ansible_collections.wss.edge.plugins.module_utils.model import constraints, grammar
from ansible_collections.wss.edge.plugins.module_utils.pki import names as pki_names
from ansible_collections.wss.edge.plugins.module_utils.pki import requests
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import iso
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import SUBJECT_FIELDS, pairs_of, subject_text

ROOT_DAYS = 3650
INTERMEDIATE_LIFE = datetime.timedelta(days=1825)
WARN = datetime.timedelta(days=365)
NONE = "there was none"


@dataclass(frozen=True)
class Signing:
    """A request that is to be signed, read and checked."""

    name: str
    request: Any
    names: tuple[str, ...]
    profile: str
    valid_days: int


@dataclass(frozen=True)
class Plan:
    """What is to be done. A reason that is empty means that it is not."""

    state: State
    now: datetime.datetime
    subject: tuple[tuple[str, str], ...]  # of a new root
    key: KeySettings  # of new keys
    design: Design
    constraints: tuple[tuple[str, ...], tuple[str, ...]]  # permitted, excluded
    crl_days: int
    root: str = ""
    intermediate: str = ""
    crl: str = ""
    repairs: tuple[str, ...] = ()
    revoke: dict[str, str] = field(default_factory=dict)  # serial -> reason
    sign: tuple[Signing, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def reasons(self) -> list[str]:
        said = [("root", self.root), ("intermediate", self.intermediate), ("revocation list", self.crl)]
        return [
            *(f"{what}: {reason}" for what, reason in said if reason),
            *self.repairs,
            *(f"serial {serial}: revoked ({reason})" for serial, reason in self.revoke.items()),
            *(f"certificate {each.name}: a request is to be signed" for each in self.sign),
        ]

    @property
    def needs_keys(self) -> bool:
        return bool(self.root or self.intermediate or self.crl or self.sign)


def plan(options: Mapping[str, Any], found: State, now: datetime.datetime) -> Plan:
    """Plan all that the options ask for, or refuse with everything that is wrong."""
    design = found.design or _new_design(options)
    problems = _differences(options, found)
    if found.root and now >= found.root.facts.not_after:
        problems.append(
            f"directory: the root in {found.directory} has ended on {iso(found.root.facts.not_after)}; "
            "have a new authority made in another folder, and clients trust its root"
        )
    limits = constraints.effective(design.permitted, design.excluded)
    revoke = _revoke(options, found, problems)
    sign = tuple(_signing(each, limits, problems) for each in options["requests"])
    if problems:
        raise AuthorityError(*problems)
    intermediate = _intermediate(found, design, now)
    return Plan(
        state=found,
        now=now,
        subject=_subject(options),
        key=KeySettings(**(options["key"] or settings.DEFAULT_KEY)),
        design=design,
        constraints=limits,
        crl_days=options["crl_days"],
        root="" if found.root else NONE,
        intermediate=intermediate,
        crl=_crl(found, revoke, now),
        repairs=() if not found.root else _repairs(found, bool(intermediate)),
        revoke=revoke,
        sign=tuple(each for each in sign if each),
        warnings=_warnings(found, now),
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


def _intermediate(found: State, design: Design, now: datetime.datetime) -> str:
    if not design.path_length:
        return ""
    if not found.root:
        return NONE
    if not found.intermediate:
        return "it was damaged" if found.files[state.INTERMEDIATE] else NONE
    facts = found.intermediate.facts
    life, left = facts.not_after - facts.not_before, facts.not_after - now
    ends_later = min(now + INTERMEDIATE_LIFE, found.root.facts.not_after) - facts.not_after
    if left <= life / 3 and ends_later >= datetime.timedelta(days=1):
        return f"a third of its life is left: {max(left.days, 0)} of {life.days} days"
    return ""


def _crl(found: State, revoke: Mapping[str, str], now: datetime.datetime) -> str:
    if not found.root or found.files[state.CRL] is None:
        return NONE
    if not found.crls:
        return "it was damaged"
    listed = set(found.crls[0].serials)
    if listed - set(found.records.revoked):
        raise AuthorityError(
            f"{found.directory}/{state.CRL} names revoked certificates that the records beside it do not have: put "
            "the records back from a copy"
        )
    start, end = min(each.last_update for each in found.crls), min(each.next_update for each in found.crls)
    if revoke or [serial for serial, ends in _revoked(found) if serial not in listed and ends > iso(start)]:
        return "certificates were revoked"
    if end - now <= (end - start) / 2:
        return f"half of its life is left: {max((end - now).days, 0)} of {(end - start).days} days"
    return ""


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
    text = page.trust_page(name, facts.fingerprint_sha256, iso(facts.not_after), found.design.permitted)
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


def _signing(each: Mapping[str, Any], limits: Any, problems: list[str]) -> Signing | None:
    def refuse(why: str) -> None:
        problems.append(f"request {each['name']}: {why}")

    try:
        wanted = [pki_names.parse_name(name) for name in each["names"]]
        request = requests.load_request(each["request"].encode())
        asked = pki_names.names_of(request)
    except (PkiError, ValueError) as error:
        refuse(str(error))
        return None
    strange = sorted(set(asked) - set(wanted))
    missing = sorted(set(wanted) - set(asked))
    forbidden = constraints.forbidden(wanted, *limits)
    if strange:
        refuse(f"asks for {', '.join(strange)}, which is none of its names ({', '.join(wanted) or 'there are none'})")
    if missing:
        refuse(f"does not ask for {', '.join(missing)}; make it anew with all of its names")
    if forbidden:
        refuse(
            f"asks for {', '.join(forbidden)}, and the authority may sign for {', '.join(limits[0]) or 'all'} "
            f"without {', '.join(filter(None, limits[1])) or 'exception'}; clients would refuse the certificate"
        )
    return Signing(each["name"], request, tuple(wanted), each["profile"], each["valid_days"])


def _warnings(found: State, now: datetime.datetime) -> tuple[str, ...]:
    if not found.root or found.root.facts.not_after - now > WARN:
        return ()
    return (
        f"The root in {found.directory} ends on {iso(found.root.facts.not_after)}, and no certificate of it lasts "
        "longer: have a new authority made in another folder, and clients trust both roots until then.",
    )
