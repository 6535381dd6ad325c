# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing here works without the library."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")


@pytest.fixture
def openssl(authority, tmp_path):
    """Runs openssl in an empty folder."""
    return type(authority)(tmp_path)
