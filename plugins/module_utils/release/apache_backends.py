# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Apache reaches the backends of an endpoint: one without TLS directly, all others through a balancer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model.backends import PRIVATE_CA
from ansible_collections.wss.edge.plugins.module_utils.model.types import Backend, BackendTls, Endpoint, Site

Trust = Mapping[str, Mapping[str, str]]

METHODS = {"round_robin": "byrequests", "least_connections": "bybusyness"}
LEFT_OUT = 10
"""In seconds: for so long a backend that has failed gets no connections if there are others."""


def balanced(endpoint: Endpoint) -> bool:
    """Whether there is a balancer; only in the section of one can settings of TLS stand for these backends alone."""
    return len(endpoint["backends"]) > 1 or endpoint["backend_tls"] is not None


def modules(sites: Sequence[Site]) -> list[str]:
    """What balancers and TLS to backends need, and nothing else does."""
    endpoints = [endpoint for site in sites for endpoint in site["endpoints"] if balanced(endpoint)]
    if not endpoints:
        return []
    # byrequests is every balancer's method until the configuration names another.
    methods = sorted({"byrequests"} | {METHODS[endpoint["balance"]["method"]] for endpoint in endpoints})
    found = ["slotmem_shm", "proxy_balancer", *(f"lbmethod_{method}" for method in methods)]
    return found + (["ssl"] if any(endpoint["backend_tls"] for endpoint in endpoints) else [])


def proxied(
    endpoint: Endpoint, name: str, *, tunnel: bool, certificates: Mapping[str, str], trust: Trust
) -> dict[str, Any]:
    """What ProxyPass and the section of the balancer print.

    :param name: That of the balancer, should there be one.
    :param tunnel: Whether mod_proxy_wstunnel does the work.
    :param certificates: The folder of each certificate, by its name.
    :param trust: The files of authorities (C(ca)) and of revocation lists (C(crl)), by what the model calls them.
    """
    tls, addresses = endpoint["backend_tls"], endpoint["backends"]
    scheme = ("ws" if tunnel else "http") + ("s" if tls else "")
    balancer = balanced(endpoint)
    base = f"balancer://{name}" if balancer else _url(addresses[0], scheme)
    backend = base + _backend_path(endpoint)
    return {
        "backend": backend,
        "exact": _exact(endpoint, base),
        # Only mod_proxy_http passes on answers with a Location.
        "reverse": None if tunnel else backend.split("|")[-1],
        "options": "" if balancer else _options(endpoint, tunnel, {"retry": 0}),
        "balancer": {
            "name": name,
            "options": _balance(endpoint),
            "members": list(_members(endpoint, scheme, tunnel)),
            "preserves_host": endpoint["keeps_host"],
            "tls": _tls(tls, tunnel, certificates, trust) if tls else None,
        }
        if balancer
        else None,
    }


def protocols(tls: BackendTls, tunnel: bool) -> list[str]:
    """Those to speak; in mod_proxy_wstunnel, answers get stuck behind the session tickets of TLS 1.3."""
    return [each for each in tls["protocols"] if each != "TLSv1.3" or not tunnel]


def _backend_path(endpoint: Endpoint) -> str:
    """What takes the place of the endpoint's path; they end alike, because what is below is appended."""
    path = (endpoint["backend_path"] or endpoint["path"]).rstrip("/")
    return path + ("/" if endpoint["path"].endswith("/") else "")


def shared_workers(site: Site) -> Iterator[str]:
    """Apache keeps the times by the beginning of the backend's URL, not by the endpoint's path."""
    direct = [
        (each, _url(each["backends"][0], "") + _backend_path(each)) for each in site["endpoints"] if not balanced(each)
    ]
    for one, mine in direct:
        for other, theirs in direct:
            # Where the paths go on in the same way, so do the requests.
            apart = mine != theirs and other["path"] == one["path"] + theirs[len(mine) :]
            if one is not other and theirs.startswith(mine) and not apart and _times(one) != _times(other):
                yield (
                    f"site {site['name']}, endpoint {other['path']}: has another idle_timeout or connect_timeout than"
                    f" the endpoint {one['path']}, and their backends begin with the same URL, for which Apache keeps"
                    " one of each; make them the same, or put one of the endpoints into another site"
                )


def _balance(endpoint: Endpoint) -> str:
    found = f"lbmethod={METHODS[endpoint['balance']['method']]}"
    # One that breaks off before it answers would stay in otherwise; its client does not get the next one even so.
    return found if len(endpoint["backends"]) == 1 else f"{found} failonstatus=502"


def _times(endpoint: Endpoint) -> tuple[int, int]:
    return endpoint["idle_timeout"], endpoint["connect_timeout"]


def _members(endpoint: Endpoint, scheme: str, tunnel: bool) -> Iterator[dict[str, str]]:
    for number, each in enumerate(endpoint["backends"]):
        more: dict[str, Any] = {"retry": LEFT_OUT, "loadfactor": each["weight"]}
        if each["backup"]:
            more["status"] = "+H"
        if len(endpoint["backends"]) == 1:
            more = {"status": "+I"}  # never marked down, as Apache has it for one without a balancer
        yield {"url": _url(each, scheme, f"localhost-{number}"), "options": _options(endpoint, tunnel, more)}


def _options(endpoint: Endpoint, tunnel: bool, more: Mapping[str, Any]) -> str:
    options = {
        **({} if tunnel else {"upgrade": "websocket"}),
        "disablereuse": "on",
        "keepalive": "on",
        **more,
        "connectiontimeout": endpoint["connect_timeout"],
        "timeout": endpoint["idle_timeout"],
    }
    return " ".join(f"{key}={value}" for key, value in options.items())


def _url(backend: Backend, scheme: str, host: str = "localhost") -> str:
    """Where the backend is; by the C(host), a balancer tells apart its members that are sockets."""
    address = backend["address"]
    return f"{address}|{scheme}://{host}" if address.startswith("unix:") else f"{scheme}://{address}"


def _exact(endpoint: Endpoint, base: str) -> dict[str, str] | None:
    """The endpoint's path itself, where the backend's ends otherwise."""
    ours, theirs = endpoint["path"], endpoint["backend_path"]
    if not theirs or ours.endswith("/") == theirs.endswith("/"):
        return None
    # The empty group is there for $1: to a backend without any, Apache would append the path.
    return {"pattern": f"^{re.escape(ours)}()$", "backend": f"{base}{theirs}$1"}


def _tls(tls: BackendTls, tunnel: bool, certificates: Mapping[str, str], trust: Trust) -> dict[str, Any]:
    presented = tls["client_certificate"]
    return {
        "protocols": protocols(tls, tunnel),
        "ciphers": tls["ciphers"],
        "depth": tls["verify_depth"],
        "ca": trust["ca"][tls["ca"]] if tls["verify"] else None,
        "crl": trust["crl"][PRIVATE_CA] if tls["verify"] and tls["ca"] == PRIVATE_CA else None,
        "certificate": f"{certificates[presented]}/keypair.pem" if presented else None,
    }
