# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS settings of a site: a policy after Mozilla's guidelines 6.0 (2026-04), and what the user changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from . import grammar
from .problems import At, Problems
from .types import Tls


class Policy(TypedDict):
    """Protocol versions, TLS 1.2 cipher suites and key exchange groups, each in order of preference."""

    protocols: list[str]
    ciphers: list[str]
    groups: list[str]


GROUPS = ["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"]

POLICIES: dict[str, Policy] = {
    "intermediate": {
        "protocols": ["TLSv1.2", "TLSv1.3"],
        "ciphers": [
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-CHACHA20-POLY1305",
        ],
        "groups": GROUPS,
    },
    "modern": {"protocols": ["TLSv1.3"], "ciphers": [], "groups": GROUPS},
}


def resolve(values: Mapping[str, Any], at: At, problems: Problems) -> Tls | None:
    """The policy with the user's changes, or None where TLS is off."""
    given = {key: values[key] for key in ("protocols", "ciphers", "groups") if values[key]}
    if values["policy"] == "off":
        for key, value in given.items():
            problems.refuse(at.down(key), value, "has no meaning with TLS off")
        return None
    for key, parse in (("ciphers", grammar.cipher), ("groups", grammar.group)):
        for index, text in enumerate(given.get(key, [])):
            try:
                parse(text)
            except ValueError as error:
                problems.refuse(at.down(key).item(index), text, str(error))
    policy = POLICIES[values["policy"]]
    protocols = sorted(given.get("protocols", policy["protocols"]))
    ciphers = given.get("ciphers", policy["ciphers"])
    if "TLSv1.2" in protocols and not ciphers:
        problems.refuse(at.down("protocols"), protocols, "needs ciphers for TLSv1.2, of which this policy has none")
    if "TLSv1.2" not in protocols and "ciphers" in given:
        problems.refuse(at.down("ciphers"), ciphers, "has no meaning without TLSv1.2; the suites of TLS 1.3 are fixed")
    return {
        "protocols": protocols,
        "ciphers": ciphers if "TLSv1.2" in protocols else [],
        "groups": given.get("groups", policy["groups"]),
        "groups_required": "groups" in given,
        "session_timeout": values["session_timeout"],
        "session_cache_size": values["session_cache_size"],
    }
