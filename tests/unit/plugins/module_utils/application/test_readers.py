# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services without systemd, and what systemd says of them."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application import readers
from ansible_collections.wss.edge.plugins.module_utils.application.readers import Reader

CHAT = Reader("chat", "reload", ())


@pytest.mark.parametrize(
    ("active", "on_change", "command"),
    [
        ("active", "reload", ["systemctl", "reload", "chat"]),
        ("active", "restart", ["systemctl", "restart", "chat"]),
        ("inactive", "reload", ["systemctl", "restart", "chat"]),
        ("activating", "reload", ["systemctl", "restart", "chat"]),
    ],
)
def test_who_does_not_run_is_started(host, active, on_change, command):
    host.unit["ActiveState"] = active
    assert Reader("chat", on_change, ()).to_tell(host.run) == command


@pytest.mark.parametrize(("status", "active"), [(0, "active"), (3, "inactive")])
def test_an_init_script(tmp_path, monkeypatch, status, active):
    monkeypatch.setattr(readers, "has_systemd", lambda: False)
    monkeypatch.setattr(readers, "INIT_SCRIPTS", str(tmp_path))
    asked = []

    def run(command):
        asked.append(command)
        return status, "", ""

    assert CHAT.missing(run).startswith('service: there is no service "chat" on this host')
    assert asked == []
    (tmp_path / "chat").touch(mode=0o755)
    assert (CHAT.missing(run), CHAT.refusal(run)) == ("", "")
    assert readers.state("chat", run)["ActiveState"] == active
    assert asked[-1] == ["service", "chat", "status"]
    assert CHAT.to_tell(run) == ["service", "chat", "reload" if active == "active" else "restart"]
    assert CHAT.tell(run) == (
        f"service chat {'restart' if status else 'reload'}",
        f"it ended with {status}: it says nothing" if status else "",
    )
    assert CHAT.to_stop() == ["service", "chat", "stop"]
    assert ["systemctl", "reset-failed", "chat"] not in asked
    assert not CHAT.has_failed(run)


def test_a_unit_that_systemctl_says_nothing_of(host):
    host.unit.clear()
    assert readers.state("chat", host.run)["LoadState"] == "not-found"
