# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for the file of a certificate request, and why. Decides; touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.wss.edge.plugins.module_utils.pki import profiles
from ansible_collections.wss.edge.plugins.module_utils.pki import requests as pki_requests
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, belongs_to, dump_key
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import parse_name
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import Recipe, RequestFacts
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import check_subject_value, subject_text
from ansible_collections.wss.edge.plugins.module_utils.single_files import single

if TYPE_CHECKING:
    from ansible_collections.wss.edge.plugins.module_utils.pki.keys import PrivateKey


def parse(params: Mapping[str, Any], key: PrivateKey | None) -> Recipe:
    """What a module's options ask for; everything that is wrong with them is in one PkiError."""
    problems: list[str] = []
    subject = tuple((part, value) for part, value in (params.get("subject") or {}).items() if value is not None)
    for part, value in subject:
        _checked(problems, f"subject.{part}", check_subject_value, part, value)
    parsed = [_checked(problems, "names", parse_name, name) for name in params.get("names") or ()]
    if not subject and not parsed:
        problems.append("names: a subject or at least one name is needed")
    key_usage = tuple(word for word in profiles.KEY_USAGES if word in (params.get("key_usage") or ()))
    _checked(problems, "key_usage", profiles.key_usage, key_usage)
    usages = params.get("extended_key_usage") or ()
    extended = dict.fromkeys(_checked(problems, "extended_key_usage", _usage, each) for each in usages)
    ca, path_length = params.get("ca"), params.get("path_length")
    if path_length is not None and (not ca or path_length < 0):
        problems.append(f"path_length: {path_length} must be 0 or more, and needs ca to be true")
    if problems:
        raise PkiError("; ".join(problems))
    return Recipe(
        dump_key(key) if key else None,
        KeySettings(),
        subject,
        tuple(dict.fromkeys(parsed)),
        key_usage,
        tuple(extended),
        ca,
        path_length,
    )


def _checked(problems: list[str], option: str, check: Callable[..., Any], *values: Any) -> Any:
    try:
        return check(*values)
    except PkiError as error:
        problems.append(f"{option}: {error}")


def _usage(text: str) -> str:
    """As it is read back from a request: a word, and where there is none, a dotted number."""
    words = {number: word for word, number in profiles.EXTENDED_KEY_USAGES.items()}
    try:
        profiles.extended_key_usage([text])
    except ValueError:
        known = ", ".join(profiles.EXTENDED_KEY_USAGES)
        raise PkiError(f"{text!r} must be one of {known}, or a dotted number") from None
    return words.get(text, text)


def read(found: single.Found) -> tuple[RequestFacts | None, Any, str]:
    """What a file says as a request, the request, and why there is none that can be used."""
    if found.content is None:
        return None, None, single.NONE
    refuse_to_lose_a_key(found)
    try:
        request = pki_requests.load_request(found.content)
        return pki_requests.read_request(request), request, ""
    except PkiError as error:
        return None, None, f"it {error}"


def refuse_to_lose_a_key(found: single.Found) -> None:
    """What holds a private key is not written over."""
    if pem_blocks(found.content or b"", "PRIVATE KEY"):
        raise single.FileError(f"{found.path} holds a private key, which would be lost; name another path")


def plan(found: single.Found, recipe: Recipe, key: PrivateKey | None) -> tuple[str, dict[str, str]]:
    """Why the request must be made, empty when there is one that says the same; and what the one that is there says.

    A key that is yet to be made is None.
    """
    facts, request, problem = read(found)
    if facts is None:
        return problem, {}
    reasons = differences(facts, recipe)
    if key is None or not belongs_to(key, request):
        reasons.insert(0, "it belongs to another key")
    return "; ".join(reasons), shown(facts)


def differences(found: RequestFacts, wanted: Recipe) -> list[str]:
    """In what a request differs from the one that is wanted."""
    reasons = [names_changed(found.names, wanted.names)]
    if found.subject_pairs != wanted.subject:
        reasons.append(f"subject changed: {found.subject or 'none'} -> {subject_text(wanted.subject) or 'none'}")
    if found.key_usage != wanted.key_usage:
        reasons.append(f"key usage changed: {_list(found.key_usage)} -> {_list(wanted.key_usage)}")
    if found.extended_key_usage != wanted.extended_key_usage:
        change = f"{_list(found.extended_key_usage)} -> {_list(wanted.extended_key_usage)}"
        reasons.append(f"extended key usage changed: {change}")
    if (found.ca, found.path_length) != (wanted.ca, wanted.path_length):
        reasons.append("basic constraints changed")
    return [reason for reason in reasons if reason]


def names_changed(found: Sequence[str], wanted: Sequence[str]) -> str:
    """The names that came and went; their order is of no matter."""
    changes = [f"+{name}" for name in sorted({*wanted} - {*found})]
    changes += [f"-{name}" for name in sorted({*found} - {*wanted})]
    return f"names changed: {' '.join(changes)}" if changes else ""


def _list(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def shown(what: Recipe | RequestFacts) -> dict[str, str]:
    """For a diff."""
    constraints = {None: "", True: "CA:TRUE", False: "CA:FALSE"}[what.ca]
    if what.path_length is not None:
        constraints += f", pathlen:{what.path_length}"
    return {
        "subject": what.subject if isinstance(what.subject, str) else subject_text(what.subject),
        "names": ", ".join(what.names),
        "key_usage": ", ".join(what.key_usage),
        "extended_key_usage": ", ".join(what.extended_key_usage),
        "basic_constraints": constraints,
    }
