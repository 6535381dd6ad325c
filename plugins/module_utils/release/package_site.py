# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host is like once the site that the server's package itself has on port 443 is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model.types import Model
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server


def package_site(server: Server) -> str | None:
    """The path of its file, where there is such a site."""
    return f"{server.config_dir}/{server.tls_site}" if server.tls_site else None


def aside(model: Model, facts: Mapping[str, Any], server: Server) -> tuple[Mapping[str, Any], list[str]]:
    """The facts without it, if the model says so, and a sentence where it is the user's by now."""
    path = package_site(server)
    if path is None or model["default_site"] != "aside":
        return facts, []
    foreign = facts["foreign"]
    left = {kind: [each for each in foreign[kind] if each["file"] != path] for kind in ("servers", "listens")}
    if path in facts["own_files"] and any(len(left[kind]) < len(foreign[kind]) for kind in left):
        return facts, [
            f"wss_default_site: {path} is not as its package brought it, so it is yours and is not set aside; take its"
            " Listen and its VirtualHost out yourself, or set wss_default_site: keep"
        ]
    return {**facts, "foreign": {**foreign, **left}}, []
