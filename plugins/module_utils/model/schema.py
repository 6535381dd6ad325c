# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Types, choices and defaults, as C(meta/argument_specs.yml) states them.

ansible-core's own validator stops at the first error of a level and cannot say which site it is in.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Callable

from .problems import SECRET, At, Problems

Spec = Mapping[str, Mapping[str, Any]]

# A key whose value (or item) may be one word instead of a dictionary, and the key which that word stands for.
SHORT_FORMS = {
    "tls": "policy",
    "probe": "expect",
    "balance": "method",
    "backends": "url",
    "client_certificate": "provider",
}

# Lists whose items have names of their own: the word for an item, and the key that names it.
OWNERS = {"wss_sites": ("site", "name"), "endpoints": ("endpoint", "path")}

NOT_CONVERTED = object()


def _text(value: Any) -> Any:
    return NOT_CONVERTED if isinstance(value, (bool, dict, list)) else str(value)


def _whole(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return NOT_CONVERTED
    try:
        return int(value)
    except ValueError:
        return NOT_CONVERTED


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return NOT_CONVERTED
    try:
        return float(value)
    except ValueError:
        return NOT_CONVERTED


def _truth(value: Any) -> Any:
    words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    return words.get(str(value).lower(), NOT_CONVERTED)


CONVERTERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "str": (_text, "text (put it in quotes)"),
    "path": (_text, "the path of a file"),
    "int": (_whole, "a whole number"),
    "float": (_number, "a number"),
    "bool": (_truth, "true or false"),
}


def apply(options: Spec, values: Mapping[str, Any], at: At, problems: Problems) -> dict[str, Any]:
    """Give the values their types and defaults; what does not fit goes to C(problems).

    :param options: The options of an argument spec, by name.
    :param values: What the user wrote, by key; V(null) stands for a key that is not there.
    :returns: Every option of the spec, the absent ones with their default or V(None).
    """
    for key in values:
        if key not in options:
            near = difflib.get_close_matches(str(key), options, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(options))}"
            problems.add(at.down(str(key)), f"there is no such key; {hint}")
    return {key: _option(key, option, values.get(key), at, problems) for key, option in options.items()}


def _option(key: str, option: Mapping[str, Any], value: Any, at: At, problems: Problems) -> Any:
    if value is None:
        if option.get("required"):
            problems.add(at.down(key), "this key is required")
        value = option.get("default")
    if value is None:
        return [] if option.get("type") == "list" else None
    if option["type"] == "list":
        return _list(key, option, value, at.down(key), problems)
    return _value(option, _long_form(key, value), at.down(key), problems)


def _long_form(key: str, value: Any) -> Any:
    if key in SHORT_FORMS and not isinstance(value, dict):
        return {SHORT_FORMS[key]: value}
    return value


def _list(key: str, option: Mapping[str, Any], value: Any, at: At, problems: Problems) -> list[Any]:
    if isinstance(value, dict) or (option["elements"] == "dict" and not isinstance(value, list)):
        problems.refuse(at, value, "is not a list")
        return []
    items = value if isinstance(value, list) else [value]
    element = {**option, "type": option["elements"]}
    return [
        _value(element, _long_form(key, item), _item_place(key, item, index, at), problems)
        for index, item in enumerate(items)
    ]


def _item_place(key: str, item: Any, index: int, at: At) -> At:
    word, name_key = OWNERS.get(key, ("", ""))
    name = item.get(name_key) if isinstance(item, dict) and word else None
    return at.owned_by(f"{word} {name}") if name else at.item(index)


def _value(option: Mapping[str, Any], value: Any, at: At, problems: Problems) -> Any:
    inner: Spec | None = option.get("options")
    if option["type"] in ("dict", "raw"):
        if not isinstance(value, dict) and (inner is not None or option["type"] == "dict"):
            problems.refuse(at, value, "is not a dictionary")
            return {}
        return apply(inner, value, at, problems) if inner is not None else value
    if value is False and "off" in option.get("choices", ()):
        value = "off"  # as YAML reads it
    convert, wanted = CONVERTERS[option["type"]]
    converted = convert(value)
    if converted is NOT_CONVERTED:
        problems.refuse(at, SECRET if option.get("no_log") else value, f"is not {wanted}")
        return None
    choices = option.get("choices")
    if choices and converted not in choices:
        problems.refuse(at, converted, "is not one of the choices", ", ".join(choices))
        return None
    return converted
