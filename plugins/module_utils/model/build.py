# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the C(wss_*) variables of one host to the model, or to every problem in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import certificates, grammar, later, schema, tls
from .conflicts import find_conflicts, find_forbidden
from .problems import At, Problems
from .types import Authority, Backend, Endpoint, Model, Probe, Site
from .values import in_range, parsed, parsed_list

# The proxy speaks for these itself.
PROXY_HEADERS = {
    "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "x-forwarded-for", "x-forwarded-proto", "x-real-ip",
}  # fmt: skip


class ModelError(Exception):
    """The variables are refused; C(problems) has a sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def build(options: schema.Spec, variables: Mapping[str, Any], address: str, host: str = "localhost") -> Model:
    """Validate, coerce, default and cross-check the variables of one host.

    :param options: The options of the role's argument spec.
    :param variables: The host's variables that start with C(wss_), templated.
    :param host: The host's name in the inventory.
    :param address: The address at which the probe reaches a listener on every address of the host.
    :raises ModelError: with all that is wrong.
    """
    problems = Problems()
    values = schema.apply(options, variables, At(), problems)
    _raise(problems)
    later.refuse(values, problems)
    _raise(problems)
    requests = f"{values['wss_request_dir'].rstrip('/')}/{host}"
    sites = [_site(site, requests, At().owned_by(f"site {site['name']}"), problems) for site in values["wss_sites"]]
    for key in ("wss_max_connections", "wss_probe_timeout"):
        in_range(values, key, At(), problems)
    _raise(problems)
    echo = parsed_list(values["wss_echo"], _echo_address, At("", "wss_echo"), problems)
    providers = {site["certificate"]["provider"] for site in sites if site["certificate"]}
    authority = certificates.authority(values, True, problems) if "private_ca" in providers else None
    _raise(problems)
    if authority:
        find_forbidden(sites, authority, problems)
    find_conflicts(sites, values["wss_probe_from"], address, problems)
    _raise(problems)
    return {
        "server": values["wss_server"],
        "replace_server": values["wss_replace_server"],
        "apache_websocket": values["wss_apache_websocket"],
        "max_connections": values["wss_max_connections"],
        "probe_from": values["wss_probe_from"],
        "probe_timeout": values["wss_probe_timeout"],
        "address": address,
        "echo": echo,
        "authority": authority,
        "sites": sites,
    }


def build_authority(options: schema.Spec, variables: Mapping[str, Any]) -> Authority:
    """The private authority alone, for a host that trusts it and needs no sites.

    :raises ModelError: with all that is wrong.
    """
    problems = Problems()
    mine = {key: option for key, option in options.items() if key.startswith("wss_ca_")}
    given = {key: value for key, value in variables.items() if key.startswith("wss_ca_")}
    values = schema.apply(mine, given, At(), problems)
    _raise(problems)
    authority = certificates.authority(values, False, problems)
    _raise(problems)
    return authority


def _raise(problems: Problems) -> None:
    if problems.found:
        raise ModelError(problems.found)


def _site(values: dict[str, Any], requests: str, at: At, problems: Problems) -> Site:
    name = parsed(values["name"], _site_name, at.down("name"), problems)
    names = values["server_names"] or ([name] if name else [])
    tls_settings = tls.resolve(values["tls"], at.down("tls"), problems)
    if tls_settings:
        for key in ("session_timeout", "session_cache_size"):
            in_range(values["tls"], key, at.down("tls"), problems)
    else:
        for key in ("redirect_http", "hsts", "http2_websockets"):
            if values[key]:
                problems.refuse(at.down(key), values[key], "needs TLS, which this site has off")
    listen = values["listen"] or ["443" if tls_settings else "80"]
    server_names = parsed_list(names, grammar.server_name, at.down("server_names"), problems)
    if not values["endpoints"]:
        problems.add(at.down("endpoints"), "a site needs at least one endpoint")
    return {
        "name": name,
        "server_names": server_names,
        "listen": [
            {"address": listen.address, "port": listen.port}
            for listen in parsed_list(listen, grammar.listen, at.down("listen"), problems)
            if listen
        ],
        "tls": tls_settings,
        "certificate": _certificate(values, requests, name, at, problems) if tls_settings else None,
        "root": parsed(values["root"], grammar.file, at.down("root"), problems),
        "redirect_http": values["redirect_http"],
        "hsts": in_range(values, "hsts", at, problems),
        "access_log": parsed(values["access_log"], grammar.file, at.down("access_log"), problems),
        "http2_websockets": values["http2_websockets"],
        "endpoints": [
            _endpoint(endpoint, at.owned_by(f"endpoint {endpoint['path']}"), problems)
            for endpoint in values["endpoints"]
        ],
    }


def _echo_address(text: str) -> str:
    if "://" in text:
        raise ValueError("is not an address and a port, such as 127.0.0.1:8282, nor unix:/path/to/socket")
    return grammar.backend(text if text.startswith("unix:") else f"ws://{text}").address


def _site_name(text: str) -> str:
    if text.startswith("*"):
        raise ValueError("is a wildcard; give the site a plain name and put the wildcard into server_names")
    return grammar.server_name(text)


def _certificate(values: dict[str, Any], requests: str, name: str, at: At, problems: Problems) -> dict[str, Any]:
    return certificates.certificate(values["certificate"], requests, name, at.down("certificate"), problems)


def _endpoint(values: dict[str, Any], at: At, problems: Problems) -> Endpoint:
    path = parsed(values["path"], grammar.path, at.down("path"), problems)
    if values["backend"] is None:
        problems.add(at.down("backend"), "this key is required")
    for key in ("idle_timeout", "connect_timeout", "max_connections_per_client"):
        in_range(values, key, at, problems)
    return {
        "path": path,
        "backend": _backend(values["backend"], at.down("backend"), problems),
        "websocket_only": values["websocket_only"],
        "idle_timeout": values["idle_timeout"],
        "connect_timeout": values["connect_timeout"],
        "origins": parsed_list(values["origins"], grammar.origin, at.down("origins"), problems),
        "max_connections_per_client": values["max_connections_per_client"],
        "headers": _headers(values["headers"], at.down("headers"), problems),
        "probe": _probe(values["probe"], values["path"], at.down("probe"), problems),
    }


def _backend(text: str | None, at: At, problems: Problems) -> Backend:
    found = parsed(text, grammar.backend, at, problems)
    if found and found.scheme in ("wss", "https"):
        problems.refuse(at, text, "speaks TLS, which belongs to a later version", "ws, http and unix")
    return {"address": found.address, "path": found.path} if found else {"address": "", "path": ""}


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
    }
