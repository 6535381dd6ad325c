# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a server serve what is on disk by now, and the one on its ports give way, or has things as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.release import explain
from ansible_collections.wss.edge.plugins.module_utils.release.reload import reload
from ansible_collections.wss.edge.plugins.module_utils.server import default_site, service, sockets
from ansible_collections.wss.edge.plugins.module_utils.server.apache_mpm import reload_would_exhaust
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.own_files import own_files
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server
from ansible_collections.wss.edge.plugins.module_utils.server.service import ServiceError


class Serving:
    """The server's processes, and those of the server that it replaces."""

    def __init__(self, server: Server, runner: Runner, other: Server | None, running: bool) -> None:
        """Change nothing yet.

        :param other: The server that gives way to this one, or, when this is gone back with, takes its place again.
        :param running: Whether the server runs when it has been gone back with.
        """
        self.server = server
        self.runner = runner
        self.other = other
        self.running = running
        self.ran = service.runs(server)
        self.makes_room = False

    def held(self, listens: Sequence[Mapping[str, Any]]) -> list[str]:
        """A sentence for each address to listen on that is held by a program that does not give way."""
        found = sockets.listeners()
        if not self.other and not self.ran:
            self.makes_room = default_site.makes_room(self.server, found, self.runner)
        if self.makes_room:
            listens = default_site.wanted_by_others(self.server, listens)
        return explain.held_ports(listens, found, self.server, self.other.programs if self.other else ())

    def obstacle(self, first: bool, error_log: Path) -> str | None:
        """Why the server must not be reloaded now, though its new configuration is good."""
        if not self.server.restart_for_limits or self._restarts(first):
            return None
        return reload_would_exhaust(self.server, error_log, self.runner)

    def release(self, first: bool, error_log: Path) -> list[str]:
        """Serve a release, the C(first) one or another; warnings.

        :raises ReloadError: where the server does not take it.
        :raises ServiceError: where it does not start.
        """
        if self.other:
            service.stop(self.other, self.runner, for_good=True)
        if not self.ran:
            if self.makes_room:
                default_site.site(self.server).set_aside()
            service.start(self.server, self.runner)
        elif self._restarts(first):
            service.restart(self.server, self.runner)
        else:
            return reload(self.server, error_log)
        return []

    def go_back(self, released: bool, error_log: Path) -> bool:
        """Serve what was there before, which is a release or not; whether the server was reloaded.

        :raises ReloadError: where the server does not take it.
        :raises ServiceError: where one does not start or stop.
        """
        # Without its own site it has nothing to listen on, with which Apache ends.
        idle = not released and default_site.site(self.server).is_aside()
        reloads = self.ran and self.running and not idle
        if reloads:
            reload(self.server, error_log)
        elif self.ran:
            service.stop(self.server, self.runner, for_good=idle or self.other is not None)
            default_site.site(self.server).put_back()
        if self.other:
            service.start(self.other, self.runner)
        return reloads

    def undo(self, releasing: bool) -> str:
        """Serve what was served before a failure; a sentence about it."""
        again = [self.server] if self.ran else []
        if releasing and self.other:
            again.append(self.other)
        try:
            if not self.ran:
                service.stop(self.server, self.runner, for_good=self.other is not None)
                default_site.site(self.server).put_back()
            for server in again:
                if not service.runs(server):
                    service.start(server, self.runner)
        except ServiceError as error:
            return f"The previous one was put back, but {error}"
        return "The previous one was put back and goes on serving." if again else "It is stopped, as it was before."

    def _restarts(self, first: bool) -> bool:
        """Whether its limits are put in force by a restart, as it serves nobody's site yet."""
        return self.server.restart_for_limits and first and not own_files(self.server, self.runner)
