# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes, keeps and uses a private authority: the module's work, done wherever the authority is.

Every file is replaced by one rename, keys come before the certificates that need them, records before the results
that they record. Whenever it is killed, the next run finds what is missing and goes on.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.authority import asked, log, report, settings, state
from ansible_collections.wss.edge.plugins.module_utils.authority import plan as authority_plan
from ansible_collections.wss.edge.plugins.module_utils.authority.asked import Signing
from ansible_collections.wss.edge.plugins.module_utils.authority.plan import Plan
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import AuthorityError
from ansible_collections.wss.edge.plugins.module_utils.authority.state import Certificate, State
from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.pki import certificates, keys, library, revocations
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import CLOCK_SKEW, AuthorityRecipe, iso
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import CrlFacts, Revoked
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import pairs_of
from ansible_collections.wss.edge.plugins.module_utils.single_files import single
from ansible_collections.wss.edge.plugins.module_utils.single_files.single import FileError


def run(options: Mapping[str, Any], now: datetime.datetime, check_mode: bool, diff: bool) -> dict[str, Any]:
    """The result of the module; C(warnings) is in it. Raises AuthorityError, and then nothing was changed."""
    if not library.HAS_CRYPTOGRAPHY:
        raise AuthorityError(library.MISSING)
    settings.check(options)
    directory, sign = options["directory"], asked.read(options["requests"])
    try:
        if check_mode:
            plan = authority_plan.plan(options, sign, state.read(directory), now)
            return report.result(plan, plan.state, [], diff)
        if not os.path.lexists(directory):  # a refusal leaves no empty folder
            authority_plan.plan(options, sign, state.read(directory), now)
        with state.locked(directory):
            plan = authority_plan.plan(options, sign, state.read(directory), now)
            issued = _apply(plan, options["passphrase"])
            return report.result(plan, state.read(directory), issued, diff)
    except (FileError, log.RecordsError, PkiError) as error:
        raise AuthorityError(str(error)) from None
    except OSError as error:
        raise AuthorityError(f"cannot use {error.filename or directory}: {error.strerror}") from None


@dataclass(frozen=True)
class _Keys:
    """Those that the plan needs."""

    root: Any
    issuer: Any  # the intermediate's, or the root's where there is none


def _apply(plan: Plan, passphrase: str | None) -> list[dict[str, Any]]:
    """Do what is planned; what was issued."""
    found = plan.state
    own = _open_keys(plan, passphrase) if plan.needs_keys else _Keys(None, None)
    if authority_plan.ROOT in plan.due:
        found = _with_root(plan, found, own)
    if authority_plan.INTERMEDIATE in plan.due:
        found = _with_intermediate(plan, found, own)
    for name, content in authority_plan.public_files(found).items():
        if found.files[name] != content:
            state.write(found.directory, name, content)
    for name in found.open_keys:
        os.chmod(found.path(name), 0o600)
    issued = [_sign(plan, each, found, own) for each in plan.sign]
    entries = [*(_revocation(plan, *each) for each in plan.revoke.items()), *issued]
    if entries:
        log.append(found.directory, found.records, entries)
    if {authority_plan.CRL, authority_plan.ROOT_CRL} & set(plan.due):
        state.write(found.directory, state.CRL, _make_crls(plan, found, own))
    return issued


# --- keys


def _open_keys(plan: Plan, passphrase: str | None) -> _Keys:
    """Open the keys that are needed; only when they could be, make those that there are none of."""
    found, design = plan.state, plan.design
    issuer = state.INTERMEDIATE_KEY if design.path_length else state.ROOT_KEY
    of_root = {authority_plan.ROOT, authority_plan.INTERMEDIATE, authority_plan.ROOT_CRL} & set(plan.due)
    wanted = {issuer, state.ROOT_KEY} if of_root else {issuer}
    missing = [name for name in sorted(wanted) if name not in found.keys]
    _refuse_lost(found, missing)
    if not passphrase:
        raise AuthorityError(
            f"passphrase: is needed to open the keys in {found.directory} ({'; '.join(plan.reasons)}); "
            "give the one that the authority is made with"
        )
    secret = passphrase.encode()
    opened = {name: _open_key(found, name, secret, design.key) for name in wanted if name not in missing}
    for name in missing:
        opened[name] = keys.make_key(plan.key)
        state.write(found.directory, name, keys.dump_key(opened[name], secret))
    return _Keys(opened.get(state.ROOT_KEY), opened[issuer])


def _refuse_lost(found: State, missing: Sequence[str]) -> None:
    """A key that has signed is not to be replaced by another."""
    used = {state.ROOT_KEY: found.files[state.ROOT], state.INTERMEDIATE_KEY: found.files[state.INTERMEDIATE]}
    lost = [found.path(name) for name in missing if used[name] is not None]
    if lost:
        raise AuthorityError(f"{', '.join(lost)} is missing: put it back from where it is kept")


def _open_key(found: State, name: str, passphrase: bytes, kind: str) -> Any:
    path = found.path(name)
    try:
        key = keys.load_key(single.look(path).text, passphrase)
    except library.PassphraseWrong:
        raise AuthorityError(
            f"passphrase: does not open {path}; give the one that the authority was made with"
        ) from None
    except PkiError as error:
        raise AuthorityError(f"{path} {error}; put it back from a copy") from None
    certificate = found.root if name == state.ROOT_KEY else found.intermediate
    if certificate and not keys.belongs_to(key, certificate.loaded):
        raise AuthorityError(f"{path} is not the key of «{certificate.facts.subject}»: put it back from a copy")
    if keys.describe_key(key.public_key()) != kind:
        raise AuthorityError(
            f"key: {path} is left of an authority whose making was broken off, with another kind of key than {kind}; "
            "ask for that kind, or remove it"
        )
    return key


# --- certificates


def _with_root(plan: Plan, found: State, own: _Keys) -> State:
    permitted, excluded = plan.constraints
    recipe = AuthorityRecipe(
        subject=plan.subject,
        not_before=plan.now - CLOCK_SKEW,
        not_after=plan.now + datetime.timedelta(days=plan.design.valid_days),
        path_length=plan.design.path_length,
        permitted=permitted,
        excluded=excluded,
    )
    state.write(found.directory, state.ROOT, certificates.make_authority(own.root, recipe))
    return state.read(found.directory)


def _with_intermediate(plan: Plan, found: State, own: _Keys) -> State:
    """It has the constraints too: some clients do not look for them in a root."""
    root = _there(found.root)
    permitted, excluded = plan.constraints
    recipe = AuthorityRecipe(
        subject=_intermediate_subject(pairs_of(root.loaded.subject)),
        not_before=max(plan.now - CLOCK_SKEW, root.facts.not_before),
        not_after=plan.now + authority_plan.INTERMEDIATE_LIFE,
        path_length=plan.design.path_length - 1,
        permitted=permitted,
        excluded=excluded,
    )
    pem = certificates.make_authority(own.issuer, recipe, root.loaded, own.root)
    state.write(found.directory, state.INTERMEDIATE, pem)
    return state.read(found.directory)


def _intermediate_subject(root: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    ending = " intermediate"
    longest = grammar.SUBJECT["common_name"] - len(ending)

    def cut(value: str) -> str:
        return value.encode()[:longest].decode(errors="ignore")  # no half of a character

    return tuple((part, cut(value) + ending if part == "common_name" else value) for part, value in root)


def _there(certificate: Certificate | None) -> Certificate:
    if certificate is None:
        raise AssertionError("it was made or read before")
    return certificate


def _sign(plan: Plan, signing: Signing, found: State, own: _Keys) -> dict[str, Any]:
    """The line of the records, which has all that is said of the certificate."""
    start, end = plan.now - CLOCK_SKEW, plan.now + datetime.timedelta(days=signing.valid_days)
    issuer = found.chain[0].loaded
    pem = certificates.sign(signing.request, issuer, own.issuer, signing.profile, start, end)
    facts = certificates.read_facts(certificates.load_certificates(pem)[0])
    return {
        "event": log.ISSUED,
        "time": iso(plan.now),
        "name": signing.name,
        "serial": facts.serial,
        "subject": facts.subject,
        "names": list(facts.names),
        "profile": signing.profile,
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
        "fingerprint_sha256": facts.fingerprint_sha256,
        "pem": pem.decode(),
    }


# --- revocation


def _revocation(plan: Plan, serial: str, reason: str) -> dict[str, Any]:
    return {"event": log.REVOKED, "time": iso(plan.now), "serial": serial, "reason": reason}


def _make_crls(plan: Plan, found: State, own: _Keys) -> bytes:
    """The list of what signs for others, which names all that is revoked, and one of the root if that is another.

    Each is made when it is due; the other stays as it is.
    """
    lists = [found.crl.pem if found.crl else b"", found.root_crl.pem if found.root_crl else b""]
    if authority_plan.CRL in plan.due:
        life = datetime.timedelta(days=plan.crl_days)
        lists[0] = _make_crl(plan, found.chain[0], own.issuer, life, _listed(plan, found, life), found.crl)
    if authority_plan.ROOT_CRL in plan.due:
        lists[1] = _make_crl(plan, found.chain[-1], own.root, authority_plan.ROOT_CRL_LIFE, [], found.root_crl)
    return b"".join(lists)


def _listed(plan: Plan, found: State, life: datetime.timedelta) -> list[Revoked]:
    """A certificate that has ended stays listed for as long as a list lives: no client misses it (RFC 5280, 3.3)."""
    records = state.read(found.directory).records
    return [
        Revoked(serial, datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z"), reason)
        for serial, (reason, time) in records.revoked.items()
        if records.issued[serial] > iso(plan.now - CLOCK_SKEW - life)
    ]


def _make_crl(
    plan: Plan,
    issuer: Certificate,
    key: Any,
    life: datetime.timedelta,
    listed: Sequence[Revoked],
    last: CrlFacts | None,
) -> bytes:
    # Time makes a number that is higher than the last, also where that list is lost.
    number = max(int(plan.now.timestamp()), ((last.number or 0) + 1) if last else 0)
    return revocations.make_crl(issuer.loaded, key, listed, number, plan.now - CLOCK_SKEW, plan.now + life)
