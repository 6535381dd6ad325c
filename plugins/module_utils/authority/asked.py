# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that an authority is to sign: read, which needs no lock, and judged. All refusals are made here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import constraints
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import is_dns, parse_name
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import asked_for, load_request
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import pairs_of

Limits = tuple[Sequence[str], Sequence[str]]  # permitted, excluded

# What openssl takes for a DNS name: two labels or more, of letters, digits, underscores and inner hyphens.
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_DNS_LIKE = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


@dataclass(frozen=True)
class Signing:
    """A request that is to be signed."""

    name: str
    request: Any
    names: tuple[str, ...]
    common_names: tuple[str, ...]
    profile: str
    valid_days: int
    problems: tuple[str, ...] = ()  # with it alone


def read(requests: Sequence[Mapping[str, Any]]) -> list[Signing]:
    """One for each request."""
    return [_read(each) for each in requests]


def _read(each: Mapping[str, Any]) -> Signing:
    request = None
    wanted: list[str] = []
    common_names: list[str] = []
    problems: list[str] = []
    try:
        wanted = [parse_name(name) for name in each["names"]]
        request = load_request(each["request"].encode())
        subject, _key, names = asked_for(request)
        common_names = [value for part, value in pairs_of(subject) if part == "common_name"]
        problems += _name_problems(wanted, names, each["profile"])
    except (PkiError, ValueError) as error:
        problems.append(str(error))
    return Signing(
        name=each["name"],
        request=request,
        names=tuple(wanted),
        common_names=tuple(common_names),
        profile=each["profile"],
        valid_days=each["valid_days"],
        problems=tuple(problems),
    )


def _name_problems(wanted: Sequence[str], names: Sequence[str], profile: str) -> Iterator[str]:
    strange = sorted(set(names) - set(wanted))
    missing = sorted(set(wanted) - set(names))
    if strange:
        yield f"asks for {', '.join(strange)}, which is none of its names ({', '.join(wanted) or 'there are none'})"
    if missing:
        yield f"does not ask for {', '.join(missing)}; make it anew with all of its names"
    if not wanted and not names and "serverAuth" in PROFILES[profile]:
        yield f"has no names, and clients find a server by them; give the names, or the profile client for {profile}"


def problems(signings: Sequence[Signing], limits: Limits) -> list[str]:
    """All that is wrong with the requests, for an authority with these limits."""
    return [
        f"request {each.name}: {problem}" for each in signings for problem in (*each.problems, *_beyond(each, limits))
    ]


def _beyond(signing: Signing, limits: Limits) -> Iterator[str]:
    """What clients would refuse by the authority's name constraints."""
    allowed = (
        f"the authority may sign for {', '.join(limits[0]) or 'all'} "
        f"without {', '.join(filter(None, limits[1])) or 'exception'}; clients would refuse the certificate"
    )
    forbidden = constraints.forbidden(signing.names, *limits)
    if forbidden:
        yield f"asks for {', '.join(forbidden)}, and {allowed}"
    if any(is_dns(name) for name in signing.names):
        return
    for name in signing.common_names:
        # What is below a name is bound as the name is, and nothing takes it for an IP address.
        if _DNS_LIKE.fullmatch(name) and constraints.forbidden([f"www.{name.lower()}"], *limits):
            yield (
                f"its common name {name} counts as a DNS name where it has none else, and {allowed}; make it anew "
                "with a common name without a dot, or with a name that is permitted"
            )
