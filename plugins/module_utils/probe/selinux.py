# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether SELinux keeps the server from backends that answer the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model.types import Model
from ansible_collections.wss.edge.plugins.module_utils.probe.backends import UNIX

FILES = "/sys/fs/selinux"
BOOLEAN = "httpd_can_network_connect"
UNREACHED = (502, 503)


def sentences(
    model: Model, proofs: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], files: str = FILES
) -> list[str]:
    """A sentence for each endpoint that the proxy cannot serve, though its backend answers.

    :param proofs: What M(wss.edge.probe) returned.
    :param found: What was found of the backends.
    :param files: Where the kernel shows SELinux.
    """
    unserved = {(each["site"], _path(each["url"])): each["status"] for each in proofs if each["status"] in UNREACHED}
    asked = {
        (site["name"], each["path"]): each["probe"]["path"] for site in model["sites"] for each in site["endpoints"]
    }
    answering = [
        (each["site"], each["path"]) for each in found if each["state"] == "ok" and not each["address"].startswith(UNIX)
    ]
    kept = {(site, path): unserved.get((site, asked[site, path])) for site, path in answering}
    if not any(kept.values()) or not forbids_connections(files):
        return []
    return [
        f"Site {site}, endpoint {path}: its backend answers the host, but the proxy answers {status}. SELinux enforces "
        f"here with {BOOLEAN} off, which keeps the server from connecting to backends: setsebool -P {BOOLEAN} on"
        for (site, path), status in kept.items()
        if status
    ]


def forbids_connections(files: str = FILES) -> bool:
    """Whether SELinux enforces, and servers of HTTP may not connect to others."""
    return _value(f"{files}/enforce") == "1" and _value(f"{files}/booleans/{BOOLEAN}") == "0"


def _value(name: str) -> str:
    """The first word; of a boolean, the value that is in force."""
    try:
        return Path(name).read_text(encoding="ascii")[:1]
    except OSError:
        return ""


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]
