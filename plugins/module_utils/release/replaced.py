# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server gives way to another one on the same ports, and whose sites would go with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.conflicts import expanded
from ansible_collections.wss.edge.plugins.module_utils.model.types import Model


def replaced(model: Model, other: Mapping[str, Any] | None) -> tuple[str | None, list[str]]:
    """The server that holds a port of the model's sites, if any, and a sentence for each site that forbids to stop it.

    :param other: The fact of that name: the other server, if it runs on the host.
    """
    if other is None:
        return None, []
    held = [(each["address"], each["port"]) for each in other["listens"]]
    wanted = [socket for site in model["sites"] for listen in site["listen"] for socket in expanded(listen)]
    if not any(_same(socket, holder) for socket in wanted for holder in held):
        return None, []
    if model["replace_server"]:
        return other["server"], []
    kept = {site["name"] for site in model["sites"]}
    theirs = [
        f"{', '.join(each['names']) or 'a site'} of {each['file']} line {each['line']}" for each in other["sites"]
    ]
    theirs += [f"{name} of its current release" for name in other["ours"] if name not in kept]
    if not theirs:
        return other["server"], []
    title = other["title"]
    return other["server"], [
        f"{title} has a port of these sites and would be stopped, but it serves {' and '.join(theirs)}, too."
        f" Choose other ports, or set wss_replace_server: true to have {title} stopped all the same"
    ]


def _same(one: tuple[str, int], other: tuple[str, int]) -> bool:
    # `::` may take IPv4, too.
    return one == other or grammar.overlap(one, other) or (one[1] == other[1] and other[0] == "::")
