# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names an authority may sign for."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.model import constraints


@pytest.mark.parametrize(
    ("permitted", "excluded", "implied"),
    [
        ([], [], []),
        ([], ["b.com"], []),
        (["example.com"], ["a.example.com"], ["0.0.0.0/0", "::/0"]),
        (["192.0.2.0/24"], [], [""]),
        (["example.com", "192.0.2.0/24"], [], []),
    ],
)
def test_what_is_not_permitted_is_excluded_of_every_kind(permitted, excluded, implied):
    said = constraints.as_said(permitted, excluded)
    assert said == (tuple(sorted(permitted)), tuple(excluded))
    certificate = constraints.effective(*said)
    assert set(certificate[1]) == {*excluded, *implied}
    assert constraints.as_said(*certificate) == said


@pytest.mark.parametrize(
    ("permitted", "excluded", "allowed", "forbidden"),
    [
        ([], [], ["a.com", "192.0.2.1", "*.b.com", "a@b.com", "https://b.com/"], []),
        (["a.com"], [], ["a.com", "x.y.a.com", "*.a.com"], ["ba.com", "192.0.2.1", "com"]),
        (["192.0.2.0/24"], [], ["192.0.2.7"], ["192.0.3.7", "example.com", "2001:db8::1"]),
        (["a.com", "192.0.2.0/24"], ["x.a.com"], ["a.com", "192.0.2.1"], ["y.x.a.com", "x.a.com"]),
        ([], ["2001:db8::/32"], ["2001:db9::1", "a.com"], ["2001:db8::1"]),
        ([], ["x.a.com"], ["*.b.com", "*.y.a.com", "a.com"], ["*.a.com", "*.x.a.com"]),
        ([], ["y.x.a.com"], ["*.a.com"], ["*.x.a.com"]),  # a wildcard stands for one label
    ],
)  # fmt: skip
def test_the_names_that_clients_would_refuse(permitted, excluded, allowed, forbidden):
    limits = constraints.effective(permitted, excluded)
    assert constraints.forbidden([*allowed, *forbidden], *limits) == forbidden
