# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Apache did not start, from what 2.4.71 of Debian 12 wrote."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import apache_log
from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import Listen, Resolved, VirtualHost
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Message

AT = "[Mon Nov 23 12:01:12 2026]"
NAME = "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using fd57::97.\n"
END = "AH00016: Configuration Failed\nwss-edge: ended with 1\n"
CHAT, SECOND = (
    f"{AT} [ssl:info] [pid 7] AH01914: Configuring server {name}.example.com:443 for SSL protocol\n"
    for name in ("chat", "second")
)
KEY = "AH02565: Certificate and private key second.example.com:443:0 from /a.pem and /b.key do not match"
CIPHER = "AH01898: Unable to configure permitted SSL ciphers"
FATAL = "AH02312: Fatal error initialising mod_ssl, exiting."
FOLDER = (
    "(2)No such file or directory: AH02297: Cannot access directory '/var/log/none/' for log file '/var/log/none/a'"
)
HELD = "(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80"

RESOLVED = Resolved(
    [Listen("*", 80, False, "/ports.conf", 5), Listen("::", 80, False, "/index.conf", 9)],
    [
        VirtualHost(["chat.example.com"], [("0.0.0.0", 8443, True)], "/other.conf", 1),
        VirtualHost(["chat.example.com", "second.example.com"], [("0.0.0.0", 443, True)], "/chat.conf", 1),
        VirtualHost(["second.example.com"], [("0.0.0.0", 443, True)], "/second.conf", 7),
    ],
    {},
    [],
    "event",
)

LOGS = {
    "a key of the second site": (
        NAME + CHAT + SECOND + f"{AT} [ssl:emerg] [pid 7] {KEY}\n" + END,
        [Message("emerg", KEY, "/second.conf", 7)],
    ),
    "a cipher of the first site": (
        CHAT + f"{AT} [ssl:warn] [pid 7] AH01906: x\n{AT} [ssl:emerg] [pid 7] {CIPHER}\n"
        f"{AT} [ssl:emerg] [pid 7] SSL Library Error: y\n{AT} [ssl:emerg] [pid 7] {FATAL}\n" + END,
        [Message("emerg", CIPHER, "/chat.conf", 1), Message("emerg", "SSL Library Error: y", "/chat.conf", 1)],
    ),
    "a site that the configuration does not have": (
        CHAT.replace("chat", "none") + f"{AT} [ssl:emerg] [pid 7] {KEY}\n",
        [Message("emerg", KEY)],
    ),
    "a log without a folder": (
        f"{NAME}{FOLDER} defined at /chat.conf:9\nAH00014: Configuration check failed\n",
        [Message("emerg", FOLDER, "/chat.conf", 9)],
    ),
    "a port twice": (
        f"{HELD}\n{AT} [core:alert] [pid 7] no listening sockets available, shutting down\nAH00019: Unable to open\n",
        [Message("emerg", HELD, "/index.conf", 9)],
    ),
    "a port of nobody": (
        "could not bind to address [::]:81\n",
        [Message("emerg", "could not bind to address [::]:81")],
    ),
    "no reason at all": ("AH02312: x\nwss-edge: ended with 139\n", [Message("emerg", "AH02312: x")]),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("log", "expected"), LOGS.values(), ids=LOGS)
def test_reasons_and_their_places(log: str, expected: list[Message]) -> None:
    found = apache_log.placed(apache_log.reasons(log), log, RESOLVED)
    assert found[: max(1, len(expected))] == expected


def test_the_end_alone_is_better_than_nothing() -> None:
    said = [each.text for each in apache_log.reasons("wss-edge: ended with 139\n")]
    assert said == ["wss-edge: ended with 139"]


def test_original_limits() -> None:
    log = f"{AT} [mpm_event:warn] [pid 7] AH00501: changing ServerLimit to 400 from original value of 16 not allowed\n"
    assert apache_log.original_limits(log.replace("16", "20") + log) == {"ServerLimit": 16}
    assert apache_log.original_limits("") == {}
