# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one state of a server's configuration to another, or back to where it was."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.wss.edge.plugins.module_utils.certificates import store as certificate_store
from ansible_collections.wss.edge.plugins.module_utils.release import explain, staged
from ansible_collections.wss.edge.plugins.module_utils.release.live import Configuration, Live, diff
from ansible_collections.wss.edge.plugins.module_utils.release.releases import digest_of
from ansible_collections.wss.edge.plugins.module_utils.release.reload import ReloadError
from ansible_collections.wss.edge.plugins.module_utils.release.serving import Serving
from ansible_collections.wss.edge.plugins.module_utils.server import config_check, default_site
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckResult, Runner
from ansible_collections.wss.edge.plugins.module_utils.server.nginx_syntax import NginxSyntaxError
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server
from ansible_collections.wss.edge.plugins.module_utils.server.service import ServiceError

# Of the module and of its action plugin, which makes the payload of the other options.
ARGUMENTS: dict[str, Any] = {
    "server": {"type": "str", "choices": ["nginx", "apache"], "default": "nginx"},
    "replaces": {"type": "str", "choices": ["nginx", "apache"]},
    "running": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "restored", "absent"], "default": "present"},
    "model": {"type": "dict"},
    "certificates": {"type": "list", "elements": "dict", "default": []},
    "facts": {"type": "dict"},
    "trusted": {"type": "dict", "default": {}},
    "authority": {"type": "str"},
    "crl": {"type": "str"},
    "targets": {"type": "list", "elements": "dict", "default": []},
    "release": {"type": "str"},
    "payload": {"type": "dict", "no_log": True},
}

NOTHING_CHANGED = "The server was left alone; what served before goes on serving."


class Refused(Exception):
    """The new state is not live, and the old one is."""


@dataclass(frozen=True)
class Payload:
    """What the controller rendered: the files, whose they are, and the sockets that they listen on.

    It is not C(checkable) in check mode, while a certificate that it refers to is not made.
    """

    files: Mapping[str, str]
    sites: Mapping[str, str]
    listens: list[Mapping[str, Any]]
    max_connections: int
    checkable: bool
    record: Mapping[str, Any]
    limits_elsewhere: Sequence[str] = ()

    @property
    def digest(self) -> str:
        """The release's name."""
        return digest_of(self.files)


def _current(folder: Path) -> str:
    link = folder.with_name("current")
    return os.readlink(link) if link.is_symlink() else ""


def activate(folders: Sequence[Path]) -> None:
    """Have C(current) name these certificates."""
    for folder in folders:
        certificate_store.activate(str(folder.parent.parent), folder.parent.name, folder.name)


class Transition:
    """A planned change: C(result) says what it is, C(apply) does it."""

    def __init__(
        self, server: Server, runner: Runner, temporary: str, other: Server | None = None, running: bool = True
    ) -> None:
        """Plan nothing yet; C(other) and C(running) are those of C(Serving)."""
        self.server = server
        self.other = other
        self.runner = runner
        self.temporary = temporary
        self.serving = Serving(server, runner, other, running)
        self.configuration = Configuration(server)
        self.releases = self.configuration.releases
        self.installed = any(Path(path).is_file() for path in server.binaries) and Path(server.main_file).is_file()
        self.due = self.releases.pending()
        self.before = self.configuration.read() if self.installed else Live(None, None, "")
        self.after = self.before
        self.payload = Payload({}, {}, [], 0, False, {})
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self.check: CheckResult | None = None
        self.remove = False
        self.certificates: list[Path] = []

    def to_payload(self, payload: Mapping[str, Any]) -> Transition:
        """Plan to make rendered files live; they are checked here, before anything changes.

        :raises Refused: where another program holds a port, or the server's checker refuses.
        """
        self.payload = Payload(**payload)
        digest = self.payload.digest
        if not self.installed:
            self.after = Live(digest, "", "")
            self.reasons = ["the server is not installed yet"]
            return self
        try:
            self.after = self.configuration.wanted(
                digest,
                self.before,
                self.payload.max_connections,
                self.payload.limits_elsewhere,
                bool(self.payload.record.get("aside")),
            )
        except NginxSyntaxError as error:
            raise Refused(f"The server's main file cannot be read: {error}. {NOTHING_CHANGED}") from error
        self.reasons = self._reasons()
        if self.reasons:
            self._check_ports()
            if self.payload.checkable:
                self._check_staged()
            self._check_reload()
        return self

    def back_to(self, release: str | None, state: str) -> Transition:
        """Plan to go back to a release, or to a server without any."""
        self.remove = state == "absent"
        if not self.installed:
            self.reasons = ["the server is gone"] if self.remove and self.releases.base.exists() else []
            return self
        if release and not self.remove:
            if not self.releases.files(release):
                raise Refused(f"There is no release {release} in {self.releases.folder}. {NOTHING_CHANGED}")
            aside = bool(self.releases.record(release).get("aside"))
            tls_site = self.configuration.tls_site(aside)
            self.after = Live(release, self.configuration.hook_text, self.before.main, tls_site)
            self.certificates = self._certificates(release)
        else:
            self.after = self.configuration.without(self.before)
        lists = self._lists(self.after.release)
        if lists and self._lists(self.before.release) - lists:
            self.warnings.append(
                f"Release {self.after.release} has older revocation lists: who was revoked since gets in again, until a"
                " run of the playbook succeeds."
            )
        self.reasons = self._reasons()
        if self.remove and self.releases.base.exists():
            self.reasons.append("the releases are removed")
        return self

    def result(self) -> dict[str, Any]:
        """What the plan comes to, for the module's return value."""
        return {
            "changed": bool(self.reasons or self.certificates),
            "release": self.after.release,
            "previous": self.before.release,
            "reasons": self.reasons,
            "warnings": self.warnings,
            "reloaded": False,
            "replaces": self.other.name if self.other and self.payload.files and self.reasons else None,
            "checked": "staged" if self.check else "none",
            "diff": {"prepared": diff(self._shown(self.before), self._shown(self.after))},
        }

    def apply(self) -> dict[str, Any]:
        """Do it.

        :returns: What of the result is known only now.
        :raises Refused: where the server does not take it; the state before is live again.
        """
        activate(self.certificates)
        if not self.reasons:
            return {}
        if not self.installed:
            self._require_removal()
            if self.configuration.main_file.is_file():
                self.configuration.put(self.configuration.without(self.configuration.read()))
            self.releases.remove()
            return {}
        if self.payload.files:
            self.releases.write(self.payload.digest, self.payload.files, self.payload.record)
        self.releases.set_pending(True)
        self.configuration.put(self.after)
        checked = self._check_live() if self.payload.files and not self.check else {}
        served = self._serve()
        self.releases.set_pending(False)
        self.configuration.tidy()
        if self.remove:
            default_site.site(self.server).put_back()
            self.releases.remove()
        else:
            self.releases.prune()
        return {**served, **checked}

    def _lists(self, release: str | None) -> set[tuple[str, str]]:
        """Its revocation lists: names and contents."""
        files = self.releases.files(release) if release else {}
        return {(name, text) for name, text in files.items() if name.startswith("crl/")}

    def _certificates(self, release: str) -> list[Path]:
        """The folders of the release's certificates of which C(current) says something else."""
        folders = map(Path, self.releases.record(release).get("certificates", {}).values())
        return [folder for folder in folders if folder.is_dir() and _current(folder) != folder.name]

    def _require_removal(self) -> None:
        if not self.remove:
            names = ", ".join(self.server.binaries)
            raise Refused(f"{self.server.title} is not installed: there is no {names}. {NOTHING_CHANGED}")

    def _reasons(self) -> list[str]:
        digest = self.after.release
        reasons = []
        if digest != self.before.release:
            reasons.append("the sites have changed" if self.before.release else "nothing was released yet")
        elif digest and not self.releases.intact(digest):
            reasons.append("files of the release were altered on the host")
        if self.after.hook != self.before.hook:
            reasons.append("the file that includes the release is missing or altered" if self.after.hook else "removal")
        if self.after.main != self.before.main:
            reasons.append("the worker limits do not fit wss_max_connections")
        if self.after.tls_site != self.before.tls_site:
            gone = self.after.tls_site == self.configuration.aside.stub
            reasons.append(f"{self.configuration.aside.place} is {'set aside' if gone else 'put back'}")
        if self.other:
            title = self.other.title
            reasons.append(f"{title} has its ports" if self.payload.files else f"{title} serves again")
        elif self.payload.files and not self.serving.ran:
            reasons.append("the server does not run")
        if self.releases.pending():
            reasons.append("an earlier run ended before the server had reloaded")
        return reasons

    def _check_ports(self) -> None:
        held = self.serving.held(self.payload.listens)
        if held:
            raise Refused("\n".join([*held, NOTHING_CHANGED]))

    def _check_staged(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.temporary, prefix="wss-staged-") as name:
            top = Path(name)
            files = self.configuration.staged(self.after, self.payload.files)
            staged.stage(top, files, {"wss/current": f"releases/{self.after.release}"})
            if not staged.can_stage(self.configuration.folder, top, self.runner):
                return
            self.check = staged.check_staged(self.server, top, self.runner)
        problem = self._problem(self.check)
        if problem:
            raise Refused(f"The new configuration was refused: {problem}\n{NOTHING_CHANGED}")

    def _check_reload(self) -> None:
        obstacle = self.serving.obstacle(self.before.release is None, self._error_log())
        if obstacle:
            raise Refused(f"{obstacle}\n{NOTHING_CHANGED}")

    def _error_log(self) -> Path:
        return self.configuration.error_log(self.check.dump if self.check else "")

    def _problem(self, check: CheckResult) -> str | None:
        return explain.refusal(check, self.configuration.include, self.payload.files, self.payload.sites)

    def _check_live(self) -> dict[str, Any]:
        """Where nothing can be mounted: checked after the switch, before any reload."""
        self.check = config_check.check(self.server, None, self.runner)
        problem = self._problem(self.check)
        if problem:
            self.configuration.put(self.before)
            self.releases.set_pending(self.due)
            raise Refused(
                f"The new configuration was refused: {problem}\nNo reload was made; what served before serves."
            )
        return {"checked": "live"}

    def _serve(self) -> dict[str, Any]:
        """Have the server serve what is on disk now; what of the result is known only then."""
        try:
            if not self.payload.files:
                return {"reloaded": self.serving.go_back(self.after.release is not None, self._error_log())}
            return {"reloaded": True, "warnings": self.serving.release(self.before.release is None, self._error_log())}
        except (ReloadError, ServiceError) as error:
            self._undo(str(error))

    def _undo(self, reason: str) -> NoReturn:
        """Put the state before back: a server that refused a reload has it in memory still."""
        self.configuration.put(self.before)
        if self.before.release and not self.payload.files:
            activate(self._certificates(self.before.release))
        self.releases.set_pending(self.due)
        serves = self.serving.undo(releasing=bool(self.payload.files))
        raise Refused(f"{self.server.title} did not take the new configuration: {reason}\n{serves}") from None

    def _shown(self, live: Live) -> dict[str, str]:
        """The state as files, for a diff."""
        shown = {}
        if live.release:
            own = live.release == self.payload.digest if self.payload.files else False
            files = self.payload.files if own and live is self.after else self.releases.files(live.release)
            shown = {f"{self.configuration.include}{name}": content for name, content in files.items()}
        if live.hook:
            shown[str(self.configuration.hook(live.main))] = live.hook
        if live.main:
            shown[str(self.configuration.main_file)] = live.main
        if live.tls_site is not None:
            shown[str(self.configuration.aside.place)] = live.tls_site
        return shown
