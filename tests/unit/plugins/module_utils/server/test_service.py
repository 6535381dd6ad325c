# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server is started and stopped as the host does it, and is seen to run, or not."""

from __future__ import annotations

import signal

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import config_check, service
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckResult, Message
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE, NGINX, servers

HTTPD = servers("RedHat")["apache"]
BY_SYSTEMD = [["systemctl", "enable", "apache2"], ["systemctl", "start", "apache2"]]
BY_INIT_SCRIPT = [["update-rc.d", "apache2", "enable"], ["service", "apache2", "start"]]


class Manager:
    """Does what it is told, unless it is C(deaf)."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.running = False
        self.deaf = False
        self.answer = (0, "", "")

    def run(self, command):
        self.told.append(command)
        if not self.deaf:
            self.running = ("start" in command) or (self.running and "stop" not in command)
        return self.answer


@pytest.fixture
def manager(tmp_path, monkeypatch):
    manager = Manager()
    monkeypatch.setattr(service, "SYSTEMD", tmp_path)
    monkeypatch.setattr(service, "DEADLINE_SECONDS", 0.1)
    monkeypatch.setattr(service, "runs", lambda _server: manager.running)
    said = CheckResult(False, "2.4.62", [Message("emerg", "bogus", "/etc/apache2/x.conf", 3)], "")
    monkeypatch.setattr(config_check, "check", lambda *_arguments: said)
    return manager


@pytest.mark.parametrize(("systemd", "commands"), [(True, BY_SYSTEMD), (False, BY_INIT_SCRIPT)])
def test_it_is_started_now_and_with_the_host(manager, tmp_path, monkeypatch, systemd, commands):
    if not systemd:
        monkeypatch.setattr(service, "SYSTEMD", tmp_path / "none")
    service.start(APACHE, manager.run)
    assert manager.told == commands
    assert manager.running


@pytest.mark.parametrize(("for_good", "verbs"), [(False, ["stop"]), (True, ["disable", "stop"])])
def test_it_is_stopped(manager, for_good, verbs):
    manager.running = True
    service.stop(NGINX, manager.run, for_good)
    assert [command[1] for command in manager.told] == verbs
    assert not manager.running


def test_a_restart_is_a_stop_and_a_start(manager):
    manager.running = True
    service.restart(NGINX, manager.run)
    assert [command[1] for command in manager.told] == ["stop", "enable", "start"]


def test_why_it_does_not_start_is_what_its_own_check_says(manager):
    manager.deaf, manager.answer = True, (1, "", "Job failed")
    with pytest.raises(service.ServiceError, match=r"^Apache did not start: /etc/apache2/x.conf:3: bogus$"):
        service.start(APACHE, manager.run)


def test_a_manager_that_lies_is_not_believed(manager):
    manager.deaf = True
    with pytest.raises(service.ServiceError, match="did not start"):
        service.start(APACHE, manager.run)


@pytest.mark.parametrize(("server", "sent"), [(APACHE, []), (HTTPD, [(4711, signal.SIGTERM)])])
def test_a_service_that_waits_for_connections_to_end_is_not_waited_for(manager, monkeypatch, server, sent):
    signals = []
    monkeypatch.setattr(service, "kill", lambda pid, number: signals.append((pid, number)))
    monkeypatch.setattr(service.sockets, "master_pid", lambda _file: 4711 if manager.running else None)
    manager.running = True
    service.stop(server, manager.run)
    assert (signals, manager.told) == (sent, [["systemctl", "stop", server.service]])
    service.stop(server, manager.run)
    assert signals == sent
