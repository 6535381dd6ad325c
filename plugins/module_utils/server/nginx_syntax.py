# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads nginx configuration, as files hold it or as ``nginx -T`` prints it, and answers questions about it.

Nothing here touches the host: text in, data out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple


class NginxSyntaxError(ValueError):
    """The text is no nginx configuration; nginx itself would refuse it too."""


class Directive(NamedTuple):
    """One directive; ``block`` is None unless it has braces."""

    name: str
    args: tuple[str, ...]
    file: str
    line: int
    block: tuple[Directive, ...] | None


class Listen(NamedTuple):
    """One TCP or unix address as a server block writes it; the port of a unix socket is 0."""

    address: str
    port: int
    default: bool
    ssl: bool
    http2: bool


class ServerBlock(NamedTuple):
    """One ``server`` of the http, stream or mail context."""

    names: list[str]
    listens: list[Listen]
    file: str
    line: int
    context: str


class Limit(NamedTuple):
    """A limit of the main configuration and where it is set."""

    value: str
    file: str
    line: int


class Limits(NamedTuple):
    """The limits that decide how many connections nginx can hold; None where nginx's default is in force."""

    worker_processes: Limit | None
    worker_rlimit_nofile: Limit | None
    worker_connections: Limit | None


_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<mark>[;{}])
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?=[\s;{)])
    |(?P<lua>\w+_by_lua_block\b[^;{}]*\{)
    |(?P<word>(?!["'])(?:[^\s;{\\$]+|\\.|\$\{?)+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([\"'\\trn])")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_LUA = re.compile(
    r"""--\[(?P<comment>=*)\[.*?\](?P=comment)\] | --[^\n]* | \[(?P<level>=*)\[.*?\](?P=level)\]
    | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | (?P<brace>[{}])""",
    re.VERBOSE | re.DOTALL,
)
_LISTEN = re.compile(r"(?P<only>\d+(?:-\d+)?)|(?P<host>\[[^]]+\]|[^:\[\]]+)(?::(?P<ports>\d+(?:-\d+)?))?")
_DUMPED_FILE = re.compile(r"^# configuration file (/.*):\n", re.MULTILINE)


def parse(text: str, file: str = "") -> tuple[Directive, ...]:
    """Return the directives of one file; an ``include`` stays a directive."""
    block: list[Directive] = []
    parents: list[tuple[list[Directive], list[str], int]] = []
    words: list[str] = []
    start = line = 1
    for kind, token, line in _tokens(text, file):
        if kind != "mark":
            start = start if words else line
            words.append(_value(token, kind))
        elif token == ";" and words:
            block.append(Directive(words[0], tuple(words[1:]), file, start, None))
            words = []
        elif token == "{" and words:
            parents.append((block, words, start))
            block, words = [], []
        elif token == "}" and parents and not words:
            inner = tuple(block)
            block, opening, opened = parents.pop()
            block.append(Directive(opening[0], tuple(opening[1:]), file, opened, inner))
        else:
            raise NginxSyntaxError(f'{file}:{line}: unexpected "{token}"')
    if words or parents:
        missing = "a semicolon" if words else "a closing brace"
        raise NginxSyntaxError(f"{file}:{line}: unexpected end of file, {missing} is missing")
    return tuple(block)


def _tokens(text: str, file: str) -> Iterator[tuple[str, str, int]]:
    """Yield each mark (; { }) and word with its line; a Lua block is the last word of a directive."""
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NginxSyntaxError(f"{file}:{line}: a quote or an escape has no end, or a quote is followed by text")
        kind, end = match.lastgroup or "", match.end()
        if kind == "lua":
            end = _end_of_lua(text, end, f"{file}:{line}")
            for word in match.group()[:-1].split():
                yield "word", word, line
            yield "lua", text[match.end() : end - 1], line
            yield "mark", ";", line
        elif kind != "space":
            yield kind, match.group(), line
        line += text.count("\n", position, end)
        position = end


def _value(token: str, kind: str) -> str:
    if kind == "lua":
        return token
    token = token[1:-1] if kind == "quoted" else token
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), token) if "\\" in token else token


def _end_of_lua(text: str, position: int, where: str) -> int:
    """Return where the Lua block that was opened before ``position`` is closed, past its brace."""
    depth = 1
    for found in _LUA.finditer(text, position):
        depth += {"{": 1, "}": -1}.get(found["brace"], 0)
        if depth == 0:
            return found.end()
    raise NginxSyntaxError(f'{where}: the Lua block has no closing "}}"')


def split_dump(dump: str) -> dict[str, str]:
    """Return the files that ``nginx -T`` printed, by path."""
    parts = _DUMPED_FILE.split(dump)
    return dict(zip(parts[1::2], parts[2::2]))


def expand(dump: str, main_file: str) -> tuple[Directive, ...]:
    """Return the whole configuration with every include replaced by what it brings, in nginx's order."""
    return _Expansion(dump, main_file).tree


def unmatched_includes(dump: str, main_file: str) -> list[Directive]:
    """Return the includes whose pattern matches no file; nginx says nothing about them."""
    return _Expansion(dump, main_file).unmatched


class _Expansion:
    """One walk through the includes of a dump."""

    def __init__(self, dump: str, main_file: str) -> None:
        self.files = split_dump(dump)
        self.directory = main_file.rpartition("/")[0]
        self.unmatched: list[Directive] = []
        self._done: dict[str, tuple[Directive, ...]] = {}
        self._open: list[str] = []
        if main_file not in self.files:
            raise NginxSyntaxError(f"{main_file} is not among the files that nginx printed: {', '.join(self.files)}")
        self.tree = self.file(main_file)

    def file(self, path: str) -> tuple[Directive, ...]:
        if path in self._open:
            raise NginxSyntaxError(f"{path} includes itself: {' -> '.join([*self._open, path])}")
        if path not in self._done:
            self._open.append(path)
            self._done[path] = self.block(parse(self.files[path], path))
            self._open.pop()
        return self._done[path]

    def block(self, block: tuple[Directive, ...]) -> tuple[Directive, ...]:
        result: list[Directive] = []
        for directive in block:
            if directive.name == "include" and len(directive.args) == 1:
                result.extend(self.included(directive))
            elif directive.block:
                result.append(directive._replace(block=self.block(directive.block)))
            else:
                result.append(directive)
        return tuple(result)

    def included(self, include: Directive) -> Iterator[Directive]:
        # nginx puts the main file's folder before a relative path, as it was typed, whichever file includes it.
        pattern = include.args[0] if include.args[0].startswith("/") else f"{self.directory}/{include.args[0]}"
        if pattern in self.files:
            yield from self.file(pattern)
        elif not re.search(r"[*?\[]", pattern):
            yield include  # a file that nginx reads and does not print, such as a compiled geo base
        else:
            found = sorted(path for path in self.files if _matches(path, pattern))
            for path in found:
                yield from self.file(path)
            if not found:
                self.unmatched.append(include)


def _matches(path: str, pattern: str) -> bool:
    """Say whether glob(3) would find the path: no wildcard stands for a slash or for a leading dot."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(
        part == want or (fnmatchcase(part, want) and (part[:1] != "." or want[:1] == "."))
        for part, want in zip(parts, wanted)
    )


def servers(tree: Iterable[Directive]) -> list[ServerBlock]:
    """Return every server in the order in which nginx reads them."""
    found: list[ServerBlock] = []
    for context in tree:
        if context.name in ("http", "stream", "mail"):
            http2 = _is_on(context.block or (), "http2")
            for server in _named(context.block or (), "server"):
                found.append(_server_block(server, context.name, http2))
    return found


def _server_block(server: Directive, context: str, http2: bool) -> ServerBlock:
    block = server.block or ()
    http2 = _is_on(block, "http2") if any(_named(block, "http2")) else http2
    ssl = _is_on(block, "ssl")
    listens = [
        each._replace(ssl=each.ssl or ssl, http2=each.http2 or http2)
        for listen in _named(block, "listen")
        for each in _listens(listen)
    ]
    if context == "http" and not any(_named(block, "listen")):
        listens = [Listen("0.0.0.0", 80, False, ssl, http2)]
    names = [name for each in _named(block, "server_name") for name in each.args]
    names = [name if name.startswith("~") else name.lower() for name in names]
    return ServerBlock(names, listens, server.file, server.line, context)


def _listens(directive: Directive) -> Iterator[Listen]:
    """Yield the TCP addresses of one ``listen``: one, unless it names a range of ports."""
    where, *options = directive.args or ("",)
    if "quic" in options or "udp" in options:
        return
    flags = ("default_server" in options or "default" in options, "ssl" in options, "http2" in options)
    match = _LISTEN.fullmatch(where)
    if where.startswith("unix:"):
        yield Listen(where, 0, *flags)
    elif match is None:
        raise NginxSyntaxError(f'{directive.file}:{directive.line}: "{where}" is no address to listen on')
    else:
        first, _dash, last = (match["only"] or match["ports"] or "80").partition("-")
        for port in range(int(first), int(last or first) + 1):
            yield Listen(_address(match["host"] or "*"), port, *flags)


def _address(host: str) -> str:
    if host in ("*", "localhost"):
        return "0.0.0.0" if host == "*" else "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return host.lower()  # a host name, which nginx resolves when it starts


def default_servers(blocks: Iterable[ServerBlock]) -> dict[tuple[str, int], ServerBlock]:
    """Say, for each address, which http server answers a name that no server has."""
    result: dict[tuple[str, int], ServerBlock] = {}
    for block in blocks:
        for listen in block.listens if block.context == "http" else ():
            if listen.default or (listen.address, listen.port) not in result:
                result[listen.address, listen.port] = block
    return result


def main_limits(tree: Iterable[Directive]) -> Limits:
    """Return the worker limits of an expanded configuration."""
    tree = list(tree)
    events = [directive for each in _named(tree, "events") for directive in each.block or ()]
    return Limits(
        _limit(tree, "worker_processes"), _limit(tree, "worker_rlimit_nofile"), _limit(events, "worker_connections")
    )


def _limit(block: Iterable[Directive], name: str) -> Limit | None:
    return next((Limit(each.args[0], each.file, each.line) for each in _named(block, name) if each.args), None)


def _named(block: Iterable[Directive], name: str) -> Iterator[Directive]:
    return (directive for directive in block if directive.name == name)


def _is_on(block: Iterable[Directive], name: str) -> bool:
    return any(directive.args == ("on",) for directive in _named(block, name))
