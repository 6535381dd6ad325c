# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' tests run with the libraries that are named for this Python, and not with what else may be installed."""

from __future__ import annotations

import importlib
import pathlib

import pytest
from packaging.requirements import Requirement

FILE = pathlib.Path(__file__).resolve().parents[2] / "requirements.txt"
LINES = [line.partition("#")[0].strip() for line in FILE.read_text().splitlines()]
REQUIREMENTS = [Requirement(line) for line in LINES if line]
WANTED = [wanted for wanted in REQUIREMENTS if not wanted.marker or wanted.marker.evaluate()]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_it_is_what_runs(wanted):
    version = importlib.import_module(wanted.name).__version__
    assert wanted.specifier.contains(version, prereleases=True), f"{wanted.name} is {version}"
