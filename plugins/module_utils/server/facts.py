# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host and its server are like, in one look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger
from ansible_collections.wss.edge.plugins.module_utils.release.live import Configuration
from ansible_collections.wss.edge.plugins.module_utils.server import (
    apache_config,
    apache_syntax,
    beside,
    config_check,
    nginx_syntax,
    selinux,
    sockets,
    tls_library,
)
from ansible_collections.wss.edge.plugins.module_utils.server.aside import Aside
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.family import family
from ansible_collections.wss.edge.plugins.module_utils.server.own_files import own_files
from ansible_collections.wss.edge.plugins.module_utils.server.packages import missing
from ansible_collections.wss.edge.plugins.module_utils.server.records import NGINX, Server, servers

SYSTEMD = Path("/run/systemd/system")
LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
RESOLVERS = Path("/etc/resolv.conf")
HOSTS = Path("/etc/hosts")
# Of the http context: what the collection sets where the user has not, and what decides on headers that look alike.
UNDERSCORES = "underscores_in_headers"
HASHES = ("server_names_hash_bucket_size", "server_names_hash_max_size", "variables_hash_max_size")


def server_facts(
    server: Server, groups: Sequence[str], runner: Runner, live: config_check.CheckResult | None = None
) -> dict[str, Any]:
    """What is to be known of an installed server before its configuration is rendered.

    :param live: The configuration as its checker read it, of which Apache's says which modules are loaded.
    :raises config_check.ServerTooOld: where it is too old to proxy WebSocket connections.
    :raises tls_library.TlsLibraryError: where its TLS library cannot be asked for its groups.
    """
    found = config_check.installed(server, runner)
    library = _library(server, found.binary, groups, runner)
    facts = {
        "binary": found.binary,
        "version": found.version,
        "version_info": list(config_check.version_info(found.version)),
        "tls_library": library.version if library else "",
        "groups": library.groups if library else None,
        "running": sockets.master_pid(Path(found.pid_file)) is not None,
        "enabled": enabled(server.service, runner),
        "problem": str(live.first_error()) if live and not live.valid else None,
    }
    if server.name == "apache":
        modules = apache_syntax.modules_of_others(live.dump if live else "", _ours(server))
        facts |= {"modules": modules, "mpm": apache_syntax.mpm(modules)}
    return facts


def _library(server: Server, binary: str, groups: Sequence[str], runner: Runner) -> tls_library.TlsLibrary | None:
    """The library, or None where the module that is linked with it comes with a package that is missing."""
    with_tls = f"{server.modules_dir}/mod_ssl.so" if server.name == "apache" else binary
    if len(server.packages) > 1 and not os.path.exists(with_tls):
        return None
    return tls_library.query(with_tls, groups, runner)


def enabled(service: str, runner: Runner) -> bool:
    """Whether the service starts with the host."""
    if SYSTEMD.is_dir():
        return runner(["systemctl", "is-enabled", "--quiet", service])[0] == 0
    return any(Path("/etc").glob(f"rc[2345].d/S??{service}"))


def foreign(server: Server, live: config_check.CheckResult, runner: Runner) -> dict[str, Any]:
    """What the live configuration has that is not the collection's: servers, sockets, limits and hash sizes."""
    return FOREIGN[server.name](server, live, runner)


def _nothing_foreign(server: Server) -> dict[str, Any]:
    limits: dict[str, Any] = (
        {"limits": [], "directives": []} if server.main_limits else {"limits": {}, "directives": []}
    )
    return {"servers": [], "listens": [], **limits}


def _nginx_foreign(server: Server, live: config_check.CheckResult, _runner: Runner) -> dict[str, Any]:
    tree = nginx_syntax.expand(live.dump, server.main_file) if live.dump else ()
    ours = _ours(server)
    limits = nginx_syntax.main_limits(tree)._asdict()
    theirs = [block for block in nginx_syntax.servers(tree) if not block.file.startswith(ours)]
    return {
        "servers": [
            {
                "names": block.names,
                "listens": [
                    {"address": each.address, "port": each.port, "ssl": each.ssl, "default": each.default}
                    for each in block.listens
                    if each.port
                ],
                "file": block.file,
                "line": block.line,
            }
            for block in theirs
            if block.context == "http"
        ],
        "listens": [],
        "limits": sorted(name for name, limit in limits.items() if limit and limit.file != server.main_file),
        "directives": sorted({each.name for each in _http(tree) if _matters(each) and not each.file.startswith(ours)}),
    }


def _apache_foreign(server: Server, live: config_check.CheckResult, runner: Runner) -> dict[str, Any]:
    if not live.valid:
        return _nothing_foreign(server)
    binary = config_check.installed(server, runner).binary
    theirs = apache_config.resolve(server, binary, runner, ours=_ours(server))
    # What is set aside counts as if it were there: whether it comes back is not for the host to say.
    gone = Aside(server, server.tls_site)
    if gone.is_aside():
        back = apache_syntax.resolved(apache_syntax.as_dump(str(gone.place), gone.original() or ""))
        theirs = theirs._replace(hosts=[*theirs.hosts, *back.hosts], listens=[*theirs.listens, *back.listens])
    return {
        "servers": [
            {
                "names": host.names,
                "listens": [{"address": address, "port": port, "ssl": tls} for address, port, tls in host.listens],
                "file": host.file,
                "line": host.line,
            }
            for host in theirs.hosts
        ],
        "listens": [
            {"address": each.address, "port": each.port, "file": each.file, "line": each.line}
            for each in theirs.listens
        ],
        "limits": theirs.limits,
        "directives": [],
    }


FOREIGN = {"nginx": _nginx_foreign, "apache": _apache_foreign}
"""By server: how its configuration is read."""


def _ours(server: Server) -> str:
    return f"{server.config_dir}/wss/"


def _matters(directive: nginx_syntax.Directive) -> bool:
    return directive.name in HASHES or (directive.name == UNDERSCORES and directive.args == ("on",))


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


def local_ports() -> int:
    """How many connections from this host one address and port can have at once."""
    first, last = map(int, LOCAL_PORTS.read_text().split())
    return last - first + 1


def resolvers() -> list[str]:
    """The addresses of the host's name servers."""
    return [words[1] for words in _words(RESOLVERS) if words[0] == "nameserver" and len(words) > 1]


def names_in_hosts() -> list[str]:
    """The names of /etc/hosts, which a server that asks name servers itself does not see."""
    return sorted({name.lower() for words in _words(HOSTS) for name in words[1:]})


def _words(path: Path) -> list[list[str]]:
    """The words of each line, without comments."""
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return [words for words in (line.split("#")[0].split() for line in lines) if words]


def host_facts(server: Server | None, packages: Sequence[str], groups: Sequence[str], runner: Runner) -> dict[str, Any]:
    """Everything at once; there is nothing foreign where the server is not installed.

    :param server: None where applications terminate TLS themselves, whose release is what was delivered to them.
    """
    platform = family()
    enforcing = server is not None and selinux.mode() == selinux.ENFORCING
    needed = [*(server.packages if server else ()), *(selinux.TOOLS if enforcing else ()), *packages]
    facts: dict[str, Any] = {
        "family": platform,
        "selinux": selinux.mode(),
        "http_ports": selinux.http_ports(runner) if enforcing else [],
        "service": server.service if server else None,
        "packages": list(server.packages) if server else [],
        "first_start": _first_start(server) if server else None,
        "own_files": [],
        "systemd": SYSTEMD.is_dir(),
        "ipv6": sockets.has_ipv6(),
        "local_ports": local_ports(),
        "resolvers": resolvers(),
        "hosts": names_in_hosts(),
        "missing_packages": missing(needed, runner),
        "server": None,
        "foreign": _nothing_foreign(server or NGINX),
        "release": {"current": None, "intact": False, "pending": False, "record": {}},
        "other": None,
        "beside": beside.ports(server.name if server else "none", servers(platform)),
    }
    if server is None:
        return {**facts, "release": Ledger().facts()}
    if _is_installed(server):
        live = config_check.check(server, None, runner)
        facts["foreign"] = foreign(server, live, runner)
        facts["server"] = server_facts(server, groups, runner, live)
        facts["release"] = release_facts(server)
        facts["own_files"] = own_files(server, runner)
    for other in servers(platform).values():
        if other.name != server.name and _is_installed(other) and sockets.master_pid(Path(other.pid_file)):
            facts["other"] = other_facts(other, runner)
    return facts


def _first_start(server: Server) -> dict[str, str] | None:
    """What is to be run before the server can be checked, or None."""
    if server.first_start is None or os.path.exists(server.first_start[1]):
        return None
    return dict(zip(("cmd", "creates"), server.first_start))


def _is_installed(server: Server) -> bool:
    return any(os.access(path, os.X_OK) for path in server.binaries) and Path(server.main_file).is_file()


def other_facts(server: Server, runner: Runner) -> dict[str, Any]:
    """What another server that runs on the host has: its sockets, and the sites that would go with it."""
    configuration = Configuration(server)
    release = configuration.releases.current()
    live = config_check.check(server, None, runner)
    files = configuration.releases.files(release) if release else {}
    own = set(own_files(server, runner))
    held = {(each.address, each.port) for each in sockets.listeners() if each.program in server.programs}
    return {
        "server": server.name,
        "title": server.title,
        "listens": [{"address": address, "port": port} for address, port in sorted(held)],
        "release": release_facts(server),
        "sites": [
            {key: block[key] for key in ("names", "file", "line")}
            for block in foreign(server, live, runner)["servers"]
            if not _came_with_it(block["file"], own, configuration.folder)
        ],
        "ours": sorted(Path(name).stem for name in files if name.startswith("sites/")),
    }


def _came_with_it(file: str, own: set[str], folder: Path) -> bool:
    """Whether a file of the configuration is still as the server's package made it."""
    paths = {file, str(Path(file).resolve())}
    return folder in Path(file).parents and not paths & own
