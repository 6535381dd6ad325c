# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh server's own site on port 80 makes room where another server has that port: else it could not start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.release.releases import read_file, write_file
from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner
from ansible_collections.wss.edge.plugins.module_utils.server.own_files import own_files
from ansible_collections.wss.edge.plugins.module_utils.server.records import SERVERS, Server

STUB = "# wss.edge: another server has the port of the file that was here; it is {aside}.\n"


def makes_room(server: Server, found: Sequence[sockets.Socket], runner: Runner) -> bool:
    """Whether another server has port 80, and this one wants it for nobody's site."""
    others = {program for other in SERVERS.values() if other.name != server.name for program in other.programs}
    held = any(each.port == 80 and each.program in others for each in found)
    return held and bool(server.default_site) and _place(server).exists() and not own_files(server, runner)


def wanted_by_others(server: Server, listens: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of sockets to listen on, those that are not the fresh server's own site's."""
    return [each for each in listens if each["owner"] != str(_place(server))]


def is_aside(server: Server) -> bool:
    """Whether the file was taken away and not put back."""
    return bool(server.default_site) and (_aside(server).exists() or _aside(server).is_symlink())


def set_aside(server: Server) -> None:
    """Take the file away, until C(put_back)."""
    place, aside = _place(server), _aside(server)
    if is_aside(server):
        return
    aside.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():
        os.replace(place, aside)
    else:
        write_file(aside, read_file(place))
        write_file(place, STUB.format(aside=aside))


def put_back(server: Server) -> None:
    """Have the file where it was, unless there is another one by now."""
    place, aside = _place(server), _aside(server)
    if not is_aside(server):
        return
    if aside.is_symlink() and not place.exists():
        os.replace(aside, place)
    elif aside.is_file() and place.is_file() and read_file(place) == STUB.format(aside=aside):
        write_file(place, read_file(aside))
        aside.unlink()


def _place(server: Server) -> Path:
    return Path(server.config_dir) / server.default_site


def _aside(server: Server) -> Path:
    return Path(server.config_dir) / "wss" / "aside" / Path(server.default_site).name
