# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of a site, and the private authority that signs for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.pki.keys import MAX_PASSPHRASE_BYTES

from . import grammar
from .problems import At, Problems
from .types import Authority
from .values import in_range, parsed, parsed_list

# Which providers a key goes with, where it does not go with all of them.
PROVIDERS_OF = {
    "certificate": ("files", "request"),
    "private_key": ("files",),
    "chain": ("files", "request"),
    "pkcs12": ("files",),
    "passphrase": ("files",),
    "ca": ("files", "request"),
    "request": ("request",),
    "renew_before": ("self_signed", "private_ca", "request"),
}
MIN_PASSPHRASE_BYTES = 8
PASSPHRASE = f"{MIN_PASSPHRASE_BYTES} to {MAX_PASSPHRASE_BYTES} bytes"


def certificate(values: dict[str, Any], folder: str, name: str, at: At, problems: Problems) -> dict[str, Any]:
    """The certificate of a site, without its passphrase: the model is shown, and a secret must not be.

    :param folder: The folder on the controller for requests of this host.
    :param name: The name of the certificate.
    """
    in_range(values, "valid_days", at, problems)
    in_range(values["key"], "bits", at.down("key"), problems)
    _subject(values["subject"], at.down("subject"), problems)
    for key, providers in PROVIDERS_OF.items():
        if values[key] and values["provider"] not in providers:
            where = at.down(key)
            problems.add(where, f"goes with provider {' or '.join(providers)} only, not with {values['provider']}")
    if values["provider"] == "files":
        _files(values, at, problems)
    if values["renew_before"] is not None:
        _renewal(values, at, problems)
    found = {key: value for key, value in values.items() if key != "passphrase"}
    if values["provider"] == "request":
        for key, ending in (("request", "csr"), ("certificate", "pem")):
            found[key] = parsed(
                values[key] or f"{folder}/{name}.{ending}", grammar.controller_file, at.down(key), problems
            )
    return found


def _subject(values: Mapping[str, Any], at: At, problems: Problems) -> None:
    for key in grammar.SUBJECT:
        parsed(values[key], partial(grammar.subject_value, key), at.down(key), problems)


def _files(values: Mapping[str, Any], at: At, problems: Problems) -> None:
    if values["pkcs12"]:
        for key in ("certificate", "private_key", "chain"):
            if values[key]:
                problems.refuse(at.down(key), values[key], "is given beside pkcs12, which holds it already")
        return
    for key in ("certificate", "private_key"):
        if not values[key]:
            problems.add(at.down(key), "this key is required with provider files, unless pkcs12 is given")


def _renewal(values: Mapping[str, Any], at: At, problems: Problems) -> None:
    in_range(values, "renew_before", at, problems)
    if values["provider"] != "request" and values["renew_before"] >= values["valid_days"]:
        why = f"is not less than valid_days, {values['valid_days']}: the certificate would be renewed by every run"
        problems.refuse(at.down("renew_before"), values["renew_before"], why)


def authority(values: Mapping[str, Any], signs: bool, problems: Problems) -> Authority:
    """The private authority, read off the variables C(wss_ca_*).

    :param signs: Whether it may have to sign; to be trusted, it needs no passphrase.
    """
    for key in ("wss_ca_valid_days", "wss_ca_crl_days"):
        in_range(values, key, At(), problems)
    in_range(values["wss_ca_key"], "bits", At("", "wss_ca_key"), problems)
    _subject(values["wss_ca_subject"], At("", "wss_ca_subject"), problems)
    passphrase = values["wss_ca_passphrase"]
    where = At("", "wss_ca_passphrase")
    if passphrase is None and signs:
        problems.add(where, f"this key is required with provider private_ca: {PASSPHRASE}, from a vaulted variable")
    if passphrase is not None:
        try:
            check_passphrase(passphrase)
        except ValueError as error:
            problems.add(where, str(error))
    return {
        "host": values["wss_ca_host"],
        "directory": parsed(values["wss_ca_dir"], grammar.controller_file, At("", "wss_ca_dir"), problems),
        "subject": {key: value for key, value in values["wss_ca_subject"].items() if value is not None},
        "key": values["wss_ca_key"],
        "valid_days": values["wss_ca_valid_days"],
        "intermediate": values["wss_ca_intermediate"],
        "permitted": _constraints(values, "wss_ca_permitted", problems),
        "excluded": _constraints(values, "wss_ca_excluded", problems),
        "crl_days": values["wss_ca_crl_days"],
        "revoke": [_revoked(each, index, problems) for index, each in enumerate(values["wss_ca_revoked"])],
    }


def check_passphrase(passphrase: str) -> None:
    """That of a new authority; the message does not show it."""
    size = len(passphrase.encode())
    if not MIN_PASSPHRASE_BYTES <= size <= MAX_PASSPHRASE_BYTES:
        raise ValueError(f"a new authority needs one of {PASSPHRASE}, and this has {size}")


def _constraints(values: Mapping[str, Any], key: str, problems: Problems) -> list[str]:
    return parsed_list(values[key], grammar.name_constraint, At("", key), problems)


def _revoked(values: Mapping[str, str], index: int, problems: Problems) -> dict[str, str]:
    where = At("", "wss_ca_revoked").item(index).down("serial")
    return {"serial": parsed(values["serial"], grammar.serial, where, problems), "reason": values["reason"]}
