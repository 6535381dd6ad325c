# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of C(private_ca): their types, their checks, and what an authority is made by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import certificates, grammar
from ansible_collections.wss.edge.plugins.module_utils.model import constraints as limits
from ansible_collections.wss.edge.plugins.module_utils.pki import keys
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import REASONS, UNSPECIFIED
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import SUBJECT_FIELDS, check_subject_value

COMMON_NAME = "wss.edge private CA"
DAYS = {"valid_days": (365, 9125), "crl_days": (1, 365)}
LEAF_DAYS = (1, 825)

DEFAULT_KEY = {"type": "ecdsa", "curve": "secp384r1", "bits": 4096}

_TEXT = {"type": "str"}
_TEXTS = {"type": "list", "elements": "str"}
_KEY = {
    "type": {"type": "str", "choices": ["ecdsa", "rsa", "ed25519"], "default": DEFAULT_KEY["type"]},
    "curve": {"type": "str", "choices": ["secp256r1", "secp384r1", "secp521r1"], "default": DEFAULT_KEY["curve"]},
    "bits": {"type": "int", "default": DEFAULT_KEY["bits"]},
}
_REVOKE = {
    "serial": {"type": "str", "required": True},
    "reason": {"type": "str", "choices": list(REASONS), "default": UNSPECIFIED},
}
_REQUEST = {
    "name": {"type": "str", "required": True},
    "request": {"type": "str", "required": True},
    "names": {**_TEXTS, "required": True},
    "profile": {"type": "str", "choices": list(PROFILES), "default": "server"},
    "valid_days": {"type": "int", "default": 90},
}
ARGUMENTS: dict[str, Any] = {
    "directory": {"type": "path", "required": True},
    "passphrase": {"type": "str", "no_log": True},
    "subject": {"type": "dict", "options": dict.fromkeys(SUBJECT_FIELDS, _TEXT)},
    "key": {"type": "dict", "options": _KEY, "no_log": False},
    "valid_days": {"type": "int"},
    "intermediate": {"type": "bool"},
    "path_length": {"type": "int"},
    "permitted": _TEXTS,
    "excluded": _TEXTS,
    "crl_days": {"type": "int", "default": 90},
    "revoke": {"type": "list", "elements": "dict", "options": _REVOKE, "default": []},
    "requests": {"type": "list", "elements": "dict", "options": _REQUEST, "default": []},
}


class AuthorityError(Exception):
    """Why nothing was done, one sentence or two for each problem."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Design:
    """What an authority is made by, and what its root says it was made by."""

    subject: str
    key: str
    valid_days: int
    path_length: int  # how many authorities may follow the root: with an intermediate, at least one
    permitted: tuple[str, ...]
    excluded: tuple[str, ...]

    def shown(self) -> dict[str, str]:
        """By the names of the options."""
        return {
            "subject": self.subject,
            "key": self.key,
            "valid_days": str(self.valid_days),
            "intermediate": "true" if self.path_length else "false",
            "path_length": str(self.path_length),
            "permitted": ", ".join(self.permitted) or "everything",
            "excluded": ", ".join(self.excluded) or "nothing",
        }


# --- checks


def check(options: Mapping[str, Any]) -> None:
    """Refuse what can be seen to be wrong without looking at the authority."""
    problems = [
        *_directory_problems(options["directory"]),
        *_range_problems(options),
        *_path_length_problems(options["intermediate"], options["path_length"]),
        *_subject_problems(options["subject"]),
    ]
    for option in ("permitted", "excluded"):
        problems += _problems_of(option, options[option] or [], grammar.name_constraint)
    problems += _problems_of("revoke, serial", [each["serial"] for each in options["revoke"]], grammar.serial)
    problems += _request_problems(options["requests"])
    if problems:
        raise AuthorityError(*problems)


def _refused(option: str, value: Any, why: str) -> str:
    return f"{option}: {json.dumps(value, ensure_ascii=False)} {why}"


def _problems_of(option: str, texts: Sequence[str], parse: Any) -> list[str]:
    problems = []
    for text in texts:
        try:
            parse(text)
        except ValueError as error:
            problems.append(_refused(option, text, str(error)))
    return problems


def _directory_problems(directory: str) -> list[str]:
    if directory.startswith("/"):
        return []
    return [_refused("directory", directory, "must be an absolute path, or begin with ~")]


def _range_problems(options: Mapping[str, Any]) -> list[str]:
    ranges = dict(DAYS)
    values = {option: options[option] for option in DAYS}
    if options["key"] and options["key"]["type"] == "rsa":
        ranges["key.bits"], values["key.bits"] = (keys.MIN_RSA_BITS, keys.MAX_RSA_BITS), options["key"]["bits"]
    return [
        _refused(option, values[option], f"must be {low} to {high}")
        for option, (low, high) in ranges.items()
        if values[option] is not None and not low <= values[option] <= high
    ]


def _path_length_problems(intermediate: bool | None, path_length: int | None) -> list[str]:
    if path_length is None:
        return []
    if path_length < 0 or (intermediate and path_length == 0):
        return [_refused("path_length", path_length, "must be 1 or more, for the intermediate stands below the root")]
    if path_length > 0 and intermediate is False:
        return [
            _refused("path_length", path_length, "must be 0 where intermediate is false, for the root itself signs")
        ]
    return []


def _subject_problems(subject: Mapping[str, str | None] | None) -> list[str]:
    problems = []
    for part, value in (subject or {}).items():
        if value is None:
            continue
        try:
            check_subject_value(part, value)
        except PkiError as error:
            problems.append(f"subject.{part}: {error}")
    return problems


def _request_problems(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    problems = []
    seen: set[str] = set()
    low, high = LEAF_DAYS
    for each in requests:
        name = each["name"]
        if name in seen:
            problems.append(f"request {name}: is there twice; every request needs a name of its own")
        seen.add(name)
        if not low <= each["valid_days"] <= high:
            problems.append(_refused(f"request {name}, valid_days", each["valid_days"], f"must be {low} to {high}"))
    return problems


def check_passphrase(passphrase: str) -> None:
    """For a key that is made now; one that exists has the passphrase that it has."""
    try:
        certificates.check_passphrase(passphrase)
    except ValueError as error:
        raise AuthorityError(f"passphrase: {error}") from None


# --- names that it may sign for


def constraints(options: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is permitted and what is excluded, in their normal form."""
    permitted = {grammar.name_constraint(text) for text in options["permitted"] or []}
    excluded = {grammar.name_constraint(text) for text in options["excluded"] or []}
    return limits.as_said(permitted, excluded)
