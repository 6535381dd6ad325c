# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for each certificate, and why. Decides; touches nothing.

A provider is one function of PROVIDERS: what is wanted, what is installed and the time in; a Plan out. It gives
C(reason) and one of C(recipe) (make a pair) and C(bundle) (install this pair), or nothing when all is well; what
the user has to set right it raises as Refused. To add a provider: write the function, add it to PROVIDERS and to
the module's choices, and give Wanted a field for each input that comes from elsewhere (files has C(given)).
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import given as certificate_given
from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.certificates.given import Given, Refused
from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    CLOCK_SKEW,
    Facts,
    Recipe,
    dump_certificate,
    iso,
    load_certificates,
    make_self_signed,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import (
    MAX_RSA_BITS,
    MIN_RSA_BITS,
    KeySettings,
    belongs_to,
    describe_key,
    dump_key,
    load_key,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import (
    SUBJECT_FIELDS,
    check_subject_value,
    subject_text,
)

MAX_VALID_DAYS = 825
WARN_DAYS = 14

_NAME = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,199}", re.ASCII)


@dataclass(frozen=True)
class Wanted:
    """One entry of C(certificates), checked."""

    name: str
    provider: str
    names: tuple[str, ...]
    key: KeySettings
    subject: tuple[tuple[str, str], ...]
    valid_days: int
    given: Given  # for the provider files
    ca: str = ""  # PEM of the authority that clients trust, where the user names one


@dataclass(frozen=True)
class Installed:
    """What is on disk, read and judged. Without C(facts) there is no usable certificate, without C(key) no key."""

    note: str = ""
    bundle: store.Bundle | None = None
    facts: Facts | None = None
    key: str | None = None
    key_pem: bytes | None = field(default=None, repr=False)
    broken: tuple[str, ...] = ()  # why a certificate must replace it
    damage: tuple[str, ...] = ()  # what can be set right around it


@dataclass(frozen=True)
class Plan:
    wanted: Wanted
    installed: Installed
    reason: str = ""
    recipe: Recipe | None = None
    bundle: store.Bundle | None = None
    warning: str = ""


# --- the whole run


def plan_all(
    entries: Sequence[Mapping[str, Any]],
    given: Sequence[Given],
    look: Callable[[str], store.Stored],
    now: datetime.datetime,
) -> list[Plan]:
    """Plan every certificate, or refuse with every problem of all of them. C(look) reads what is stored for a name."""
    plans: list[Plan] = []
    problems: list[str] = []
    seen: set[str] = set()
    for entry, files in zip(entries, given):
        name = str(entry["name"])
        try:
            if name in seen:
                raise Refused(["name: is there twice; every certificate needs a name of its own"])
            seen.add(name)
            wanted = parse(entry, files)
            installed = judge(look(wanted.name))
            plans.append(PROVIDERS[wanted.provider](wanted, installed, now))
        except Refused as refused:
            problems += [f"certificate {name}, {problem}" for problem in refused.problems]
        except store.StoreError as error:
            problems.append(f"certificate {name}: {error}")
        except OSError as error:
            problems.append(f"certificate {name}: cannot read {error.filename}: {error.strerror}")
    if problems:
        raise Refused(problems)
    return plans


def make(plan: Plan) -> store.Bundle:
    """The pair that a plan with a reason installs, made if need be."""
    if plan.recipe:
        key, certificate = make_self_signed(plan.recipe)
        return store.Bundle(key, (certificate,))
    if plan.bundle is None:
        raise AssertionError(f"certificate {plan.wanted.name}: nothing is planned to be installed")
    return plan.bundle


def facts_of(bundle: store.Bundle) -> Facts:
    return read_facts(load_certificates(bundle.certificates[0])[0])


# --- what is wanted


def parse(entry: Mapping[str, Any], given: Given) -> Wanted:
    problems: list[str] = []
    if not _NAME.fullmatch(entry["name"]):
        allowed = "may hold letters, digits and . _ : - and not begin with a dot; at most 200 characters"
        problems.append(_refused("name", entry["name"], allowed))
    names = _parse_names(entry["names"], problems)
    if entry["provider"] == "self_signed" and not entry["names"]:
        problems.append("names: needs at least one DNS name or IP address")
    key = KeySettings(**entry["key"])
    if key.type == "rsa" and not MIN_RSA_BITS <= key.bits <= MAX_RSA_BITS:
        problems.append(_refused("key.bits", key.bits, f"must be {MIN_RSA_BITS} to {MAX_RSA_BITS}"))
    if not 1 <= entry["valid_days"] <= MAX_VALID_DAYS:
        problems.append(_refused("valid_days", entry["valid_days"], f"must be 1 to {MAX_VALID_DAYS}"))
    subject = _parse_subject(entry, names, problems)
    for part in ("certificate", "private_key", "chain"):
        if entry["remote_src"] and entry[part] and not entry[part].startswith("/"):
            problems.append(_refused(part, entry[part], "must be an absolute path, as it is on the host"))
    if problems:
        raise Refused(problems)
    ca = entry.get("ca_content") or ""
    return Wanted(entry["name"], entry["provider"], tuple(names), key, subject, entry["valid_days"], given, ca)


def _parse_names(texts: Sequence[str], problems: list[str]) -> list[str]:
    names = []
    for text in texts:
        try:
            names.append(grammar.server_name(text))
        except ValueError as error:
            problems.append(_refused("names", text, str(error)))
    return list(dict.fromkeys(names))


def _parse_subject(entry: Mapping[str, Any], names: Sequence[str], problems: list[str]) -> tuple[tuple[str, str], ...]:
    given = {part: value for part, value in entry["subject"].items() if value is not None}
    # A certificate must name its issuer, here itself; a common name holds no more than 64 characters.
    short = [name for name in (*names, entry["name"]) if len(name) <= 64]
    values = {"common_name": short[0] if short else entry["name"][:64], **given}
    for part, value in given.items():
        try:
            check_subject_value(part, value)
        except PkiError as error:
            problems.append(f"subject.{part}: {error}")
    return tuple((part, values[part]) for part in SUBJECT_FIELDS if part in values)


def _refused(key: str, value: Any, why: str) -> str:
    return f"{key}: {json.dumps(value, ensure_ascii=False)} {why}"


# --- what is installed


def judge(stored: store.Stored) -> Installed:
    if stored.digest is None:
        return Installed(stored.note)
    broken: list[str] = []
    certificates = _own_certificates(stored)
    facts = None
    if certificates:
        try:
            facts = read_facts(certificates[0])
        except PkiError:
            certificates = []
    if not facts:
        broken.append("its certificate is damaged")
    key, key_problem = _own_key(stored)
    if not key:
        broken.append(f"its key {key_problem}")
    elif certificates and not belongs_to(key, certificates[0]):
        broken.append("it does not match its key")
    key_pem = dump_key(key) if key else None
    bundle = None
    if key_pem and certificates:
        bundle = store.Bundle(key_pem, tuple(dump_certificate(each) for each in certificates))
    return Installed(
        note=stored.note,
        bundle=bundle,
        facts=facts,
        key=describe_key(key.public_key()) if key else None,
        key_pem=key_pem,
        broken=tuple(broken),
        damage=_damage(stored, bundle) if bundle else (),
    )


def _own_certificates(stored: store.Stored) -> list[Any]:
    """Leaf and chain, if any of the files still holds those that the folder is named by."""
    files = stored.files
    for text in (files[store.FULLCHAIN] or b"", (files[store.CERT] or b"") + (files[store.CHAIN] or b"")):
        try:
            certificates = load_certificates(text)
        except PkiError:
            continue
        if store.digest_of(tuple(dump_certificate(each) for each in certificates)) == stored.digest:
            return certificates
    return []


def _own_key(stored: store.Stored) -> tuple[Any, str]:
    text = stored.files[store.PRIVKEY]
    if text is None:
        return None, "is missing"
    try:
        return load_key(text, validate=False), ""
    except PkiError as error:
        return None, str(error)


def _damage(stored: store.Stored, bundle: store.Bundle) -> tuple[str, ...]:
    found = []
    for file, content in bundle.files().items():
        if stored.files[file] is None:
            found.append(f"{file} was missing")
        elif file != store.PRIVKEY and stored.files[file] != content:
            found.append(f"{file} was damaged")
        elif stored.modes[file] != store.mode_of(file):
            found.append(f"{file} had mode {stored.modes[file]:04o} instead of {store.mode_of(file):04o}")
    return tuple(found)


# --- the provider self_signed


def plan_self_signed(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    if not installed.bundle and not installed.broken:
        return Plan(wanted, installed, installed.note, _recipe(wanted, None, now))
    key_changes = []
    if installed.key and installed.key != str(wanted.key):
        key_changes.append(f"key settings changed: {installed.key} -> {wanted.key}")
    elif not installed.key:
        key_changes.append("a new key is made")
    renewals = [*installed.broken, *key_changes, *_renewals(wanted, installed.facts, now)]
    reason = _joined(installed.note, *renewals, *installed.damage)
    if renewals:
        key_pem = None if key_changes else installed.key_pem
        return Plan(wanted, installed, reason, _recipe(wanted, key_pem, now))
    return Plan(wanted, installed, reason, bundle=installed.bundle if reason else None)


def _renewals(wanted: Wanted, facts: Facts | None, now: datetime.datetime) -> list[str]:
    """Why a certificate that can be read must be made anew."""
    if not facts:
        return []
    reasons = []
    if not facts.self_signed:
        reasons.append(f"it was not self-signed but issued by {facts.issuer}")
    added, gone = set(wanted.names) - set(facts.names), set(facts.names) - set(wanted.names)
    if added or gone:
        changes = [f"+{name}" for name in sorted(added)] + [f"-{name}" for name in sorted(gone)]
        reasons.append(f"names changed: {' '.join(changes)}")
    if facts.subject != subject_text(wanted.subject):
        reasons.append(f"subject changed: {facts.subject} -> {subject_text(wanted.subject)}")
    reasons.append(_out_of_time(facts, now))
    return [reason for reason in reasons if reason]


def _out_of_time(facts: Facts, now: datetime.datetime) -> str:
    life, left = facts.not_after - facts.not_before, facts.not_after - now
    if now >= facts.not_after:
        return f"it expired on {iso(facts.not_after)}"
    if now < facts.not_before:
        return f"it is not valid before {iso(facts.not_before)}"
    if left <= life / 3:
        return f"a third of its life is left: {facts.days_left(now)} of {life.days} days"
    return ""


def _recipe(wanted: Wanted, key_pem: bytes | None, now: datetime.datetime) -> Recipe:
    until = now + datetime.timedelta(days=wanted.valid_days)
    return Recipe(key_pem, wanted.key, wanted.subject, wanted.names, now - CLOCK_SKEW, until)


# --- the provider files


def plan_files(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    bundle, facts = certificate_given.check(wanted.names, wanted.given, now)
    warning = ""
    if facts.days_left(now) < WARN_DAYS:
        warning = (
            f"certificate {wanted.name} expires in {facts.days_left(now)} days, on {iso(facts.not_after)}; "
            "put a renewed one in its place"
        )
    differs = installed.bundle and installed.bundle.digest != bundle.digest
    reasons = ["the files given differ"] if differs else [*installed.broken, *installed.damage]
    reason = _joined(installed.note, *reasons)
    return Plan(wanted, installed, reason, bundle=bundle if reason else None, warning=warning)


PROVIDERS: dict[str, Callable[[Wanted, Installed, datetime.datetime], Plan]] = {
    "self_signed": plan_self_signed,
    "files": plan_files,
}


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
