# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the library is missing or too old, everything can be imported, and says so."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki import library

PACKAGE = "ansible_collections.wss.edge.plugins.module_utils.pki"
SCRIPT = f"""
import importlib, sys, types
sys.path[:] = {{path}}
if {{version!r}} is None:
    sys.modules["cryptography"] = None
else:
    sys.modules["cryptography"] = types.ModuleType("cryptography")
    sys.modules["cryptography"].__version__ = {{version!r}}
for name in "pem keys subjects names profiles requests certificates chains revocations".split():
    importlib.import_module("{PACKAGE}." + name)
from {PACKAGE} import library
print(library.HAS_CRYPTOGRAPHY, library.MISSING)
"""


@pytest.mark.parametrize("version", [None, "2.8", "3.2.1"])
def test_says_what_to_install(version):
    script = SCRIPT.format(path=sys.path, version=version)
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.startswith("False The Python library cryptography is missing, or older than 3.3: install")


def test_is_here():
    assert library.HAS_CRYPTOGRAPHY
