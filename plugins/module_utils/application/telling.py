# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has applications read what was delivered, each of them once, and sees that they serve it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.application import served
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Applications
from ansible_collections.wss.edge.plugins.module_utils.application.readers import Reader
from ansible_collections.wss.edge.plugins.module_utils.certificates.store import CERT
from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner


@dataclass
class Told:
    """What went wrong, and what may be wrong."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def commands(applications: Applications, runner: Runner) -> list[str]:
    """How the readers of these applications are told."""
    return [" ".join(command) for reader in _readers(applications) for command in [reader.to_tell(runner)] if command]


def tell(applications: Applications, runner: Runner) -> Told:
    """Tell each reader once, and wait until it serves the certificates of its sites."""
    told_by, failures = say(applications, runner)
    told = Told(failures)
    readers = _readers(applications)
    expected = [
        _expected(site, applications[site], reader, runner)
        for reader, sites in readers.items()
        for site in sites
        if site in told_by
    ]
    for site, place in served.wait(expected).items():
        _still_another(site, place, told_by[site], told)
    for reader, sites in readers.items():
        if sites[0] in told_by and reader.has_failed(runner):
            told.problems.append(
                f"site {', '.join(sites)}: the service {reader.service} ended after `{told_by[sites[0]]}`;"
                f" journalctl -u {reader.service} says why"
            )
    return told


def say(applications: Applications, runner: Runner) -> tuple[dict[str, str], list[str]]:
    """Tell each reader once: the command, by the sites whose reader has taken it, and what failed."""
    told_by: dict[str, str] = {}
    failures = []
    for reader, sites in _readers(applications).items():
        command, failure = reader.tell(runner)
        if failure:
            failures.append(f"site {', '.join(sites)}: `{command}` failed, {failure}")
        else:
            told_by.update(dict.fromkeys(sites, command))
    return told_by, failures


def _readers(applications: Applications) -> dict[Reader, list[str]]:
    """Who reads the files of which sites; a service that one of them restarts need not be reloaded for another."""
    restarted = {each["service"] for each in applications.values() if each["on_change"] == "restart"}
    found: dict[Reader, list[str]] = {}
    for site, application in applications.items():
        reader = Reader.of(application)
        if reader.service in restarted:
            reader = replace(reader, on_change="restart") if reader.service else reader
        found.setdefault(reader, []).append(site)
    return found


def _expected(site: str, application: Mapping[str, Any], reader: Reader, runner: Runner) -> served.Expected:
    certificate = served.der(Path(application["directory"], CERT).read_bytes())
    places = [served.Place(*place) for place in application["places"]]
    return served.Expected(site, certificate, places, functools.partial(reader.has_failed, runner))


def _still_another(site: str, place: served.Place, command: str, told: Told) -> None:
    where = grammar.host_port(place.address, place.port)
    after = f"{served.DEADLINE_SECONDS:.0f} seconds after"
    if command:
        told.problems.append(
            f"site {site}: {where} still serves another certificate {after} `{command}`. Have the application read its"
            " files anew then, or have on_change: restart"
        )
    else:
        told.warnings.append(
            f"site {site}: {where} still serves another certificate {after} its files were replaced. Name the"
            " application's service, or a command that has it read them"
        )
