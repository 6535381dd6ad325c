# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that is left beside the root."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.authority.page import trust_page


@pytest.mark.parametrize(
    ("permitted", "limits"),
    [((), "It may sign for any name."), (("example.com", "192.0.2.0/24"), "for example.com, 192.0.2.0/24 and")],
)
def test_it_says_which_root_and_what_it_may_sign(permitted, limits):
    text = trust_page("Example CA", "aa:bb", "2036-11-20T08:00:00Z", permitted).decode()
    assert text.startswith("# Trusting the root «Example CA»\n")
    assert "Fingerprint=AA:BB\n" in text
    assert "2036-11-20T08:00:00Z" in text
    assert limits in text
    assert "/ca-certificates/example-ca.crt" in text


def test_it_fits_a_page():
    lines = trust_page("Example CA", "aa:bb", "2036-11-20T08:00:00Z", ()).decode().splitlines()
    assert len(lines) < 70
    assert not any("{" in line or "}" in line for line in lines)


@pytest.mark.parametrize(("name", "file"), [("Exämple & Söhne", "ex-mple-s-hne"), ("例", "wss-edge-root")])
def test_the_name_makes_a_file_name(name, file):
    assert f"/{file}.crt" in trust_page(name, "aa", "", ()).decode()
