# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the public variables can say already and no server side does yet: refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .problems import At, Problems

PROVIDERS = ["self_signed", "private_ca", "request", "files"]
WHY = "belongs to a later version"


def refuse(values: Mapping[str, Any], problems: Problems) -> None:
    """Add a problem for every value whose server side is not there yet."""
    _unless(values, "wss_server", ["nginx"], At(), problems)
    _unless(values, "wss_firewall", ["none"], At(), problems)
    for site in values["wss_sites"]:
        at = At().owned_by(f"site {site['name']}")
        _unless(site["certificate"], "provider", PROVIDERS, at.down("certificate"), problems)
        _unless(site, "client_certificates", [None], at, problems)
        for endpoint in site["endpoints"]:
            below = at.owned_by(f"endpoint {endpoint['path']}")
            for key in ("backends", "balance", "backend_tls"):
                _unless(endpoint, key, [None, []], below, problems)


def _unless(values: Mapping[str, Any], key: str, done: list[Any], at: At, problems: Problems) -> None:
    if values[key] not in done:
        allowed = ", ".join(str(value) for value in done if value)
        problems.refuse(at.down(key), values[key], WHY, allowed)
