# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx's templates print: the model, as it looks on one particular host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.types import Endpoint, Model, Site, Tls
from ansible_collections.wss.edge.plugins.module_utils.release.host import (
    EVERY_ADDRESS,
    Host,
    HostError,
    Socket,
    file_name,
)

# Versions that brought a directive.
HTTP2_DIRECTIVE = (1, 25, 1)
SAFE_TICKETS = (1, 23, 2)
REJECT_HANDSHAKE = (1, 19, 4)

GUARDED = "/.wss/ok"

Trust = Mapping[str, Mapping[str, str]]
NO_TRUST: Trust = {"ca": {}, "crl": {}}


class _Nginx(Host):
    title = "nginx"

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        self.directives = set(facts["foreign"]["directives"])


def nginx_context(
    model: Model, certificates: Mapping[str, str], facts: Mapping[str, Any], trust: Trust = NO_TRUST
) -> dict[str, Any]:
    """The variables of the templates.

    :param certificates: The folder of each certificate, by its name, which is the site's for that of a site.
    :param facts: The return value of M(wss.edge.server_facts).
    :param trust: The files of authorities (C(ca)) and of revocation lists (C(crl)), by what the model calls them.
    :raises HostError: where the host has what a site needs already, or lacks it.
    """
    host = _Nginx(facts)
    problems = [problem for site in model["sites"] for problem in host.problems_of(site)]
    problems += host.capacity_problems(model)
    problems += host.older_than(REJECT_HANDSHAKE, "cannot refuse a handshake for its server name")
    if problems:
        raise HostError(problems)
    defaults = {name for site in model["sites"] for name in host.default_sockets(site)}
    sites = [_site(site, certificates, host) for site in model["sites"]]
    names = [name for site in model["sites"] for name in site["server_names"]]
    return {
        "sites": sites,
        "refusals": _refusals(model["sites"], defaults, host),
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


def _site(site: Site, certificates: Mapping[str, str], host: _Nginx) -> dict[str, Any]:
    sockets = host.sockets(site["listen"])
    default = host.default_sockets(site)
    shared = any(socket in host.foreign for socket in sockets)
    return {
        "name": site["name"],
        "file": file_name(site["name"]),
        "server_names": [f"[{name}]" if ":" in name else name for name in site["server_names"]],
        "listen": [_listen(socket, host, site["tls"] is not None, socket in default) for socket in sockets],
        "http2": site["tls"] is not None and host.version >= HTTP2_DIRECTIVE and not shared,
        "tls": _tls(site["tls"], host) if site["tls"] else None,
        "certificate": certificates.get(site["name"]),
        "root": site["root"],
        "hsts": site["hsts"],
        "access_log": site["access_log"],
        "redirect": _redirect(site, host) if site["redirect_http"] else None,
        "endpoints": [_endpoint(site, index, endpoint) for index, endpoint in enumerate(site["endpoints"])],
        "takes_all": any(endpoint["path"] == "/" for endpoint in site["endpoints"]),
    }


def _tls(tls: Tls, host: _Nginx) -> dict[str, Any]:
    return {
        "protocols": tls["protocols"],
        "ciphers": tls["ciphers"],
        "groups": host.known_groups(tls),
        "session_timeout": tls["session_timeout"],
        "session_cache_size": tls["session_cache_size"],
        "tickets": host.version >= SAFE_TICKETS,
    }


def _redirect(site: Site, host: _Nginx) -> dict[str, Any]:
    port = site["listen"][0]["port"]
    sockets = host.sockets([EVERY_ADDRESS])
    return {
        "listen": [_listen(socket, host, tls=False, default=False) for socket in sockets],
        "port": "" if port == 443 else f":{port}",
    }


def _endpoint(site: Site, index: int, endpoint: Endpoint) -> dict[str, Any]:
    key = f"{grammar.identifier(site['name'])}_{index}"
    guard = "$wss_websocket_only" if endpoint["websocket_only"] else GUARDED
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
        "backend": endpoint["backends"][0]["address"],
        "idle_timeout": endpoint["idle_timeout"],
        "connect_timeout": endpoint["connect_timeout"],
        "max_connections_per_client": endpoint["max_connections_per_client"],
        "headers": {name: value for name, value in endpoint["headers"].items() if name.lower() != "host"},
        "host": next((value for name, value in endpoint["headers"].items() if name.lower() == "host"), "$http_host"),
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


def _refusals(sites: Sequence[Site], defaults: set[Socket], host: _Nginx) -> list[dict[str, Any]]:
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
            named = socket in defaults
            line = _listen(socket, host, tls=True, default=not named)
            tls = _tls(site["tls"], host)
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
        wanted["server_names_hash_max_size"] = _power_of_two(2 * len(names))
    if guards > 256:
        wanted["variables_hash_max_size"] = _power_of_two(4 * guards)
    return {name: size for name, size in wanted.items() if name not in host.directives}


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
