# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends of an endpoint, as nginx's templates print them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.model.backends import PRIVATE_CA
from ansible_collections.wss.edge.plugins.module_utils.model.types import Backend, BackendTls, Balance, Endpoint, Site
from ansible_collections.wss.edge.plugins.module_utils.release.host import Host

# The version whose open source has the parameter.
RESOLVE = (1, 27, 3)

HASHES = {"client_address": "$remote_addr", "header": "$http_", "cookie": "$cookie_"}
"""By method: the variable, to which a header or cookie adds its name."""

ZONE_OF_BACKEND = 16
"""In KiB: a backend takes 1, a TLS session to it 4 more, and a name may have several addresses."""
SMALLEST_ZONE = 128

Trust = Mapping[str, Mapping[str, str]]


class Backends:
    """What all endpoints of a host have in common."""

    def __init__(
        self, sites: Sequence[Site], host: Host, facts: Mapping[str, Any], certificates: Mapping[str, str], trust: Trust
    ) -> None:
        """Nothing is decided yet.

        :param certificates: The folder of each certificate, by its name.
        :param trust: The files of authorities and of revocation lists, by what the model calls them.
        """
        self.host = host
        self.certificates = certificates
        self.trust = trust
        self.in_hosts_file = frozenset(facts.get("hosts", []))
        self.resolver = _resolver(facts.get("resolvers", []), host)
        count = sum(len(endpoint["backends"]) for site in sites for endpoint in site["endpoints"])
        self.zone = f"wss_backends {power_of_two(max(SMALLEST_ZONE, ZONE_OF_BACKEND * count))}k"

    def upstream(self, endpoint: Endpoint) -> dict[str, Any]:
        """The group of the endpoint's backends, of which the workers share what they know of several."""
        backends = endpoint["backends"]
        followed = any(map(self._is_followed, backends))
        return {
            "zone": self.zone if len(backends) > 1 or followed else None,
            "resolver": self.resolver if followed else None,
            "balance": _balance(endpoint["balance"]),
            "servers": self._servers(backends, hashed=endpoint["balance"]["method"] in HASHES),
        }

    def _servers(self, backends: Sequence[Backend], hashed: bool) -> list[str]:
        """The backends, those that have failed being left out for a while.

        Not the last resort: when all have failed within that time, as they do when they restart one after another, some
        are back. So a single one is never left out, nor are the backups, which without any of the user's are all of
        them again. A hash knows no backups, so by one they are left out for a moment only.
        """
        if hashed or len(backends) == 1:
            failures = "max_fails=1 fail_timeout=1s" if hashed else "max_fails=0"
            return [self._server(each, failures) for each in backends]
        found = [
            self._server(each, "max_fails=0 backup" if each["backup"] else "max_fails=1 fail_timeout=10s")
            for each in backends
        ]
        if not any(each["backup"] for each in backends):
            found += [self._server(each, "max_fails=0 backup") for each in backends]
        return found

    def _server(self, backend: Backend, failures: str) -> str:
        weight = f" weight={backend['weight']}" if backend["weight"] > 1 else ""
        return f"{backend['address']}{weight} {failures}{' resolve' if self._is_followed(backend) else ''}"

    def _is_followed(self, backend: Backend) -> bool:
        """Whether nginx can ask for the name's addresses again and again.

        It asks the resolvers alone, so a name of /etc/hosts or one that needs a search domain is none.
        """
        name = backend["address"].rpartition(":")[0]
        return (
            self.resolver is not None
            and self.host.version >= RESOLVE
            and grammar.ip_address(name.strip("[]")) is None
            and "." in name
            and name not in self.in_hosts_file
        )

    def tls(self, tls: BackendTls) -> dict[str, Any]:
        """TLS towards the backends."""
        certificate = tls["client_certificate"]
        return {
            "server_name": tls["server_name"],
            "trusted": self.trust["ca"][tls["ca"]] if tls["verify"] else None,
            # OpenSSL counts the certificates between the backend's and the root.
            "verify_depth": tls["verify_depth"] - 1,
            "crl": self.trust["crl"][PRIVATE_CA] if tls["verify"] and tls["ca"] == PRIVATE_CA else None,
            "certificate": self.certificates[certificate] if certificate else None,
            "protocols": tls["protocols"],
            "ciphers": tls["ciphers"],
            "session_reuse": tls["session_reuse"],
        }


def host_header(endpoint: Endpoint) -> str:
    """The C(Host) that the backends get: the user's, the name by which they are verified, or the client's."""
    for name, value in endpoint["headers"].items():
        if name.lower() == "host":
            return value
    tls = endpoint["backend_tls"]
    if endpoint["keeps_host"] or not tls or not tls["server_name"]:
        return "$http_host"
    ports = {int(backend["address"].rpartition(":")[2]) for backend in endpoint["backends"]}
    port = ports.pop() if len(ports) == 1 else 443
    return tls["server_name"] if port == 443 else f"{tls['server_name']}:{port}"


def _resolver(addresses: Sequence[str], host: Host) -> str | None:
    """The arguments of the directive.

    It is the host's first name server alone: nginx would take all of them in turns, the host the next ones only where
    the first does not answer, and not all need to know the same names. One with a zone identifier is none for nginx.
    """
    usable = [f"[{each}]" if ":" in each else each for each in addresses if grammar.ip_address(each)]
    return usable[0] + ("" if host.ipv6 else " ipv6=off") if usable else None


def _balance(balance: Balance) -> str | None:
    if balance["method"] in HASHES:
        return f"hash {HASHES[balance['method']]}{balance['name'].lower().replace('-', '_')} consistent"
    return "least_conn" if balance["method"] == "least_connections" else None


def power_of_two(least: int) -> int:
    """The smallest one that is not less."""
    return 1 << (least - 1).bit_length()
