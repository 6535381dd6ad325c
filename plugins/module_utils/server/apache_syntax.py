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


_MODULE = re.compile(r"^ (\w+_module) \((?:static|shared)\)$", re.MULTILINE)
_INCLUDED = re.compile(r"^( +)\((\*|\d+)\) (/.*)$", re.MULTILINE)
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)')
_IDENTIFIER = re.compile(r"(?P<name>\w+_module)|mod_(?P<source>\w+)\.c|(?P<mpm>event|prefork|worker)\.c")
# Sections whose condition is not ours to judge, and one whose content is read where it is used.
_UNJUDGED = ("<ifdefine", "<ifversion", "<iffile", "<ifdirective", "<ifsection", "<macro")


def modules(dump: str) -> list[str]:
    """Return the loaded modules by Apache's names, in its order."""
    return _MODULE.findall(dump)


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
