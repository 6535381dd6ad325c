# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes secret options out of a module's parameters."""

from __future__ import annotations

from typing import Any


def take(module: Any, option: str) -> Any:
    """The value of a secret option, text or texts by name; it is among the parameters no more, so none can tell it.

    A short passphrase may well be part of a name or of a certificate; blotted out there, the result is of no use.
    """
    value = module.params.pop(option)
    texts = value.values() if isinstance(value, dict) else [value]
    module.no_log_values.difference_update(map(str, texts))
    return value
