# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All backends of a model at once, each looked at one time however many endpoints have it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any, TypedDict

from ansible_collections.wss.edge.plugins.module_utils.model.types import Model
from ansible_collections.wss.edge.plugins.module_utils.probe.backends import Look, OnHost, looks
from ansible_collections.wss.edge.plugins.module_utils.probe.findings import OK, Finding, finding
from ansible_collections.wss.edge.plugins.module_utils.probe.look import look

MAX_THREADS = 32

TRUST: dict[str, Any] = {"ca": {"type": "dict", "default": {}}, "crl": {"type": "dict", "default": {}}}
ARGUMENTS: dict[str, Any] = {
    "model": {"type": "dict", "required": True, "no_log": True},
    "trust": {"type": "dict", "default": {}, "options": TRUST},
    "certificates": {"type": "list", "elements": "dict", "default": []},
    "proofs": {"type": "list", "elements": "dict", "default": []},
    "timeout": {"type": "float", "default": 5},
}


class Checked(TypedDict):
    """A backend of an endpoint, and what was found; C(url) is as the user would write it."""

    site: str
    path: str
    address: str
    url: str
    state: str
    text: str


def check(model: Model, on_host: OnHost, timeout: float) -> list[Checked]:
    """Look at every backend, as the proxy would."""
    wanted = list(looks(model, on_host))
    distinct = list(dict.fromkeys(asked for _site, _path, asked in wanted))
    now = datetime.now(timezone.utc)

    def find(asked: Look) -> Finding:
        return finding(asked, look(asked, timeout, now), now)

    with ThreadPoolExecutor(max_workers=MAX_THREADS) as pool:
        found = dict(zip(distinct, pool.map(find, distinct)))
    return [
        {
            "site": site,
            "path": path,
            "address": asked.address,
            "url": asked.url,
            "state": found[asked].state,
            "text": found[asked].text,
        }
        for site, path, asked in wanted
    ]


def report(found: Sequence[Checked]) -> list[str]:
    """A sentence for each backend that is not as it should be, and a last one that counts. Of none, nothing."""
    if not found:
        return []
    lines = [
        f"Site {each['site']}, endpoint {each['path']}, backend {each['url']} is {each['state']}: {each['text']}"
        for each in found
        if each["state"] != OK
    ]
    return [*lines, f"{len(found) - len(lines)} of {len(found)} backends answer the host as they should."]
