# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that terminates TLS itself: whose its key is, and when it is told of another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAME = "chat.example.com"
URL = f"wss://{NAME}:8765/"
TLS = "/srv/chat/tls"
APPLICATION = {"certificate": f"{TLS}/cert.pem", "private_key": f"{TLS}/key.pem", "user": "chat", "service": "chat"}
CHAT = {
    "name": NAME,
    "listen": [8765],
    "application": {**APPLICATION, "on_change": "reload"},
    "endpoints": [{"path": "/", "probe": "echo"}],
}
RESTARTED = {**CHAT, "application": APPLICATION}  # that is the default
RSA = {"certificate": {"key": {"type": "rsa"}}}
DROP_IN = "/etc/systemd/system/chat.service.d/broken.conf"
# The order of the tests is that of the runs: each starts where the one before it ended.


def shown(host: Any) -> str:
    """The certificate that a client is shown."""
    return str(host.handshake(8765, "-servername", NAME).partition("Server certificate")[2].partition("subject=")[0])


def told(host: Any) -> tuple[int, int]:
    """How often the application was started, and how often reloaded."""
    journal = host.run("journalctl --unit chat --output cat --quiet")
    return journal.count("Started chat.service"), journal.count("Reloaded chat.service")


@contextmanager
def started_and_reloaded(host: Any, starts: int, reloads: int) -> Iterator[None]:
    before = told(host)
    yield
    after = told(host)
    assert (after[0] - before[0], after[1] - before[1]) == (starts, reloads)


@pytest.fixture
def broken(host: Any) -> Iterator[Any]:
    """Gives the unit of the application other settings until the test ends."""

    def change(settings: str) -> None:
        host.run(f"mkdir -p $(dirname {DROP_IN}) && cat > {DROP_IN} <<'.'\n[Service]\n{settings}\n.")
        host.run("systemctl daemon-reload")

    yield change
    host.run(f"rm {DROP_IN} && systemctl daemon-reload")


def test_clients_get_through_and_no_server_is_installed(host: Any) -> None:
    assert host.echoes(URL, NAME)
    assert host.installed("nginx apache2 httpd") == ""


def test_the_files_are_the_users_alone(host: Any) -> None:
    assert host.run(f"stat --format '%n %a %U:%G' {TLS}/*").split("\n")[:-1] == [
        f"{TLS}/cert.pem 400 chat:chat",
        f"{TLS}/key.pem 400 chat:chat",
    ]
    assert "PRIVATE KEY" in host.run(f"setpriv --reuid chat --regid chat --clear-groups head -1 {TLS}/key.pem")
    host.run(f"chmod 755 {TLS}")
    other = host.run(f"setpriv --reuid 65534 --regid 65534 --clear-groups cat {TLS}/key.pem 2>&1 || true")
    host.run(f"chmod 750 {TLS}")
    assert other.endswith("Permission denied\n")


def test_a_second_run_changes_nothing_and_tells_nobody(host: Any) -> None:
    with started_and_reloaded(host, 0, 0):
        run = host.wss(CHAT)
    assert run.ok, run.output
    assert run.counts["changed"] == "0"


def test_live_sockets_survive_a_reload(host: Any) -> None:
    with started_and_reloaded(host, 0, 1), host.connect(URL, NAME) as connection:
        run = host.wss({**CHAT, **RSA})
        assert run.ok, run.output
        connection.send("still here")
        assert connection.recv(10) == "still here"
    assert "rsa" in host.run(f"openssl x509 -in {TLS}/cert.pem -noout -text").lower()
    assert host.echoes(URL, NAME)  # which trusts the new one alone


def test_a_reload_that_reads_nothing_is_seen(host: Any, broken: Any) -> None:
    before = host.run(f"sha256sum {TLS}/*"), shown(host)
    broken("ExecReload=\nExecReload=/bin/true")
    with host.connect(URL, NAME) as connection:
        run = host.wss(CHAT)
        connection.send("still here")
        assert connection.recv(10) == "still here"
    assert not run.ok
    assert "127.0.0.1:8765 still serves another certificate 30 seconds after `systemctl reload chat`" in run
    assert "The change is undone." in run
    assert (host.run(f"sha256sum {TLS}/*"), shown(host)) == before


def test_another_certificate_restarts_it_once(host: Any) -> None:
    with started_and_reloaded(host, 1, 0):
        first = host.wss(RESTARTED)
        again = host.wss(RESTARTED)
    assert first.ok, first.output
    assert "systemctl restart chat" in first
    assert again.counts["changed"] == "0"
    assert host.echoes(URL, NAME)


def test_what_a_killed_run_left_is_finished(host: Any) -> None:
    ledger = "/var/lib/wss-edge/application/files.json"
    host.run(f"""sed -i 's/"due": \\[\\]/"due": ["{NAME}"]/' {ledger}""")
    with started_and_reloaded(host, 1, 0):
        run = host.wss(RESTARTED)
        assert "an earlier run ended before its application was told" in run
        assert host.wss(RESTARTED).counts["changed"] == "0"


def test_a_service_that_does_not_run_is_started(host: Any) -> None:
    host.run("systemctl stop chat")
    with started_and_reloaded(host, 1, 0):
        run = host.wss(RESTARTED)
    assert run.ok, run.output
    assert f"site {NAME}: its service chat does not run" in run
    assert host.echoes(URL, NAME)


def test_a_second_site_that_fails_does_not_stop_the_application_of_the_first(host: Any) -> None:
    files = {"certificate": f"{TLS}/second.pem", "private_key": f"{TLS}/second.key"}
    second = {**RESTARTED, "name": "second.example.com", "application": {**APPLICATION, **files}}
    run = host.wss(RESTARTED, second)
    assert not run.ok
    assert "site second.example.com: 127.0.0.1:8765 still serves another certificate" in run
    assert "Run on the way back: systemctl restart chat" in run
    assert "systemctl stop" not in run
    assert host.run(f"ls {TLS}") == "cert.pem\nkey.pem\n"
    assert host.echoes(URL, NAME)


def test_a_symlink_of_the_users_is_not_followed(host: Any) -> None:
    host.run("mkdir --parents /srv/other && chown chat /srv/other && ln --symbolic --force /etc /srv/other/tls")
    elsewhere = {**APPLICATION, "certificate": "/srv/other/tls/cert.pem"}
    run = host.wss({**RESTARTED, "application": elsewhere})
    assert not run.ok
    assert f"site {NAME}, application.certificate: /srv/other/tls/cert.pem leads through the symlink" in run
    host.run("rm /srv/other/tls && rmdir /srv/other && test ! -e /etc/cert.pem")


def test_an_application_that_fails_with_its_certificate_gets_the_one_before(host: Any, broken: Any) -> None:
    before = host.run(f"sha256sum {TLS}/*"), shown(host)
    host.run(f"cp {TLS}/cert.pem /srv/chat/good.pem")
    broken(f"ExecStartPre=+/usr/bin/cmp {TLS}/cert.pem /srv/chat/good.pem\nRestart=no")
    run = host.wss({**RESTARTED, **RSA})
    assert not run.ok
    assert "site chat.example.com: `systemctl restart chat` failed, it ended with 1: Job for chat.service failed" in run
    assert "The change is undone. The applications have their certificates of before:" in run
    assert "Run on the way back: systemctl restart chat" in run
    assert "1 of 1 endpoints proved." in run
    assert (host.run(f"sha256sum {TLS}/*"), shown(host)) == before
    with started_and_reloaded(host, 0, 0):
        assert host.wss(RESTARTED).counts["changed"] == "0"


def test_what_cannot_be_is_said_before_anything_changes(host: Any) -> None:
    before = host.run(f"sha256sum {TLS}/*")
    wrong = {**APPLICATION, "user": "nobody-here", "service": "no-such", "chain": "/srv/none/chain.pem"}
    with started_and_reloaded(host, 0, 0):
        run = host.wss({**CHAT, **RSA, "application": wrong})
    assert not run.ok
    assert 'site chat.example.com, application.user: there is no user "nobody-here" on this host' in run
    assert 'site chat.example.com, application.service: there is no service "no-such" on this host' in run
    assert host.run(f"sha256sum {TLS}/*") == before
    assert host.echoes(URL, NAME)


def test_a_file_of_the_users_is_kept_and_comes_back(host: Any) -> None:
    host.run("echo mine > /srv/chat/mine.pem")
    elsewhere = {**APPLICATION, "certificate": "/srv/chat/mine.pem", "chain": f"{TLS}/cert.pem"}
    assert host.wss({**RESTARTED, "application": elsewhere}).ok is False  # its chain is no certificate
    assert host.run("cat /srv/chat/mine.pem; ls /srv/chat") == "mine\nchat.py\ngood.pem\nmine.pem\ntls\n"
    assert host.echoes(URL, NAME)


def test_check_mode_shows_a_diff_and_changes_nothing(host: Any) -> None:
    before = host.run(f"sha256sum {TLS}/* /var/lib/wss-edge/application/files.json")
    with started_and_reloaded(host, 0, 0):
        run = host.wss({**CHAT, **RSA}, arguments=("--check", "--diff", "-vvv"))
    assert run.ok, run.output
    assert f"site {NAME}: its certificate is to be made" in run
    assert "PRIVATE KEY" not in run
    assert host.run(f"sha256sum {TLS}/* /var/lib/wss-edge/application/files.json") == before


def test_a_port_has_one_terminator(host: Any) -> None:
    beside = {
        "name": "beside.example.com",
        "listen": [9443],
        "endpoints": [{"path": "/", "backend": "ws://127.0.0.1:8282"}],
    }
    assert host.wss(beside, wss_server="nginx").ok
    for port in (80, 9443):  # nginx's own, and the collection's
        with started_and_reloaded(host, 0, 0):
            run = host.wss({**CHAT, "listen": [8765, port]})
        assert not run.ok
        assert f"site {NAME}, listen: 0.0.0.0:{port} is held by nginx (pid " in run
        assert "a port has one TLS terminator" in run
    other_way = host.wss({**beside, "listen": [8765]}, wss_server="nginx")
    assert "site beside.example.com: 0.0.0.0:8765 is held by python3 (pid " in other_way
    assert host.echoes(URL, NAME)
    assert host.echoes("wss://beside.example.com:9443/", "beside.example.com")


def test_remove_takes_away_what_was_delivered(host: Any) -> None:
    run = host.play("playbooks/remove.yml")
    assert run.ok, run.output
    assert f"The application of the site {NAME} goes on until it is started again" in run
    assert host.run(f"ls {TLS}; ls -d /etc/pki/wss /var/lib/wss-edge /etc/nginx 2>/dev/null || true") == ""
    assert host.run("systemctl is-active chat").strip() == "active"
    assert host.play("playbooks/remove.yml").counts["changed"] == "0"
