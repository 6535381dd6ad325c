# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 tests/platforms.py`, with ansible-core's Python: which scenario ran where, from their reports.

Writes docs/platforms.md where WSS_HOSTS is `wss`, as `make test-all` has it, and .cache/platforms.md for a part.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from environments import CACHE, TOP

REPORTS = CACHE / "molecule"
ALL = "wss"
PLATFORMS = {
    "bullseye": "Debian 11",
    "bookworm": "Debian 12",
    "trixie": "Debian 13",
    "forky": "Debian testing",
    "rhel-like": "RHEL-like",
}
SERVERS = {"nginx": "nginx", "apache": "Apache"}
VERSIONS = ("system", "nginx", "Apache", "OpenSSL", "Python", "cryptography")
HEAD = """\
# Where it was tested

Each scenario of `molecule/` and how many of its tests passed, by platform and server. Each was set up by the playbook,
run again without a change, probed, and looked at by clients that are not ours. The hosts are containers with systemd
on one machine, as [tests/hosts](../tests/hosts/README.md) makes them. Debian's have Debian's own packages. RHEL-like
ones have that family's layout, with rpm and dnf, and are no RHEL: SELinux, crypto policies and the vendor's packages
were not tested.

Written by `make test-all` from what ran. `make test`, which continuous integration runs, has those in bold.
"""

DIFFERENCES = """\
## What differs

What a user may notice; the rest is the same everywhere. RHEL-like hosts do as their versions say, see below.

| platform | what | why |
|---|---|---|
| Debian 11, nginx | A client that asks for an unknown name sees alert 80, `internal_error`; elsewhere 112, \
`unrecognized_name`. | nginx has `ssl_reject_handshake` from 1.19.4. An older one gets no certificate for such names. |
| Debian 11 and 12, nginx | No session tickets. Sessions are kept in the host's memory, and not for sites that ask for \
client certificates. | Keys of tickets change from nginx 1.23.2. |
| Debian 11, 12 and 13, nginx | A backend's name is resolved when nginx is reloaded; elsewhere nginx follows it. | \
`resolve` is in nginx from 1.27.3. |
| Debian 11 and 12 | No X25519MLKEM768; the other groups of the policy are used. | OpenSSL has it from 3.5. |
"""


@dataclass
class Report:
    """Of a scenario on a host."""

    passed: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    date: str = ""
    versions: dict[str, str] = field(default_factory=dict)


def read(text: str) -> Report:
    """A report as pytest writes it."""
    report = Report()
    for suite in ET.fromstring(text).iter("testsuite"):
        report.date = suite.get("timestamp", "")[:10]
        report.versions = {each.get("name", ""): each.get("value", "") for each in suite.iter("property")}
        for case in suite.iter("testcase"):
            name, outcome = case.get("name", "").partition("[")[0], {child.tag: child for child in case}
            if "skipped" in outcome:
                report.skipped[name] = outcome["skipped"].get("message", "")
            elif {"failure", "error"} & set(outcome):
                report.failed.append(name)
            else:
                report.passed += 1
    return report


def cell(report: Report | None, expected: bool, in_ci: bool) -> str:
    """What one scenario did on one host, in a word or two."""
    if report is None:
        return "did not run" if expected else "-"
    words = [str(report.passed)]
    if report.failed:
        words.append(f"{len(set(report.failed))} failed")
    if report.skipped:
        words.append(f"{len(report.skipped)} left out")
    said = ", ".join(words)
    return f"**{said}**" if in_ci else said


class Scenario:
    """Its hosts, by its limit, and their reports."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        settings = (folder / "molecule.yml").read_text(encoding="utf-8")
        words = yaml.safe_load(settings)["ansible"]["executor"]["args"]["ansible_playbook"]
        sources = [word.split("=")[1] for word in words if word.startswith("--inventory=")]
        sources = [source.replace("${MOLECULE_PROJECT_DIRECTORY}", str(TOP)) for source in sources]
        self.inventory = InventoryManager(DataLoader(), sources)
        self.limit = next(word.split("=")[1] for word in words if word.startswith("--limit="))
        reason = re.search(r"--limit=\S+ +# (.*)", settings)
        self.reason = reason[1] if reason else ""
        self.in_ci, self.expected = self.hosts(r"\1"), self.hosts(ALL)
        paths = {name: REPORTS / f"{self.name}-{name}.xml" for name in self.inventory.hosts}
        self.reports = {name: read(path.read_text()) for name, path in paths.items() if path.exists()}
        self.unfinished = (REPORTS / f"{self.name}.failed").exists()

    def hosts(self, choice: str) -> set[str]:
        """The hosts of the limit with this choice of them."""
        limit = re.sub(r"\$\{WSS_HOSTS:-(.*?)\}", choice, self.limit)
        return {host.name for host in self.inventory.get_hosts(limit)} - {"localhost"}

    def row(self, hosts: Iterable[str]) -> str:
        """Its line in the table of these hosts."""
        cells = [cell(self.reports.get(name), name in self.expected, name in self.in_ci) for name in hosts]
        dates = sorted({report.date for report in self.reports.values()})
        return line([self.name, *cells, " to ".join(dict.fromkeys([*dates[:1], *dates[-1:]]))])


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def table(scenarios: list[Scenario], hosts: dict[str, str]) -> str:
    """The scenarios by these hosts, each with its title."""
    rows = [scenario.row(hosts) for scenario in scenarios]
    return line(["scenario", *hosts.values(), "on"]) + "|---" * (len(hosts) + 2) + "|\n" + "".join(rows)


def versions(scenarios: list[Scenario]) -> str:
    """What ran on each platform, as the hosts themselves say."""
    found: dict[str, dict[str, set[str]]] = {suite: {key: set() for key in VERSIONS} for suite in PLATFORMS}
    for report in (report for scenario in scenarios for report in scenario.reports.values()):
        for key in VERSIONS:
            found[report.versions["suite"]][key] |= {report.versions.get(key, "")} - {""}
    rows = [
        line([PLATFORMS[suite], *(", ".join(sorted(of[key])) or "-" for key in VERSIONS)])
        for suite, of in found.items()
    ]
    return line(["platform", *VERSIONS]) + "|---" * (len(VERSIONS) + 1) + "|\n" + "".join(rows)


def remarks(scenario: Scenario) -> list[str]:
    """What the numbers do not say: why a test or a host was left out, and what failed."""
    said = [f"runs on a part of the hosts: {scenario.reason}"] if scenario.reason else []
    left_out: dict[str, list[str]] = {}
    for host, report in scenario.reports.items():
        said += [f"failed on {host}: `{name}`" for name in dict.fromkeys(report.failed)]
        for name, why in report.skipped.items():
            left_out.setdefault(f"`{name}`: {why}", []).append(host)
    said += [f"left out on {', '.join(hosts)}: {what}" for what, hosts in left_out.items()]
    if scenario.unfinished and not any(report.failed for report in scenario.reports.values()):
        said.append("something else than a test failed: the set-up, a change by the second run, or our probe")
    return [f"- {scenario.name}: {words}\n" for words in said]


def page(scenarios: list[Scenario]) -> str:
    hosts = scenarios[0].inventory
    by_server = {
        server: {host.name: PLATFORMS[host.vars["suite"]] for host in hosts.get_hosts(server)} for server in SERVERS
    }
    shared = {name for names in by_server.values() for name in names}
    everywhere = [scenario for scenario in scenarios if scenario.expected <= shared]
    parts = [HEAD, DIFFERENCES, f"## Versions\n\n{versions(scenarios)}"]
    parts += [f"## {SERVERS[server]}\n\n{table(everywhere, names)}" for server, names in by_server.items()]
    for scenario in scenarios:
        if scenario not in everywhere:
            names = {name: name for name in sorted(scenario.expected)}
            parts.append(f"## The scenario {scenario.name}, on hosts of its own\n\n{table([scenario], names)}")
    said = [words for scenario in scenarios for words in remarks(scenario)]
    parts.append("## Remarks\n\n" + "".join(said))
    return "\n".join(parts)


if __name__ == "__main__":
    target = TOP / "docs" if os.environ.get("WSS_HOSTS") == ALL else CACHE
    scenarios = [Scenario(path.parent) for path in sorted(TOP.glob("molecule/*/molecule.yml"))]
    (target / "platforms.md").write_text(page(scenarios), encoding="utf-8")
