# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host and its server are like, in one look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.release import explain
from ansible_collections.wss.edge.plugins.module_utils.release.live import Configuration
from ansible_collections.wss.edge.plugins.module_utils.server import config_check, nginx_syntax, sockets, tls_library
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.own_files import own_files
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

SYSTEMD = Path("/run/systemd/system")
# Of the http context, where the collection sets them when the user has not.
HASHES = ("server_names_hash_bucket_size", "server_names_hash_max_size", "variables_hash_max_size")


def missing_packages(packages: Sequence[str], runner: Runner) -> list[str]:
    """Which of these Debian packages are not installed."""
    _status, out, _err = runner(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\\n", *packages]
    )
    installed = {line.split()[0] for line in out.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def server_facts(server: Server, groups: Sequence[str], runner: Runner) -> dict[str, Any]:
    """What is to be known of an installed server before its configuration is rendered.

    :raises config_check.ServerTooOld: where it is too old to proxy WebSocket connections.
    :raises tls_library.TlsLibraryError: where its TLS library cannot be asked for its groups.
    """
    found = config_check.installed(server, runner)
    library = tls_library.query(found.binary, groups, runner)
    return {
        "binary": found.binary,
        "version": found.version,
        "version_info": list(config_check.version_info(found.version)),
        "tls_library": library.version,
        "groups": library.groups,
        "running": sockets.master_pid(Path(found.pid_file)) is not None,
        "enabled": enabled(server.name, runner),
        "obstacles": [],
    }


def enabled(service: str, runner: Runner) -> bool:
    """Whether the service starts with the host."""
    if SYSTEMD.is_dir():
        return runner(["systemctl", "is-enabled", "--quiet", service])[0] == 0
    return any(Path("/etc").glob(f"rc[2345].d/S??{service}"))


def obstacles(server: Server, live: config_check.CheckResult, theirs: dict[str, Any]) -> list[str]:
    """Why a server that does not run would not start: a sentence for each reason that can be seen."""
    error = live.first_error()
    listens = [{**each, "owner": block["file"]} for block in theirs["servers"] for each in block["listens"]]
    held = explain.held_ports(listens, sockets.listeners(), server)
    return [f"{server.title} refuses its configuration: {error}", *held] if error else held


def foreign(server: Server, live: config_check.CheckResult) -> dict[str, Any]:
    """The servers and hash sizes of the live configuration that are not the collection's."""
    tree = nginx_syntax.expand(live.dump, server.main_file) if live.dump else ()
    ours = f"{server.config_dir}/wss/"
    limits = nginx_syntax.main_limits(tree)._asdict()
    theirs = [block for block in nginx_syntax.servers(tree) if not block.file.startswith(ours)]
    return {
        "servers": [
            {
                "names": block.names,
                "listens": [
                    {"address": each.address, "port": each.port, "ssl": each.ssl} for each in block.listens if each.port
                ],
                "file": block.file,
                "line": block.line,
            }
            for block in theirs
            if block.context == "http"
        ],
        "limits": sorted(name for name, limit in limits.items() if limit and limit.file != server.main_file),
        "directives": sorted(
            {each.name for each in _http(tree) if each.name in HASHES and not each.file.startswith(ours)}
        ),
    }


def _http(tree: Sequence[nginx_syntax.Directive]) -> Iterator[nginx_syntax.Directive]:
    for directive in tree:
        if directive.name == "http":
            yield from directive.block or ()


def release_facts(server: Server) -> dict[str, Any]:
    """What the collection has put into the server's configuration so far."""
    configuration = Configuration(server)
    live = configuration.read()
    releases = configuration.releases
    return {
        "current": live.release,
        "intact": live.release is not None and releases.intact(live.release) and live.hook == configuration.hook_text,
        "pending": releases.pending(),
        "record": releases.record(live.release) if live.release else {},
    }


def host_facts(server: Server, packages: Sequence[str], groups: Sequence[str], runner: Runner) -> dict[str, Any]:
    """Everything at once; C(server) is None and there is nothing foreign where the server is not installed."""
    facts: dict[str, Any] = {
        "own_files": [],
        "systemd": SYSTEMD.is_dir(),
        "ipv6": sockets.has_ipv6(),
        "missing_packages": missing_packages(packages, runner),
        "server": None,
        "foreign": {"servers": [], "limits": [], "directives": []},
        "release": {"current": None, "intact": False, "pending": False, "record": {}},
    }
    if any(os.access(path, os.X_OK) for path in server.binaries) and Path(server.main_file).is_file():
        live = config_check.check(server, None, runner)
        facts["foreign"] = foreign(server, live)
        facts["server"] = server_facts(server, groups, runner)
        if not facts["server"]["running"]:
            facts["server"]["obstacles"] = obstacles(server, live, facts["foreign"])
        facts["release"] = release_facts(server)
        facts["own_files"] = own_files(server, runner)
    return facts
