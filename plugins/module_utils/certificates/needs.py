# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a certificate that can be read must be replaced: one reason a function, empty when there is none."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Installed, Wanted
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import Facts, iso
from ansible_collections.wss.edge.plugins.module_utils.pki.names import uncovered
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import subject_text


def joined(*reasons: str) -> str:
    return "; ".join(reason for reason in dict.fromkeys(reasons) if reason)


def of_key(wanted: Wanted, installed: Installed) -> str:
    """Why the key cannot stay."""
    if not installed.key:
        return "a new key is made"
    return of_key_settings(wanted, installed.key)


def of_key_settings(wanted: Wanted, key: str) -> str:
    return "" if key == str(wanted.key) else f"key settings changed: {key} -> {wanted.key}"


def of_names(wanted: Wanted, names: Sequence[str]) -> str:
    added, gone = set(wanted.names) - set(names), set(names) - set(wanted.names)
    changes = [f"+{name}" for name in sorted(added)] + [f"-{name}" for name in sorted(gone)]
    return f"names changed: {' '.join(changes)}" if changes else ""


def of_coverage(wanted: Wanted, facts: Facts) -> str:
    missing = uncovered(wanted.names, facts.names)
    return f"it does not cover {', '.join(missing)}" if missing else ""


def of_subject(wanted: Wanted, subject: str) -> str:
    asked = subject_text(wanted.subject)
    return "" if subject == asked else f"subject changed: {subject} -> {asked}"


def of_profile(wanted: Wanted, usages: Sequence[str]) -> str:
    asked = PROFILES[wanted.profile]
    return "" if set(usages) == set(asked) else f"usage changed: {', '.join(usages) or 'any'} -> {', '.join(asked)}"


def of_time(wanted: Wanted, facts: Facts, now: datetime.datetime, new_end: datetime.datetime | None = None) -> str:
    """:param new_end: When one that is made now would end: without days to gain, none is made."""
    life, left = facts.not_after - facts.not_before, facts.not_after - now
    if now >= facts.not_after:
        return f"it expired on {iso(facts.not_after)}"
    if now < facts.not_before:
        return f"it is not valid before {iso(facts.not_before)}"
    if new_end and new_end <= facts.not_after:
        return ""
    if wanted.renew_before is not None:
        before = datetime.timedelta(days=wanted.renew_before)
        if left <= before:
            return f"it is renewed {wanted.renew_before} days before its end: {facts.days_left(now)} are left"
    elif left <= life / 3:
        return f"a third of its life is left: {facts.days_left(now)} of {life.days} days"
    return ""
