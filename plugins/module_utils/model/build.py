# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the C(wss_*) variables of one host to the model, or to every problem in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from . import grammar, later, schema, tls
from .conflicts import find_conflicts
from .problems import At, Problems
from .types import Backend, Endpoint, Model, Probe, Site

# Smallest and largest value of a number, by key.
RANGES: dict[str, tuple[float, float]] = {
    "wss_max_connections": (1, 500_000),
    "wss_probe_timeout": (1, 300),
    "session_timeout": (1, 604_800),
    "session_cache_size": (1, 1024),
    "bits": (2048, 8192),
    "valid_days": (1, 825),
    "hsts": (0, 315_360_000),
    "idle_timeout": (1, 31_536_000),
    "connect_timeout": (1, 75),
    "max_connections_per_client": (0, 65_535),
}

# The proxy speaks for these itself.
PROXY_HEADERS = {
    "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "x-forwarded-for", "x-forwarded-proto", "x-real-ip",
}  # fmt: skip


def _text(longest: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not (1 <= len(text) <= longest and text.isprintable()):
            raise ValueError(f"is not 1 to {longest} printable characters")
        return text

    return parse


# X.520's upper bounds
SUBJECT: dict[str, Callable[[str], str]] = {
    "country": grammar.country,
    "state": _text(128),
    "locality": _text(128),
    "organization": _text(64),
    "organizational_unit": _text(64),
    "common_name": _text(64),
    "email": grammar.email,
}


class ModelError(Exception):
    """The variables are refused; C(problems) has a sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def build(options: schema.Spec, variables: Mapping[str, Any], address: str) -> Model:
    """Validate, coerce, default and cross-check the variables of one host.

    :param options: The options of the role's argument spec.
    :param variables: The host's variables that start with C(wss_), templated.
    :param address: The address at which the probe reaches a listener on every address of the host.
    :raises ModelError: with all that is wrong.
    """
    problems = Problems()
    values = schema.apply(options, variables, At(), problems)
    _raise(problems)
    later.refuse(values, problems)
    _raise(problems)
    sites = [_site(site, At().owned_by(f"site {site['name']}"), problems) for site in values["wss_sites"]]
    for key in ("wss_max_connections", "wss_probe_timeout"):
        _in_range(values, key, At(), problems)
    _raise(problems)
    echo = _parsed_list(values["wss_echo"], _echo_address, At("", "wss_echo"), problems)
    find_conflicts(sites, values["wss_probe_from"], address, problems)
    _raise(problems)
    return {
        "server": values["wss_server"],
        "max_connections": values["wss_max_connections"],
        "probe_from": values["wss_probe_from"],
        "probe_timeout": values["wss_probe_timeout"],
        "address": address,
        "echo": echo,
        "sites": sites,
    }


def _raise(problems: Problems) -> None:
    if problems.found:
        raise ModelError(problems.found)


def _parsed(value: Any, parse: Callable[[str], Any], at: At, problems: Problems) -> Any:
    """The value in its normal form, or None and a problem."""
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as error:
        problems.refuse(at, value, str(error))
        return None


def _parsed_list(values: list[str], parse: Callable[[str], Any], at: At, problems: Problems) -> list[Any]:
    parsed = [_parsed(value, parse, at.item(index), problems) for index, value in enumerate(values)]
    for index, value in enumerate(parsed):
        if value is not None and value in parsed[:index]:
            problems.refuse(at.item(index), values[index], "is there twice")
    return parsed


def _in_range(values: Mapping[str, Any], key: str, at: At, problems: Problems) -> Any:
    low, high = RANGES[key]
    if not low <= values[key] <= high:
        problems.refuse(at.down(key), values[key], "is out of range", f"{low} to {high}")
    return values[key]


def _site(values: dict[str, Any], at: At, problems: Problems) -> Site:
    name = _parsed(values["name"], _site_name, at.down("name"), problems)
    names = values["server_names"] or ([name] if name else [])
    tls_settings = tls.resolve(values["tls"], at.down("tls"), problems)
    if tls_settings:
        for key in ("session_timeout", "session_cache_size"):
            _in_range(values["tls"], key, at.down("tls"), problems)
    elif values["redirect_http"] or values["hsts"]:
        key = "redirect_http" if values["redirect_http"] else "hsts"
        problems.refuse(at.down(key), values[key], "needs TLS, which this site has off")
    listen = values["listen"] or ["443" if tls_settings else "80"]
    server_names = _parsed_list(names, grammar.server_name, at.down("server_names"), problems)
    if not values["endpoints"]:
        problems.add(at.down("endpoints"), "a site needs at least one endpoint")
    return {
        "name": name,
        "server_names": server_names,
        "listen": [
            {"address": listen.address, "port": listen.port}
            for listen in _parsed_list(listen, grammar.listen, at.down("listen"), problems)
            if listen
        ],
        "tls": tls_settings,
        "certificate": _certificate(values["certificate"], at.down("certificate"), problems) if tls_settings else None,
        "root": _parsed(values["root"], grammar.file, at.down("root"), problems),
        "redirect_http": values["redirect_http"],
        "hsts": _in_range(values, "hsts", at, problems),
        "access_log": _parsed(values["access_log"], grammar.file, at.down("access_log"), problems),
        "endpoints": [
            _endpoint(endpoint, at.owned_by(f"endpoint {endpoint['path']}"), problems)
            for endpoint in values["endpoints"]
        ],
    }


def _echo_address(text: str) -> str:
    return grammar.backend(text if text.startswith("unix:") else f"ws://{text}").address


def _site_name(text: str) -> str:
    if text.startswith("*"):
        raise ValueError("is a wildcard; give the site a plain name and put the wildcard into server_names")
    return grammar.server_name(text)


def _certificate(values: dict[str, Any], at: At, problems: Problems) -> dict[str, Any]:
    _in_range(values, "valid_days", at, problems)
    _in_range(values["key"], "bits", at.down("key"), problems)
    for key, parse in SUBJECT.items():
        _parsed(values["subject"][key], parse, at.down(f"subject.{key}"), problems)
    for key in ("certificate", "private_key", "chain", "ca"):
        if values["provider"] == "files" and key in ("certificate", "private_key") and not values[key]:
            problems.add(at.down(key), "this key is required with provider files")
        if values["provider"] != "files" and values[key]:
            problems.refuse(at.down(key), values[key], "goes with provider files only")
    return values


def _endpoint(values: dict[str, Any], at: At, problems: Problems) -> Endpoint:
    path = _parsed(values["path"], grammar.path, at.down("path"), problems)
    if values["backend"] is None:
        problems.add(at.down("backend"), "this key is required")
    for key in ("idle_timeout", "connect_timeout", "max_connections_per_client"):
        _in_range(values, key, at, problems)
    return {
        "path": path,
        "backend": _backend(values["backend"], at.down("backend"), problems),
        "websocket_only": values["websocket_only"],
        "idle_timeout": values["idle_timeout"],
        "connect_timeout": values["connect_timeout"],
        "origins": _parsed_list(values["origins"], grammar.origin, at.down("origins"), problems),
        "max_connections_per_client": values["max_connections_per_client"],
        "headers": _headers(values["headers"], at.down("headers"), problems),
        "probe": _probe(values["probe"], values["path"], at.down("probe"), problems),
    }


def _backend(text: str | None, at: At, problems: Problems) -> Backend:
    parsed = _parsed(text, grammar.backend, at, problems)
    if parsed and parsed.scheme in ("wss", "https"):
        problems.refuse(at, text, "speaks TLS, which belongs to a later version", "ws, http and unix")
    return {"address": parsed.address, "path": parsed.path} if parsed else {"address": "", "path": ""}


def _headers(values: dict[Any, Any], at: At, problems: Problems) -> dict[str, str]:
    headers = {}
    for key, value in values.items():
        name = _parsed(str(key), grammar.header_name, at.down(str(key)), problems)
        if name and (name.lower() in PROXY_HEADERS or name.lower().startswith("sec-websocket-")):
            problems.refuse(at.down(name), value, "is a header that the proxy itself sets or passes on")
        if isinstance(value, (dict, list, bool)) or value is None:
            problems.refuse(at.down(str(key)), value, "is not text (put it in quotes)")
        elif name:
            headers[name] = _parsed(str(value), grammar.header_value, at.down(name), problems)
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
        "path": _parsed(path, grammar.target, at.down("path"), problems) if values["path"] else path,
        "headers": _headers(values["headers"], at.down("headers"), problems),
        "subprotocols": _parsed_list(values["subprotocols"], grammar.subprotocol, at.down("subprotocols"), problems),
    }
