# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one server to the other on the same port and back, and both on one host."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import server_of

BACKEND = "ws://127.0.0.1:8282"
CHAT = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": BACKEND, "probe": "echo"}]}
BESIDE = {**CHAT, "name": "beside.example.com", "listen": [8443]}
DEAD = {**CHAT, "endpoints": [*CHAT["endpoints"], {"path": "/dead", "backend": "ws://127.0.0.1:1"}]}
OWN = {
    "nginx": "server {{ listen {port}; server_name own.example.com; }}",
    "apache": "Listen {port}\n<VirtualHost *:{port}>\nServerName own.example.com\n</VirtualHost>",
}
# The order of the tests is that of the runs: each starts where the one before it ended.


@pytest.fixture
def other(host: Any) -> Any:
    """The server that the host does not have by its inventory."""
    return server_of(host.family, "apache" if host.server.name == "nginx" else "nginx", host.suite)


def serves(host: Any, server: Any) -> bool:
    """Whether this one has the port, is to start with the host, and its clients get through."""
    holder = host.run("ss -Htlnp 'sport = 443'")
    enabled = host.run(f"systemctl is-enabled {server.service} || true").strip() == "enabled"
    return f'"{server.service}"' in holder and enabled and host.echoes("wss://chat.example.com/wss", "chat.example.com")


def rests(host: Any, server: Any) -> bool:
    """Whether this one neither runs nor starts with the host."""
    seen = host.run(f"systemctl is-active {server.service}; systemctl is-enabled {server.service}; true")
    return str(seen).split() == ["inactive", "disabled"]


def own_site(host: Any, port: int) -> str:
    """A site of the user's on the host's server."""
    path = f"{host.server.own}/own.conf"
    host.run(
        f"printf '%s' '{OWN[host.server.name].format(port=port)}' > {path}; systemctl reload {host.server.service}"
    )
    return path


def test_a_dead_endpoint_leaves_the_server_that_was_there(host: Any, other: Any) -> None:
    run = host.wss(DEAD, wss_server=other.name)
    assert not run.ok
    assert f"wss://chat.example.com/dead: The server answered {other.dead}" in run
    assert "The change is undone. Release " in run
    assert "1 of 1 endpoints proved." in run
    assert serves(host, host.server)
    assert rests(host, other)


def test_a_site_of_the_users_keeps_its_server(host: Any, other: Any) -> None:
    path = own_site(host, 8081)
    run = host.wss(CHAT, wss_server=other.name)
    assert not run.ok
    assert "own.example.com" in run
    assert path in run
    assert "wss_replace_server: true" in run
    assert serves(host, host.server)
    anyway = host.wss(CHAT, wss_server=other.name, wss_replace_server=True)
    assert anyway.ok, anyway.output
    assert serves(host, other)
    assert rests(host, host.server)
    host.run(f"rm {path}")


def test_and_back_again(host: Any, other: Any) -> None:
    back = host.wss(CHAT)
    assert back.ok, back.output
    assert serves(host, host.server)
    assert rests(host, other)
    assert host.wss(CHAT).counts["changed"] == "0"


def test_the_other_server_takes_the_port_when_it_is_checked(host: Any, other: Any) -> None:
    refused = host.wss({**CHAT, "access_log": "/no/such/folder/chat.log"}, wss_server=other.name)
    assert not refused.ok
    assert "The server was left alone; what served before goes on serving." in refused
    assert serves(host, host.server)
    run = host.wss(CHAT, wss_server=other.name)
    assert run.ok, run.output
    assert serves(host, other)
    assert rests(host, host.server)
    assert host.wss(CHAT, wss_server=other.name).counts["changed"] == "0"


MAIN = {"nginx": "/etc/nginx/nginx.conf", "apache": "/etc/httpd/conf/httpd.conf"}


def make_way_on_80(host: Any, other: Any, refused: Any) -> None:
    """Red Hat's servers have port 80 in their main files, both of them; a run says which line the user is to change."""
    assert not refused.ok
    assert f"{MAIN[other.name]} line " in refused
    assert f"0.0.0.0:80 is held by {host.server.service} (pid " in refused
    change = r"s/^( *[Ll]isten .*)80(;?)$/\181\2/"
    host.run(f"sed -i -E '{change}' {MAIN[other.name]}")


def test_both_serve_on_one_host(host: Any, other: Any) -> None:
    assert host.play("playbooks/remove.yml").ok
    assert host.installed("nginx apache2 httpd") == ""
    assert host.wss(CHAT, wss_echo=["127.0.0.1:8282"]).ok
    beside = host.wss(BESIDE, wss_server=other.name)
    if host.family == "RedHat":
        make_way_on_80(host, other, beside)
        beside = host.wss(BESIDE, wss_server=other.name)
    assert beside.ok, beside.output
    assert serves(host, host.server)
    assert host.echoes("wss://beside.example.com:8443/wss", "beside.example.com")
    assert host.wss(CHAT).counts["changed"] == "0"
    assert host.wss(BESIDE, wss_server=other.name).counts["changed"] == "0"
    removed = host.play("playbooks/remove.yml")
    assert removed.ok, removed.output
    if host.family == "RedHat":
        assert f"stays installed, for there are files of yours: {MAIN[other.name]}" in removed
        host.run(f"{other.purge} {other.packages}; rm -r {other.folder}")
    assert host.run("ls -d /etc/nginx /etc/apache2 /etc/httpd /etc/pki/wss 2>/dev/null || true") == ""
