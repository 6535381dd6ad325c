# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider self_signed: a certificate that is its own trust anchor."""

from __future__ import annotations

import datetime

from ansible_collections.wss.edge.plugins.module_utils.certificates import needs
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Installed, Plan, Wanted
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import CLOCK_SKEW, Facts, Recipe


def plan(wanted: Wanted, installed: Installed, now: datetime.datetime) -> Plan:
    if not installed.bundle and not installed.broken:
        return Plan(wanted, installed, installed.note, recipe(wanted, None, now), settled=True)
    key_change = needs.of_key(wanted, installed)
    renewal = needs.joined(*installed.broken, key_change, _renewal(wanted, installed.facts, now))
    reason = needs.joined(installed.note, renewal, *installed.damage)
    if renewal:
        key_pem = None if key_change else installed.key_pem
        return Plan(wanted, installed, reason, recipe(wanted, key_pem, now), settled=True)
    return Plan(wanted, installed, reason, bundle=installed.bundle if reason else None, settled=True)


def _renewal(wanted: Wanted, facts: Facts | None, now: datetime.datetime) -> str:
    if not facts:
        return ""
    return needs.joined(
        "" if facts.self_signed else f"it was not self-signed but issued by {facts.issuer}",
        needs.of_names(wanted, facts.names),
        needs.of_subject(wanted, facts.subject),
        needs.of_profile(wanted, facts.eku),
        needs.of_time(wanted, facts, now, until(wanted, now)),
    )


def recipe(wanted: Wanted, key_pem: bytes | None, now: datetime.datetime) -> Recipe:
    life = now - CLOCK_SKEW, until(wanted, now)
    return Recipe(key_pem, wanted.key, wanted.subject, wanted.names, *life, wanted.profile)


def until(wanted: Wanted, now: datetime.datetime) -> datetime.datetime:
    return now + datetime.timedelta(days=wanted.valid_days)
