# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All targets at once: what the module does on a host and the action plugin on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.probe.client import probe
from ansible_collections.wss.edge.plugins.module_utils.probe.report import next_steps, problems, report
from ansible_collections.wss.edge.plugins.module_utils.probe.session import library_problem
from ansible_collections.wss.edge.plugins.module_utils.probe.target import Target, read_target

MAX_THREADS = 32

OWN: dict[str, Any] = {
    # No paths: those would be expanded here, and the host may probe.
    "certificate": {"type": "str", "required": True},
    "private_key": {"type": "str", "required": True, "no_log": False},
    "required": {"type": "bool", "default": True},
}

TARGET: dict[str, Any] = {
    "site": {"type": "str", "required": True},
    "path": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "tls": {"type": "bool", "default": True},
    "http2": {"type": "bool", "default": False},
    "server_name": {"type": "str", "required": True},
    "origin": {"type": "str"},
    "headers": {"type": "dict"},
    "subprotocols": {"type": "list", "elements": "str"},
    "client_certificate": {"type": "dict", "options": OWN},
    "expect": {"type": "str", "choices": ["echo", "open"], "default": "open"},
}

ARGUMENTS: dict[str, Any] = {
    "targets": {"type": "list", "elements": "dict", "required": True, "options": TARGET},
    "trust": {"type": "dict", "default": {}},
    "timeout": {"type": "float", "default": 10},
    "check_dns": {"type": "bool", "default": False},
    "run_from": {"type": "str", "choices": ["controller", "host"], "default": "controller"},
}


class ProbeInputError(Exception):
    """There is nothing that could be probed; the text says why."""


def prove(options: Mapping[str, Any]) -> dict[str, Any]:
    """Probe every target and return the module's result, C(failed) when one of them fails.

    :param options: The module's options, by C(ARGUMENTS).
    :raises ProbeInputError: for a target or a timeout that cannot be, or without the library.
    """
    timeout = options["timeout"]
    if not 0 < timeout < 3600:
        raise ProbeInputError(f"timeout is {timeout}: give seconds, more than 0 and less than 3600.")
    targets = [_target(number, raw, options["trust"]) for number, raw in enumerate(options["targets"])]
    missing = library_problem(any(target.http2 for target in targets)) if targets else None
    if missing:
        raise ProbeInputError(missing)
    with ThreadPoolExecutor(max_workers=MAX_THREADS) as pool:
        proofs = list(pool.map(lambda target: probe(target, timeout, options["check_dns"]), targets))
    failed = problems(proofs)
    return {
        "changed": False,
        "proofs": [asdict(proof) for proof in proofs],
        "report": report(proofs),
        "next_steps": next_steps(proofs, options["trust"]),
        "ok_count": sum(proof.ok for proof in proofs),
        **({"failed": True, "msg": "\n".join(failed)} if failed else {}),
    }


def _target(number: int, raw: Mapping[str, Any], trust: Mapping[str, Any]) -> Target:
    try:
        return read_target({**raw, "trust": trust.get(raw["site"])})
    except ValueError as error:
        raise ProbeInputError(f"targets[{number}] of the site {raw['site']}: {error}") from error
