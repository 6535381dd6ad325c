# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the applications of a host shall have, from the model; and what of it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.application.readers import Reader
from ansible_collections.wss.edge.plugins.module_utils.certificates.store import CERT, CHAIN, FULLCHAIN, PRIVKEY
from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.conflicts import expanded
from ansible_collections.wss.edge.plugins.module_utils.model.targets import reach
from ansible_collections.wss.edge.plugins.module_utils.model.types import Model, Site
from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.records import SERVERS

LOCAL = "127.0.0.1"


@dataclass
class Found:
    """What is wrong: C(problems) for good, C(missing) where another task may still bring it."""

    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def applications(
    model: Model, folders: Mapping[str, str], targets: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """By the names of their sites, what a release says of each application.

    :param folders: The folders of the certificates, by the names of the sites; empty where it is still to be made.
    """
    found = {}
    for site in model["sites"]:
        application = site["application"]
        if application is None:
            continue
        files = {
            "certificate": [application["certificate"], CERT if application["chain"] else FULLCHAIN],
            "private_key": [application["private_key"], PRIVKEY],
        }
        if application["chain"]:
            files["chain"] = [application["chain"], CHAIN]
        settings = {key: application[key] for key in ("user", "service", "on_change", "command")}
        found[site["name"]] = {
            "directory": folders[site["name"]],
            "files": files,
            "places": _places(site, targets),
            **settings,
        }
    return found


def _places(site: Site, targets: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Where this host reaches the site's application, if the probe is to reach it at all."""
    name = next((each["server_name"] for each in targets if each["site"] == site["name"]), None)
    places = [[reach(listen, LOCAL, "host"), listen["port"], name] for listen in site["listen"]]
    return [place for place in places if name and place[0]]


def check(model: Model, runner: Runner) -> Found:
    """Everything that can be known to be wrong before anything changes, but for the files themselves."""
    found = Found()
    listening = sockets.listeners()
    for site in model["sites"]:
        application = site["application"]
        if application is None:
            continue
        at = f"site {site['name']}, application"
        reader = Reader.of(application)
        found.problems += [f"{at}.{problem}" for problem in [reader.refusal(runner)] if problem]
        found.missing += [f"{at}.{problem}" for problem in [reader.missing(runner)] if problem]
        found.problems += _held(site, listening)
    return found


def _held(site: Site, listening: Sequence[sockets.Socket]) -> Iterator[str]:
    """A sentence for each port of the site at which another TLS terminator is."""
    titles = {program: server for server in SERVERS.values() for program in server.programs}
    for listen in site["listen"]:
        for address, port in expanded(listen):
            holder = sockets.holder(listening, address, port)
            server = titles.get(holder.program or "") if holder else None
            if holder and server:
                yield (
                    f"site {site['name']}, listen: {grammar.host_port(address, port)} is held by {server.title}"
                    f" (pid {holder.pid}), and a port has one TLS terminator: with wss_server: none that is the"
                    f" application. Take {server.title}'s site off the port first (wss_server: {server.name} with"
                    " wss_sites: [] does it for the collection's), or listen on another port"
                )
                break
