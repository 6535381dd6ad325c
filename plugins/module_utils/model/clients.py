# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of clients: what a site wants of its own, and those that the proxy and the probe have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import backends, grammar
from .problems import At, Problems
from .types import ClientCertificates
from .values import in_range, parsed

# The name of the host's own; no site can have it.
OF_HOST = "client:private_ca"
FILES = ("certificate", "private_key", "chain")


def wanted(values: Mapping[str, Any] | None, at: At, problems: Problems) -> ClientCertificates | None:
    """What a site wants of its clients."""
    if values is None or values["verify"] == "off":
        return None
    in_range(values, "verify_depth", at, problems)
    if values["crl"] and values["ca"] == backends.PRIVATE_CA:
        problems.refuse(at.down("crl"), values["crl"], "is given beside ca: private_ca, which has its own")
    return {
        "verify": values["verify"],
        "ca": backends.authority(values["ca"], (backends.PRIVATE_CA,), at.down("ca"), problems),
        "verify_depth": values["verify_depth"],
        "crl": parsed(values["crl"], grammar.controller_file, at.down("crl"), problems),
    }


def entry(name: str, common_name: str) -> dict[str, Any]:
    """A client's certificate of the private authority, as M(wss.edge.certificates) takes it.

    A common name that could be a DNS name would be held against the names that the authority may sign for.
    """
    subject = {"common_name": common_name[:64]}
    return {"name": name, "provider": backends.PRIVATE_CA, "profile": "client", "names": [], "subject": subject}


def of_probe(host: str) -> str:
    """The name of the probe's for a host: that of the host, without what no name of a certificate can have."""
    return re.sub(r"^\.|[^A-Za-z0-9._:-]", _escaped, host)


def _escaped(found: re.Match[str]) -> str:
    return f"_{ord(found[0]):x}_"


class Presented:
    """Collects the certificates that the proxy of a host presents to backends."""

    def __init__(self, host: str, backend_tls_defaults: dict[str, Any]) -> None:
        """Nothing is presented yet.

        :param host: The host's name in the inventory.
        :param backend_tls_defaults: What C(backend_tls) is where the user does not write it.
        """
        self.host = host
        self.backend_tls_defaults = backend_tls_defaults
        self.entries: list[dict[str, Any]] = []

    def add(self, values: Mapping[str, Any] | None, at: At, problems: Problems) -> str | None:
        """Take what an endpoint says of it, and return the certificate's name."""
        if values is None:
            return None
        if values["provider"] == backends.PRIVATE_CA:
            for key in FILES:
                if values[key]:
                    problems.add(at.down(key), "goes with provider files only, not with private_ca")
            return self.of_host()
        given = {key: values[key] for key in FILES if values[key]}
        for key in FILES[:2]:
            if key not in given:
                problems.add(at.down(key), "this key is required with provider files")
        name = f"client:{len(self.entries)}"
        for each in self.entries:
            if each["provider"] == "files" and {key: each.get(key) for key in FILES} == {
                key: given.get(key) for key in FILES
            }:
                return str(each["name"])
        remote = {"remote_src": values["remote_src"]}
        self.entries.append({"name": name, "provider": "files", "profile": "client", "names": [], **given, **remote})
        return name

    def of_host(self) -> str:
        """The name of the one that the private authority signs for the host."""
        if OF_HOST not in [each["name"] for each in self.entries]:
            self.entries.append(entry(OF_HOST, f"proxy {self.host}"))
        return OF_HOST
