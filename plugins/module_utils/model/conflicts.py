# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong between values that are each fine: checked once every site is in its normal form."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import constraints, grammar
from .application import FILES
from .backends import PRIVATE_CA
from .problems import At, Problems
from .targets import reach
from .types import Authority, Listen, Site

REDIRECT_PORT = 80
RESERVED_PATH = "/.wss/"


def find_conflicts(sites: Sequence[Site], probe_from: str, address: str, problems: Problems) -> None:
    """Add a problem for each conflict within a site or between two of them.

    :param address: Where the probe reaches a listener on every address of the host.
    """
    for site in sites:
        at = At().owned_by(f"site {site['name']}")
        _paths(site, at, problems)
        _loops(site, at, problems)
        _unproved(site, at, problems)
        if not any(reach(listen, address, probe_from) for listen in site["listen"]):
            _unreachable(site, address, at, problems)
    _names(sites, problems)
    _files(sites, problems)
    listeners = _by_listener(sites)
    for listener, here in listeners.items():
        _listener(listener, here, problems)
        _overlaps(listener, here, listeners, problems)


def find_forbidden(sites: Sequence[Site], authority: Authority, problems: Problems) -> None:
    """Add a problem for each name that the private authority may not sign for."""
    limits = constraints.effective(authority["permitted"], authority["excluded"])
    allowed = f"wss_ca_permitted {', '.join(authority['permitted'])}" if authority["permitted"] else "all"
    if authority["excluded"]:
        allowed += f", but not wss_ca_excluded {', '.join(authority['excluded'])}"
    for site in sites:
        if site["certificate"] and site["certificate"]["provider"] == "private_ca":
            for name in constraints.forbidden(site["server_names"], *limits):
                where = At(f"site {site['name']}", "server_names")
                problems.refuse(where, name, "is not a name that the private authority may sign for", allowed)


def expanded(listen: Listen) -> list[tuple[str, int]]:
    """The sockets behind a listening address: V(*) stands for one of IPv4 and one of IPv6."""
    addresses = ["0.0.0.0", "::"] if listen["address"] == "*" else [listen["address"]]
    return [(address, listen["port"]) for address in addresses]


def _paths(site: Site, at: At, problems: Problems) -> None:
    seen: dict[str, str] = {}
    for endpoint in site["endpoints"]:
        path = endpoint["path"]
        here = at.owned_by(f"endpoint {path}")
        key = path.rstrip("/")
        if key in seen:
            problems.refuse(here.down("path"), path, f"serves the same requests as the endpoint {seen[key]}")
        seen[key] = path
        if f"{path}/".startswith(RESERVED_PATH):
            problems.refuse(here.down("path"), path, f"is below {RESERVED_PATH}, which the collection keeps for itself")
        if path == "/" and site["root"]:
            problems.refuse(
                at.down("root"), site["root"], "cannot be served beside an endpoint / that takes every path"
            )


def _loops(site: Site, at: At, problems: Problems) -> None:
    own = {socket for listen in site["listen"] for socket in expanded(listen)}
    for endpoint in site["endpoints"]:
        for backend in endpoint["backends"]:
            address = backend["address"]
            host, _colon, port = address.rpartition(":")
            if address.startswith("unix:") or not port.isdigit():
                continue
            host = host.strip("[]")
            every = "::" if ":" in host else "0.0.0.0"
            local = host == "localhost" or grammar.is_loopback(host)
            if (host, int(port)) in own or (local and (every, int(port)) in own):
                where = at.owned_by(f"endpoint {endpoint['path']}").down("backend")
                problems.refuse(
                    where, address, "is the site's own listening address; the site would be its own backend"
                )


def _unreachable(site: Site, address: str, at: At, problems: Problems) -> None:
    if any(endpoint["probe"]["expect"] != "none" for endpoint in site["endpoints"]):
        shown = [grammar.host_port(listen["address"], listen["port"]) for listen in site["listen"]]
        why = f"cannot be reached by the probe, for which the host is {address}; set wss_probe_from: host"
        problems.refuse(at.down("listen"), shown, why)


def _unproved(site: Site, at: At, problems: Problems) -> None:
    """A site whose clients need a certificate that nobody but the user can give to the probe."""
    wanted = site["client_certificates"]
    if wanted is None or wanted["verify"] != "required" or wanted["ca"] == PRIVATE_CA:
        return
    for endpoint in site["endpoints"]:
        if endpoint["probe"]["expect"] != "none" and endpoint["probe"]["client_certificate"] is None:
            why = f"this key is required, for clients need a certificate of {wanted['ca']}; or have probe: none"
            problems.add(at.owned_by(f"endpoint {endpoint['path']}").down("probe.certificate"), why)


def _names(sites: Sequence[Site], problems: Problems) -> None:
    seen: set[str] = set()
    for site in sites:
        if site["name"] in seen:
            problems.add(At(f"site {site['name']}", "name"), f'"{site["name"]}" is the name of two sites')
        seen.add(site["name"])


def _files(sites: Sequence[Site], problems: Problems) -> None:
    """Files of provider request on the controller, and those of applications: each is of one site and has one use."""
    seen: dict[tuple[str, str], At] = {}
    for site in sites:
        for part, key, path in _files_of(site):
            here = At(f"site {site['name']}", f"{part}.{key}")
            first = seen.setdefault((part, posixpath.normpath(path)), here)
            if first is not here:
                problems.refuse(here, path, f"is the same file as {first}; give each one of its own")


def _files_of(site: Site) -> Iterator[tuple[str, str, str]]:
    certificate = site["certificate"] or {"provider": ""}
    if certificate["provider"] == "request":
        for key in ("request", "certificate"):
            yield "certificate", key, certificate[key]
    application: Mapping[str, Any] = site["application"] or {}
    for key in FILES:
        if application.get(key):
            yield "application", key, application[key]


class _Here:
    """A site on one of its sockets, where it may only redirect."""

    def __init__(self, site: Site, redirects: bool) -> None:
        self.site = site
        self.kind = "plain" if redirects or site["tls"] is None else "TLS"
        self.key = "redirect_http" if redirects else "listen"
        self.at = At(f"site {site['name']}")


def _by_listener(sites: Sequence[Site]) -> Mapping[tuple[str, int], list[_Here]]:
    found: dict[tuple[str, int], list[_Here]] = {}
    for site in sites:
        for socket, redirects in _sockets(site):
            found.setdefault(socket, []).append(_Here(site, redirects))
    return found


def _sockets(site: Site) -> Iterator[tuple[tuple[str, int], bool]]:
    for listen in site["listen"]:
        for socket in expanded(listen):
            yield socket, False
    if site["redirect_http"]:
        for socket in expanded({"address": "*", "port": REDIRECT_PORT}):
            yield socket, True


def _overlaps(
    listener: tuple[str, int],
    here: list[_Here],
    listeners: Mapping[tuple[str, int], list[_Here]],
    problems: Problems,
) -> None:
    """An address and all addresses on one port: the server would find only the sites of the closer one."""
    for other, there in listeners.items():
        if other[0] in ("0.0.0.0", "::") and other != listener and grammar.overlap(listener, other):
            problems.refuse(
                here[0].at.down(here[0].key),
                grammar.host_port(*listener),
                f"overlaps {grammar.host_port(*other)} of the site {there[0].site['name']}; on one port, listen on"
                " addresses or on all of them",
            )


def _listener(listener: tuple[str, int], here: list[_Here], problems: Problems) -> None:
    around = {socket for each in here for socket, _redirects in _sockets(each.site)}
    if listener[0] == "::" and ("0.0.0.0", listener[1]) in around:
        return  # said once, of IPv4
    shown = grammar.host_port(*listener)
    first = here[0]
    owners: dict[str, _Here] = {}
    for other in here:
        if other.kind != first.kind:
            both = f"{shown} is {other.kind} here and {first.kind} for the site {first.site['name']}"
            problems.add(other.at.down(other.key), both)
        elif other.kind == "TLS" and other.site["tls"] != first.site["tls"]:
            problems.add(
                other.at.down("tls"),
                f"differs from the site {first.site['name']}, which shares {shown}; TLS is negotiated before the name"
                " is known, so both need the same settings",
            )
        for name in other.site["server_names"]:
            owner = owners.setdefault(name, other)
            if owner is not other:
                problems.refuse(other.at.down("server_names"), name, f"is the site {owner.site['name']}'s on {shown}")
    _addresses(shown, here, problems)


def _addresses(shown: str, here: list[_Here], problems: Problems) -> None:
    """A client of an IP address sends no server name, so one TLS site a listener can have such names."""
    holders = [h for h in here if h.kind == "TLS" and any(map(grammar.ip_address, h.site["server_names"]))]
    for other in holders[1:]:
        problems.add(
            other.at.down("server_names"),
            f"has an IP address, and so has the site {holders[0].site['name']} on {shown}; clients of an IP address"
            " name no server, so give each its own listening address or port",
        )
