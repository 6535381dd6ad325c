# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority with an intermediate, made by openssl: what the collection reads, another program wrote."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

LEAF_NAMES = ("www.example.com", "*.w.example.com", "192.0.2.7", "2001:db8::1")


class Openssl:
    """Runs openssl in a folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def __call__(self, command: str) -> str:
        """The output of a command; fails as openssl does."""
        run = subprocess.run(
            ["openssl", *command.split()],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert run.returncode == 0, f"openssl {command}: {run.stdout}{run.stderr}"
        return run.stdout

    def read(self, *files: str) -> bytes:
        """The contents of files, one after the other."""
        return b"".join((self.folder / file).read_bytes() for file in files)

    def write(self, file: str, content: bytes) -> str:
        """A file to give to a command."""
        (self.folder / file).write_bytes(content)
        return file

    def issue(self, name: str, issuer: str, subject: str, key: str, extensions: list[str]) -> None:
        """NAME.key and NAME.pem, from 2026-11-01 to 2027-01-30."""
        self.write(f"{name}.ext", "\n".join(extensions).encode())
        self(f"req -new -newkey {key} -nodes -keyout {name}.key -out {name}.csr -subj {subject}")
        # `openssl ca` is the one command of OpenSSL 1.1.1 to 3.x that takes dates.
        self.write("index.txt", b"")
        self.write("serial", name.encode().hex().encode())
        self.write("ca.cnf", CA_CONFIGURATION)
        signer = f"-cert {issuer}.pem -keyfile {issuer}.key" if issuer else f"-selfsign -keyfile {name}.key"
        self(
            f"ca -batch -notext -config ca.cnf {signer} -in {name}.csr -out {name}.pem -extfile {name}.ext "
            "-startdate 20261101000000Z -enddate 20270130000000Z -md sha256 -preserveDN"
        )


CA_CONFIGURATION = b"""
[ca]
default_ca = it
[it]
database = index.txt
serial = serial
new_certs_dir = .
policy = any
unique_subject = no
[any]
commonName = supplied
"""
EC = "ec -pkeyopt ec_paramgen_curve:P-256"
CA = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash"]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Openssl:
    """root -> intermediate -> leaf (of LEAF_NAMES), and a leaf of another key."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    openssl = Openssl(tmp_path_factory.mktemp("authority"))
    names = ",".join(f"{'IP' if name[-1].isdigit() else 'DNS'}:{name}" for name in LEAF_NAMES)
    leaf = [f"subjectAltName={names}", "extendedKeyUsage=serverAuth"]
    openssl.issue("root", "", "/CN=Root", "rsa:2048", CA)
    openssl.issue("intermediate", "root", "/CN=Intermediate", EC, CA)
    openssl.issue("leaf", "intermediate", "/CN=www.example.com", "rsa:2048", leaf)
    openssl.issue("other", "root", "/CN=other.example.com", EC, leaf)
    return openssl
