# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads a certificate, a service or what a command reaches, and how it is told of another one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.service import has_systemd

INIT_SCRIPTS = "/etc/init.d"
MISSING = "not-found"


@dataclass(frozen=True)
class Reader:
    """C(service) or C(command), or neither: then the application sees by itself that its files have changed."""

    service: str | None
    on_change: str
    command: tuple[str, ...]

    @classmethod
    def of(cls, application: Mapping[str, Any]) -> Reader:
        """The reader of a release's application."""
        on_change = application["on_change"] if application["service"] else ""
        return cls(application["service"], on_change, tuple(application["command"]))

    def missing(self, runner: Runner) -> str:
        """Why it cannot be told, for something is not there: the key, and what to do. Else empty."""
        if self.command and not shutil.which(self.command[0]):
            return f'command: there is no program "{self.command[0]}"; install it, or give its whole path'
        if self.service and state(self.service, runner)["LoadState"] == MISSING:
            return f'service: there is no service "{self.service}" on this host; install it first, or correct the name'
        return ""

    def refusal(self, runner: Runner) -> str:
        """Why it will not be told though it is there: the key, and what to do. Else empty."""
        if not self.service:
            return ""
        found = state(self.service, runner)
        if found["LoadState"] not in ("loaded", MISSING):
            return (
                f'service: "{self.service}" is {found["LoadState"]} in systemd, and cannot be told;'
                f" systemctl status {self.service} says more"
            )
        if self.on_change == "reload" and found["LoadState"] == "loaded" and found["CanReload"] != "yes":
            return (
                f'on_change: "reload" is not possible, for the unit of the service {self.service} has no ExecReload;'
                " give it one, or have on_change: restart"
            )
        return ""

    def to_tell(self, runner: Runner) -> list[str]:
        """The command that has the files read anew; there is none where the application sees them by itself.

        A service that does not run has nobody to cut off, and is started.
        """
        if not self.service:
            return list(self.command)
        return _manager(self.on_change if self.runs(runner) else "restart", self.service)

    def tell(self, runner: Runner) -> tuple[str, str]:
        """Have the files read anew: what was run, and why that failed, or nothing."""
        command = self.to_tell(runner)
        if not command:
            return "", ""
        if self.service and command[1] == "restart" and has_systemd():
            # One that ended again and again may not be started any more until that is forgotten.
            runner(["systemctl", "reset-failed", self.service])
        status, out, err = runner(command)
        said = (err or out).strip() or "it says nothing"
        return " ".join(command), f"it ended with {status}: {said}" if status else ""

    def to_stop(self) -> list[str]:
        """The command that ends the service."""
        return _manager("stop", str(self.service))

    def runs(self, runner: Runner) -> bool:
        """Whether the service runs."""
        return bool(self.service) and state(str(self.service), runner)["ActiveState"] == "active"

    def is_down(self, runner: Runner) -> bool:
        """Whether there is a service that does not run, nor is about to."""
        found = state(self.service, runner) if self.service else {"LoadState": "", "ActiveState": ""}
        return found["LoadState"] == "loaded" and found["ActiveState"] in ("inactive", "failed")

    def has_failed(self, runner: Runner) -> bool:
        """Whether the service has ended and will not come back by itself."""
        return bool(self.service) and state(str(self.service), runner)["ActiveState"] == "failed"


def state(service: str, runner: Runner) -> dict[str, str]:
    """LoadState, ActiveState and CanReload, in systemd's words, of an init script, too."""
    if not has_systemd():
        there = os.access(f"{INIT_SCRIPTS}/{service}", os.X_OK)
        runs = there and runner(["service", service, "status"])[0] == 0
        return {
            "LoadState": "loaded" if there else MISSING,
            "ActiveState": "active" if runs else "inactive",
            "CanReload": "yes",
        }
    _status, out, _err = runner(["systemctl", "show", "--property=LoadState,ActiveState,CanReload", service])
    found = dict(line.partition("=")[::2] for line in out.splitlines())
    return {"LoadState": MISSING, "ActiveState": "", "CanReload": "", **found}


def _manager(verb: str, service: str) -> list[str]:
    return ["systemctl", verb, service] if has_systemd() else ["service", service, verb]
