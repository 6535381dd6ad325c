# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
import subprocess

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import tls_library
from ansible_collections.wss.edge.plugins.module_utils.server.tls_library import TlsLibraryError, query

OPENSSL = shutil.which("openssl") or ""
needs_openssl = pytest.mark.skipif(not OPENSSL, reason="the openssl program is not here")


def openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([OPENSSL, *arguments], capture_output=True, text=True, check=False)


def run(command: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@needs_openssl
def test_version_is_what_the_program_says() -> None:
    found = query(OPENSSL, [], run)
    # "OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)"; the library's is the one in force.
    assert found.version in openssl("version").stdout
    assert found.path.startswith("/")
    assert "libssl" in found.path
    assert found.groups == []


@needs_openssl
@pytest.mark.parametrize("name", ["X25519MLKEM768", "X25519", "prime256v1", "P-256", "secp384r1", "x448", "nonsense"])
def test_a_group_is_known_when_the_program_accepts_it(name: str) -> None:
    # With a good group the client gets as far as not being able to connect.
    said = openssl("s_client", "-groups", name, "-connect", "127.0.0.1:1").stderr
    accepted = "connect" in said.lower() and "-groups" not in said
    assert query(OPENSSL, [name], run).groups == [name] * accepted


@needs_openssl
def test_the_order_stays_and_what_is_unknown_goes() -> None:
    assert query(OPENSSL, ["secp384r1", "nonsense", "X25519"], run).groups == ["secp384r1", "X25519"]


@pytest.mark.parametrize("name", ["X25519:P-256", "?X25519", "", "-x", "a b"])
def test_names_that_would_always_be_accepted(name: str) -> None:
    with pytest.raises(TlsLibraryError, match="is no name of a TLS group"):
        query("/nowhere", [name], run)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/bin/true", "^/bin/true is not linked with a shared libssl"),
        ("/nowhere/nginx", "^the libraries of /nowhere/nginx could not be listed: .*No such file"),
        (__file__, "could not be listed: .*not a dynamic executable"),
    ],
)
def test_what_cannot_be_asked(path: str, reason: str) -> None:
    with pytest.raises(TlsLibraryError, match=reason):
        query(path, [], run)


def test_a_host_without_ldd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TlsLibraryError, match=r"^the libraries of /bin/true could not be listed: .*'ldd'"):
        query("/bin/true", [], run)


def test_a_library_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tls_library, "_linked", lambda *_: {"libssl": "/nowhere/libssl.so", "libcrypto": "/nowhere/c.so"}
    )
    with pytest.raises(TlsLibraryError, match=r"^/nowhere/libssl\.so could not be asked: OSError: /nowhere/c\.so"):
        query("/bin/true", [], run)
