# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the TLS library that a server is linked with what it can do: nginx refuses to start on an unknown group."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner


class TlsLibraryError(Exception):
    """The library could not be asked; the text says why."""


@dataclass(frozen=True)
class TlsLibrary:
    """The library, and those of the wanted groups that it knows, in the order in which they were wanted."""

    path: str
    version: str
    groups: list[str]


# Runs in a process of its own: a second libssl loaded into ours could clash with the one that Python uses.
_QUESTION = """
import ctypes, json, sys
crypto_path, ssl_path, *wanted = sys.argv[1:]
crypto = ctypes.CDLL(crypto_path, ctypes.RTLD_GLOBAL)
ssl = ctypes.CDLL(ssl_path)
crypto.OpenSSL_version.restype = ctypes.c_char_p
ssl.TLS_method.restype = ssl.SSL_CTX_new.restype = ctypes.c_void_p
ssl.SSL_CTX_new.argtypes = [ctypes.c_void_p]
ssl.SSL_CTX_ctrl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_char_p]
ssl.SSL_CTX_ctrl.restype = ctypes.c_long
context = ssl.SSL_CTX_new(ssl.TLS_method())
if not context:
    sys.exit("SSL_CTX_new failed")
SET_GROUPS_LIST = 92
groups = [name for name in wanted if ssl.SSL_CTX_ctrl(context, SET_GROUPS_LIST, 0, name.encode()) == 1]
print(json.dumps({"version": crypto.OpenSSL_version(0).decode(), "groups": groups}))
"""


def query(binary: str, wanted: Sequence[str], runner: Runner) -> TlsLibrary:
    """Ask the TLS library of a program (or of a module such as mod_ssl.so) for its version and groups."""
    for name in wanted:
        # A list or a "?name" would be accepted whatever the library knows.
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise TlsLibraryError(f'"{name}" is no name of a TLS group: letters, digits, ".", "_" and "-" are allowed.')
    libraries = _linked(binary, runner)
    paths = [libraries["libcrypto"], libraries["libssl"]]
    question = [sys.executable, "-I", "-S", "-c", _QUESTION, *paths, *wanted]
    said = json.loads(_run(question, runner, f"{paths[1]} could not be asked"))
    return TlsLibrary(paths[1], said["version"], said["groups"])


def _linked(binary: str, runner: Runner) -> dict[str, str]:
    """Return the paths of the libssl and libcrypto that the loader would give the program."""
    output = _run(["ldd", binary], runner, f"the libraries of {binary} could not be listed")
    found = dict(re.findall(r"^\s*(libssl|libcrypto)\.so\S* => (/\S+)", output, re.MULTILINE))
    if len(found) < 2:
        raise TlsLibraryError(f"{binary} is not linked with a shared libssl and libcrypto, so its groups are unknown.")
    return found


def _run(command: list[str], runner: Runner, failure: str) -> str:
    try:
        status, out, err = runner(command)
    except OSError as error:
        raise TlsLibraryError(f"{failure}: {error}") from error
    if status != 0:
        reason = (err or out).strip().rpartition("\n")[2] or f"exit status {status}"
        raise TlsLibraryError(f"{failure}: {reason}")
    return out
