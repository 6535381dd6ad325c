# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM, the text around keys and certificates."""

from __future__ import annotations

import re

_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.+?-----END \1-----", re.DOTALL)


def pem_blocks(text: bytes, ending: str) -> list[bytes]:
    """The PEM blocks whose label ends so ("CERTIFICATE", "PRIVATE KEY"), in order; nothing of what is between them."""
    found = _PEM_BLOCK.finditer(text.decode("ascii", "replace"))
    return [match.group(0).encode("ascii", "replace") + b"\n" for match in found if match.group(1).endswith(ending)]
