# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees from the host whether something between keeps the controller's probe from a server that answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.probe.backends import BackendTlsAsked, Look
from ansible_collections.wss.edge.plugins.module_utils.probe.look import look

MAX_THREADS = 32

# Who says this has spoken HTTP, or TLS beyond the server's hello.
ANSWERS = ("status", "wants_certificate", "refuses_certificate")


class Place(NamedTuple):
    """Where the probe of a site went."""

    site: str
    address: str
    port: int


FROM_HOST = "If the controller is not meant to reach the port, set wss_probe_from: host."
ELSEWHERE = "at the routers between, and at the rules of the host's cloud."


def sentences(
    proofs: Sequence[Mapping[str, Any]], firewall: Mapping[str, Any], active: Callable[[], str], timeout: float
) -> list[str]:
    """A sentence for each site that the host reaches and the controller does not, and a last one that says what to do.

    :param proofs: What M(wss.edge.probe) returned when it ran on the controller.
    :param firewall: That of the model.
    :param active: Asks the host which firewall is active, V(none) if there is none.
    """
    kept = kept_from(proofs, timeout)
    if not kept:
        return []
    lines = [
        f"Site {place.site}: on the host itself the server answers ({address} port {place.port}), so something between "
        f"the controller and {place.address} port {place.port} drops or refuses the connection: the host's own "
        "firewall, a router or a cloud's security group."
        for place, address in kept.items()
    ]
    return [*lines, " ".join([*_advice(kept, firewall, active()), FROM_HOST])]


def kept_from(proofs: Sequence[Mapping[str, Any]], timeout: float) -> dict[Place, str]:
    """The places that the controller did not reach and the host does, each with the address that answers there."""
    unreached = {Place(each["site"], each["address"], each["port"]): each for each in proofs if each["unreached"]}
    with ThreadPoolExecutor(max_workers=MAX_THREADS) as pool:
        found = pool.map(lambda proof: _answering(proof, timeout), unreached.values())
        return {place: address for place, address in zip(unreached, found) if address}


def _advice(kept: Mapping[Place, str], firewall: Mapping[str, Any], active: str) -> Iterator[str]:
    kind, ports = firewall["kind"], {place.port for place in kept}
    sources = dict.fromkeys(rule["source"] for rule in firewall["rules"] if rule["port"] in ports and rule["source"])
    if active == "none":
        yield f"No firewall is active on the host, but for single rules perhaps: look at those, {ELSEWHERE}"
        return
    yield f"On the host, {active} is active, and wss_firewall is {kind}:"
    if kind not in ("auto", active):
        yield f"set wss_firewall: auto, which opens the port in {active}, or open it there yourself."
    elif sources:
        yield f"wss_firewall_sources ({', '.join(sources)}) must have the address from which the controller comes."
    else:
        yield "the playbook wss.edge.wss opens the port in it."
    yield f"If the port is open there, look {ELSEWHERE}"


def _answering(proof: Mapping[str, Any], timeout: float) -> str | None:
    """The address at which the host gets an answer."""
    address: str = proof["address"]
    if _answers(proof, address, timeout):
        return address
    # A host behind a router may not reach itself by the address that others know. One that has it must.
    loopback = "::1" if ":" in address else "127.0.0.1"
    return loopback if not _is_own(address) and _answers(proof, loopback, timeout) else None


def _answers(proof: Mapping[str, Any], address: str, timeout: float) -> bool:
    failure = look(_look(proof, address, timeout), timeout, datetime.now(timezone.utc)).failure
    return failure is None or failure.kind in ANSWERS


def _look(proof: Mapping[str, Any], address: str, timeout: float) -> Look:
    """As the probe, but for what is no matter of who is reached: certificates, the origin, a login."""
    url = urlsplit(proof["url"])
    name = url.hostname or ""
    tls = BackendTlsAsked(
        name=None if grammar.ip_address(name) else name,
        verify=False,
        ca="system",
        ca_file=None,
        crl_file=None,
        verify_depth=0,
        own=None,
        protocols=("TLSv1.2", "TLSv1.3"),
        ciphers=(),
    )
    return Look(
        address=f"[{address}]:{proof['port']}" if ":" in address else f"{address}:{proof['port']}",
        connect_timeout=max(1, int(timeout)),
        tls=tls if url.scheme == "wss" else None,
        host=url.netloc,
        path=url.path + (url.query and f"?{url.query}"),
        headers=(),
        proved=True,
    )


def _is_own(address: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True
