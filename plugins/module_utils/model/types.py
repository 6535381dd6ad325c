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
    """C(address) is C(host:port) or C(unix:/path); C(weight) is 1 or more."""

    address: str
    weight: int
    backup: bool


class BackendTls(TypedDict):
    """How the proxy speaks TLS to the backends of an endpoint.

    C(ca) is V(private_ca), V(system) or a file on the controller. C(server_name) is the one name that every backend is
    asked for and must prove; None is each one's own host. C(client_certificate) names one of the host's certificates.
    C(verify_depth) counts the certificates above the backend's, the root included.
    """

    verify: bool
    ca: str
    verify_depth: int
    server_name: str | None
    client_certificate: str | None
    protocols: list[str]
    ciphers: list[str]
    session_reuse: bool


class Balance(TypedDict):
    """C(method) is V(round_robin), V(least_connections), V(client_address), V(header) or V(cookie).

    C(name) is that of the header or cookie.
    """

    method: str
    name: str


class Probe(TypedDict):
    """How the endpoint is proved; see the argument spec.

    C(client_certificate) has the paths C(certificate) and C(private_key) on the machine that probes.
    """

    expect: str
    path: str
    headers: dict[str, str]
    subprotocols: list[str]
    client_certificate: dict[str, str] | None


class Endpoint(TypedDict):
    """C(backend_path) replaces C(path) unless it is empty; it and C(backend_tls) are those of all the backends.

    They get the client's C(Host) where C(keeps_host), else the name by which they are verified.

    Times in seconds; V(0) connections per client means no limit.
    """

    path: str
    backends: list[Backend]
    backend_path: str
    balance: Balance
    backend_tls: BackendTls | None
    keeps_host: bool
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


class ClientCertificates(TypedDict):
    """What clients must (V(required)) or may (V(optional)) prove who they are by.

    C(ca) is V(private_ca) or a file on the controller; C(crl) is a file on the controller, or None for that of the
    private authority or none at all. C(verify_depth) counts the certificates above the client's, the root included.
    """

    verify: str
    ca: str
    verify_depth: int
    crl: str | None


class Application(TypedDict):
    """Where an application that terminates TLS itself reads its certificate, and what makes it read it anew.

    C(chain) is None where C(certificate) shall have the chain, too. One of C(service) and C(command) is given, or none.
    C(on_change) is V(reload) or V(restart).
    """

    certificate: str
    private_key: str
    chain: str | None
    user: str
    service: str | None
    on_change: str
    command: list[str]


class Site(TypedDict):
    """C(tls) and C(certificate) are both None where TLS is off; C(hsts) in seconds.

    C(application) is None where a server of the collection's terminates TLS.
    """

    name: str
    server_names: list[str]
    listen: list[Listen]
    tls: Tls | None
    certificate: dict[str, Any] | None
    client_certificates: ClientCertificates | None
    application: Application | None
    root: str | None
    redirect_http: bool
    hsts: int
    access_log: str | None
    http2_websockets: bool
    endpoints: list[Endpoint]


class Firewall(TypedDict):
    """C(kind) is V(auto), V(none) or the firewall's name.

    C(rules) have a TCP port (C(port)) and the network that may come in there (C(source)), None for everybody.
    """

    kind: str
    rules: list[dict[str, Any]]


class Model(TypedDict):
    """Everything that one host shall serve.

    C(clients) are the certificates that the host's proxy and the probe there present, as M(wss.edge.certificates) takes
    them; C(probe_dir) is where the probe finds its own, by the host's name (C(host)), if it runs on the controller.
    C(replace_server) has the other server stopped whatever else it serves; C(apache_websocket) is V(auto),
    V(upgrade) or V(wstunnel); C(default_site) is V(keep) or V(aside). C(address) is where the probe reaches a listener
    on every address; C(authority) is None where no site needs it.
    """

    server: str
    replace_server: bool
    apache_websocket: str
    default_site: str
    max_connections: int
    probe_from: str
    probe_timeout: float
    probe_dir: str
    host: str
    address: str
    echo: list[str]
    firewall: Firewall
    authority: Authority | None
    clients: list[dict[str, Any]]
    sites: list[Site]
