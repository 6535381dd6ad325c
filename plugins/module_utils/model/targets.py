# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules on the host and the probe are asked to do, read off the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import backends, clients, grammar
from .types import Endpoint, Listen, Model, Site


def certificates(model: Model) -> list[dict[str, Any]]:
    """The certificates that the host needs, as the module M(wss.edge.certificates) takes them."""
    return [
        {**_given(site["certificate"]), "name": site["name"], "names": site["server_names"]}
        for site in model["sites"]
        if site["certificate"] is not None
    ] + model["clients"]


def probe_certificate(model: Model) -> dict[str, Any] | None:
    """The certificate that the probe on the controller shows, as M(wss.edge.certificates) takes it."""
    if model["probe_from"] == "host" or not any(map(shows_certificate, model["sites"])):
        return None
    return clients.entry(clients.of_probe(model["host"]), f"probe {model['host']}")


def shows_certificate(site: Site) -> bool:
    """Whether the probe must show a certificate of the private authority."""
    wanted = site["client_certificates"]
    return (
        wanted is not None
        and wanted["verify"] == "required"
        and wanted["ca"] == backends.PRIVATE_CA
        and any(_own_certificate_missing(endpoint) for endpoint in site["endpoints"])
    )


def _own_certificate_missing(endpoint: Endpoint) -> bool:
    return endpoint["probe"]["expect"] != "none" and endpoint["probe"]["client_certificate"] is None


def trusted(model: Model) -> dict[str, list[str]]:
    """The authorities (C(ca)) and revocation lists (C(crl)) that the server needs: the words or files of the model."""
    ca, crl = set(), set()
    for site in model["sites"]:
        asked = site["client_certificates"]
        settings = [each["backend_tls"] for each in site["endpoints"]]
        ca |= {each["ca"] for each in settings if each and each["verify"]} | ({asked["ca"]} if asked else set())
        crl |= {asked["crl"]} if asked and asked["crl"] else set()
    crl |= ca & {backends.PRIVATE_CA}
    return {"ca": sorted(ca - {backends.SYSTEM}), "crl": sorted(crl)}


def needs_private_ca(sites: Sequence[Site], presented: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the private authority signs for the host, or is trusted there."""
    signs = [site["certificate"]["provider"] for site in sites if site["certificate"]]
    signs += [each["provider"] for each in presented]
    trusts = [site["client_certificates"]["ca"] for site in sites if site["client_certificates"]]
    for site in sites:
        trusts += [each["backend_tls"]["ca"] for each in site["endpoints"] if each["backend_tls"]]
    return backends.PRIVATE_CA in {*signs, *trusts}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def targets(model: Model) -> list[dict[str, Any]]:
    """One target of the module M(wss.edge.probe) for each endpoint, listening address and version of HTTP."""
    return [
        _target(model, site, listen, endpoint, http2)
        for site in model["sites"]
        for listen in site["listen"]
        if reach(listen, model["address"], model["probe_from"]) is not None
        for endpoint in site["endpoints"]
        if endpoint["probe"]["expect"] != "none"
        for http2 in ([False, True] if site["http2_websockets"] else [False])
    ]


def reach(listen: Listen, address: str, probe_from: str) -> str | None:
    """Where the probe finds a listener, or None where it cannot.

    :param address: The host's address for the probe, which may be a name.
    """
    local = probe_from == "host" or grammar.is_loopback(address)
    wildcards = {"*": address, "0.0.0.0": "127.0.0.1" if local else address, "::": "::1" if local else address}
    if listen["address"] not in wildcards:
        return listen["address"] if local or not grammar.is_loopback(listen["address"]) else None
    found = wildcards[listen["address"]]
    ip = grammar.ip_address(found)
    family = {"0.0.0.0": 4, "::": 6}.get(listen["address"])
    return found if ip is None or family in (None, ip.version) else None


def _target(model: Model, site: Site, listen: Listen, endpoint: Endpoint, http2: bool) -> dict[str, Any]:
    probe = endpoint["probe"]
    return {
        "site": site["name"],
        "address": reach(listen, model["address"], model["probe_from"]),
        "port": listen["port"],
        "tls": site["tls"] is not None,
        "http2": http2,
        "server_name": _probed_name(site),
        "path": probe["path"],
        "origin": endpoint["origins"][0] if endpoint["origins"] else None,
        "headers": probe["headers"],
        "subprotocols": probe["subprotocols"],
        "expect": probe["expect"],
        "client_certificate": _shown_certificate(model, site, endpoint),
    }


def _shown_certificate(model: Model, site: Site, endpoint: Endpoint) -> dict[str, Any] | None:
    """Its files on the machine that probes, and whether the site shall refuse a client without one."""
    own = endpoint["probe"]["client_certificate"]
    if own is None and not shows_certificate(site):
        return None
    folder = f"{model['probe_dir'].rstrip('/')}/{clients.of_probe(model['host'])}/current"
    if model["probe_from"] == "host":
        folder = f"/etc/pki/wss/{clients.OF_HOST}/current"
    made = {"certificate": f"{folder}/fullchain.pem", "private_key": f"{folder}/privkey.pem"}
    wanted = site["client_certificates"]
    return {**(own or made), "required": wanted is not None and wanted["verify"] == "required"}


def _probed_name(site: Site) -> str:
    plain = [name for name in site["server_names"] if not name.startswith("*.")]
    return plain[0] if plain else "wss-probe" + site["server_names"][0][1:]
