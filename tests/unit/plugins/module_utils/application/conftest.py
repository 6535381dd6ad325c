# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with an application that terminates TLS itself: real files, and a stand-in for it and its service manager."""

from __future__ import annotations

import base64
import os
from types import SimpleNamespace

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application import delivery, readers, served, wanted
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger

NAME = "chat.example.com"


def pem(text):
    """What looks like a certificate of this text."""
    return f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(text.encode()).decode()}\n-----END CERTIFICATE-----\n"


class Host:
    """The host: C(run) takes the place of AnsibleModule.run_command."""

    def __init__(self, top):
        self.tls, self.base, self.store = top / "srv" / "tls", top / "lib" / "application", top / "store"
        for folder in (self.tls, self.store):
            folder.mkdir(parents=True)
        self.unit = {"LoadState": "loaded", "ActiveState": "inactive", "CanReload": "yes"}
        self.units = {"chat": self.unit, "second": dict(self.unit)}
        self.fails = (0, "", "")  # how the service manager ends when it is told
        self.deaf = False  # the application reads nothing when it is reloaded
        self.loaded = b""  # the certificate that the application has read
        self.seconds = b""  # the one that the application of the service "second" serves
        self.told = []
        self.starts_left = 0
        self.holders = []
        self.users = {"chat": SimpleNamespace(pw_uid=os.getuid(), pw_gid=os.getgid())}

    def run(self, command, **_options):
        """Answer as systemctl would, or another program."""
        if command[:2] == ["systemctl", "show"]:
            return 0, "".join(f"{key}={value}\n" for key, value in self.units[command[-1]].items()), ""
        if command[:2] == ["systemctl", "reset-failed"]:
            self.starts_left = 1
            return 0, "", ""
        self.told.append(" ".join(command))
        self.starts_left -= "restart" in command
        if self.starts_left < 0:
            return 1, "", "Start request repeated too quickly.\n"
        if self.fails[0]:
            return self.fails
        service = "second" if "second" in command else "chat"
        self.units[service]["ActiveState"] = "inactive" if "stop" in command else "active"
        if not self.deaf and service == "chat":
            path = self.tls / "cert.pem"
            self.loaded = served.der(path.read_bytes()) if path.exists() and "stop" not in command else b""
        return 0, "", ""

    def certificate(self, digest, name=NAME):
        """A certificate in the store, as the module certificates returns it."""
        folder = self.store / name / digest
        if not folder.exists():
            folder.mkdir(parents=True)
            leaf, chain = pem(f"leaf {digest} of {name}"), pem(f"chain of {digest}")
            files = {"privkey": f"key {digest}\n", "cert": leaf, "chain": chain, "fullchain": leaf + chain}
            for file, content in files.items():
                (folder / f"{file}.pem").write_text(content)
        link = folder.with_name("current")
        link.unlink() if link.is_symlink() else None
        link.symlink_to(digest)
        return {"name": name, "directory": str(folder), "changed": True, "trust": f"trust {digest}"}

    def site(self, name=NAME, port=8443, **changes):
        """A site of the model."""
        application = {
            "certificate": str(self.tls / "cert.pem"),
            "private_key": str(self.tls / "key.pem"),
            "chain": None,
            "user": "chat",
            "service": "chat",
            "on_change": "restart",
            "command": [],
            **changes,
        }
        listen = [{"address": "*", "port": port}]
        return {"name": name, "listen": listen, "server_names": [name], "application": application}

    def second(self, service="second"):
        """A site of another name, with files of its own."""
        files = {"certificate": str(self.tls / "second.pem"), "private_key": str(self.tls / "second.key")}
        return self.site("second.example.com", 9443, service=service, **files)

    def target(self, name=NAME):
        return {"site": name, "server_name": name, "port": 8443}

    def plan(self, digest, *sites, check=False, **changes):
        """The delivery of a certificate to the sites, by default to the one site."""
        sites = sites or [self.site(**changes)]
        certificates = [self.certificate(digest, site["name"]) for site in sites]
        targets = [self.target(site["name"]) for site in sites]
        made = delivery.Delivery(self.run, Ledger(self.base))
        return made.to_model({"sites": list(sites)}, certificates, targets, check)

    def deliver(self, digest, *sites, **changes):
        """Do it, if there is anything to do; the result."""
        return apply(self.plan(digest, *sites, **changes))

    def go_back(self, release):
        return apply(delivery.Delivery(self.run, Ledger(self.base)).back_to(release))

    def remove(self):
        return apply(delivery.Delivery(self.run, Ledger(self.base)).to_nothing())

    def files(self):
        """What is in the application's folder."""
        return {path.name: path.read_text() for path in self.tls.iterdir()}

    def delivered(self, digest):
        """What is there of a certificate."""
        folder = self.store / NAME / digest
        return {"cert.pem": (folder / "fullchain.pem").read_text(), "key.pem": (folder / "privkey.pem").read_text()}

    def serves(self, digest):
        """Whether the application serves this certificate."""
        return self.loaded == f"leaf {digest} of {NAME}".encode()


def apply(plan):
    result = plan.result()
    if result["changed"]:
        plan.apply()
    return {**result, "warnings": plan.warnings}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose service manager is systemd."""
    host = Host(tmp_path)
    monkeypatch.setattr(readers, "has_systemd", lambda: True)
    monkeypatch.setattr(served, "shown", lambda place: (host.seconds if place.port == 9443 else host.loaded) or None)
    monkeypatch.setattr(served, "DEADLINE_SECONDS", 0.02)
    monkeypatch.setattr(served, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(wanted.sockets, "listeners", lambda: host.holders)
    monkeypatch.setattr(delivery.pwd, "getpwnam", lambda name: host.users[name])
    return host
