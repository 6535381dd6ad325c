# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed and requested: the files, judged. They are read, never trusted."""

from __future__ import annotations

import functools
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Installed, Requested
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    dump_certificate,
    load_certificates,
    read_facts,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import belongs_to, describe_key, dump_key, load_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import RequestFacts, load_request, read_request


def judge(stored: store.Stored, keypair: bool = False) -> Installed:
    """:param keypair: Whether key and certificates are wanted in one file, too."""
    requested = _judge_requested(stored.requested) if stored.requested else None
    if stored.digest is None:
        return Installed(stored.note, requested=requested, untidy=stored.untidy)
    broken: list[str] = []
    certificates, pems = _own_certificates(stored)
    facts = None
    if certificates:
        try:
            facts = read_facts(certificates[0])
        except PkiError:
            certificates = []
    if not facts:
        broken.append("its certificate is damaged")
    key, key_problem = _own_key(stored)
    if not key:
        broken.append(f"its key {key_problem}")
    elif certificates and not belongs_to(key, certificates[0]):
        broken.append("it does not match its key")
    key_pem = dump_key(key) if key else None
    asked, asked_pem = _own_request(stored)
    bundle, trust = None, stored.files.get(store.TRUST)
    if key_pem and certificates:
        bundle = store.Bundle(key_pem, pems, asked_pem, trust, keypair)
    return Installed(
        note=stored.note,
        bundle=bundle,
        facts=facts,
        key=describe_key(key.public_key()) if key else None,
        key_pem=key_pem,
        broken=tuple(broken),
        damage=_damage(stored, bundle) if bundle else (),
        asked=asked,
        requested=requested,
        untidy=stored.untidy,
        former=functools.partial(store.former, stored.base, stored.digest),
    )


def _own_certificates(stored: store.Stored) -> tuple[list[Any], tuple[bytes, ...]]:
    """Leaf and chain, also in PEM, if any of the files still holds those that the folder is named by."""
    files = stored.files
    for text in (files[store.FULLCHAIN] or b"", (files[store.CERT] or b"") + (files[store.CHAIN] or b"")):
        try:
            certificates = load_certificates(text)
        except PkiError:
            continue
        pems = tuple(dump_certificate(each) for each in certificates)
        if store.digest_of(pems) == stored.digest:
            return certificates, pems
    return [], ()


def _own_key(stored: store.Stored) -> tuple[Any, str]:
    text = stored.files[store.PRIVKEY]
    if text is None:
        return None, "is missing"
    try:
        return load_key(text, validate=False), ""
    except PkiError as error:
        return None, str(error)


def _own_request(stored: store.Stored) -> tuple[RequestFacts | None, bytes | None]:
    text = stored.files.get(store.REQUEST)
    if text is None:
        return None, None
    try:
        return read_request(load_request(text)), text
    except PkiError:
        return None, None


def _damage(stored: store.Stored, bundle: store.Bundle) -> tuple[str, ...]:
    found = []
    if stored.modes[""] & store.WRITABLE:
        found.append(f"its folder had mode {stored.modes['']:04o}, which lets others write into it")
    for file, content in bundle.files().items():
        if stored.files.get(file) is None:
            found.append(f"{file} was missing")
        elif file != store.PRIVKEY and stored.files[file] != content:
            found.append(f"{file} was damaged")
        elif stored.modes[file] != store.mode_of(file):
            found.append(f"{file} had mode {stored.modes[file]:04o} instead of {store.mode_of(file):04o}")
    return tuple(found)


def _judge_requested(stored: store.Stored) -> Requested:
    key, _problem = _own_key(stored)
    facts, pem = _own_request(stored)
    key_pem = dump_key(key) if key else None
    damage = [] if key else ["the key of the request was damaged"]
    if key and not (facts and belongs_to(key, load_request(pem or b""))):
        facts, pem = None, None
        damage.append("the request was damaged")
    for file, mode in stored.modes.items():
        good = 0o600 if file else 0o700
        if mode != good:
            damage.append(f"{store.REQUESTED}/{file} had mode {mode:04o} instead of {good:04o}")
    return Requested(key_pem, describe_key(key.public_key()) if key else None, pem, facts, tuple(damage))
