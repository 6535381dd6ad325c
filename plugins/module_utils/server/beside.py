# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host may be in the inventory by several names, each with a server of its own."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger
from ansible_collections.wss.edge.plugins.module_utils.release.live import Configuration
from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server

NONE = "none"


def ports(server: str, known: Mapping[str, Server]) -> dict[str, list[int]]:
    """The ports of the collection's other sites on this host.

    :param server: The one that is not asked for: C(nginx), C(apache), or C(none) for applications.
    :returns: By the server that has them, sorted; those without any are left out.
    """
    found: dict[str, set[int]] = {}
    others = [each for each in known.values() if each.name != server and Configuration(each).releases.current()]
    held = sockets.listeners() if others else []
    for each in others:
        found[each.name] = {socket.port for socket in held if socket.program in each.programs}
    if server != NONE:
        found[NONE] = {target["port"] for target in Ledger().facts()["record"].get("targets", [])}
    return {name: sorted(theirs) for name, theirs in found.items() if theirs}
