# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends of a model, and what the proxy asks of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.types import Backend, BackendTls, Endpoint, Model, Site
from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Own

UNIX = "unix:"
CERTIFICATES = "/etc/pki/wss"


@dataclass(frozen=True)
class BackendTlsAsked:
    """TLS as the proxy speaks it to a backend; the files are the host's.

    C(name) is asked for, and verified if C(verify); C(ca) is what the user wrote of the authority. C(ca_file) is None
    for the store of the host's OpenSSL, C(crl_file) where nothing is known to be revoked.
    """

    name: str | None
    verify: bool
    ca: str
    ca_file: str | None
    crl_file: str | None
    verify_depth: int
    own: Own | None
    protocols: tuple[str, ...]
    ciphers: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """One backend, and the request that the proxy sends there."""

    address: str
    connect_timeout: int
    tls: BackendTlsAsked | None
    host: str
    path: str
    headers: tuple[tuple[str, str], ...]
    proved: bool
    """Whether it must take the upgrade: the user has not said C(probe: none)."""

    @property
    def url(self) -> str:
        """As the user would write it."""
        return self.address if self.is_unix else f"{'wss' if self.tls else 'ws'}://{self.address}"

    @property
    def is_unix(self) -> bool:
        """Whether it is a socket on the host."""
        return self.address.startswith(UNIX)

    @property
    def where(self) -> tuple[str, int]:
        """Host, IPv6 without brackets, and port."""
        return _parts(self.address)


@dataclass(frozen=True)
class OnHost:
    """What the host has: files of authorities (C(ca)) and revocation lists (C(crl)), folders of certificates."""

    ca: Mapping[str, str]
    crl: Mapping[str, str]
    certificates: Mapping[str, str]


def looks(model: Model, on_host: OnHost) -> Iterator[tuple[str, str, Look]]:
    """Each backend with its site's name and its endpoint's path."""
    for site in model["sites"]:
        for endpoint in site["endpoints"]:
            for backend in endpoint["backends"]:
                yield site["name"], endpoint["path"], _look(site, endpoint, backend, on_host)


def _look(site: Site, endpoint: Endpoint, backend: Backend, on_host: OnHost) -> Look:
    settings, probe = endpoint["backend_tls"], endpoint["probe"]
    tls = _tls(settings, backend, on_host) if settings else None
    headers = {**_headers(site, endpoint), **probe["headers"], **endpoint["headers"]}
    name = next((name for name in headers if name.lower() == "host"), None)
    host = headers.pop(name) if name else _host(site, endpoint, backend)
    return Look(
        address=backend["address"],
        connect_timeout=endpoint["connect_timeout"],
        tls=tls,
        host=host,
        path=_path(endpoint),
        headers=tuple(headers.items()),
        proved=probe["expect"] != "none",
    )


def _tls(settings: BackendTls, backend: Backend, on_host: OnHost) -> BackendTlsAsked:
    name = settings["server_name"] or _parts(backend["address"])[0]
    own = settings["client_certificate"]
    folder = on_host.certificates.get(own or "", f"{CERTIFICATES}/{own}/current")
    return BackendTlsAsked(
        name=None if grammar.ip_address(name) else name,
        verify=settings["verify"],
        ca=settings["ca"],
        ca_file=on_host.ca.get(settings["ca"], None if settings["ca"] == "system" else ""),
        crl_file=on_host.crl.get(settings["ca"]),
        verify_depth=settings["verify_depth"],
        own=Own(f"{folder}/fullchain.pem", f"{folder}/privkey.pem") if own else None,
        protocols=tuple(settings["protocols"]),
        ciphers=tuple(settings["ciphers"]),
    )


def _host(site: Site, endpoint: Endpoint, backend: Backend) -> str:
    """The C(Host) of a client, or the name by which the backend is verified."""
    settings = endpoint["backend_tls"]
    if endpoint["keeps_host"] or settings is None:
        names = site["server_names"]
        name = next((name for name in names if not name.startswith("*")), names[0].replace("*", "wss-probe"))
        port, usual = site["listen"][0]["port"], 80 if site["tls"] is None else 443
    else:
        host, port = _parts(backend["address"])
        name, usual = settings["server_name"] or host, 443
    shown = f"[{name}]" if ":" in name else name
    return shown if port == usual else f"{shown}:{port}"


def _headers(site: Site, endpoint: Endpoint) -> dict[str, str]:
    headers = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
    headers["X-Forwarded-Proto"] = "http" if site["tls"] is None else "https"
    asked = site["client_certificates"]
    if asked:
        headers["X-SSL-Client-Verify"] = "SUCCESS" if asked["verify"] == "required" else "NONE"
    if endpoint["origins"]:
        headers["Origin"] = endpoint["origins"][0]
    if endpoint["probe"]["subprotocols"]:
        headers["Sec-WebSocket-Protocol"] = ", ".join(endpoint["probe"]["subprotocols"])
    return headers


def _path(endpoint: Endpoint) -> str:
    """What the probe asks for, as it arrives at the backend."""
    ours, theirs, asked = endpoint["path"], endpoint["backend_path"], endpoint["probe"]["path"]
    if not theirs:
        return asked
    path, mark, query = asked.partition("?")
    below = path[len(ours.rstrip("/")) :] if path != ours else ""
    return (theirs.rstrip("/") + below if below else theirs) + mark + query


def _parts(address: str) -> tuple[str, int]:
    host, _colon, port = address.rpartition(":")
    return host.strip("[]"), int(port)
