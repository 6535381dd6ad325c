# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's firewall shall let in: the ports of the sites, from whom they are for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Union

from . import grammar
from .conflicts import REDIRECT_PORT
from .problems import At, Problems
from .types import Firewall, Listen, Site
from .values import parsed_list

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


def firewall(values: Mapping[str, Any], sites: Sequence[Site], problems: Problems) -> Firewall:
    """A rule for each port that others can reach and each source."""
    networks = parsed_list(values["wss_firewall_sources"], _network, At("", "wss_firewall_sources"), problems)
    sources: list[str | None] = [*_without_overlaps([network for network in networks if network])]
    ports = {listen["port"] for site in sites for listen in site["listen"] if not _is_local(listen)}
    if any(site["redirect_http"] for site in sites):
        ports.add(REDIRECT_PORT)
    return {
        "kind": values["wss_firewall"],
        "rules": [{"port": port, "source": source} for port in sorted(ports) for source in sources or [None]],
    }


def _is_local(listen: Listen) -> bool:
    return grammar.is_loopback(listen["address"])


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network("" if "%" in text else text, strict=False)
    except ValueError:
        raise ValueError("is neither an address nor a network, such as 192.0.2.0/24 or 2001:db8::/32") from None
    host = ipaddress.ip_interface(text).ip
    if network.prefixlen == 0:
        raise ValueError("is everybody; leave wss_firewall_sources empty for that")
    if host != network.network_address:
        raise ValueError(f"is an address within a network; write {host} for that address alone, or {network}")
    return network


def _without_overlaps(networks: Sequence[Network]) -> list[str]:
    """The networks without those that are within others."""
    found = []
    for version in (4, 6):
        same: Any = [network for network in networks if network.version == version]
        found += [str(network) for network in ipaddress.collapse_addresses(same)]
    return found
