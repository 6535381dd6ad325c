# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh server's own site on port 80 makes room where another server has that port: else it could not start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.aside import Aside
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.own_files import own_files
from ansible_collections.wss.edge.plugins.module_utils.server.records import SERVERS, Server


def makes_room(server: Server, found: Sequence[sockets.Socket], runner: Runner) -> bool:
    """Whether another server has port 80, and this one wants it for nobody's site."""
    others = {program for other in SERVERS.values() if other.name != server.name for program in other.programs}
    held = any(each.port == 80 and each.program in others for each in found)
    return held and bool(server.default_site) and site(server).place.exists() and not own_files(server, runner)


def wanted_by_others(server: Server, listens: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of sockets to listen on, those that are not the fresh server's own site's."""
    return [each for each in listens if each.get("file") != str(site(server).place)]


def site(server: Server) -> Aside:
    """The file that has it, where that is not the main file."""
    return Aside(server, server.default_site)
