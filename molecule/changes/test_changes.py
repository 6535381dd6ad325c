# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that change something, runs that must not, and runs that fail: what served before goes on serving."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

BACKEND = "ws://127.0.0.1:8282"
ECHO = ["127.0.0.1:8282"]
CHAT = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": BACKEND, "probe": "echo"}]}


def site(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "endpoints": [{"path": "/wss", "backend": BACKEND}], **changes}


# Both servers open their logs before they serve, and cannot open this one.
REFUSED = site("new.example.com", access_log="/no/such/folder/log")


def release(host: Any) -> str:
    return str(host.run(f"readlink {host.server.folder}/wss/current")).strip()


@pytest.fixture(autouse=True)
def serving(host: Any) -> Iterator[None]:
    """Before each test the one site serves alone, and after it the one site serves still."""
    yield
    assert host.echoes("wss://chat.example.com/wss", "chat.example.com")
    if host.run(f"ls {host.server.folder}/wss/current/sites").split() != ["chat.example.com.conf"]:
        assert host.wss(CHAT).ok


@contextmanager
def unchanged(host: Any) -> Iterator[None]:
    """What is inside leaves the release and the server's own files as they are, and brings no new worker."""
    folder = host.server.folder
    files = f"find {folder} -path {folder}/wss/releases -prune -o -type f -print0 | sort -z | xargs -0 sha256sum"
    before = [release(host), host.run(files)]
    workers = host.workers()
    yield
    assert [release(host), host.run(files)] == before
    assert host.workers() <= workers


def test_a_second_run_changes_nothing_and_does_not_reload(host: Any) -> None:
    with unchanged(host):
        run = host.wss(CHAT)
    assert run.ok
    assert run.counts["changed"] == "0"


def test_live_sockets_survive_a_change(host: Any) -> None:
    with host.connect("wss://chat.example.com/wss", "chat.example.com") as connection:
        run = host.wss(CHAT, site("new.example.com"))
        assert run.ok, run.output
        connection.send("still here")
        assert connection.recv(10) == "still here"
    assert host.echoes("wss://new.example.com/wss", "new.example.com")


def test_check_mode_shows_a_diff_and_changes_nothing(host: Any) -> None:
    changed = {**CHAT, "endpoints": [{**CHAT["endpoints"][0], "idle_timeout": 77}]}
    with unchanged(host):
        run = host.wss(changed, site("never-made.example.com"), arguments=("--check", "--diff"))
    assert run.ok, run.output
    for sign, seconds in (("-", 3600), ("+", 77)):
        assert re.search(rf"^ *\{sign} .*{host.server.idle.format(seconds)}", run.output, re.MULTILINE), run.output
    assert re.search(r"^ *\+ *server_?name \"?never-made\.example\.com", run.output, re.MULTILINE | re.IGNORECASE)
    assert "PRIVATE KEY" not in run


def test_what_the_server_refuses_never_reaches_it(host: Any) -> None:
    with unchanged(host):
        run = host.wss(CHAT, REFUSED)
    assert not run.ok
    assert "site new.example.com: " in run
    assert re.search(r"sites/new\.example\.com\.conf line \d+: .*/no/such/folder/log", " ".join(run.output.split()))
    assert "The server was left alone; what served before goes on serving." in run


def test_a_backend_whose_name_nginx_cannot_resolve(host: Any) -> None:
    if host.server.name != "nginx":
        pytest.skip("Apache resolves the name of a backend when a client comes; the probe finds it")
    bad = site("new.example.com", endpoints=[{"path": "/wss", "backend": "ws://no-such-host.invalid:80"}])
    with unchanged(host):
        run = host.wss(CHAT, bad)
    assert not run.ok
    assert "site new.example.com: host not found in upstream" in run
    assert re.search(r"sites/new\.example\.com\.conf line \d+: server no-such-host\.invalid:80", run.output)


def test_what_is_wrong_in_the_users_own_files_is_said_of_them(host: Any) -> None:
    file = f"{host.server.own}/broken.conf"
    host.run(f"echo 'bogus on;' > {file}")
    try:
        run = host.wss(CHAT, site("new.example.com"))
    finally:
        host.run(f"rm {file}")
    assert not run.ok
    assert "bogus" in run
    assert f"({file} line 1, which is not a file of wss.edge)" in run


def test_a_port_that_another_program_holds(host: Any) -> None:
    host.run("systemd-run --unit holder --quiet python3 -m http.server 9999; sleep 1")
    try:
        with unchanged(host):
            run = host.wss(CHAT, site("new.example.com", listen=[9999]))
    finally:
        host.run("systemctl stop holder")
    assert not run.ok
    assert re.search(r"site new\.example\.com: 0\.0\.0\.0:9999 is held by python3 \(pid \d+\)", run.output)


def test_a_dead_endpoint_rolls_back(host: Any) -> None:
    dead = site("dead.example.com", endpoints=[{"path": "/wss", "backend": "ws://127.0.0.1:1"}])
    before = release(host)
    run = host.wss(CHAT, dead)
    assert not run.ok
    assert "dead.example.com wss://dead.example.com/wss: " in run
    assert str(host.server.dead) in run
    assert f"The change is undone. Release {before.split('/')[1]} serves:" in run
    assert "1 of 1 endpoints proved." in run
    assert release(host) == before
    assert host.server.refused in host.handshake(443, "-servername", "dead.example.com")


def test_a_changed_certificate_rolls_back_with_the_rest(host: Any) -> None:
    before = host.run("readlink /etc/pki/wss/chat.example.com/current")
    dead = {"path": "/dead", "backend": "ws://127.0.0.1:1"}
    run = host.wss(
        {**CHAT, "server_names": ["chat.example.com", "b.example.com"], "endpoints": [*CHAT["endpoints"], dead]}
    )
    assert not run.ok
    assert host.run("readlink /etc/pki/wss/chat.example.com/current") == before

    run = host.wss({**CHAT, "server_names": ["c.example.com"]}, REFUSED)
    assert "The server was left alone" in run
    assert host.run("readlink /etc/pki/wss/chat.example.com/current") == before


def test_where_nothing_can_be_mounted_the_check_comes_before_the_reload(host: Any) -> None:
    host.run("chmod -x /usr/bin/unshare")
    try:
        with unchanged(host):
            refused = host.wss(CHAT, REFUSED)
        good = host.wss(CHAT, site("new.example.com"))
    finally:
        host.run("chmod +x /usr/bin/unshare")
    assert not refused.ok
    assert "/sites/new.example.com.conf" in refused
    assert "what served before serves" in refused
    assert good.ok, good.output
    assert host.echoes("wss://new.example.com/wss", "new.example.com")


def test_a_file_altered_by_hand_is_put_right(host: Any) -> None:
    index = f"{host.server.folder}/wss/current/index.conf"
    host.run(f"echo '# altered' >> {index}")
    run = host.wss(CHAT)
    assert run.ok
    assert run.counts["changed"] == "1"
    assert "# altered" not in host.run(f"cat {index}")


def test_a_run_that_was_killed_before_its_reload_is_finished_by_the_next(host: Any) -> None:
    host.run(f"touch {host.server.folder}/wss/pending")
    before = host.workers()
    assert host.wss(CHAT).counts["changed"] == "1"
    assert not host.workers() <= before
    with unchanged(host):
        assert host.wss(CHAT).counts["changed"] == "0"


def test_a_mistake_is_refused_before_the_host_is_touched(host: Any) -> None:
    run = host.wss({**CHAT, "listn": [443]})
    assert not run.ok
    assert "site chat.example.com, listn: there is no such key; did you mean listen?" in run
    assert run.counts["ok"] == "0"


def test_verify_changes_nothing_and_says_what_is_wrong(host: Any) -> None:
    with unchanged(host):
        assert host.play("playbooks/verify.yml").ok
        host.run("systemctl stop wss-echo")
        try:
            run = host.play("playbooks/verify.yml")
        finally:
            host.run("systemctl start wss-echo; sleep 0.5")
    assert not run.ok
    assert str(host.server.dead) in run


def test_the_host_itself_can_probe(host: Any) -> None:
    run = host.wss(CHAT, site("inside.example.com", listen=["127.0.0.1:8443"]), wss_probe_from="host")
    if host.suite == "bullseye":
        assert not run.ok
        assert "websockets 8.1 of /usr/bin/python3 is too old" in run
        return
    assert run.ok, run.output
    assert "wss://inside.example.com:8443/wss at 127.0.0.1:8443" in run


def test_the_service_starts_with_the_host(host: Any) -> None:
    assert host.run(f"systemctl is-enabled {host.server.service} wss-echo").split() == ["enabled", "enabled"]


def test_a_client_has_so_many_connections_and_no_more(host: Any) -> None:
    endpoint = {"path": "/wss", "backend": BACKEND, "max_connections_per_client": 3}
    run = host.wss(CHAT, site("few.example.com", endpoints=[endpoint]))
    if host.server.name == "apache":
        assert not run.ok
        assert "max_connections_per_client: 3 is not possible with wss_server: apache" in run
        assert run.counts["ok"] == "0"
        return
    assert run.ok, run.output
    url = "wss://few.example.com/wss"
    with ExitStack() as stack:
        for _number in range(3):
            stack.enter_context(host.connect(url, "few.example.com"))
        with pytest.raises(InvalidStatus) as error:
            host.connect(url, "few.example.com")
        assert error.value.response.status_code == 429
    assert host.echoes(url, "few.example.com")


OWN = {"nginx": "server { listen 81; }", "apache": "Listen 81"}


def test_everything_is_removed_and_nothing_else(host: Any) -> None:
    folder = host.server.folder
    own = [f"{sites}/own.conf" for sites in host.server.sites]
    for path in own:
        host.write(path, OWN[host.server.name])
    kept = host.play("playbooks/remove.yml")
    assert kept.ok, kept.output
    assert f"stays installed, for there are files of yours: {', '.join(own)}" in kept
    assert host.run(f"ls -d {folder}/wss /etc/pki/wss /var/lib/wss-edge 2>/dev/null || true") == ""
    assert host.run(f"grep -rl wss.edge {folder} || true") == ""
    assert host.run(f"ls {host.server.own}").split() == sorted(["own.conf", *host.server.sites_by_default])
    assert ":81" in host.run("ss -Hltn")
    host.run(f"rm {' '.join(own)}; {host.server.purge} {host.server.packages}")

    with_nothing = host.wss(CHAT, arguments=("--check", "--diff"), wss_echo=ECHO)
    assert with_nothing.ok, with_nothing.output
    assert host.run(f"ls -d {folder} 2>/dev/null || true") == ""

    packages = host.installed()
    assert host.wss(CHAT, wss_echo=ECHO).ok
    assert host.play("playbooks/remove.yml").ok
    assert host.installed() == packages
    assert host.run(f"ls -d {folder} /etc/pki/wss /usr/local/lib/wss-echo 2>/dev/null || true") == ""
    assert host.wss(CHAT, wss_echo=ECHO).ok
