# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what Apache prints of its configuration, and the files that follow as in ``nginx -T``.

Nothing here touches the host: text in, data out.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.server.nginx_syntax import split_dump


class Directive(NamedTuple):
    """One line of configuration; a section's name starts with ``<``, its end's with ``</``."""

    name: str
    args: tuple[str, ...]
    line: int


class Doubt(NamedTuple):
    """Something that Apache calls successful and is often a mistake, and where it is written."""

    text: str
    file: str
    line: int


class Listen(NamedTuple):
    """One socket that Apache opens; the address is V(*) where it takes any."""

    address: str
    port: int
    tls: bool
    file: str
    line: int


class VirtualHost(NamedTuple):
    """One virtual host: its names, and addresses with port and whether they have TLS."""

    names: list[str]
    listens: list[tuple[str, int, bool]]
    file: str
    line: int


class Resolved(NamedTuple):
    """What Apache itself made of its configuration: variables, conditions and macros are gone."""

    listens: list[Listen]
    hosts: list[VirtualHost]
    limits: dict[str, int]
    logs: list[str]
    mpm: str | None


_LIMITS = {
    name.lower(): name
    for name in (
        "StartServers",
        "ServerLimit",
        "ThreadLimit",
        "ThreadsPerChild",
        "MaxRequestWorkers",
        "MinSpareThreads",
        "MaxSpareThreads",
        "MinSpareServers",
        "MaxSpareServers",
        "MaxConnectionsPerChild",
    )
}
_LIMITS["maxclients"] = "MaxRequestWorkers"

_MODULE = re.compile(r"^ (\w+_module) \((?:static|shared)\)$", re.MULTILINE)
_INCLUDED = re.compile(r"^( +)\((\*|\d+)\) (/.*)$", re.MULTILINE)
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)')
_IDENTIFIER = re.compile(r"(?P<name>\w+_module)|mod_(?P<source>\w+)\.c|(?P<mpm>event|prefork|worker)\.c")
# Sections whose condition is not ours to judge, and one whose content is read where it is used.
_UNJUDGED = ("<ifdefine", "<ifversion", "<iffile", "<ifdirective", "<ifsection", "<macro")


_IN_FILE = re.compile(r'# In file: (?:macro .* used on line (?P<used>\d+) of "(?P<user>[^"]*)"|(?P<file>.*))')
_AT_LINE = re.compile(r"\s*#\s*(\d+):")
_ADDRESS = re.compile(r"(?:(?P<host>\[[^]]+\]|[^:\[\]]+)(?::(?P<port>\d+|\*))?)")


def modules(dump: str) -> list[str]:
    """Return the loaded modules by Apache's names, in its order."""
    return _MODULE.findall(dump)


def modules_of_others(dump: str, ours: str) -> list[str]:
    """Return the loaded modules without those that only the files below a folder load."""
    by_us: set[str] = set()
    by_others: set[str] = set()
    for path, text in split_dump(dump).items():
        loads = {each.args[0] for each in parse(text) if each.name.lower() == "loadmodule" and each.args}
        (by_us if path.startswith(ours) else by_others).update(loads)
    return [name for name in modules(dump) if name not in by_us or name in by_others]


def mpm(names: Collection[str]) -> str | None:
    """Return the short name of the one module that processes connections: event, worker or prefork."""
    return next((name[4:-7] for name in names if name.startswith("mpm_")), None)


def includes(dump: str) -> dict[tuple[str, int], list[str]]:
    """Return, by the file and line of an include, the files that it brought."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    parents: list[str] = []
    for indent, line, path in _INCLUDED.findall(dump):
        del parents[len(indent) // 2 - 1 :]
        if parents:
            found[parents[-1], int(line)].append(path)
        parents.append(path)
    return dict(found)


def parse(text: str) -> Iterator[Directive]:
    """Yield the directives of one file; a directive that goes on has the number of its last line, as Apache counts."""
    pending = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.endswith("\\"):
            pending += line[:-1]
            continue
        words, pending = (pending + line).strip(), ""
        if words.startswith("<"):
            words = words.rstrip(">")
        name, rest = [*words.split(None, 1), "", ""][:2]
        if name and not name.startswith("#"):
            yield Directive(name, tuple("".join(groups) for groups in _WORDS.findall(rest)), number)


def doubts(dump: str, root: str) -> list[Doubt]:
    """Return includes that bring nothing or too much, sections of missing modules, and another server root."""
    return _Doubts(dump, root).found


class _Doubts:
    """One walk through the files of a dump, in Apache's order of first reading."""

    def __init__(self, dump: str, root: str) -> None:
        self.root = root
        self.loaded = set(modules(dump))
        self.includes = includes(dump)
        self.found: list[Doubt] = []
        files = split_dump(dump)
        for path in dict.fromkeys(path for _indent, _line, path in _INCLUDED.findall(dump)):
            self.file(path, files.get(path, ""))

    def file(self, path: str, text: str) -> None:
        read = [True]
        for each in parse(text):
            name = each.name.lower()
            if name.startswith("</"):
                del read[max(1, len(read) - 1) :]
            elif name.startswith("<"):
                read.append(read[-1] and self.is_read(name, each, path))
            elif read[-1] and each.args:
                self.directive(name, each, path)

    def is_read(self, name: str, section: Directive, path: str) -> bool:
        if name != "<ifmodule" or not section.args:
            return name not in _UNJUDGED
        negated, wanted = section.args[0].startswith("!"), section.args[0].lstrip("!")
        module = module_name(wanted)
        if module is None:
            return False
        if module not in self.loaded and not negated:
            self.doubt(f"{wanted} is not loaded: the section is skipped", path, section)
        return (module in self.loaded) != negated

    def directive(self, name: str, directive: Directive, path: str) -> None:
        what = f"{directive.name} {directive.args[0]}"
        if name == "serverroot" and directive.args[0].rstrip("/") != self.root.rstrip("/"):
            self.doubt(f"{what}: relative paths below are not looked up in {self.root}", path, directive)
        elif name in ("include", "includeoptional"):
            brought = self.includes.get((path, directive.line), [])
            if not brought:
                self.doubt(f"{what} matches no file", path, directive)
            elif _is_folder(directive.args[0], brought):
                self.doubt(f"{what} reads every file of the folder, whatever its name", path, directive)

    def doubt(self, text: str, path: str, directive: Directive) -> None:
        self.found.append(Doubt(text, path, directive.line))


def module_name(identifier: str) -> str | None:
    """Return the name of a module that ``IfModule`` may also know by its source file: mod_ssl.c is ssl_module."""
    found = _IDENTIFIER.fullmatch(identifier)
    if found is None:
        return None
    return found["name"] or (f"{found['source']}_module" if found["source"] else f"mpm_{found['mpm']}_module")


def _is_folder(argument: str, brought: Collection[str]) -> bool:
    last = os.path.basename(argument.rstrip("/"))
    return not re.search(r"[*?\[$]", last) and any(os.path.basename(path) != last for path in brought)


def resolved(dump: str, skip: str = "\0") -> Resolved:
    """Return what the dump of the resolved configuration holds, but for the files whose path starts with C(skip)."""
    walk = _Resolution(skip)
    for file, directive in _written(dump):
        walk.directive(file, directive)
    listens = walk.listens
    hosts = [_virtual_host(each, listens, walk.tls) for each in walk.hosts]
    return Resolved(
        [each for each in listens if not each.file.startswith(skip)],
        [each for each in hosts if not each.file.startswith(skip)],
        walk.limits,
        walk.logs,
        mpm(modules(dump)),
    )


def as_dump(file: str, text: str) -> str:
    """A file without variables, conditions and macros as the dump of a resolved configuration has it."""
    lines = enumerate(text.replace("\\\n", "").split("\n"), 1)
    return "\n".join([f"# In file: {file}", *(f"# {number}:\n{line}" for number, line in lines)])


def _written(dump: str) -> Iterator[tuple[str, Directive]]:
    """Yield each directive of the dump with its file; what a macro brings stands where the macro is used."""
    file, line, used = "", 0, None
    for text in dump.split("\n"):
        in_file, at_line = _IN_FILE.match(text), _AT_LINE.match(text)
        if in_file:
            file, used = in_file["file"] or in_file["user"], in_file["used"]
        elif at_line:
            line = int(used or at_line[1])
        else:
            for each in parse(text):
                yield file, each._replace(line=line)


class _Host(NamedTuple):
    """A virtual host as it is written."""

    addresses: tuple[str, ...]
    names: list[str]
    tls: list[str]
    file: str
    line: int


class _Resolution:
    """One walk through a resolved configuration."""

    def __init__(self, skip: str) -> None:
        self.skip = skip
        self.listens: list[Listen] = []
        self.hosts: list[_Host] = []
        self.limits: dict[str, int] = {}
        self.logs: list[str] = []
        self.tls: list[str] = []
        self.sections: list[str] = []

    def directive(self, file: str, each: Directive) -> None:
        name = each.name.lower()
        if name.startswith("</"):
            del self.sections[-1:]
        elif name.startswith("<"):
            self.sections.append(name)
            if name == "<virtualhost":
                self.hosts.append(_Host(each.args, [], [], file, each.line))
        elif each.args and self.sections in ([], ["<virtualhost"]):
            self.of_server(name, each, file)

    def of_server(self, name: str, each: Directive, file: str) -> None:
        inside = self.hosts[-1] if self.sections else None
        if name == "listen":
            self.listens.append(_listen(each, file))
        elif name in _LIMITS and each.args[0].isdigit():
            if not file.startswith(self.skip):
                self.limits[_LIMITS[name]] = int(each.args[0])
        elif name == "sslengine":
            (inside.tls if inside else self.tls)[:] = [each.args[0].lower()]
        elif name.endswith("log") and not re.match(r"\||syslog", each.args[0]):
            self.logs.append(each.args[0])
        elif inside and name == "servername":
            inside.names.insert(0, re.sub(r"^\w+://|:\d+$", "", each.args[0]).lower())
        elif inside and name == "serveralias":
            inside.names.extend(alias.lower() for alias in each.args)


def _listen(each: Directive, file: str) -> Listen:
    host, port = _host_and_port(each.args[0] if ":" in each.args[0] else f"*:{each.args[0]}")
    tls = each.args[1].lower() == "https" if len(each.args) > 1 else port == 443
    return Listen(host, port, tls, file, each.line)


def _host_and_port(text: str) -> tuple[str, int]:
    """Return an address, V(*) for any, and a port, 0 for any."""
    found = _ADDRESS.fullmatch(text)
    host = (found["host"] if found else text).strip("[]").lower()
    port = found["port"] if found else None
    return "*" if host == "_default_" else host, int(port) if port and port != "*" else 0


def _virtual_host(host: _Host, listens: list[Listen], tls: list[str]) -> VirtualHost:
    """Say where it is reached: without a port at every one that Apache listens on."""
    said = host.tls or tls
    places: dict[tuple[str, int, bool], None] = {}
    for address, port in map(_host_and_port, host.addresses):
        here = [each.port for each in listens if "*" in (address, each.address) or address == each.address]
        ports = [port] if port else here
        for each in ports:
            # Where nothing says it, the protocol of the port does.
            https = said[0] != "off" if said else any(listen.tls for listen in listens if listen.port == each)
            for place in ("0.0.0.0", "::") if address == "*" else (address,):
                places[place, each, https] = None
    return VirtualHost(host.names, list(places), host.file, host.line)
