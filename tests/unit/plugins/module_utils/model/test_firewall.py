# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports the firewall shall have open, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wss.edge.plugins.module_utils.model.firewall import firewall
from ansible_collections.wss.edge.plugins.module_utils.model.problems import Problems


def site(*listens: tuple[str, int], redirect: bool = False) -> Any:
    return {"listen": [{"address": address, "port": port} for address, port in listens], "redirect_http": redirect}


def rules(*sites: Any, sources: tuple[str, ...] = ()) -> list[tuple[int, str | None]]:
    problems = Problems()
    found = firewall({"wss_firewall": "auto", "wss_firewall_sources": list(sources)}, sites, problems)
    assert not problems.found
    return [(rule["port"], rule["source"]) for rule in found["rules"]]


@pytest.mark.parametrize(
    ("sites", "ports"),
    [
        ([], []),
        ([site(("*", 443))], [443]),
        ([site(("*", 443)), site(("192.0.2.1", 443), ("2001:db8::1", 8443))], [443, 8443]),
        ([site(("*", 443), redirect=True)], [80, 443]),
        ([site(("127.0.0.1", 443), ("::1", 8443), ("*", 9443))], [9443]),
    ],
)
def test_the_ports_that_others_can_reach(sites: list[Any], ports: list[int]) -> None:
    assert rules(*sites) == [(port, None) for port in ports]


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        (["192.0.2.7"], ["192.0.2.7/32"]),
        (["2001:DB8:0::/32", "192.0.2.0/24"], ["192.0.2.0/24", "2001:db8::/32"]),
        (["10.0.0.0/8", "10.1.0.0/16", "2001:db8::1"], ["10.0.0.0/8", "2001:db8::1/128"]),
    ],
)
def test_each_port_for_each_source(sources: tuple[str, ...], found: list[str]) -> None:
    ports = (443, 8443)
    assert rules(site(*(("*", port) for port in ports)), sources=sources) == [
        (port, source) for port in ports for source in found
    ]
