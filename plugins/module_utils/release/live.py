# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a server's configuration is the collection's, as one value that can be read, compared and put back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.release import limits
from ansible_collections.wss.edge.plugins.module_utils.release.releases import Releases, read_file, write_file
from ansible_collections.wss.edge.plugins.module_utils.server import nginx_syntax
from ansible_collections.wss.edge.plugins.module_utils.server.aside import Aside
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

HOOK_NAME = "zz-wss.conf"


@dataclass(frozen=True)
class Live:
    """The release that serves, the text of the hook that includes it (None: no hook), and the main file's text.

    C(tls_site) is the text of the file by which the server's package has port 443; None where it has none.
    """

    release: str | None
    hook: str | None
    main: str
    tls_site: str | None = None


class Configuration:
    """A server's configuration folder."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.folder = Path(server.config_dir)
        self.main_file = Path(server.main_file)
        self.releases = Releases(self.folder / "wss")
        self.aside = Aside(server, server.tls_site)

    @property
    def include(self) -> str:
        """The path under which the server sees the files of the current release."""
        return f"{self.releases.link}/"

    @property
    def hook_text(self) -> str:
        """The one line that joins the releases to the distribution's configuration."""
        include = self.server.include.format(path=f"{self.include}index.conf")
        return f"# wss.edge: the sites of its current release.\n{include}\n"

    def hook(self, main: str) -> Path:
        """Where the hook goes: behind the user's own sites, so that none of ours becomes a default before theirs."""
        sites_enabled = re.search(r"^\s*include(optional)?\s+\S*sites-enabled/\*", main, re.MULTILINE | re.IGNORECASE)
        folder = "sites-enabled" if sites_enabled else "conf.d"
        return self.folder / folder / HOOK_NAME

    @property
    def hooks(self) -> list[Path]:
        """Every place where a hook of ours may be, from a time when the main file was another."""
        return [self.folder / folder / HOOK_NAME for folder in ("sites-enabled", "conf.d")]

    def read(self) -> Live:
        """What is there now."""
        main = read_file(self.main_file)
        hook = self.hook(main)
        text = read_file(hook) if hook.is_file() else None
        return Live(self.releases.current(), text, main, self.aside.text())

    def wanted(
        self, release: str, now: Live, max_connections: int, elsewhere: Sequence[str] = (), aside: bool = False
    ) -> Live:
        """What shall be there with a release.

        :param elsewhere: Limits that another file sets, which are left out of the main file.
        :param aside: Whether the package's own site on port 443 is set aside.
        """
        tls_site = self.tls_site(aside)
        if not self.server.main_limits:
            return Live(release, self.hook_text, now.main, tls_site)
        wanted = {name: least for name, least in limits.wanted(max_connections).items() if name not in elsewhere}
        raised = limits.raised(now.main, str(self.main_file), wanted)
        return Live(release, self.hook_text, raised, tls_site)

    def tls_site(self, aside: bool) -> str | None:
        """The text of the file of the package's own site on port 443, while that is set aside or not."""
        original = self.aside.original()
        return self.aside.stub if aside and original is not None else original

    def without(self, live: Live) -> Live:
        """What was there before the collection."""
        return Live(None, None, limits.restored(live.main), self.tls_site(aside=False))

    def put(self, live: Live) -> None:
        """Make it so, in an order in which the server could start at any moment."""
        now = self.read()
        goes = live.tls_site == self.aside.stub
        if live.main != now.main:
            write_file(self.main_file, live.main)
        # Before the release listens on its port and no earlier back than that: Apache does not start with both.
        if goes:
            self.aside.set_aside()
        hook = self.hook(live.main)
        for other in self.hooks:
            if other.is_file() and (live.hook is None or other != hook):
                other.unlink()
        if live.release != now.release:
            self.releases.switch(live.release)
        if live.hook not in (None, now.hook):
            write_file(hook, live.hook)
        if not goes:
            self.aside.put_back()

    def tidy(self) -> None:
        """Remove what killed runs left beside the files that are edited."""
        for folder in (self.folder, self.hook(read_file(self.main_file)).parent):
            for leftover in folder.glob(".wss-*"):
                leftover.unlink()

    def staged(self, live: Live, files: Mapping[str, str]) -> dict[str, str]:
        """The files, relative to the configuration folder, that this state would put over the live ones."""
        staged = {f"wss/releases/{live.release}/{name}": content for name, content in files.items()}
        if live.hook is not None:
            staged[str(self.hook(live.main).relative_to(self.folder))] = live.hook
        staged[str(self.main_file.relative_to(self.folder))] = live.main
        if live.tls_site is not None:
            staged[self.aside.name] = live.tls_site
        return staged

    def error_log(self, dump: str) -> Path:
        """Where the server says why it refuses a reload."""
        named = ERROR_LOGS[self.server.name](dump, self.server.main_file)
        return Path(named if named.startswith("/") else self.server.error_log)


def _nginx_error_log(dump: str, main_file: str) -> str:
    try:
        tree = nginx_syntax.expand(dump, main_file) if dump else ()
    except nginx_syntax.NginxSyntaxError:
        tree = ()  # valid for the server, whose word counts here
    return next((each.args[0] for each in tree if each.name == "error_log" and each.args), "")


def _apache_error_log(dump: str, _main_file: str) -> str:
    found = re.search(r'^Main ErrorLog: "(.*)"$', dump, re.MULTILINE)
    return found[1] if found else ""


ERROR_LOGS = {"nginx": _nginx_error_log, "apache": _apache_error_log}
"""By server: the log that a checked configuration names, or an empty text."""


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """A unified diff of two sets of files, by name."""
    parts: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            parts.extend(
                difflib.unified_diff(
                    old.splitlines(keepends=True),
                    new.splitlines(keepends=True),
                    f"before: {name}" if name in before else "before: (none)",
                    f"after: {name}" if name in after else "after: (none)",
                )
            )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in parts)
