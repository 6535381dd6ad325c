# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider files: a key and certificates that the user has, in PEM or PKCS#12."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import needs, pairs, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Installed, Plan, Refused, Wanted
from ansible_collections.wss.edge.plugins.module_utils.pki import chains
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    Facts,
    iso,
    issued_by,
    load_certificates,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import load_key, load_pkcs12

WARN_DAYS = 14


def plan(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    key, certificates = _load(wanted)
    chain = pairs.ordered(key, certificates)
    problems = chains.problems(chain, wanted.names, now, wanted.profile)
    if problems:
        raise Refused([f"certificate: {problem}" for problem in problems])
    bundle = pairs.bundle(wanted, key, chain)
    reason = needs.joined(installed.note, *_reasons(installed, bundle))
    warning = _warning(wanted, chain, read_facts(chain[0]), now)
    return Plan(wanted, installed, reason, bundle=bundle if reason else None, settled=True, warning=warning)


def _reasons(installed: Installed, bundle: store.Bundle) -> list[str]:
    before = installed.bundle
    if before and before.digest != bundle.digest:
        return ["the files given differ"]
    trust = "its authority changed" if before and before.trust != bundle.trust else ""
    return [*installed.broken, *installed.damage, trust]


def _load(wanted: Wanted) -> tuple[Any, list[Any]]:
    """The key and the certificates that are given, in whichever form."""
    loaders: dict[str, Callable[[bytes], Any]] = {
        "certificate": load_certificates,
        "chain": load_certificates,
        "private_key": functools.partial(load_key, passphrase=wanted.passphrase),
    }
    if "pkcs12" in wanted.given:
        loaders = {"pkcs12": functools.partial(load_pkcs12, passphrase=wanted.passphrase)}
    problems = [
        f"{part}: is missing; provider files needs the path of a PEM file, or pkcs12"
        for part in ("certificate", "private_key")
        if part in loaders and part not in wanted.given
    ]
    found = {part: pairs.load(loaders[part], part, wanted.given, problems) for part in loaders if part in wanted.given}
    if problems:
        raise Refused(problems)
    if "pkcs12" in found:
        key, certificates = found["pkcs12"]
        if not certificates:
            raise Refused(["pkcs12: the file holds no certificate; export it together with its key"])
        return key, certificates
    return found["private_key"], [*found["certificate"], *found.get("chain", ())]


def _warning(wanted: Wanted, chain: list[Any], facts: Facts, now: datetime.datetime) -> str:
    found = []
    if facts.days_left(now) < WARN_DAYS:
        days, end = facts.days_left(now), iso(facts.not_after)
        found.append(f"certificate {wanted.name} expires in {days} days, on {end}; put a renewed one in its place")
    if len(chain) == 1 and wanted.profile != "client" and not facts.self_signed and not _trusted(wanted, chain[0]):
        found.append(
            f"certificate {wanted.name} comes without that of its issuer, {facts.issuer}; many clients refuse it then. "
            "Put it into the file too, or name it as ca if it is what clients trust"
        )
    return ". ".join(found)


def _trusted(wanted: Wanted, leaf: Any) -> bool:
    return bool(wanted.trust) and any(issued_by(leaf, each) for each in load_certificates(wanted.trust))
