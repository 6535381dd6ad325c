# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files that a certificate is made from or taken from, and has it planned."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ansible_collections.wss.edge.plugins.module_utils.pki import certificates, chains
from ansible_collections.wss.edge.plugins.module_utils.pki import requests as pki_requests
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import parse_name
from ansible_collections.wss.edge.plugins.module_utils.single_files import certificates as file_certificates
from ansible_collections.wss.edge.plugins.module_utils.single_files import keys as file_keys
from ansible_collections.wss.edge.plugins.module_utils.single_files import requests as file_requests
from ansible_collections.wss.edge.plugins.module_utils.single_files import single
from ansible_collections.wss.edge.plugins.module_utils.single_files.certificates import Plan

# What belongs to a provider and not to all of them.
OPTIONS = {
    "self_signed": ("request", "names", "subject", "private_key", "passphrase"),
    "ca": ("request", "ca_certificate", "ca_private_key", "ca_passphrase"),
    "files": ("names", "private_key", "passphrase", "certificate", "chain"),
}
MADE_EARLIER = ("request", "private_key", "certificate", "chain", "ca_certificate", "ca_private_key")
_YET_TO_BE_MADE = "what it is made from is yet to be made"

Made = TypeVar("Made")


def plan(params: Mapping[str, Any], found: single.Found, now: datetime.datetime, may_be_missing: bool) -> Plan:
    """What to do for the file of a certificate, by a module's options."""
    known = {option for options in OPTIONS.values() for option in options}
    for option in sorted(known.difference(OPTIONS[params["provider"]])):
        if params[option]:
            raise PkiError(f"{option}: is not for provider {params['provider']}; take it out")
    if may_be_missing and any(single.look(params[each]).content is None for each in MADE_EARLIER if params[each]):
        return Plan(single.NONE if found.content is None else _YET_TO_BE_MADE, _nothing)
    if params["provider"] == "files":
        return _plan_files(params, found, now)
    life = file_certificates.Life(
        params["valid_days"],
        file_certificates.parse_time("not_before", params["not_before"]),
        file_certificates.parse_time("not_after", params["not_after"]),
        params["renew_before"],
    )
    return file_certificates.plan_made(found, _order(params, life), now)


def _nothing() -> bytes:
    raise AssertionError("only planned, in check mode")


def _order(params: Mapping[str, Any], life: file_certificates.Life) -> file_certificates.Order:
    own = params["provider"] == "self_signed"
    authority: list[Any] = []
    passphrase = params["passphrase" if own else "ca_passphrase"]
    key = file_keys.read(params["private_key" if own else "ca_private_key"], passphrase)
    if not own:
        given = _load(params["ca_certificate"], certificates.load_certificates)
        authority = _naming("ca_private_key", lambda: chains.order(given, key))
    if params["request"]:
        request = _load(params["request"], pki_requests.load_request)
    else:
        recipe = file_requests.parse(params, key)
        # A certificate must name its issuer, here itself; a common name holds no more than 64 characters.
        short = [name for name in recipe.names if len(name) <= 64]
        subject = recipe.subject or (("common_name", short[0] if short else recipe.names[0][:64]),)
        request = pki_requests.load_request(pki_requests.make_request(replace(recipe, subject=subject))[1])
    return file_certificates.Order(request, key, params["profile"], life, tuple(authority))


def _plan_files(params: Mapping[str, Any], found: single.Found, now: datetime.datetime) -> Plan:
    key = file_keys.read(params["private_key"], params["passphrase"])
    given = [
        certificate
        for option in ("certificate", "chain")
        if params[option]
        for certificate in _load(params[option], certificates.load_certificates)
    ]
    names = _naming("names", lambda: [parse_name(name) for name in params["names"] or ()])
    return file_certificates.plan_given(found, given, key, names, params["profile"], now)


def _load(path: str, load: Callable[[bytes], Made]) -> Made:
    return _naming(path, lambda: load(single.look(path).text))


def _naming(what: str, work: Callable[[], Made]) -> Made:
    """Say in an error what it is about."""
    try:
        return work()
    except PkiError as error:
        raise PkiError(f"{what}: {error}") from None
