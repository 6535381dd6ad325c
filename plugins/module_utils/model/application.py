# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that terminates TLS itself: where it reads its certificate."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from . import grammar
from .problems import At, Problems
from .types import Application
from .values import parsed

STORE = "/etc/pki/wss/"
FILES = ("certificate", "private_key", "chain")


def application(values: Mapping[str, Any] | None, server: str, at: At, problems: Problems) -> Application | None:
    """Required with C(wss_server: none)."""
    if server != "none":
        return None
    if values is None:
        problems.add(at, "this key is required with wss_server: none")
        return None
    files = {key: parsed(values[key], _file, at.down(key), problems) for key in FILES}
    if values["service"] and values["command"]:
        problems.refuse(at.down("command"), values["command"], "is given beside service; one of them is enough")
    return {
        "certificate": files["certificate"],
        "private_key": files["private_key"],
        "chain": files["chain"],
        "user": parsed(values["user"], grammar.user, at.down("user"), problems),
        "service": parsed(values["service"], grammar.service, at.down("service"), problems),
        "on_change": values["on_change"],
        "command": values["command"],
    }


def _file(text: str) -> str:
    if text.endswith("/"):
        raise ValueError("is a folder; give the file in it")
    path = posixpath.normpath(f"/{grammar.file(text).lstrip('/')}")
    if path.startswith(STORE):
        raise ValueError(f"is below {STORE}, where the collection keeps its certificates; give a file elsewhere")
    return path
