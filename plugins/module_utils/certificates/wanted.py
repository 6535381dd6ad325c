# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted: an entry of C(certificates), checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Entry, Refused, Wanted
from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import load_certificates
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import MAX_RSA_BITS, MIN_RSA_BITS, KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import is_dns, parse_name
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import SUBJECT_FIELDS, check_subject_value

MAX_VALID_DAYS = 825

_NAME = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,199}", re.ASCII)


def parse(given: Entry) -> Wanted:
    entry = given.options
    problems: list[str] = []
    if not _NAME.fullmatch(entry["name"]):
        allowed = "may hold letters, digits and . _ : - and not begin with a dot; at most 200 characters"
        problems.append(_refused("name", entry["name"], allowed))
    names = _parse_names(entry["names"], problems)
    if not entry["names"]:
        problems += _problems_of_none(entry)
    key = KeySettings(**entry["key"])
    if key.type == "rsa" and not MIN_RSA_BITS <= key.bits <= MAX_RSA_BITS:
        problems.append(_refused("key.bits", key.bits, f"must be {MIN_RSA_BITS} to {MAX_RSA_BITS}"))
    _check_days(entry, problems)
    subject = _parse_subject(entry, names, problems)
    _check_parts(entry, problems)
    if problems:
        raise Refused(problems)
    return Wanted(
        name=entry["name"],
        provider=entry["provider"],
        names=tuple(names),
        key=key,
        subject=subject,
        valid_days=entry["valid_days"],
        profile=entry["profile"],
        renew_before=entry["renew_before"],
        given=given.given,
        passphrase=given.passphrase,
        trust=given.trust,
        authority=given.authority,
        revoked=given.revoked,
        paths={part: entry[part] for part in ("request", "certificate") if entry.get(part)},
    )


def serials(texts: Sequence[str]) -> frozenset[str]:
    """Serial numbers as certificates are said to have them."""
    found, problems = set(), []
    for text in texts:
        try:
            found.add(grammar.serial(text))
        except ValueError as error:
            problems.append(_refused("revoked", text, str(error)))
    if problems:
        raise Refused(problems)
    return frozenset(found)


def _problems_of_none(entry: Mapping[str, Any]) -> list[str]:
    if entry["provider"] == "files" or (entry["profile"] == "client" and entry["subject"].get("common_name")):
        return []
    client = ", or with profile client a subject with a common_name" * (entry["profile"] == "client")
    return [f"names: needs at least one DNS name or IP address{client}"]


def _parse_names(texts: Sequence[str], problems: list[str]) -> list[str]:
    names = []
    for text in texts:
        try:
            names.append(parse_name(text))
        except PkiError as error:
            problems.append(f"names: {error}")
    return list(dict.fromkeys(names))


def _check_days(entry: Mapping[str, Any], problems: list[str]) -> None:
    valid, before = entry["valid_days"], entry["renew_before"]
    if not 1 <= valid <= MAX_VALID_DAYS:
        problems.append(_refused("valid_days", valid, f"must be 1 to {MAX_VALID_DAYS}"))
    elif before is not None and entry["provider"] == "files":
        problems.append(_refused("renew_before", before, "does not go with provider files, which renews nothing"))
    elif before is not None and before < 1:
        problems.append(_refused("renew_before", before, "must be at least 1"))
    elif before is not None and before >= valid and entry["provider"] in ("self_signed", "private_ca"):
        why = f"must be less than valid_days, {valid}: the certificate would be renewed by every run"
        problems.append(_refused("renew_before", before, why))


def _check_parts(entry: Mapping[str, Any], problems: list[str]) -> None:
    """What the files are, of which the contents come from elsewhere."""
    for part in ("request", "certificate") if entry["provider"] == "request" else ():
        if not entry[part]:
            problems.append(f"{part}: is missing; provider request needs its path on the controller")
    for part in ("certificate", "private_key", "chain", "pkcs12") if entry["provider"] == "files" else ():
        if entry["remote_src"] and entry[part] and not entry[part].startswith("/"):
            problems.append(_refused(part, entry[part], "must be an absolute path, as it is on the host"))
        if entry["pkcs12"] and entry[part] and part != "pkcs12":
            problems.append(f"{part}: is given beside pkcs12, which holds it already; leave one of them out")
    if entry.get("ca_content") is not None:
        try:
            load_certificates(entry["ca_content"].encode())
        except PkiError as error:
            problems.append(f"ca: the file {error}")


def _common_name(entry: Mapping[str, Any], names: Sequence[str]) -> str:
    """A certificate must name its issuer, perhaps itself; a common name holds no more than 64 characters."""
    short = [name for name in (*names, entry["name"]) if len(name) <= 64]
    found = short[0] if short else str(entry["name"])[:64]
    # Where no name is a DNS name, openssl holds a common name that looks like one against the name constraints.
    return f"IP {found}" if entry["provider"] == "private_ca" and not any(map(is_dns, names)) else found


def _parse_subject(entry: Mapping[str, Any], names: Sequence[str], problems: list[str]) -> tuple[tuple[str, str], ...]:
    given = {part: value for part, value in entry["subject"].items() if value is not None}
    values = {"common_name": _common_name(entry, names), **given}
    for part, value in given.items():
        try:
            check_subject_value(part, value)
        except PkiError as error:
            problems.append(f"subject.{part}: {error}")
    return tuple((part, values[part]) for part in SUBJECT_FIELDS if part in values)


def _refused(key: str, value: Any, why: str) -> str:
    return f"{key}: {json.dumps(value, ensure_ascii=False)} {why}"
