# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that is left beside the root."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.authority.page import trust_page

FREE = "; e-mail addresses and URIs are not limited."
OF = "Of DNS names and IP addresses it may sign for "


@pytest.mark.parametrize(
    ("permitted", "excluded", "limits"),
    [
        ((), (), "It may sign for any name."),
        (("a.com", "192.0.2.0/24"), (), f"{OF}a.com, 192.0.2.0/24 and what is below, and for no others{FREE}"),
        ((), ("b.com",), f"{OF}any but b.com and what is below{FREE}"),
        (
            ("a.com",),
            ("x.a.com", "y.a.com"),
            f"{OF}a.com and what is below, and for no others, and not for x.a.com, y.a.com and what is below{FREE}",
        ),
    ],
)
def test_it_says_which_root_and_what_it_may_sign(permitted, excluded, limits):
    text = trust_page("Example CA", "aa:bb", "2036-11-20T08:00:00Z", permitted, excluded).decode()
    assert text.startswith("# Trusting the root «Example CA»\n")
    assert "Fingerprint=AA:BB\n" in text
    assert "2036-11-20T08:00:00Z" in text
    assert limits in text
    assert "/ca-certificates/example-ca.crt" in text


def test_it_fits_a_page():
    lines = trust_page("Example CA", "aa:bb", "2036-11-20T08:00:00Z", (), ()).decode().splitlines()
    assert len(lines) < 70
    assert not any("{" in line or "}" in line for line in lines)


@pytest.mark.parametrize(("name", "file"), [("Exämple & Söhne", "ex-mple-s-hne"), ("例", "wss-edge-root")])
def test_the_name_makes_a_file_name(name, file):
    assert f"/{file}.crt" in trust_page(name, "aa", "", (), ()).decode()
