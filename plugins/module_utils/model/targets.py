# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules on the host and the probe are asked to do, read off the model."""

from __future__ import annotations

from typing import Any

from . import grammar
from .types import Endpoint, Listen, Model, Site


def certificates(model: Model) -> list[dict[str, Any]]:
    """The certificates that the host needs, as the module M(wss.edge.certificates) takes them."""
    return [
        {**_given(site["certificate"]), "name": site["name"], "names": site["server_names"]}
        for site in model["sites"]
        if site["certificate"] is not None
    ]


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def targets(model: Model) -> list[dict[str, Any]]:
    """One target of the module M(wss.edge.probe) for each endpoint at each of its site's listening addresses."""
    return [
        _target(model, site, listen, endpoint)
        for site in model["sites"]
        for listen in _reachable(model, site)
        for endpoint in site["endpoints"]
        if endpoint["probe"]["expect"] != "none"
    ]


def _reachable(model: Model, site: Site) -> list[Listen]:
    local = model["probe_from"] == "host" or grammar.is_loopback(model["address"])
    return [listen for listen in site["listen"] if local or not grammar.is_loopback(listen["address"])]


def _target(model: Model, site: Site, listen: Listen, endpoint: Endpoint) -> dict[str, Any]:
    every = listen["address"] in ("*", "0.0.0.0", "::")
    probe = endpoint["probe"]
    return {
        "site": site["name"],
        "address": model["address"] if every else listen["address"],
        "port": listen["port"],
        "tls": site["tls"] is not None,
        "server_name": _probed_name(site),
        "path": probe["path"],
        "origin": endpoint["origins"][0] if endpoint["origins"] else None,
        "headers": probe["headers"],
        "subprotocols": probe["subprotocols"],
        "expect": probe["expect"],
    }


def _probed_name(site: Site) -> str:
    plain = [name for name in site["server_names"] if not name.startswith("*.")]
    return plain[0] if plain else "wss-probe" + site["server_names"][0][1:]
