# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider files: a key and certificates that the user has."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import needs, pairs
from ansible_collections.wss.edge.plugins.module_utils.certificates.records import Installed, Plan, Refused, Wanted
from ansible_collections.wss.edge.plugins.module_utils.pki import chains
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import iso, load_certificates, read_facts
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import load_key

WARN_DAYS = 14


def plan(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    problems = [
        f"{part}: is missing; provider files needs the path of a PEM file"
        for part in ("certificate", "private_key")
        if part not in wanted.given
    ]
    loaders: dict[str, Callable[[bytes], Any]] = {
        "certificate": load_certificates,
        "chain": load_certificates,
        "private_key": load_key,
    }
    found = {part: pairs.load(loaders[part], part, wanted.given, problems) for part in loaders if part in wanted.given}
    if problems:
        raise Refused(problems)
    chain = pairs.ordered(found["private_key"], [*found["certificate"], *found.get("chain", ())])
    problems = chains.problems(chain, wanted.names, now, wanted.profile)
    if problems:
        raise Refused([f"certificate: {problem}" for problem in problems])
    bundle, facts = pairs.bundle(wanted, found["private_key"], chain), read_facts(chain[0])
    warning = ""
    if facts.days_left(now) < (WARN_DAYS if wanted.renew_before is None else wanted.renew_before):
        warning = (
            f"certificate {wanted.name} expires in {facts.days_left(now)} days, on {iso(facts.not_after)}; "
            "put a renewed one in its place"
        )
    differs = installed.bundle and installed.bundle.digest != bundle.digest
    reason = needs.joined(
        installed.note, *(["the files given differ"] if differs else [*installed.broken, *installed.damage])
    )
    return Plan(wanted, installed, reason, bundle=bundle if reason else None, warning=warning)
