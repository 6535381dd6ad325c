# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""wss beside a site that was there before."""

from __future__ import annotations

from typing import Any

import pytest

URL = "https://chat.example.com/wss"


def test_the_page_gets_through(host: Any) -> None:
    assert host.echoes("wss://chat.example.com/wss", "chat.example.com", origin="https://www.example.com")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://www.example.com", "null", "https://www.example.com.evil.example"]
)
def test_another_origin_is_refused(host: Any, origin: str) -> None:
    assert host.curl(URL, "--header", f"Origin: {origin}", upgrade=True).status == 403


def test_no_origin_is_refused(host: Any) -> None:
    assert host.curl(URL, upgrade=True).status == 403


def test_a_plain_request_of_the_page_is_told_to_upgrade(host: Any) -> None:
    assert host.curl(URL, "--header", "Origin: https://www.example.com").status == 426


def test_the_site_that_was_there_still_answers(host: Any) -> None:
    response = host.curl("https://own.example.com/")
    assert (response.status, response.body) == (200, "the user's own site")


def test_unknown_names_stay_with_the_site_that_was_there(host: Any) -> None:
    assert "CN = own.example.com" in host.handshake(443, "-servername", "unknown.example.com")
    assert "CN = own.example.com" in host.handshake(443, "-noservername")


def test_a_browser_gets_through_from_the_page_and_from_no_other(host: Any) -> None:
    site = "chat.example.com"
    assert host.browse("wss://chat.example.com/wss", site, "--origin", "https://www.example.com")["echoed"]
    refused = host.browse("wss://chat.example.com/wss", site, "--origin", "https://evil.example")
    assert not refused["open"]
    assert "403" in refused["error"]
