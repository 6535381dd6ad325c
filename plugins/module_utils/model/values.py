# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value on its way into the model: in its normal form and in range, or a problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from .problems import At, Problems

# Smallest and largest value of a number, by key.
RANGES: dict[str, tuple[float, float]] = {
    "wss_max_connections": (1, 500_000),
    "wss_probe_timeout": (1, 300),
    "session_timeout": (1, 604_800),
    "session_cache_size": (1, 1024),
    "bits": (2048, 8192),
    "valid_days": (1, 825),
    "renew_before": (1, 824),
    "wss_ca_valid_days": (365, 9125),
    "wss_ca_crl_days": (1, 365),
    "hsts": (0, 315_360_000),
    "idle_timeout": (1, 31_536_000),
    "connect_timeout": (1, 75),
    "weight": (1, 100),
    "verify_depth": (1, 10),
    "max_connections_per_client": (0, 65_535),
}


def parsed(value: Any, parse: Callable[[str], Any], at: At, problems: Problems) -> Any:
    """The value in its normal form, or None and a problem."""
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as error:
        problems.refuse(at, value, str(error))
        return None


def parsed_list(values: list[str], parse: Callable[[str], Any], at: At, problems: Problems) -> list[Any]:
    """Each value in its normal form; none may be there twice."""
    found = [parsed(value, parse, at.item(index), problems) for index, value in enumerate(values)]
    for index, value in enumerate(found):
        if value is not None and value in found[:index]:
            problems.refuse(at.item(index), values[index], "is there twice")
    return found


def in_range(values: Mapping[str, Any], key: str, at: At, problems: Problems) -> Any:
    """The number, whether or not it is allowed."""
    low, high = RANGES[key]
    if not low <= values[key] <= high:
        problems.refuse(at.down(key), values[key], "is out of range", f"{low} to {high}")
    return values[key]
