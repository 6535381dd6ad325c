# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint of a site: its path, what is behind it, and how it is proved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import backends, clients, grammar
from .problems import At, Problems
from .types import BackendTls, Endpoint, Probe
from .values import in_range, parsed, parsed_list

# The proxy speaks for these itself.
PROXY_HEADERS = {
    "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "x-ssl-client-verify", "x-ssl-client-s-dn",
}  # fmt: skip


def endpoint(
    values: dict[str, Any], server: str, site_names: list[str], presented: clients.Presented, at: At, problems: Problems
) -> Endpoint:
    """The endpoint in its normal form.

    :param site_names: The server names of its site.
    :param presented: Takes the certificate that the proxy presents to the backends.
    """
    path = parsed(values["path"], grammar.path, at.down("path"), problems)
    for key in ("idle_timeout", "connect_timeout", "max_connections_per_client"):
        in_range(values, key, at, problems)
    found = backends.backends(values, at, problems)
    if not found.given and server != "none":
        problems.add(at.down("backend"), "this key is required")
    tls = _backend_tls(values["backend_tls"], server, site_names, found, presented, at, problems)
    headers = _headers(values["headers"], at.down("headers"), problems)
    # Apache asks a backend for the name that it sends as Host.
    names = site_names if server != "apache" or len(site_names) == 1 else []
    keeps_host = tls is None or tls["server_name"] in names
    if server == "apache" and tls and any(name.lower() == "host" for name in headers):
        why = "cannot be set with wss_server: apache, which asks a backend that speaks TLS for the same name"
        problems.refuse(at.down("headers").down("Host"), values["headers"], why)
    return {
        "path": path,
        "backends": found.backends,
        "backend_path": found.path,
        "balance": backends.balance(values["balance"], found, at.down("balance"), problems),
        "backend_tls": tls,
        "keeps_host": keeps_host,
        "websocket_only": values["websocket_only"],
        "idle_timeout": values["idle_timeout"],
        "connect_timeout": values["connect_timeout"],
        "origins": parsed_list(values["origins"], grammar.origin, at.down("origins"), problems),
        "max_connections_per_client": values["max_connections_per_client"],
        "headers": headers,
        "probe": _probe(values["probe"], values["path"], at.down("probe"), problems),
    }


def _backend_tls(
    values: dict[str, Any] | None,
    server: str,
    site_names: list[str],
    found: backends.Found,
    presented: clients.Presented,
    at: At,
    problems: Problems,
) -> BackendTls | None:
    here = at.down("backend_tls")
    if not found.speaks_tls:
        if values and found.urls:
            problems.add(here, "has no meaning with a backend whose URL is not wss or https")
        return None
    values = values or presented.backend_tls_defaults
    certificate = presented.add(values["client_certificate"], here.down("client_certificate"), problems)
    tls = backends.settings(values, found, certificate, here, problems)
    backends.check_names(server, site_names, found, tls, here, problems)
    return tls


def _headers(values: dict[Any, Any], at: At, problems: Problems) -> dict[str, str]:
    headers = {}
    for key, value in values.items():
        name = parsed(str(key), grammar.header_name, at.down(str(key)), problems)
        if name and (name.lower() in PROXY_HEADERS or name.lower().startswith("sec-websocket-")):
            problems.refuse(at.down(name), value, "is a header that the proxy itself sets or passes on")
        if isinstance(value, (dict, list, bool)) or value is None:
            problems.refuse(at.down(str(key)), value, "is not text (put it in quotes)")
        elif name:
            headers[name] = parsed(str(value), grammar.header_value, at.down(name), problems)
    if len({name.lower() for name in headers}) < len(headers):
        problems.add(at, "the same header is there twice, in different letters")
    return headers


def _probe(values: dict[str, Any], endpoint_path: str, at: At, problems: Problems) -> Probe:
    path = values["path"] or endpoint_path
    below = endpoint_path.rstrip("/")
    if values["path"] and not (path.startswith((f"{below}/", f"{below}?")) or path == endpoint_path):
        problems.refuse(at.down("path"), path, f"is not below the endpoint's path {endpoint_path}")
    return {
        "expect": values["expect"],
        "path": parsed(path, grammar.target, at.down("path"), problems) if values["path"] else path,
        "headers": _headers(values["headers"], at.down("headers"), problems),
        "subprotocols": parsed_list(values["subprotocols"], grammar.subprotocol, at.down("subprotocols"), problems),
        "client_certificate": _probe_certificate(values, at, problems),
    }


def _probe_certificate(values: Mapping[str, Any], at: At, problems: Problems) -> dict[str, str] | None:
    keys = ("certificate", "private_key")
    given = [key for key in keys if values[key] is not None]
    if len(given) == 1:
        missing = keys[1 - keys.index(given[0])]
        problems.add(at.down(missing), f"this key is required beside {given[0]}")
    found = {key: parsed(values[key], grammar.controller_file, at.down(key), problems) for key in given}
    return found or None
