# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities and revocation lists: files of a release, so that they are switched with what names them."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.wss.edge.plugins.module_utils.model.backends import PRIVATE_CA, SYSTEM
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import dump_certificate, iso, load_certificates
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import read_crls
from ansible_collections.wss.edge.plugins.module_utils.server.family import DEBIAN, REDHAT

# Where the package ca-certificates has the authorities that the host trusts.
SYSTEM_FILES = {
    DEBIAN: "/etc/ssl/certs/ca-certificates.crt",
    REDHAT: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
}


@dataclass
class Trust:
    """The files of the release by their names in it, and where the host has them.

    C(paths) leads, by kind (C(ca), C(crl)), from the word or file of the model to the path on the host. It is not
    C(complete) in check mode, while there is no private authority.
    """

    files: dict[str, str] = field(default_factory=dict)
    paths: dict[str, dict[str, str]] = field(default_factory=lambda: {"ca": {}, "crl": {}})
    complete: bool = True
    problems: list[str] = field(default_factory=list)

    @property
    def digests(self) -> dict[str, str]:
        """Of the files, by their names: what was verified by another list than now counts no more."""
        return {name: _digest(content.encode()) for name, content in self.files.items()}


def gather(
    trusted: Mapping[str, Sequence[str]],
    private_ca: Mapping[str, str | None],
    read: Callable[[str], bytes],
    folder: str,
    now: datetime.datetime,
    system: str | None = None,
) -> Trust:
    """Read and check what the model trusts.

    :param trusted: Words and files of the model, by kind.
    :param private_ca: What the private authority has, in PEM, by kind; None where it is not made yet.
    :param read: Reads a file on the controller; raises ValueError with the end of a sentence that says why not.
    :param folder: Where the host sees the files of the release.
    :param system: Where it sees the authorities that it trusts itself.
    """
    found = Trust()
    if system:
        found.paths["ca"][SYSTEM] = system
    for kind, (part, check) in KINDS.items():
        for value in trusted[kind]:
            own = value == PRIVATE_CA
            text = private_ca[kind] if own else ""
            try:
                content = b"" if text is None else check(text.encode() if own else read(value), now)
            except (PkiError, ValueError) as error:
                found.problems.append(f"{kind}: {json.dumps(value, ensure_ascii=False)} {error}")
                continue
            name = value if own else _digest(content)
            found.paths[kind][value] = f"{folder}/{part}/{name}.pem"
            found.files[f"{part}/{name}.pem"] = content.decode()
            found.complete = found.complete and text is not None
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _authorities(text: bytes, _now: datetime.datetime) -> bytes:
    return b"".join(map(dump_certificate, load_certificates(text)))


def _revocation_lists(text: bytes, now: datetime.datetime) -> bytes:
    crls = read_crls(text)
    for crl in crls:
        if crl.next_update <= now:
            ended = iso(crl.next_update)
            raise ValueError(f"ended on {ended}, and servers refuse everybody by it; put a new list in its place")
    return b"".join(crl.pem for crl in crls)


# The folder of a release that a kind is in, and what makes of a file what a server is given.
KINDS: dict[str, tuple[str, Callable[[bytes, datetime.datetime], bytes]]] = {
    "ca": ("trust", _authorities),
    "crl": ("crl", _revocation_lists),
}
