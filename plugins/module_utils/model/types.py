# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model: plain data, validated once, trusted by everything after it."""

from __future__ import annotations

from typing import Any, TypedDict


class Listen(TypedDict):
    """C(address) is V(*) for every address of the host; IPv6 has no brackets."""

    address: str
    port: int


class Tls(TypedDict):
    """C(groups) are all wanted ones when C(groups_required), else those of them that the host's OpenSSL knows."""

    protocols: list[str]
    ciphers: list[str]
    groups: list[str]
    groups_required: bool
    session_timeout: int
    session_cache_size: int


class Backend(TypedDict):
    """C(address) is C(host:port) or C(unix:/path); C(path) replaces the endpoint's unless it is empty."""

    address: str
    path: str


class Probe(TypedDict):
    """How the endpoint is proved; see the argument spec."""

    expect: str
    path: str
    headers: dict[str, str]
    subprotocols: list[str]


class Endpoint(TypedDict):
    """Times in seconds; V(0) connections per client means no limit."""

    path: str
    backend: Backend
    websocket_only: bool
    idle_timeout: int
    connect_timeout: int
    origins: list[str]
    max_connections_per_client: int
    headers: dict[str, str]
    probe: Probe


class Authority(TypedDict):
    """The private authority: where it is, and what it is made by; its passphrase is no part of the model."""

    host: str
    directory: str
    subject: dict[str, str]
    key: dict[str, Any]
    valid_days: int
    intermediate: bool
    permitted: list[str]
    excluded: list[str]
    crl_days: int
    revoke: list[dict[str, str]]


class Site(TypedDict):
    """C(tls) and C(certificate) are both None where TLS is off; C(hsts) in seconds."""

    name: str
    server_names: list[str]
    listen: list[Listen]
    tls: Tls | None
    certificate: dict[str, Any] | None
    root: str | None
    redirect_http: bool
    hsts: int
    access_log: str | None
    http2_websockets: bool
    endpoints: list[Endpoint]


class Model(TypedDict):
    """Everything that one host shall serve.

    C(replace_server) has the other server stopped whatever else it serves; C(apache_websocket) is V(auto),
    V(upgrade) or V(wstunnel). C(address) is where the probe reaches a listener on every address; C(authority) is None
    where no site needs it.
    """

    server: str
    replace_server: bool
    apache_websocket: str
    max_connections: int
    probe_from: str
    probe_timeout: float
    address: str
    echo: list[str]
    authority: Authority | None
    sites: list[Site]
