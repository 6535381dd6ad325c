# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for the file of a certificate and its chain, and why. Decides; touches nothing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.wss.edge.plugins.module_utils.pki import certificates, chains, profiles
from ansible_collections.wss.edge.plugins.module_utils.pki import requests as pki_requests
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import iso, issued_by
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import belongs_to, fingerprint
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import name_text
from ansible_collections.wss.edge.plugins.module_utils.single_files import requests as file_requests
from ansible_collections.wss.edge.plugins.module_utils.single_files import single

if TYPE_CHECKING:
    from cryptography import x509

    from ansible_collections.wss.edge.plugins.module_utils.pki.keys import PrivateKey

MAX_VALID_DAYS = 36500
FIRST_YEAR = 1950  # RFC 5280, 4.1.2.5
WARN_DAYS = 14


@dataclass(frozen=True)
class Life:
    """From when to when, and when to renew; what is not said explicitly is counted from the time of the run."""

    valid_days: int = 90
    not_before: datetime.datetime | None = None
    not_after: datetime.datetime | None = None
    renew_before: int | None = None  # days; None: a third of its life

    def check(self) -> None:
        """Refuse what would never be valid, or be renewed in every run."""
        if not 1 <= self.valid_days <= MAX_VALID_DAYS:
            raise PkiError(f"valid_days: {self.valid_days} must be 1 to {MAX_VALID_DAYS}")
        if self.renew_before is not None and not 0 <= self.renew_before < self.valid_days and not self.not_after:
            raise PkiError(f"renew_before: {self.renew_before} must be 0 or more, and less than valid_days")
        if self.not_before and self.not_after and self.not_before >= self.not_after:
            raise PkiError(f"not_after: {iso(self.not_after)} must be later than not_before, {iso(self.not_before)}")

    def dates(self, now: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime]:
        """Of a certificate that is made now."""
        start = self.not_before or now - certificates.CLOCK_SKEW
        try:
            end = self.not_after or (self.not_before or now) + datetime.timedelta(days=self.valid_days)
        except OverflowError:
            raise PkiError(
                f"not_before: {iso(start)} and valid_days, {self.valid_days}, lead beyond the year 9999, the last that "
                "a certificate can name; let it start earlier, or set not_after"
            ) from None
        if end <= now:
            raise PkiError(f"the certificate would end on {iso(end)}, which is past; set not_after or valid_days anew")
        return start, end


@dataclass(frozen=True)
class Order:
    """A certificate to be made from a request."""

    request: x509.CertificateSigningRequest
    key: PrivateKey = field(repr=False)  # that signs
    profile: str
    life: Life
    authority: tuple[x509.Certificate, ...] = ()  # the one whose key that is, then those above; empty: self-signed


@dataclass(frozen=True)
class Plan:
    """With a reason: write what C(make) gives."""

    reason: str
    make: Callable[[], bytes]
    facts: certificates.Facts | None = None  # of the certificate that is there
    after: dict[str, str] = field(default_factory=dict)
    warning: str = ""


def parse_time(option: str, text: str | None) -> datetime.datetime | None:
    """A time as ISO 8601 has it, to the second, as certificates have it."""
    if not text:
        return None
    utc = datetime.timezone.utc
    try:
        time = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00")).replace(microsecond=0)
        time = time.astimezone(utc) if time.tzinfo else time.replace(tzinfo=utc)
    except ValueError:
        raise PkiError(f"{option}: {text!r} must be a time in UTC, such as 2026-11-23T08:00:00Z") from None
    except OverflowError:
        time = datetime.datetime.min.replace(tzinfo=utc)
    if time.year < FIRST_YEAR:
        raise PkiError(f"{option}: {text!r} must be from {FIRST_YEAR}-01-01 to 9999-12-31, in UTC")
    return time


# --- made from a request


def plan_made(found: single.Found, order: Order, now: datetime.datetime) -> Plan:
    """For the providers self_signed and ca."""
    order.life.check()
    asked = pki_requests.read_request(order.request)
    if asked.ca:
        raise PkiError("request: asks for the certificate of an authority, which the module private_ca makes")
    if not order.authority and not belongs_to(order.key, order.request):
        raise PkiError("request: belongs to another key than private_key; make it anew with this key")
    if not order.authority and not asked.subject:
        raise PkiError(
            "request: has no subject, and a self-signed certificate must name its issuer, itself; make the request "
            "anew with a subject, such as a common_name"
        )
    start, end = _dates(order, now)
    there, facts, problem = _read(found)
    reasons = [problem] if problem else []
    if facts:
        reasons += _differences(there[0], facts, order, asked)
        reasons += [reason for reason in [_out_of_time(facts, order.life, (start, end), now)] if reason]
    after = {
        "names": ", ".join(asked.names),
        "subject": asked.subject,
        "issuer": name_text((order.authority or (order.request,))[0].subject),
        "key": asked.key,
        "not_before": iso(start),
        "not_after": iso(end),
    }
    if not reasons and facts:
        whole = _chain(there[0], order)
        reason = "" if there == whole else "its chain was not that of its authority"
        return Plan(reason, lambda: _dumped(whole), facts, shown(facts))
    return Plan("; ".join(reasons), lambda: _made(order, start, end), facts, after)


def _dates(order: Order, now: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime]:
    """Of a certificate that is made now; none outlives its authority."""
    start, end = order.life.dates(now)
    for issuer in order.authority[:1]:
        facts = certificates.read_facts(issuer)
        last = facts.not_after
        if not facts.is_ca:
            raise PkiError(f"ca_certificate: {certificates.describe(issuer)} is no authority; give one that is")
        if last <= max(now, start):
            raise PkiError(f"ca_certificate: {certificates.describe(issuer)} ends on {iso(last)}; renew it first")
        end = min(end, last)
    return start, end


def _read(found: single.Found) -> tuple[list[Any], certificates.Facts | None, str]:
    """The certificates in a file, what the first says, and why it cannot be used."""
    if found.content is None:
        return [], None, single.NONE
    file_requests.refuse_to_lose_a_key(found)
    try:
        there = certificates.load_certificates(found.content)
        return there, certificates.read_facts(there[0]), ""
    except PkiError as error:
        return [], None, f"it {error}"


def _differences(leaf: Any, facts: certificates.Facts, order: Order, asked: pki_requests.RequestFacts) -> list[str]:
    """Why a certificate that can be read is not the one that is asked for."""
    reasons = []
    if fingerprint(leaf.public_key()) != asked.fingerprint:
        reasons.append("it belongs to another key")
    if not issued_by(leaf, (order.authority or (leaf,))[0]):
        reasons.append(f"it was issued by {facts.issuer}")
    reasons.append(file_requests.names_changed(facts.names, asked.names))
    if facts.subject != asked.subject:
        reasons.append(f"subject changed: {facts.subject or 'none'} -> {asked.subject or 'none'}")
    usages = profiles.PROFILES[order.profile]
    if facts.eku != usages:
        reasons.append(f"extended key usage changed: {', '.join(facts.eku) or 'none'} -> {', '.join(usages)}")
    return [reason for reason in reasons if reason]


def _out_of_time(
    facts: certificates.Facts,
    life: Life,
    dates: tuple[datetime.datetime, datetime.datetime],
    now: datetime.datetime,
) -> str:
    start, end = dates
    if life.not_after and facts.not_after != end:
        return f"not_after changed: {iso(facts.not_after)} -> {iso(end)}"
    if life.not_before and facts.not_before != start:
        return f"not_before changed: {iso(facts.not_before)} -> {iso(start)}"
    if now < facts.not_before and not life.not_before:
        return f"it is not valid before {iso(facts.not_before)}"
    if end <= facts.not_after:
        return ""  # a new one would last no longer: its authority ends then, or the end is given
    if now >= facts.not_after:
        return f"it expired on {iso(facts.not_after)}"
    whole, left = facts.not_after - facts.not_before, facts.not_after - now
    if life.renew_before is None:
        return f"a third of its life is left: {facts.days_left(now)} of {whole.days} days" if left <= whole / 3 else ""
    if left <= datetime.timedelta(days=life.renew_before):
        return f"it is to be renewed {life.renew_before} days before its end, and has {facts.days_left(now)} left"
    return ""


def _made(order: Order, start: datetime.datetime, end: datetime.datetime) -> bytes:
    if order.authority:
        made = certificates.sign(order.request, order.authority[0], order.key, order.profile, start, end)
    else:
        made = certificates.self_sign(order.request, order.key, order.profile, start, end)
    return _dumped(_chain(certificates.load_certificates(made)[0], order))


def _chain(leaf: Any, order: Order) -> list[Any]:
    """The leaf and what servers send with it."""
    return [leaf, *(each for each in order.authority if not issued_by(each, each))]


def _dumped(chain: Sequence[Any]) -> bytes:
    return b"".join(certificates.dump_certificate(each) for each in chain)


# --- that the user has


def plan_given(
    found: single.Found,
    given: Sequence[x509.Certificate],
    key: PrivateKey,
    names: Sequence[str],
    profile: str,
    now: datetime.datetime,
) -> Plan:
    """For the provider files: in the right order, without the root; everything that is wrong is in one PkiError."""
    chain = chains.order(given, key)
    problems = chains.problems(chain, names, now, profile)
    if problems:
        raise PkiError("certificate: " + "; ".join(problems))
    there, facts, problem = _read(found)
    wanted = certificates.read_facts(chain[0])
    reason = problem or ("" if there == chain else "the files given differ")
    warning = ""
    if wanted.days_left(now) < WARN_DAYS:
        warning = (
            f"{found.path}: the certificate expires in {wanted.days_left(now)} days, on {iso(wanted.not_after)}; "
            "put a renewed one in its place"
        )
    return Plan(reason, lambda: _dumped(chain), facts, shown(wanted), warning)


# --- what is shown


def shown(facts: certificates.Facts | None) -> dict[str, str]:
    """For a diff."""
    if facts is None:
        return {}
    return {
        "names": ", ".join(facts.names),
        "subject": facts.subject,
        "issuer": facts.issuer,
        "key": facts.key,
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
    }


def about(content: bytes | None, now: datetime.datetime) -> dict[str, Any]:
    """What is told of the certificate that is in a file now; all null where there is none."""
    keys = ("not_before", "not_after", "days_left", "serial", "fingerprint_sha256", "names", "subject", "issuer")
    try:
        facts = certificates.read_facts(certificates.load_certificates(content or b"")[0])
    except PkiError:
        return {**dict.fromkeys(keys), "certificate": None}
    return {
        "not_before": iso(facts.not_before),
        "not_after": iso(facts.not_after),
        "days_left": facts.days_left(now),
        "serial": facts.serial,
        "fingerprint_sha256": facts.fingerprint_sha256,
        "names": list(facts.names),
        "subject": facts.subject,
        "issuer": facts.issuer,
        "certificate": (content or b"").decode(),
    }
