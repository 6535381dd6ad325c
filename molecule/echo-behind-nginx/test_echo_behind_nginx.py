# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain proxy, the step before TLS, and TLS."""

from __future__ import annotations

from typing import Any


def test_plain_on_8000(host: Any) -> None:
    assert host.echoes("ws://echo.example.com:8000/", "")


def test_tls_on_443(host: Any) -> None:
    assert host.echoes("wss://echo.example.com/", "echo.example.com")
    assert host.echoes("wss://echo.example.com/any/path", "echo.example.com")


def test_a_day_of_silence_is_allowed(host: Any) -> None:
    assert host.server.idle.format(86400) in host.configuration()


def test_a_browser_gets_through(host: Any) -> None:
    assert host.browse("wss://echo.example.com/", "echo.example.com")["echoed"]


def test_an_unknown_server_name_and_a_plain_request_are_refused(host: Any) -> None:
    assert host.server.refused in host.handshake(443, "-servername", "other.example.com")
    assert host.curl("https://echo.example.com/").status == 426
    assert host.curl("https://echo.example.com/", upgrade=True).status == 101
