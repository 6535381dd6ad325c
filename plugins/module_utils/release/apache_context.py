# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Apache's templates print: the model, as it looks on one particular host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.backends import PRIVATE_CA
from ansible_collections.wss.edge.plugins.module_utils.model.types import Endpoint, Listen, Model, Site, Tls
from ansible_collections.wss.edge.plugins.module_utils.release import apache_backends
from ansible_collections.wss.edge.plugins.module_utils.release.apache_backends import Trust
from ansible_collections.wss.edge.plugins.module_utils.release.host import (
    EVERY_ADDRESS,
    LOOK_ALIKES,
    OF_CLIENT_CERTIFICATE,
    Host,
    HostError,
    file_name,
)
from ansible_collections.wss.edge.plugins.module_utils.release.package_site import package_site
from ansible_collections.wss.edge.plugins.module_utils.server.apache_mpm import mpm_limits

# Versions that brought a directive, or something that the templates rely on.
MERGE_SLASHES = (2, 4, 39)
BACKEND_TLS = (2, 4, 40)
UPGRADE = (2, 4, 47)
FALLBACK = (2, 4, 48)
HTTP2_WEBSOCKETS = (2, 4, 58)

MIB = 1024 * 1024
LARGEST_CACHE = 64 * MIB - 1024
"""In bytes: mod_socache_shmcb refuses 64 MiB and more."""
LONGEST_WAIT = 60
"""In seconds, for a client that sends its request slowly; the same as with nginx."""
HTTPS = 443
NO_NAME = "_"


def apache_context(
    model: Model, certificates: Mapping[str, str], facts: Mapping[str, Any], trust: Trust
) -> dict[str, Any]:
    """The variables of the templates.

    :param certificates: The folder of each certificate, by its name, which is the site's for that of a site.
    :param facts: The return value of M(wss.edge.server_facts).
    :param trust: The files of authorities (C(ca)) and of revocation lists (C(crl)), by what the model calls them.
    :raises HostError: where the host has what a site needs already, or lacks it.
    """
    host = _Apache(facts, model["apache_websocket"])
    problems = [
        *host.problems(),
        *host.capacity_problems(model),
        *(problem for site in model["sites"] for problem in host.problems_of(site)),
    ]
    if problems:
        raise HostError(problems)
    sites = _ordered(model["sites"], host)
    return {
        "modules": _modules(sites, host),
        "mpm": mpm_limits(model["max_connections"], host.limits, host.mpm),
        "session_cache": _session_cache(sites),
        "listen": _listen(sites, host),
        "main_site": _main_site(sites, host),
        "refusals": _refusals(sites, certificates, host, named=False),
        "last_refusals": _refusals(sites, certificates, host, named=True),
        "sites": [
            {
                **_site(site, host),
                **_names(site, sites, host),
                "certificate": certificates.get(site["name"]),
                "clients": _clients(site, host, trust),
                "endpoints": _endpoints(site, host, certificates, trust),
            }
            for site in sites
        ],
        "listens": [
            {"address": address, "port": port, "owner": f"site {site['name']}"}
            for site in model["sites"]
            for listen in host.listens_of(site)
            if not host.listens_on(listen)
            for address, port in host.sockets([listen])
        ],
    }


class _Apache(Host):
    title = "Apache"

    def __init__(self, facts: Mapping[str, Any], websocket: str) -> None:
        super().__init__(facts)
        server = facts["server"] or {}
        self.mpm = server.get("mpm") or "event"
        self.modules = server.get("modules", [])
        self.limits = dict(facts["foreign"]["limits"] or {})
        self.foreign_listens = facts["foreign"].get("listens", [])
        newest = "upgrade" if self.version >= UPGRADE else "wstunnel"
        self.websocket = newest if websocket == "auto" else websocket

    def takes(self, theirs: str, name: str) -> bool:
        """As Apache asks the user's servers first, a wildcard of theirs takes a name of ours."""
        return fnmatchcase(name, theirs.replace("[", "[[]"))

    def problems(self) -> list[str]:
        """Sentences about the host, whatever the sites."""
        found = self.older_than(MERGE_SLASHES, "does not see that //wss is /wss")
        if self.websocket == "upgrade":
            found += self.older_than(UPGRADE, "does not know upgrade=websocket (wss_apache_websocket: upgrade)")
        if self.mpm == "prefork":
            found.append(
                f"Apache runs with the MPM prefork, a process for each WebSocket; use event: {self.record.event_mpm}"
            )
        return found

    def problems_of(self, site: Site) -> list[str]:
        """Sentences about what of the site this host cannot serve."""
        found = super().problems_of(site)
        at = f"site {site['name']}"
        if site["http2_websockets"]:
            found += [f"{at}, http2_websockets: {why}" for why in self.older_than(HTTP2_WEBSOCKETS, "has none")]
        if self.websocket == "wstunnel":
            found += [f"{at}, {each}, or set wss_apache_websocket: upgrade" for each in _untunnelled(site)]
        if any(endpoint["backend_tls"] for endpoint in site["endpoints"]):
            why = "does not keep to the settings of TLS to one backend (backend_tls)"
            found += [f"{at}: {each}" for each in self.older_than(BACKEND_TLS, why)]
        if site["redirect_http"]:
            found += self._unanswered(site)
        found += [each for listen in self.listens_of(site) for each in self._unbindable(at, listen)]
        return [*found, *apache_backends.shared_workers(site)]

    def _unanswered(self, site: Site) -> Iterator[str]:
        for block in self.foreign.get(("0.0.0.0", EVERY_ADDRESS["port"]), []):
            for name in site["server_names"]:
                if any(self.takes(theirs, name) for theirs in block["names"]):
                    yield (
                        f'site {site["name"]}, redirect_http: "{name}" on port 80 is answered by {block["file"]} line'
                        f" {block['line']}, which Apache asks first; give that another ServerName, or redirect there"
                    )

    def _unbindable(self, at: str, listen: Listen) -> Iterator[str]:
        """Apache cannot listen on all addresses of a port beside one of them."""
        if listen["address"] == "*" and not self.listens_on(listen):
            for other in self.foreign_listens:
                if other["port"] == listen["port"] and other["address"] not in ("0.0.0.0", "::"):
                    where = f"{other['file']} line {other['line']}"
                    shown = grammar.host_port(other["address"], other["port"])
                    yield (
                        f"{at}, listen: {where} has Listen {shown}, beside which Apache cannot listen on"
                        f" port {listen['port']} of every address; name the addresses here, or write"
                        f" Listen {listen['port']} there"
                    )

    def listens_on(self, listen: Listen) -> bool:
        """Whether the user's own configuration listens there already."""
        theirs = {each["address"] for each in self.foreign_listens if each["port"] == listen["port"]}
        if theirs & {"*", "::"}:  # on Linux, a socket on all addresses of IPv6 takes those of IPv4, too
            return True
        if listen["address"] == "*":
            return "0.0.0.0" in theirs and not self.ipv6
        return listen["address"] in theirs or (":" not in listen["address"] and "0.0.0.0" in theirs)


def _untunnelled(site: Site) -> Iterator[str]:
    """What of the site mod_proxy_wstunnel cannot do."""
    for endpoint in site["endpoints"]:
        at, tls = f"endpoint {endpoint['path']}", endpoint["backend_tls"]
        if not endpoint["websocket_only"]:
            yield f"{at}, websocket_only: mod_proxy_wstunnel passes WebSockets alone; leave it out"
        if tls and not apache_backends.protocols(tls, tunnel=True):
            yield f"{at}, backend_tls.protocols: mod_proxy_wstunnel gets stuck with TLS 1.3; allow TLSv1.2, too"


def _ordered(sites: Sequence[Site], host: _Apache) -> list[Site]:
    """The sites in an order in which the first whose name matches is the right one, which is all that Apache looks at.

    :raises HostError: where there is no such order.
    """
    left = list(sites)
    found: list[Site] = []
    while left:
        free = next((site for site in left if not any(_precedes(other, site, host) for other in left)), None)
        if free is None:
            names = " and ".join(site["name"] for site in left)
            raise HostError(
                [
                    f"sites {names}: each has a wildcard or an IP address in its server_names that takes clients of"
                    " another one, and Apache gives them to the first in its configuration; take the wildcards into a"
                    " site of their own"
                ]
            )
        left.remove(free)
        found.append(free)
    return found


def _precedes(one: Site, other: Site, host: _Apache) -> bool:
    """Whether one site must stand before the other."""
    if one is other:
        return False
    theirs = set(host.sockets(host.listens_of(other)))
    if theirs & set(host.default_sockets(one)):
        return True
    if not theirs & set(host.sockets(host.listens_of(one))):
        return False
    return any(
        wildcard.startswith("*") and host.takes(wildcard, name)
        for wildcard in other["server_names"]
        for name in one["server_names"]
    )


def _modules(sites: Sequence[Site], host: _Apache) -> list[str]:
    """What the templates use, in an order in which each finds what it needs."""
    found = ["alias", "authz_core", "dir", "headers", "proxy"]
    found.append("proxy_http" if host.websocket == "upgrade" else "proxy_wstunnel")
    if any(site["tls"] for site in sites):
        found += ["http2", "socache_shmcb", "ssl"]
    return found + [name for name in apache_backends.modules(sites) if name not in found]


def _session_cache(sites: Sequence[Site]) -> int:
    """In bytes; there is one for all sites."""
    asked = [site["tls"]["session_cache_size"] for site in sites if site["tls"]]
    return min(max(asked, default=0) * MIB, LARGEST_CACHE)


def _listen(sites: Sequence[Site], host: _Apache) -> list[dict[str, Any]]:
    """The Listen directives that the user's configuration does not have.

    Debian's own has one of port 443 as soon as the user loads mod_ssl; C(without_ssl) marks the one that gives way.
    Where the package has a site there, that comes and goes with its file.
    """
    found = []
    for listen in _unique([listen for site in sites for listen in host.listens_of(site)]):
        there = host.listens_on(listen)
        debians = listen["port"] == HTTPS and there == ("ssl_module" in host.modules) and not package_site(host.record)
        if debians or not there:
            found.append({"socket": _socket_of(listen, host), "without_ssl": debians})
    return found


def _main_site(sites: Sequence[Site], host: _Apache) -> list[str]:
    """The addresses at which the main file's own site answers all names, until there is a first VirtualHost.

    That has to be one that says nothing, for it is like the main file's.
    """
    if host.record.main_site is None:
        return []
    plain = [
        listen for site in sites for listen in host.listens_of(site) if not (site["tls"] and listen in site["listen"])
    ]
    theirs = [listen for listen in _unique(plain) if host.listens_on(listen)]
    return _addresses([listen for listen in theirs if not set(host.sockets([listen])) & set(host.foreign)])


def _socket_of(listen: Listen, host: _Apache) -> str:
    """What is to be listened on; next to the user's on IPv4 alone, the rest of every address is that of IPv6."""
    if listen["address"] != "*":
        return grammar.host_port(listen["address"], listen["port"])
    beside = any(each["address"] == "0.0.0.0" and each["port"] == listen["port"] for each in host.foreign_listens)
    return grammar.host_port("::", listen["port"]) if beside else str(listen["port"])


def _unique(listens: Sequence[Listen]) -> list[Listen]:
    return [listen for index, listen in enumerate(listens) if listen not in listens[:index]]


def _addresses(listens: Sequence[Listen]) -> list[str]:
    """The addresses of a VirtualHost."""
    return [grammar.host_port(listen["address"], listen["port"]) for listen in listens]


def _refusals(
    sites: Sequence[Site], certificates: Mapping[str, str], host: _Apache, named: bool
) -> list[dict[str, Any]]:
    """The VirtualHosts that refuse the handshake of a client that asks for an unknown name: the first of a listener.

    Where a site with an IP address as a name has to be the first, it is the last, for all other names (C(named)). On a
    listener that the user's own sites share, unknown names stay with those.
    """
    defaults = {socket for site in sites for socket in host.default_sockets(site)}
    found: list[dict[str, Any]] = []
    seen: list[Listen] = []
    for site in sites:
        for listen in site["listen"]:
            sockets = set(host.sockets([listen]))
            if site["tls"] is None or sockets & set(host.foreign) or named != bool(sockets & defaults):
                continue
            if listen in seen:
                continue
            seen.append(listen)
            tls = _tls(site["tls"], host)
            group = next((item for item in found if item["tls"] == tls), None)
            if group is None:
                group = {"tls": tls, "addresses": [], "certificate": certificates.get(site["name"])}
                found.append(group)
            group["addresses"] += _addresses([listen])
    return found


def _site(site: Site, host: _Apache) -> dict[str, Any]:
    return {
        "name": site["name"],
        "file": file_name(site["name"]),
        "addresses": _addresses(site["listen"]),
        "scheme": "https" if site["tls"] else "http",
        "tls": _tls(site["tls"], host) if site["tls"] else None,
        "http2_websockets": site["http2_websockets"],
        "root": site["root"],
        "hsts": site["hsts"],
        "access_log": site["access_log"],
        "redirect": _redirect(site) if site["redirect_http"] else None,
        # A socket may be idle for as long as this or the timeout of its backend, whichever is longer.
        "timeout": min([LONGEST_WAIT, *(endpoint["idle_timeout"] for endpoint in site["endpoints"])]),
        # From there on, mod_proxy_wstunnel leaves the work to mod_proxy_http unless it is told not to.
        "no_fallback": host.websocket == "wstunnel" and host.version >= FALLBACK,
        "spoofed": LOOK_ALIKES + ([] if site["client_certificates"] else OF_CLIENT_CERTIFICATE),
        "takes_all": any(endpoint["path"] == "/" for endpoint in site["endpoints"]),
    }


def _names(site: Site, sites: Sequence[Site], host: _Apache) -> dict[str, Any]:
    """ServerName and ServerAlias.

    Apache tells the TLS sessions of its sites apart by ServerName and port. A session that began elsewhere must not be
    resumed where clients have to prove who they are, so there the ServerName is no other site's.
    """
    plain = _plain_names(site)
    name = plain[0] if plain else NO_NAME
    theirs = {each for blocks in host.foreign.values() for block in blocks for each in block["names"]}
    ours = {each for other in sites if other is not site for each in _plain_names(other)[:1] or [NO_NAME]}
    if site["client_certificates"] and name in {NO_NAME, *theirs, *ours}:
        name = f"{NO_NAME}{sites.index(site)}"
    return {"server_name": name, "server_aliases": [each for each in site["server_names"] if each != name]}


def _plain_names(site: Site) -> list[str]:
    """Those that a ServerName can be, addresses last."""
    return sorted((name for name in site["server_names"] if not set(name) & set("*:")), key=_is_address)


def _clients(site: Site, host: _Apache, trust: Trust) -> dict[str, Any] | None:
    """What the site wants of its clients.

    Apache takes a request by its Host, whatever name TLS was negotiated for; what was proved to another site counts for
    nothing here.
    """
    wanted = site["client_certificates"]
    if wanted is None:
        return None
    conditions = [f"%{{SSL_TLS_SNI}} -strcmatch '{name}'" for name in site["server_names"]]
    if set(host.sockets(site["listen"])) == set(host.default_sockets(site)):
        conditions.append("-z %{SSL_TLS_SNI}")
    condition = f"({' || '.join(conditions)})"
    if wanted["verify"] == "required":
        condition += " && %{SSL_CLIENT_VERIFY} == 'SUCCESS'"
    crl = (
        trust["crl"][PRIVATE_CA]
        if wanted["ca"] == PRIVATE_CA
        else trust["crl"][wanted["crl"]]
        if wanted["crl"]
        else None
    )
    return {
        "verify": {"required": "require", "optional": "optional"}[wanted["verify"]],
        "depth": wanted["verify_depth"],
        "ca": trust["ca"][wanted["ca"]],
        "crl": crl,
        "condition": condition,
    }


def _is_address(name: str) -> bool:
    return grammar.ip_address(name) is not None


def _tls(tls: Tls, host: _Apache) -> dict[str, Any]:
    return {
        "protocols": tls["protocols"],
        "ciphers": tls["ciphers"],
        "groups": host.known_groups(tls),
        "session_timeout": tls["session_timeout"],
    }


def _redirect(site: Site) -> dict[str, Any]:
    port = site["listen"][0]["port"]
    return {"addresses": _addresses([EVERY_ADDRESS]), "port": "" if port == HTTPS else f":{port}"}


def _endpoints(site: Site, host: _Apache, certificates: Mapping[str, str], trust: Trust) -> list[dict[str, Any]]:
    """Longest path first."""
    tunnel = host.websocket == "wstunnel"
    return [
        {
            **_endpoint(endpoint),
            **apache_backends.proxied(endpoint, f"wss-{number}", tunnel=tunnel, certificates=certificates, trust=trust),
        }
        for number, endpoint in enumerate(sorted(site["endpoints"], key=lambda each: len(each["path"]), reverse=True))
    ]


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "path": endpoint["path"],
        "matches": _matches(endpoint["path"]),
        "websocket_only": endpoint["websocket_only"],
        "origins": endpoint["origins"],
        "headers": endpoint["headers"],
    }


def _matches(path: str) -> str:
    """The condition of a path and everything below it."""
    below = path.rstrip("/").replace("*", "[*]")
    match = f"%{{REQUEST_URI}} -strmatch '{below}/*'"
    return match if path.endswith("/") else f"%{{REQUEST_URI}} == '{path}' || {match}"
