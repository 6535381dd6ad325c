# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reload is seen to succeed: nginx itself says nothing of it."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import reload as module
from ansible_collections.wss.edge.plugins.module_utils.release.reload import ReloadError, reload
from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE

HELD = "bind() to 0.0.0.0:443 failed (98: Address already in use)"


def start(host, server=None):
    server = server or host.server
    return reload(server, host.log)


def failure(host, server=None):
    with pytest.raises(ReloadError) as error:
        start(host, server)
    return str(error.value)


def test_it_ends_when_new_workers_serve(host):
    assert start(host) == []
    assert host.reloads == 1


def test_it_waits_until_they_do(host, monkeypatch):
    asked = []

    def workers(master):
        asked.append(master)
        # The old one; then it is on its way out, beside a newer one that is, too; then one that serves.
        found = [sockets.Worker(11, 0.0, len(asked) > 1)]
        if len(asked) > 1:
            found.append(sockets.Worker(12, 1.0, True))
        return found if len(asked) < 6 else [*found, sockets.Worker(13, 2.0, False)]

    monkeypatch.setattr(sockets, "workers", workers)
    start(host)
    assert len(asked) == 6


def test_a_refusal_is_read_from_the_log(host):
    host.refusal = HELD
    assert failure(host) == HELD


def test_a_refusal_of_the_past_is_none(host):
    host.refusal = HELD
    failure(host)
    host.refusal = ""
    start(host)
    host.refusal = "another reason"
    assert failure(host) == "another reason"


def test_old_workers_and_no_log_end_with_the_deadline(host, monkeypatch):
    monkeypatch.setattr(host, "_reload", lambda: (0, "", ""))
    monkeypatch.setattr(module, "DEADLINE_SECONDS", 0.01)
    assert failure(host) == "no new worker came up within 0 seconds"


def test_what_else_is_logged_is_no_refusal(host, monkeypatch):
    def warns():
        host.log.write_text("2026/11/23 03:53:35 [warn] 10#10: conflicting server name\n")
        return 0, "", ""

    monkeypatch.setattr(host, "_reload", warns)
    assert failure(host).startswith("no new worker came up")


def test_a_master_that_cannot_be_told(host):
    host.signal = (1, "", "Operation not permitted")
    assert failure(host) == "Operation not permitted"


def test_a_server_that_does_not_run_is_told_nothing(host):
    host.running = False
    assert failure(host) == "the server does not run"
    assert host.reloads == 0


def test_a_log_that_was_begun_anew_is_read_from_its_start(host, monkeypatch):
    host.log.write_text("x" * 1000)

    def rotates(_pid, _number):
        host.log.write_text(f"2026/11/23 03:53:35 [emerg] 10#10: {HELD}\n")

    monkeypatch.setattr(module, "kill", rotates)
    assert failure(host) == HELD


# Apache. What 2.4.71 of Debian 12 wrote.

NAME = "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using fd57::97.\n"
TOLD = "[Mon Nov 23 11:51:51.442 2026] [mpm_event:notice] [pid 742:tid 742] AH00493: SIGUSR1 received.\n" + NAME
PORT = """\
(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:22
[Mon Nov 23 11:51:51.447470 2026] [mpm_event:alert] [pid 742:tid 742] no listening sockets available, shutting down
[Mon Nov 23 11:51:51.447475 2026] [:emerg] [pid 742:tid 742] AH00019: Unable to open logs, exiting
"""
SYNTAX = """\
AH00526: Syntax error on line 1 of /etc/apache2/conf-enabled/zz.conf:
Invalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration
"""
WARN = "[Mon Nov 23 11:51:49.402 2026] [mpm_event:warn] [pid 742:tid 742]"
LIMITS = f"""\
{WARN} AH00501: changing ServerLimit to 400 from original value of 16 not allowed during restart
{WARN} AH00506: changing ThreadLimit to 128 from original value of 64 not allowed during restart
{WARN} AH00516: MaxRequestWorkers of 4992 would require 78 servers and exceed ServerLimit of 16, decreasing to 1024
[Mon Nov 23 11:51:49.403 2026] [mpm_event:notice] [pid 742:tid 742] AH00489: Apache/2.4.71 (Debian) configured -- \
resuming normal operations
"""
ENDS = [
    (PORT, "(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:22"),
    (
        SYNTAX,
        "/etc/apache2/conf-enabled/zz.conf:1: Invalid command 'Bogus', perhaps misspelled or defined by a module not"
        " included in the server configuration",
    ),
    ("", "Apache has ended, and its error log does not say why"),
]


def tell(host, monkeypatch, log, ends):
    def told(pid, number):
        assert (pid, number) == (10, module.Signals.SIGUSR1)
        host.log.write_text(TOLD + log if log else "")
        host.running = not ends
        host.reloads += not ends

    monkeypatch.setattr(module, "kill", told)


@pytest.mark.parametrize(("log", "reason"), ENDS, ids=["port", "syntax", "nothing"])
def test_apache_that_ends_has_a_reason(host, monkeypatch, log, reason):
    tell(host, monkeypatch, log, ends=True)
    assert failure(host, APACHE) == reason


def test_an_error_that_apache_survives_is_none(host, monkeypatch):
    tell(host, monkeypatch, PORT, ends=False)
    looks = iter([1, 1, 1, 2])  # the new worker comes up late
    monkeypatch.setattr(sockets, "workers", lambda _master: [sockets.Worker(next(looks), 0.0, False)])
    assert start(host, APACHE) == []


def test_limits_that_wait_for_a_restart_are_told(host, monkeypatch):
    tell(host, monkeypatch, LIMITS, ends=False)
    assert start(host, APACHE) == [
        "Until Apache is restarted it goes on with ServerLimit 16 (not 400) and ThreadLimit 64 (not 128), and takes at"
        " most 1024 connections at a time: no reload changes that."
    ]
