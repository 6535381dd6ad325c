# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the C(wss_*) variables of one host to the model, or to every problem in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import certificates, clients, endpoints, grammar, later, schema, targets, tls
from .application import application
from .conflicts import find_conflicts, find_forbidden
from .firewall import firewall
from .problems import At, Problems
from .types import Authority, Model, Site
from .values import in_range, parsed, parsed_list


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
    values = _values(options, variables, problems)
    requests = f"{values['wss_request_dir'].rstrip('/')}/{host}"
    presented = clients.Presented(host, _backend_tls_defaults(options))
    sites = [
        _site(site, values["wss_server"], requests, presented, At().owned_by(f"site {site['name']}"), problems)
        for site in values["wss_sites"]
    ]
    for key in ("wss_max_connections", "wss_probe_timeout"):
        in_range(values, key, At(), problems)
    _raise(problems)
    echo = parsed_list(values["wss_echo"], _echo_address, At("", "wss_echo"), problems)
    opened = firewall(values, sites, problems)
    probe_dir = parsed(values["wss_probe_dir"], grammar.controller_file, At("", "wss_probe_dir"), problems)
    if values["wss_probe_from"] == "host" and any(map(targets.shows_certificate, sites)):
        presented.of_host()
    private = targets.needs_private_ca(sites, presented.entries)
    authority = certificates.authority(values, True, problems) if private else None
    _raise(problems)
    if authority:
        find_forbidden(sites, authority, problems)
    find_conflicts(sites, values["wss_probe_from"], address, problems)
    _raise(problems)
    return {
        "server": values["wss_server"],
        "replace_server": values["wss_replace_server"],
        "apache_websocket": values["wss_apache_websocket"],
        "default_site": values["wss_default_site"],
        "max_connections": values["wss_max_connections"],
        "probe_from": values["wss_probe_from"],
        "probe_timeout": values["wss_probe_timeout"],
        "probe_dir": probe_dir,
        "host": host,
        "address": address,
        "echo": echo,
        "firewall": opened,
        "authority": authority,
        "clients": presented.entries,
        "sites": sites,
    }


def _values(options: schema.Spec, variables: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The variables with their defaults, none of which belongs to a later version."""
    values = schema.apply(options, variables, At(), problems)
    _raise(problems)
    later.refuse(values, problems)
    _raise(problems)
    return values


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


def _backend_tls_defaults(options: schema.Spec) -> dict[str, Any]:
    spec = options["wss_sites"]["options"]["endpoints"]["options"]["backend_tls"]["options"]
    return schema.apply(spec, {}, At(), Problems())


def _raise(problems: Problems) -> None:
    if problems.found:
        raise ModelError(problems.found)


def _site(
    values: dict[str, Any], server: str, requests: str, presented: clients.Presented, at: At, problems: Problems
) -> Site:
    name = parsed(values["name"], _site_name, at.down("name"), problems)
    names = values["server_names"] or ([name] if name else [])
    tls_settings = tls.resolve(values["tls"], at.down("tls"), problems)
    if tls_settings:
        for key in ("session_timeout", "session_cache_size"):
            in_range(values["tls"], key, at.down("tls"), problems)
    else:
        for key in ("redirect_http", "hsts", "http2_websockets", "client_certificates", "application"):
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
        "client_certificates": clients.wanted(values["client_certificates"], at.down("client_certificates"), problems),
        "application": application(values["application"], server, at.down("application"), problems),
        "root": parsed(values["root"], grammar.file, at.down("root"), problems),
        "redirect_http": values["redirect_http"],
        "hsts": in_range(values, "hsts", at, problems),
        "access_log": parsed(values["access_log"], grammar.file, at.down("access_log"), problems),
        "http2_websockets": values["http2_websockets"],
        "endpoints": [
            endpoints.endpoint(each, server, server_names, presented, at.owned_by(f"endpoint {each['path']}"), problems)
            for each in values["endpoints"]
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
