# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is probed: one endpoint, at one address, as one client sees it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Own, context

TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
LABEL = r"[0-9A-Za-z_](?:[-0-9A-Za-z_]{0,61}[0-9A-Za-z_])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*")
VISIBLE = re.compile(r"[\x21-\x7e]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True)
class Target:
    """One endpoint to probe. Every string in it is safe to put into a request.

    Where the client shows a certificate of its C(own), C(required) says whether one without must be refused.
    """

    site: str
    path: str
    address: str
    port: int
    server_name: str
    tls: bool = True
    http2: bool = False
    origin: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    expect: str = "open"
    trust: str | None = None
    own: Own | None = None
    required: bool = True

    @property
    def url(self) -> str:
        """The URL that a client would use."""
        name = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        port = "" if self.port == (443 if self.tls else 80) else f":{self.port}"
        return f"{'wss' if self.tls else 'ws'}://{name}{port}{self.path}"

    @property
    def peer(self) -> str:
        """The address and the port, for a person."""
        return f"{self.address} port {self.port}"

    @property
    def named_by_ip(self) -> bool:
        """Whether clients name no host in the TLS handshake, because they know only an IP address."""
        return _is_ip(self.server_name)


def read_target(raw: Mapping[str, Any]) -> Target:
    """Check one item of the module's C(targets). Raises ValueError with a sentence for a person."""
    values = {key: value for key, value in raw.items() if value is not None}
    values["server_name"] = _server_name(values["server_name"])
    values["headers"] = {str(name): str(value) for name, value in values.get("headers", {}).items()}
    values["subprotocols"] = tuple(values.get("subprotocols", ()))
    own = values.pop("client_certificate", None)
    if own:
        values["own"] = Own(own["certificate"], own["private_key"])
        values["required"] = own.get("required", True)
    target = Target(**values)
    for fine, key, value, allowed in _rules(target):
        _check(fine, key, value, allowed)
    if target.trust is not None:
        context(target.trust)
    return target


def _rules(target: Target) -> Iterator[tuple[object, str, object, str]]:
    yield (
        _is_path(target.path),
        "path",
        target.path,
        "a path starts with / and is ASCII without blanks",
    )
    yield VISIBLE.fullmatch(target.address), "address", target.address, "give an IP address or a host name"
    yield target.tls or not target.http2, "http2", target.http2, "HTTP/2 needs tls"
    yield target.tls or not target.own, "client_certificate", target.own, "a client certificate needs tls"
    yield 1 <= target.port <= 65535, "port", target.port, "a port is a number from 1 to 65535"
    origin = target.origin or "null"
    yield VISIBLE.fullmatch(origin), "origin", origin, "an origin looks like https://www.example.com"
    for name, value in target.headers.items():
        yield TOKEN.fullmatch(name), "headers", name, "the name of a header is one word"
        yield HEADER_VALUE.fullmatch(value), f"headers.{name}", value, "the value of a header is one line of ASCII"
    for name in target.subprotocols:
        yield TOKEN.fullmatch(name), "subprotocols", name, "a subprotocol is one word, such as graphql-ws"


def _server_name(name: str) -> str:
    name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if _is_ip(name):
        return name
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        ascii_name = ""
    _check(HOST.fullmatch(ascii_name), "server_name", name, "give a host name or an IP address")
    return ascii_name


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_path(text: str) -> bool:
    return text.startswith("/") and VISIBLE.fullmatch(text) is not None


def _check(fine: object, key: str, value: object, allowed: str) -> None:
    if not fine:
        raise ValueError(f"{key} is {value!r}: {allowed}.")
