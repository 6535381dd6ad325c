# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reload is seen to succeed: nginx itself says nothing of it."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import reload as module
from ansible_collections.wss.edge.plugins.module_utils.release.reload import ReloadError, reload
from ansible_collections.wss.edge.plugins.module_utils.server import sockets

HELD = "bind() to 0.0.0.0:443 failed (98: Address already in use)"


def start(host):
    reload(host.server.binaries[0], host.pid_file, host.log, host.run)


def failure(host):
    with pytest.raises(ReloadError) as error:
        start(host)
    return str(error.value)


def test_it_ends_when_new_workers_serve(host):
    start(host)
    assert host.reloads == 1
    assert host.commands == [[host.server.binaries[0], "-s", "reload"]]


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


@pytest.mark.parametrize("answer", [(1, "", "nginx: [alert] kill failed\n"), (1, "nginx: [alert] kill failed\n", "")])
def test_what_nginx_itself_says_when_it_fails(host, answer):
    host.signal = answer
    assert failure(host) == "nginx: [alert] kill failed"


def test_a_server_that_does_not_run_is_told_nothing(host):
    host.running = False
    assert failure(host) == "the server does not run"
    assert host.commands == []
