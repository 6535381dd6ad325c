# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host decides how the model is printed for its server."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.tls import POLICIES
from ansible_collections.wss.edge.plugins.module_utils.model.types import Listen, Model, Site, Tls
from ansible_collections.wss.edge.plugins.module_utils.release.package_site import package_site
from ansible_collections.wss.edge.plugins.module_utils.server.records import servers

# Before the server is installed, it is taken to be newer than whatever is asked of it.
NEWEST = (999,)
EVERY_ADDRESS: Listen = {"address": "*", "port": 80}
# Linux's own choice, for a host that has not said.
LOCAL_PORTS = 28232

Socket = tuple[str, int]

# What only the proxy may say to a backend; an application may take X_Real_IP for the same.
OF_CLIENT_CERTIFICATE = ["X-SSL-Client-Verify", "X-SSL-Client-S-DN"]
OF_PROXY = ["X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", *OF_CLIENT_CERTIFICATE]
LOOK_ALIKES = [
    "".join(map("".join, zip(header.split("-"), (*between, ""))))
    for header in OF_PROXY
    for between in itertools.product("-_", repeat=header.count("-"))
    if "_" in between
]
"""All ways to write them with underscores."""


class HostError(Exception):
    """The model is fine, but not on this host; C(problems) has a sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Host:
    """The facts of M(wss.edge.server_facts), as far as both servers ask for the same."""

    title: str

    def __init__(self, facts: Mapping[str, Any]) -> None:
        server = facts["server"] or {}
        self.version = tuple(server.get("version_info") or NEWEST)
        self.groups: list[str] | None = server.get("groups")
        self.library = server.get("tls_library", "")
        self.ipv6 = bool(facts["ipv6"])
        self.record = servers(facts["family"])[self.title.lower()]
        self.own_files = set(facts.get("own_files", []))
        self.local_ports = int(facts.get("local_ports", LOCAL_PORTS))
        self.foreign: dict[Socket, list[Mapping[str, Any]]] = {}
        for block in facts["foreign"]["servers"]:
            for listen in block["listens"]:
                place = (listen["address"], listen["port"])
                alike = {"ssl": listen["ssl"], "default": listen.get("default", False)}
                self.foreign.setdefault(place, []).append({**block, **alike})

    def takes(self, theirs: str, name: str) -> bool:
        """Whether a server of the user's with one name gets the requests for another."""
        return theirs == name

    def older_than(self, needed: tuple[int, ...], why: str) -> list[str]:
        """A sentence where the host's server is older."""
        if self.version >= needed:
            return []
        has, needs = (".".join(map(str, version)) for version in (self.version, needed))
        return [f"{self.title} {has} {why}; {needs} or newer is needed"]

    def sockets(self, listens: Iterable[Listen]) -> list[Socket]:
        """The sockets to listen on here, IPv6 ones for V(*) only where the host has IPv6."""
        found = []
        for listen in listens:
            if listen["address"] != "*":
                found.append((listen["address"], listen["port"]))
                continue
            found.append(("0.0.0.0", listen["port"]))
            if self.ipv6:
                found.append(("::", listen["port"]))
        return found

    def listens_of(self, site: Site) -> list[Listen]:
        """All addresses of a site, the one of its redirect included."""
        return [*site["listen"], EVERY_ADDRESS] if site["redirect_http"] else site["listen"]

    def default_sockets(self, site: Site) -> list[Socket]:
        """Where the site answers clients that name no server, as those of an IP address do."""
        if not (site["tls"] and any(grammar.ip_address(name) for name in site["server_names"])):
            return []
        return [socket for socket in self.sockets(site["listen"]) if socket not in self.foreign]

    def known_groups(self, tls: Tls) -> list[str]:
        """Those of the groups that the host's OpenSSL knows."""
        return [group for group in tls["groups"] if self.groups is None or group in self.groups]

    def problems_of(self, site: Site) -> list[str]:
        """Sentences about what of the site this host cannot serve."""
        found = []
        if site["tls"] and site["tls"]["groups_required"]:
            for group in set(site["tls"]["groups"]) - set(self.known_groups(site["tls"])):
                found.append(f'site {site["name"]}, tls.groups: "{group}" is not known to {self.library} of this host')
        for socket in self.sockets(site["listen"]):
            found.extend(self._overlaps(site, socket))
            for block in self.foreign.get(socket, []):
                found.extend(self._clash(site, grammar.host_port(*socket), block))
        return found

    def capacity_problems(self, model: Model) -> list[str]:
        """A sentence where the backends cannot take C(wss_max_connections): each connection needs a local port."""
        endpoints = [endpoint for site in model["sites"] for endpoint in site["endpoints"]]
        backends = [each for endpoint in endpoints for each in endpoint["backends"] if not each["backup"]]
        addresses = {each["address"] for each in backends}
        possible = len(addresses) * self.local_ports
        if not addresses or any(each.startswith("unix:") for each in addresses):
            return []
        if model["max_connections"] <= possible:
            return []
        return [
            f"wss_max_connections: {model['max_connections']} connections are more than the {possible} that the sites'"
            f" backends ({len(addresses)} by address and port, backups aside) can have from this host, whose"
            f" net.ipv4.ip_local_port_range has {self.local_ports} ports for each; give them more addresses, use a unix"
            " socket, or make the range wider"
        ]

    def _overlaps(self, site: Site, socket: Socket) -> list[str]:
        mine = grammar.host_port(*socket)
        return [
            f"site {site['name']}, listen: {mine} overlaps {grammar.host_port(*other)} in {blocks[0]['file']};"
            f" {self.title} would give one of them the other's clients. Listen on the very same address, or on"
            " another port"
            for other, blocks in self.foreign.items()
            if other != socket and grammar.overlap(socket, other)
        ]

    def _clash(self, site: Site, shown: str, block: Mapping[str, Any]) -> list[str]:
        where = f"{block['file']} line {block['line']}"
        if site["tls"] and site["tls"]["protocols"] != POLICIES["intermediate"]["protocols"]:
            return [
                f"site {site['name']}, tls.protocols: {shown} is shared with {where}, and the versions of TLS are those"
                f" of its default server, whatever this site says; choose another port{self._or_aside(block)}"
            ]
        if block["ssl"] != (site["tls"] is not None):
            kinds = ("TLS", "plain") if block["ssl"] else ("plain", "TLS")
            return [f"site {site['name']}, listen: {shown} is {kinds[0]} in {where}; a {kinds[1]} site cannot share it"]
        return [
            f'site {site["name"]}, server_names: "{name}" on {shown} is served already by {where}; take it out there'
            " (wss.edge serves static files beside the endpoints with the key root), or choose another port"
            for name in site["server_names"]
            if any(self.takes(theirs, name) for theirs in block["names"])
        ]

    def _or_aside(self, block: Mapping[str, Any]) -> str:
        return ", or set wss_default_site: aside" if block["file"] == package_site(self.record) else ""


def file_name(site_name: str) -> str:
    """The site's name as the name of a file."""
    return site_name.replace(":", "_")
