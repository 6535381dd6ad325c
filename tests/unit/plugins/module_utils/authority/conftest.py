# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority in a folder, its requests, and openssl's word on what it made."""

from __future__ import annotations

import datetime
import json
import subprocess

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.authority import engine

NOW = datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.timezone.utc)
PASSPHRASE = "correct horse"
P256 = {"type": "ecdsa", "curve": "secp256r1", "bits": 4096}


class Authority:
    """The authority: C(run) is the module, with the options that it has by default."""

    def __init__(self, top, csr):
        self.top = top
        self.folder = top / "ca"
        self.csr = csr

    def run(self, now=NOW, check_mode=False, diff=False, **options):
        """The result of one run."""
        return engine.run(self.options(**options), now, check_mode, diff)

    def options(self, **options):
        """All options, as a module gets them."""
        requests = [
            {"profile": "server", "valid_days": 90, "names": ["www.example.com"], **each}
            for each in options.pop("requests", [])
        ]
        revoke = [{"reason": "unspecified", **each} for each in options.pop("revoke", [])]
        return {
            "directory": str(self.folder),
            "passphrase": PASSPHRASE,
            "subject": None,
            "key": P256,
            "valid_days": None,
            "intermediate": None,
            "path_length": None,
            "permitted": None,
            "excluded": None,
            "crl_days": 90,
            "revoke": revoke,
            "requests": requests,
            **options,
        }

    def request(self, *names, name="www", subject="/CN=www", **more):
        """An item of C(requests)."""
        return {"name": name, "request": self.csr(subject, *names), "names": list(names), **more}

    def sign(self, *names, now=NOW, **more):
        """Have one request signed: what is said of it, and the PEM."""
        name = more.setdefault("name", "www")
        found = self.run(now=now, requests=[self.request(*(names or ["www.example.com"]), **more)])
        return found["issued"][0], found["certificates"][name]

    def records(self):
        """The lines of the records."""
        return [json.loads(line) for line in (self.folder / "records.jsonl").read_text().splitlines()]

    def bytes(self):
        """All that is in the folder."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    def openssl(self, *words, stdin=""):
        """Whether openssl succeeds in the folder, and what it says."""
        command = ["openssl", *map(str, words)]
        done = subprocess.run(command, cwd=self.folder, input=stdin, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def verify(self, certificate, *options, now=NOW):
        """Openssl's word on a certificate with its chain."""
        (self.top / "leaf.pem").write_text(certificate)
        at = ["-attime", int(now.timestamp())] if now else ["-no_check_time"]
        chain = ["-CAfile", self.folder / "root.pem", "-untrusted", self.top / "leaf.pem"]
        return self.openssl("verify", "-x509_strict", *at, *chain, *options, self.top / "leaf.pem")


@pytest.fixture(scope="session")
def csr(tmp_path_factory):
    """A request in PEM, by openssl."""
    folder = tmp_path_factory.mktemp("requests")
    key = folder / "key"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    made = {}

    def csr(subject, *names):
        if (subject, names) not in made:
            kinds = [
                f"IP:{name}" if name.replace(".", "").isdigit() or ":" in name else f"DNS:{name}" for name in names
            ]
            extension = ["-addext", f"subjectAltName={','.join(kinds)}"] if names else []
            command = ["openssl", "req", "-new", "-key", key, "-subj", subject, *extension]
            made[subject, names] = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return made[subject, names]

    return csr


@pytest.fixture
def authority(tmp_path, csr):
    """There is none yet."""
    return Authority(tmp_path, csr)
