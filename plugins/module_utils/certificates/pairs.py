# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key and certificates that came from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Given, Refused, Wanted
from ansible_collections.wss.edge.plugins.module_utils.pki import chains
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import dump_certificate
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import dump_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError


def load(loader: Callable[[bytes], Any], part: str, given: Given, problems: list[str]) -> Any:
    """What is in a file that was given, or a problem."""
    try:
        return loader(given[part]())
    except OSError as error:
        problems.append(f"{part}: cannot read {error.filename}: {error.strerror}")
    except PkiError as error:
        problems.append(f"{part}: the file {error}")
    return None


def ordered(key: Any, certificates: Sequence[Any]) -> list[Any]:
    """As they are to be sent to clients: the key's certificate first, after each its issuer, without the root."""
    try:
        return chains.order(certificates, key)
    except PkiError as error:
        raise Refused([f"certificate: {error}"]) from None


def bundle(wanted: Wanted, key: Any, chain: Sequence[Any], request: bytes | None = None) -> store.Bundle:
    certificates = tuple(dump_certificate(each) for each in chain)
    return store.Bundle(dump_key(key), certificates, request, wanted.trust or None, wanted.keypair)
