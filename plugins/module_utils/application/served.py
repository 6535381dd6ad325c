# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until an application serves the certificate that it was given: a service manager says nothing of that."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.probe.tls import blind_context

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.2
CONNECT_SECONDS = 3.0


class Place(NamedTuple):
    """A listener as this host reaches it, and the name to ask it for."""

    address: str
    port: int
    server_name: str


@dataclass(frozen=True)
class Expected:
    """A site's certificate (DER), the places that shall serve it, and whether nobody will before long."""

    site: str
    certificate: bytes
    places: Sequence[Place]
    has_failed: Callable[[], bool]


def shown(place: Place) -> bytes | None:
    """The certificate that is served there (DER), or None where no handshake came about."""
    try:
        plain = socket.create_connection((place.address, place.port), CONNECT_SECONDS)
        with plain, blind_context().wrap_socket(plain, server_hostname=place.server_name) as secured:
            return secured.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None


def wait(expected: Sequence[Expected]) -> dict[str, Place]:
    """Wait until all serve what they shall: the sites of which one place still serves another certificate, and it.

    Where nobody answers is for the probe to say, which knows more of it.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    left = [(each, place) for each in expected for place in each.places]
    others: dict[str, Place] = {}
    while left:
        others = {}
        for each, place in list(left):
            found = shown(place)
            if found == each.certificate or (found is None and each.has_failed()):
                left.remove((each, place))
            elif found is not None:
                others[each.site] = place
        if time.monotonic() >= deadline:
            break
        if left:
            time.sleep(PAUSE_SECONDS)
    return others


def der(pem: bytes) -> bytes:
    """The first certificate of a PEM file."""
    text = pem.decode("ascii", "replace")
    end = ssl.PEM_FOOTER
    return ssl.PEM_cert_to_DER_cert(text[: text.index(end) + len(end)])
