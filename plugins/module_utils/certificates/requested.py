# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the providers share that have an authority sign: the request, and the answer to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.certificates import needs, pairs, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import (
    Asked,
    Installed,
    Refused,
    Requested,
    Wanted,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    describe,
    dump_certificate,
    load_certificates,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import belongs_to, fingerprint, load_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import Recipe


@dataclass(frozen=True)
class Answer:
    """A certificate for the requested or the installed key, with its chain in order."""

    bundle: store.Bundle
    chain: tuple[Any, ...]
    requested: bool  # it is for the requested key, and not the certificate that is installed
    installed: bool  # it is the certificate that is installed, perhaps with another chain


def ask(wanted: Wanted, installed: Installed, revoked: bool = False) -> Asked:
    """The request that is there while it fits; else one to make, with the same key while that fits.

    :param revoked: The installed key is not to be used again.
    """
    there, unfit = installed.requested, installed.key_pem if revoked else None
    why = ""
    if there:
        why = needs.joined(*there.damage) or _misfit(wanted, there)
        if unfit and there.key_pem == unfit:
            why = "the request is made anew (its key is the revoked certificate's)"
        if not why:
            return Asked(there.pem)
    recipe = Recipe(
        key_pem=_key(wanted, installed, unfit),
        settings=wanted.key,
        subject=wanted.subject,
        names=wanted.names,
        extended_key_usage=PROFILES[wanted.profile],
    )
    return Asked(None, recipe, why)


def _misfit(wanted: Wanted, there: Requested) -> str:
    if not there.facts:
        return "the request was damaged"
    changes = needs.joined(
        needs.of_key_settings(wanted, there.facts.key),
        needs.of_names(wanted, there.facts.names),
        needs.of_subject(wanted, there.facts.subject),
        needs.of_profile(wanted, there.facts.extended_key_usage),
    )
    return f"the request is made anew ({changes})" if changes else ""


def _key(wanted: Wanted, installed: Installed, unfit: bytes | None) -> bytes | None:
    there = installed.requested or Requested()
    known = ((there.key_pem, there.key), (installed.key_pem, installed.key))
    return next((pem for pem, settings in known if pem and pem != unfit and settings == str(wanted.key)), None)


def read_answer(wanted: Wanted, installed: Installed) -> Answer | None:
    """What has come from the authority, or None where there is nothing, or only what was asked for before."""
    if "certificate" not in wanted.given:
        return None
    problems: list[str] = []
    parts = [part for part in ("certificate", "chain") if part in wanted.given]
    loaded = [pairs.load(load_certificates, part, wanted.given, problems) for part in parts]
    if problems:
        raise Refused(problems)
    certificates = [each for part in loaded for each in part]
    there = installed.requested or Requested()
    for key_pem in (there.key_pem, installed.key_pem):
        key = load_key(key_pem, validate=False) if key_pem else None
        if key and any(belongs_to(key, each) for each in certificates):
            return _answer(wanted, key, certificates, installed, there if key_pem is there.key_pem else None)
    former = {fingerprint(each.public_key()) for each in _former(installed)}
    if any(fingerprint(each.public_key()) in former for each in certificates):
        return None
    raise Refused(
        [
            f"certificate: {describe(certificates[0])} is of a key that this certificate has never had; "
            "have the request signed that the host has made"
        ]
    )


def _answer(wanted: Wanted, key: Any, certificates: list[Any], installed: Installed, there: Requested | None) -> Answer:
    chain = pairs.ordered(key, certificates)
    before = installed.bundle
    same = bool(before and before.certificates[0] == dump_certificate(chain[0]))
    request = None
    if wanted.provider == "request":  # it shows that this certificate was asked for, and for what
        request = before.request if before and same else there.pem if there else None
    return Answer(pairs.bundle(wanted, key, chain, request), tuple(chain), bool(there) and not same, same)


def is_needed_yet(installed: Installed, bundle: store.Bundle) -> bool:
    """Whether the requested key stays where it is, although its certificate is installed now.

    A run that fails later puts back what was installed before, and the answer still needs its key then.
    """
    there = installed.requested or Requested()
    return bool(installed.key_pem) and there.key_pem == bundle.key != installed.key_pem


def was_installed(installed: Installed, leaf: Any) -> bool:
    return any(each == leaf for each in _former(installed))


def _former(installed: Installed) -> Iterator[Any]:
    """The certificates that this name has had."""
    for text in installed.former():
        with contextlib.suppress(PkiError):
            yield load_certificates(text)[0]
