# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a server's own checker about a configuration, and leaves the host as it was."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import doubts
from ansible_collections.wss.edge.plugins.module_utils.server.nginx_syntax import (
    NginxSyntaxError,
    parse,
    unmatched_includes,
)
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

Runner = Callable[[list[str]], tuple[int, str, str]]
"""Runs a command and returns its exit status, output and errors, as AnsibleModule.run_command does."""

ERROR_LEVELS = ("error", "crit", "alert", "emerg")


class CheckError(Exception):
    """The configuration could not be checked; the text says why."""


class ServerMissing(CheckError):
    """The server is not installed."""


class ServerTooOld(CheckError):
    """The server is older than the collection can use."""


@dataclass(frozen=True)
class Installed:
    """A server found on the host, and the places that were compiled into it."""

    binary: str
    version: str
    main_file: str
    pid_file: str
    prefix: str


@dataclass(frozen=True)
class Message:
    """One thing the checker said; file and line where it named them."""

    level: str
    text: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.file else self.text


@dataclass(frozen=True)
class CheckResult:
    """The verdict; ``dump`` is the whole configuration as the checker read it, empty unless it is valid."""

    valid: bool
    version: str
    messages: list[Message]
    dump: str

    def first_error(self) -> Message | None:
        return next((message for message in self.messages if message.level in ERROR_LEVELS), None)


def version_info(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare: "1.22.1" is (1, 22, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def version_of(server: Server, runner: Runner, binary: str | None = None) -> str:
    """Return the version of the installed server."""
    return installed(server, runner, binary).version


def installed(server: Server, runner: Runner, binary: str | None = None) -> Installed:
    """Find the server and ask what it is; raise when it is missing or too old."""
    path = _find(server, binary)
    _status, out, err = runner([path, *server.version_args])
    found = re.search(server.version_pattern, out + err)
    if found is None:
        raise CheckError(f"{path} does not say that it is {server.title}: {(out + err).strip()[:200]!r}")
    version = found["version"]
    if version_info(version) < server.minimum_version:
        minimum = ".".join(map(str, server.minimum_version))
        raise ServerTooOld(
            f"{path} is {server.title} {version}. At least {minimum} is needed, {server.minimum_reason}: upgrade it."
        )
    compiled = {name: re.search(pattern, out + err) for name, pattern in server.compiled.items()}
    places = {name: match[1] for name, match in compiled.items() if match}
    prefix = places.get("prefix", server.config_dir)
    return Installed(
        path,
        version,
        os.path.join(prefix, places.get("main_file", server.main_file)),
        places.get("pid_file", server.pid_file),
        prefix,
    )


def _find(server: Server, binary: str | None) -> str:
    candidates = (binary,) if binary else server.binaries
    for path in candidates:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise ServerMissing(
        f"{server.title} is not installed: no program at {', '.join(candidates)}. Install it, or name its binary."
    )


def parse_messages(server: Server, output: str, failed: bool = False) -> list[Message]:
    """Return what the checker said, each thing once; its own summary lines are left out.

    What has no level is an error where it names a line, or where it comes last before the end of a ``failed`` check.
    """
    found = {
        Message(each["level"] or "", each["text"], each["file"], int(each["line"]) if each["line"] else None): None
        for each in re.finditer(server.message_pattern, output, re.MULTILINE)
    }
    messages = [replace(each, level="emerg") if each.line and not each.level else each for each in found]
    if failed and messages and not messages[-1].level and not any(each.level in ERROR_LEVELS for each in messages):
        messages[-1] = replace(messages[-1], level="emerg")
    return [each if each.level else replace(each, level="warn") for each in messages]


def check(
    server: Server,
    main_file: str | None,
    runner: Runner,
    *,
    binary: str | None = None,
    prefix: Sequence[str] = (),
) -> CheckResult:
    """Check the configuration that starts at ``main_file``, by default the one the server would start with.

    ``prefix`` goes before the command: something like ``unshare --mount`` and what it needs.
    """
    return check_installed(server, installed(server, runner, binary), main_file, runner, prefix=prefix)


def check_installed(
    server: Server,
    found: Installed,
    main_file: str | None,
    runner: Runner,
    *,
    root: str | None = None,
    prefix: Sequence[str] = (),
) -> CheckResult:
    """Check with the server that was found; ``root`` is where another main file's includes are relative to."""
    # Made absolute because the server would look in its own prefix; a link is kept, for includes are relative to it.
    start = os.path.abspath(main_file) if main_file else found.main_file
    places = {"main_file": start, "root": root or (os.path.dirname(start) if main_file else found.prefix)}
    other = [each.format(**places) for each in server.main_file_args] if main_file else []
    can_dump = version_info(found.version) >= server.dump_since
    args = server.dump_args if can_dump else server.check_args
    variables = server.variables.format(**places)
    wrapper = [each.replace("{variables}", variables) for each in server.wrapper]
    with _no_pid_file_left(_pid_file(found, start)) if server.check_makes_pid_file else nullcontext():
        status, out, err = runner([*prefix, *wrapper, found.binary, *args, *other])
    messages = parse_messages(server, err, status != 0)
    dump = out if status == 0 and can_dump else ""
    if status != 0 and not any(message.level in ERROR_LEVELS for message in messages):
        said = (err or out).strip() or f"the checker said nothing and ended with {status}"
        messages.append(Message("emerg", said))
    return CheckResult(status == 0, found.version, messages + DOUBTS[server.name](dump, **places), dump)


def _nginx_doubts(dump: str, main_file: str, root: str) -> list[Message]:
    """Say which includes bring nothing: the checker calls that successful, and it is often a mistyped path."""
    try:
        includes = unmatched_includes(dump, main_file) if dump else []
    except NginxSyntaxError:
        return []  # valid for the server, whose word counts here
    return [Message("info", f"include {each.args[0]} matches no file", each.file, each.line) for each in includes]


def _apache_doubts(dump: str, main_file: str, root: str) -> list[Message]:
    """Say what is read otherwise than it looks, though the checker calls it successful."""
    return [Message("info", *doubt) for doubt in doubts(dump, root)]


DOUBTS = {"nginx": _nginx_doubts, "apache": _apache_doubts}
"""By server: what its checker calls successful and is often a mistake."""


def _pid_file(found: Installed, main_file: str) -> str:
    """Return the pid file that the checker may create; it is always named in the main file or compiled in."""
    try:
        with open(main_file, encoding="utf-8", errors="surrogateescape") as handle:
            named = [each.args[0] for each in parse(handle.read(), main_file) if each.name == "pid" and each.args]
    except (OSError, NginxSyntaxError):
        named = []
    return os.path.join(found.prefix, named[0] if named else found.pid_file)


@contextmanager
def _no_pid_file_left(path: str) -> Iterator[None]:
    """Remove the empty pid file that a check creates: a service manager would take it for a stopped server's."""
    existed = os.path.lexists(path)
    try:
        yield
    finally:
        if not existed and os.path.isfile(path) and os.path.getsize(path) == 0:
            os.unlink(path)
