# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx's templates print: the model, as it looks on one particular host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.backends import PRIVATE_CA
from ansible_collections.wss.edge.plugins.module_utils.model.types import ClientCertificates, Endpoint, Model, Site
from ansible_collections.wss.edge.plugins.module_utils.release.host import (
    EVERY_ADDRESS,
    LOOK_ALIKES,
    Host,
    HostError,
    Socket,
    file_name,
)
from ansible_collections.wss.edge.plugins.module_utils.release.nginx_backends import (
    Backends,
    Trust,
    host_header,
    power_of_two,
)
from ansible_collections.wss.edge.plugins.module_utils.server.facts import UNDERSCORES

# Versions that brought a directive.
HTTP2_DIRECTIVE = (1, 25, 1)
SAFE_SESSIONS = (1, 23, 2)
"""From there on tickets have keys that change, and a session ends in time however often it is taken up again."""
REJECT_HANDSHAKE = (1, 19, 4)
CERTIFICATE_DATA = (1, 15, 10)
"""An empty certificate, which can only be written so, refuses a handshake, too."""

GUARDED = "/.wss/ok"


class _Nginx(Host):
    title = "nginx"

    def __init__(self, facts: Mapping[str, Any], sites: Sequence[Site], trust: Trust) -> None:
        super().__init__(facts)
        self.directives = set(facts["foreign"]["directives"])
        self.trust = trust
        self.sites_at: dict[Socket, list[Site]] = {}
        for site in sites:
            for socket in self.sockets(site["listen"]):
                self.sites_at.setdefault(socket, []).append(site)
        self.default_at = {socket: site for site in sites for socket in self.default_sockets(site)}
        self.mixed = {
            socket
            for socket, beside in self.sites_at.items()
            if any(site["client_certificates"] != beside[0]["client_certificates"] for site in beside)
        }

    def problems_of(self, site: Site) -> list[str]:
        """Sentences about what of the site this host cannot serve."""
        mixed = [
            problem
            for socket in self.sockets(site["listen"])
            if site["client_certificates"]
            for problem in (*self._foreign_sessions(site, socket), *self._unnamed(site, socket))
        ]
        return [*super().problems_of(site), *mixed[:1], *self._before_main(site)[:1]]

    def only_main(self, socket: Socket) -> list[Mapping[str, Any]]:
        """The servers of the main file that answer all names there, as none is asked before them yet."""
        theirs = self.foreign.get(socket, [])
        first = all(each["file"] == self.record.main_file for each in theirs) and self.record.main_site is not None
        return [] if not first or any(each["default"] for each in theirs) else theirs

    def _before_main(self, site: Site) -> list[str]:
        """What the collection includes comes before a server of the main file, and would answer for it."""
        return [
            f"site {site['name']}, listen: {grammar.host_port(*socket)} is shared with {block['file']} line"
            f" {block['line']}, which answers all other names there, and which this site would come before; write"
            " default_server behind the address in its listen"
            for socket in self.sockets(self.listens_of(site))
            for block in self.only_main(socket)[:1]
            if self.record.main_file in self.own_files
        ]

    def _foreign_sessions(self, site: Site, socket: Socket) -> list[str]:
        """A session that is taken up again is not verified again, and the default server decides on all of them."""
        return [
            f"site {site['name']}, client_certificates: {grammar.host_port(*socket)} is shared with {block['file']}"
            f" line {block['line']}, and nginx would take up TLS sessions of its clients here without a look at their"
            " certificates; choose another port or address"
            for block in self.foreign.get(socket, [])
        ]

    def _unnamed(self, site: Site, socket: Socket) -> list[str]:
        """Clients that name no server are verified for the default one, whatever they ask for then."""
        default = self.default_at.get(socket, site)
        theirs = default["client_certificates"]
        if theirs is None or _authority(theirs) == _authority(site["client_certificates"]):
            return []
        return [
            f"site {site['name']}, client_certificates: differs from the site {default['name']} on"
            f" {grammar.host_port(*socket)}, which has an IP address in its server_names; clients of an IP address name"
            " no server, and nginx would let those of one site into the other. Give one of them another port or"
            " address, or both the same ca, verify_depth and crl"
        ]

    def clients(self, site: Site) -> dict[str, Any] | None:
        """What the site wants of its clients."""
        wanted = site["client_certificates"]
        if wanted is None:
            return None
        crl = PRIVATE_CA if wanted["ca"] == PRIVATE_CA else wanted["crl"]
        return {
            "verify": "on" if wanted["verify"] == "required" else wanted["verify"],
            "ca": self.trust["ca"][wanted["ca"]],
            # OpenSSL counts the certificates between the client's and the root.
            "verify_depth": wanted["verify_depth"] - 1,
            "crl": self.trust["crl"][crl] if crl else None,
        }

    def tls(self, site: Site) -> dict[str, Any] | None:
        """TLS of the site, and of the refusals beside it."""
        tls = site["tls"]
        if tls is None:
            return None
        cache = self._session_cache(site, tls["session_cache_size"])
        return {
            "protocols": tls["protocols"],
            "ciphers": tls["ciphers"],
            "groups": self.known_groups(tls),
            "session_timeout": tls["session_timeout"],
            "session_cache": cache,
            # The key of tickets may be the user's and never change; sessions that are kept can be forgotten.
            "tickets": cache is not None and not site["client_certificates"] and self.version >= SAFE_SESSIONS,
        }

    def _session_cache(self, site: Site, size: int) -> str | None:
        """Where sessions are kept, or None where they must not be taken up again.

        Whose certificate was verified in a session counts as verified in all that take it up, at any site. So sites
        share sessions only if they verify alike, and by the same files: a list that has changed forgets the sessions.
        """
        clients = self.clients(site)
        if self.mixed.intersection(self.sockets(site["listen"])):
            return None
        if clients is None:
            return f"wss_{size}m:{size}m"
        if self.version < SAFE_SESSIONS:
            return None
        names = ["/".join(path.split("/")[-2:]) for path in (clients["ca"], clients["crl"]) if path]
        what = json.dumps([clients, *(self.trust["digests"][name] for name in names)])
        return f"wss_{size}m_{hashlib.sha256(what.encode()).hexdigest()[:16]}:{size}m"


def _authority(wanted: ClientCertificates | None) -> dict[str, Any]:
    return {key: value for key, value in (wanted or {}).items() if key != "verify"}


def nginx_context(
    model: Model, certificates: Mapping[str, str], facts: Mapping[str, Any], trust: Trust
) -> dict[str, Any]:
    """The variables of the templates.

    :param certificates: The folder of each certificate, by its name, which is the site's for that of a site.
    :param facts: The return value of M(wss.edge.server_facts).
    :param trust: The files of authorities (C(ca)) and of revocation lists (C(crl)), by what the model calls them, and
        the digest of each by its name in the release (C(digests)).
    :raises HostError: where the host has what a site needs already, or lacks it.
    """
    host = _Nginx(facts, model["sites"], trust)
    problems = [problem for site in model["sites"] for problem in host.problems_of(site)]
    problems += host.capacity_problems(model)
    problems += host.older_than(CERTIFICATE_DATA, "cannot refuse a handshake for its server name")
    if problems:
        raise HostError(problems)
    backends = Backends(model["sites"], host, facts, certificates, trust)
    sites = [_site(site, certificates, backends, host) for site in model["sites"]]
    names = [name for site in model["sites"] for name in site["server_names"]]
    return {
        "sites": sites,
        "main_site": _main_site(model["sites"], host),
        "refusals": _refusals(model["sites"], host),
        "reject_handshake": host.version >= REJECT_HANDSHAKE,
        "hashes": _hashes(names, sites, host),
        "listens": [
            {"address": address, "port": port, "owner": f"site {site['name']}"}
            for site in model["sites"]
            for address, port in host.sockets(host.listens_of(site))
        ],
    }


def _listen(socket: Socket, host: _Nginx, tls: bool, default: bool) -> str:
    words = [grammar.host_port(*socket)]
    if tls:
        words.append("ssl")
        if host.version < HTTP2_DIRECTIVE and socket not in host.foreign:
            words.append("http2")
    if default:
        words.append("default_server")
    return " ".join(words)


def _site(site: Site, certificates: Mapping[str, str], backends: Backends, host: _Nginx) -> dict[str, Any]:
    sockets = host.sockets(site["listen"])
    default = host.default_sockets(site)
    shared = any(socket in host.foreign for socket in sockets)
    return {
        "name": site["name"],
        "file": file_name(site["name"]),
        "server_names": [f"[{name}]" if ":" in name else name for name in site["server_names"]],
        "listen": [_listen(socket, host, site["tls"] is not None, socket in default) for socket in sockets],
        "http2": site["tls"] is not None and host.version >= HTTP2_DIRECTIVE and not shared,
        "tls": host.tls(site),
        "clients": host.clients(site),
        "certificate": certificates.get(site["name"]),
        "root": site["root"],
        "hsts": site["hsts"],
        "access_log": site["access_log"],
        "redirect": _redirect(site, host) if site["redirect_http"] else None,
        "look_alikes": LOOK_ALIKES if UNDERSCORES in host.directives else [],
        "endpoints": [_endpoint(site, index, endpoint, backends) for index, endpoint in enumerate(site["endpoints"])],
        "takes_all": any(endpoint["path"] == "/" for endpoint in site["endpoints"]),
    }


def _redirect(site: Site, host: _Nginx) -> dict[str, Any]:
    port = site["listen"][0]["port"]
    sockets = host.sockets([EVERY_ADDRESS])
    return {
        "listen": [_listen(socket, host, tls=False, default=False) for socket in sockets],
        "port": "" if port == 443 else f":{port}",
    }


def _endpoint(site: Site, index: int, endpoint: Endpoint, backends: Backends) -> dict[str, Any]:
    key = f"{grammar.identifier(site['name'])}_{index}"
    guard = "$wss_websocket_only" if endpoint["websocket_only"] else GUARDED
    tls = endpoint["backend_tls"]
    return {
        "key": key,
        "index": index,
        "path": endpoint["path"],
        "matches": _matches(endpoint["path"]),
        "guard": f"$wss_{key}_origin" if endpoint["origins"] else guard,
        "origins": endpoint["origins"],
        "allowed": guard,
        "inside": f"{GUARDED}/{index}",
        "passes": _passes(f"{GUARDED}/{index}", endpoint),
        "upstream": backends.upstream(endpoint),
        "scheme": "https" if tls else "http",
        "tls": backends.tls(tls) if tls else None,
        "idle_timeout": endpoint["idle_timeout"],
        "connect_timeout": endpoint["connect_timeout"],
        "max_connections_per_client": endpoint["max_connections_per_client"],
        "headers": {name: value for name, value in endpoint["headers"].items() if name.lower() != "host"},
        "host": host_header(endpoint),
    }


def _matches(path: str) -> list[str]:
    """The locations of a path: itself and everything below it."""
    return [path] if path.endswith("/") else [f"= {path}", f"{path}/"]


def _passes(inside: str, endpoint: Endpoint) -> list[dict[str, str]]:
    """The locations, behind the guard, that replace the endpoint's path by the backend's; none where it is kept."""
    theirs = endpoint["backend_path"]
    if not theirs:
        return []
    ours = endpoint["path"]
    return [
        {"match": f"= {inside}{ours}", "path": theirs},
        {"match": f"{inside}{ours.rstrip('/')}/", "path": f"{theirs.rstrip('/')}/"},
    ]


def _main_site(sites: Sequence[Site], host: _Nginx) -> list[str]:
    """The addresses of the site that the main file has, as the package brought it."""
    sockets = dict.fromkeys(socket for site in sites for socket in host.sockets(host.listens_of(site)))
    return [grammar.host_port(*socket) for socket in sockets if host.only_main(socket)]


def _refusals(sites: Sequence[Site], host: _Nginx) -> list[dict[str, Any]]:
    """The servers that refuse the handshake of a client that asks for an unknown name.

    On a listener that the user's own sites share, unknown names stay with those.
    """
    found: list[dict[str, Any]] = []
    seen: set[Socket] = set()
    for site in sites:
        for socket in host.sockets(site["listen"]):
            if site["tls"] is None or socket in host.foreign or socket in seen:
                continue
            seen.add(socket)
            named = socket in host.default_at
            line = _listen(socket, host, tls=True, default=not named)
            tls = host.tls(site)
            group = next((item for item in found if item["tls"] == tls and item["named"] == named), None)
            if group is None:
                group = {"tls": tls, "named": named, "listen": []}
                found.append(group)
            group["listen"].append(line)
    return found


def _hashes(names: Sequence[str], sites: Sequence[Mapping[str, Any]], host: _Nginx) -> dict[str, int]:
    """Sizes of nginx's hash tables that its defaults do not cover, unless the user has set them."""
    endpoints = [endpoint for site in sites for endpoint in site["endpoints"]]
    guarded = [endpoint for endpoint in endpoints if endpoint["origins"]]
    guards = len(guarded)
    wanted = {}
    if any(len(origin) > 32 for endpoint in guarded for origin in endpoint["origins"]):
        wanted["map_hash_bucket_size"] = 512
    if any(len(endpoint["guard"]) > 32 for endpoint in guarded):
        wanted["variables_hash_bucket_size"] = 512
    if any(len(name) > 24 for endpoint in endpoints for name in endpoint["headers"]):
        wanted["proxy_headers_hash_bucket_size"] = 256
    if any(len(name) > 40 for name in names):
        wanted["server_names_hash_bucket_size"] = 512
    if len(names) > 256:
        wanted["server_names_hash_max_size"] = power_of_two(2 * len(names))
    if guards > 256:
        wanted["variables_hash_max_size"] = power_of_two(4 * guards)
    return {name: size for name, size in wanted.items() if name not in host.directives}
