# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is behind an endpoint: its backends, how to choose among them, and TLS towards them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from . import grammar, tls
from .problems import At, Problems
from .types import Backend, BackendTls, Balance
from .values import in_range, parsed

SYSTEM = "system"
PRIVATE_CA = "private_ca"


class Found(NamedTuple):
    """The backends of an endpoint, and their URLs in parts."""

    backends: list[Backend]
    urls: list[grammar.Backend]
    given: int

    @property
    def path(self) -> str:
        """The one path of all of them, or nothing."""
        return self.urls[0].path if self.urls else ""

    @property
    def speaks_tls(self) -> bool:
        """Whether they speak TLS: all or none do."""
        return bool(self.urls) and self.urls[0].speaks_tls


def backends(values: Mapping[str, Any], at: At, problems: Problems) -> Found:
    """Those of C(backend) or of C(backends), of which one is given."""
    single = values["backend"] is not None
    if single and values["backends"]:
        problems.refuse(at.down("backend"), values["backend"], "is given beside backends; write it into them")
    given = [{"url": values["backend"], "weight": 1, "backup": False}] if single else values["backends"]
    found = Found([], [], len(given))
    for index, each in enumerate(given):
        here = at.down("backend") if single else at.down("backends").item(index)
        url = parsed(each["url"], grammar.backend, here if single else here.down("url"), problems)
        if not single and each["weight"] is not None:
            in_range(each, "weight", here, problems)
        if url is None:
            continue
        if url.address in [earlier.address for earlier in found.urls]:
            problems.refuse(here.down("url"), each["url"], "is there twice; give it more weight instead")
        found.urls.append(url)
        found.backends.append({"address": url.address, "weight": each["weight"], "backup": each["backup"]})
    _alike(found, at.down("backends"), problems)
    return found


def _alike(found: Found, at: At, problems: Problems) -> None:
    first = found.urls[0] if found.urls else None
    for index, url in enumerate(found.urls):
        if first and url.speaks_tls != first.speaks_tls:
            kinds = ("TLS", "none") if url.speaks_tls else ("no TLS", "one")
            why = f"speaks {kinds[0]}, and the first of the backends {kinds[1]}; give each kind its own endpoint"
            problems.refuse(at.item(index).down("url"), url.address, why)
        if first and url.path != first.path:
            why = f"is not the path of the first of the backends, {first.path or 'none'}; they need the same"
            problems.refuse(at.item(index).down("url"), url.path or "none", why)
    if found.backends and all(each["backup"] for each in found.backends):
        problems.add(at, "all of them are backups; one must not be")


def balance(values: Mapping[str, Any], found: Found, at: At, problems: Problems) -> Balance:
    """How to choose; anything but V(round_robin) needs several backends."""
    by_hash = values["hash"]
    if by_hash is None:
        method, name = values["method"] or "", ""
    else:
        method, name = _hash(by_hash, at.down("hash"), problems)
        if values["method"] != "round_robin":
            problems.refuse(at.down("method"), values["method"], "is given beside hash, which takes its place")
    if method != "round_robin" and found.given < 2:
        problems.refuse(at, method, "needs several backends")
    if method not in ("round_robin", "least_connections"):
        for index, each in enumerate(found.backends):
            if each["backup"]:
                why = f"is not possible with balance {method}, by which the server knows no backups"
                problems.refuse(At(at.owner, "backends").item(index).down("backup"), True, why)
    return {"method": method, "name": name}


def _hash(values: Mapping[str, Any], at: At, problems: Problems) -> tuple[str, str]:
    given = [kind for kind in ("header", "cookie") if values.get(kind) is not None]
    if len(given) != 1:
        problems.add(at, "needs the name of a header or of a cookie: {header: X-Room} or {cookie: session}")
        return "header", ""
    parse = grammar.header_name if given[0] == "header" else grammar.cookie_name
    return given[0], parsed(values[given[0]], parse, at.down(given[0]), problems)


def settings(
    values: Mapping[str, Any], found: Found, certificate: str | None, at: At, problems: Problems
) -> BackendTls:
    """TLS towards the backends.

    :param certificate: The name of the client certificate, if there is one.
    """
    in_range(values, "verify_depth", at, problems)
    protocols = sorted(values["protocols"]) or tls.POLICIES["intermediate"]["protocols"]
    for index, text in enumerate(values["ciphers"]):
        parsed(text, grammar.cipher, at.down("ciphers").item(index), problems)
    if values["ciphers"] and "TLSv1.2" not in protocols:
        why = "has no meaning without TLSv1.2; the suites of TLS 1.3 are fixed"
        problems.refuse(at.down("ciphers"), values["ciphers"], why)
    name = parsed(values["server_name"], _expected_name, at.down("server_name"), problems)
    ciphers = values["ciphers"] or tls.POLICIES["intermediate"]["ciphers"]
    return {
        "verify": values["verify"],
        "ca": authority(values["ca"], (SYSTEM, PRIVATE_CA), at.down("ca"), problems),
        "verify_depth": values["verify_depth"],
        "server_name": name or _name_of_all(found.urls),
        "client_certificate": certificate,
        "protocols": protocols,
        "ciphers": ciphers if "TLSv1.2" in protocols else [],
        "session_reuse": values["session_reuse"],
    }


def _expected_name(text: str) -> str:
    if grammar.ip_address(text):
        raise ValueError("is an IP address, which no server matches in a backend's certificate; give it a DNS name")
    return grammar.host_name(text)


def _name_of_all(urls: Sequence[grammar.Backend]) -> str | None:
    hosts = {url.host for url in urls}
    return hosts.pop() if len(hosts) == 1 and not any(map(grammar.ip_address, hosts)) else None


def authority(text: str, words: Sequence[str], at: At, problems: Problems) -> str:
    """One of the words, or a file on the controller."""
    if text in words:
        return text
    found: str = parsed(text, grammar.controller_file, at, problems)
    return found


def check_names(
    server: str, site_names: Sequence[str], found: Found, given: BackendTls, at: At, problems: Problems
) -> None:
    """Refuse what this server could not verify: a name that it does not expect, or none at all."""
    name = given["server_name"]
    where = at.down("server_name")
    hosts = [url.host for url in found.urls]
    if not given["verify"]:
        return
    if name is None:
        for host in filter(grammar.ip_address, hosts):
            why = (
                "is an address, by which no server verifies a backend; have a DNS name in the backend's certificate,"
                " and give it here"
            )
            problems.refuse(where, host, why)
            return
        if server == "nginx":
            why = (
                "are verified by one name with nginx; have one DNS name in all of their certificates, and give it here"
            )
            problems.refuse(where, hosts, why)
    elif server == "apache" and set(hosts) != {name} and list(site_names) != [name]:
        why = (
            "is not possible with wss_server: apache, which asks for the host of the backend's URL or for the name that"
            " the client asks for (see https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypreservehost)"
        )
        allowed = ", ".join(sorted({*filter(lambda host: not grammar.ip_address(host), hosts), *site_names[:1]}))
        problems.refuse(where, name, why, allowed if len(site_names) == 1 else "")
