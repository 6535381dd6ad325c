# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What another host gets through the firewall, by IPv4 and IPv6."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from conftest import ROOT

BACKEND = "ws://127.0.0.1:8282"
CHAT = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": BACKEND}]}
BESIDE = {**CHAT, "name": "beside.example.com", "listen": [8443]}
DEAD = {
    **CHAT,
    "name": "dead.example.com",
    "listen": [8444],
    "endpoints": [{"path": "/", "backend": "ws://127.0.0.1:1"}],
}
# The user's own, let in and not let in; something listens on both, and on those of the sites.
OWN, KEPT_OUT = 8081, 8082
PORTS = (22, 80, 443, OWN, KEPT_OUT, 8443, 8444)
CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def opens(place):
    try:
        socket.create_connection(place, 3).close()
    except OSError:
        return None
    return place
print(json.dumps(list(filter(None, ThreadPoolExecutor(32).map(opens, map(tuple, json.loads(sys.argv[1])))))))
"""
SERVICES = {"firewalld": "firewalld", "ufw": "ufw", "nftables": "nftables", "iptables": "netfilter-persistent"}
RELOADS = {
    "firewalld": "firewall-cmd --quiet --reload",
    "ufw": "ufw reload",
    "nftables": "nft -f /etc/nftables.conf",
    "iptables": "netfilter-persistent reload 2>&1",
}
# The order of the tests is that of the runs: each starts where the one before it ended.


@pytest.fixture
def kind(host: Any) -> str:
    """The firewall of the host."""
    return next(kind for kind in SERVICES if host.name.startswith(kind))


@pytest.fixture
def another(host: Any, hosts: dict[str, Any]) -> Any:
    """The host after this one."""
    names = sorted(hosts)
    return hosts[names[(names.index(host.name) + 1) % len(names)]]


def gets_in(another: Any, host: Any) -> set[int]:
    """The ports at which another host is let in, by IPv4 and IPv6 alike."""
    places = [[address, port] for address in (host.address, host.ipv6) for port in PORTS]
    command = [*another.ssh, f"python3 -c '{CONNECT}' '{json.dumps(places)}'"]
    for _attempt in range(20):  # it may be about to start again itself
        seen = subprocess.run(command, check=False, capture_output=True, text=True)
        if seen.returncode == 0:
            break
        time.sleep(0.5)
    found = {
        address: {port for where, port in json.loads(seen.stdout) if where == address} for address, _port in places
    }
    assert found[host.address] == found[host.ipv6]
    return found[host.address]


def waits_for(another: Any, host: Any, ports: set[int]) -> bool:
    """Whether exactly these are open, after a while for services to start."""
    deadline = time.monotonic() + 20
    while gets_in(another, host) != ports:
        if time.monotonic() > deadline:
            return False
    return True


def listen(host: Any, *ports: int) -> None:
    """Have something listen where a site is gone, so that a closed port is the firewall's doing."""
    host.run(f"systemctl start {' '.join(f'own@{port}' for port in ports)}; sleep 1")


def test_a_run_has_opened_the_ports_of_the_site_and_no_others(host: Any, another: Any) -> None:
    listen(host, 8444)
    assert gets_in(another, host) == {22, 80, 443, OWN}
    host.run("systemctl stop own@8444")


def test_check_mode_says_what_would_be_opened(host: Any, another: Any, kind: str) -> None:
    run = host.wss(CHAT, BESIDE, arguments=("--check",))
    assert run.ok, run.output
    assert f"open port 8443 in {kind} for everybody" in run
    listen(host, 8443)
    assert 8443 not in gets_in(another, host)
    host.run("systemctl stop own@8443")


def test_what_listens_is_closed_as_long_as_the_firewall_is_left_alone(host: Any, another: Any) -> None:
    run = host.wss(CHAT, BESIDE, wss_firewall="none", wss_probe_from="host")
    assert run.ok, run.output
    assert gets_in(another, host) == {22, 80, 443, OWN}
    run = host.wss(CHAT, BESIDE)
    assert run.ok, run.output
    assert waits_for(another, host, {22, 443, OWN, 8443})


def test_a_run_that_fails_closes_what_it_has_opened(host: Any, another: Any) -> None:
    run = host.wss(CHAT, BESIDE, DEAD)
    assert not run.ok
    assert "The change is undone." in run, run.output
    listen(host, 8444)
    assert gets_in(another, host) == {22, 443, OWN, 8443}


def test_another_firewall_by_name_is_refused_before_anything_is_changed(host: Any, kind: str) -> None:
    other = next(each for each in SERVICES if each != kind and each not in ("nftables", "iptables"))
    run = host.wss(CHAT, wss_firewall=other, arguments=("--check",))
    assert not run.ok
    assert f"wss_firewall: {other} is not " in run
    assert "nothing was changed" in run


def test_it_stays_so_over_a_restart_of_the_firewall_and_a_reload_of_its_rules(
    host: Any, another: Any, kind: str
) -> None:
    for command in (f"systemctl restart {SERVICES[kind]}", RELOADS[kind]):
        host.run(command)
        assert waits_for(another, host, {22, 443, OWN, 8443}), command
    assert host.wss(CHAT, BESIDE).counts["changed"] == "0"


def test_only_the_sources_are_let_in_over_a_reboot_too(host: Any, another: Any, hosts: dict[str, Any]) -> None:
    sources = [another.address, f"{another.ipv6}/128"]
    run = host.wss(CHAT, wss_firewall_sources=sources, wss_probe_from="host")
    assert run.ok, run.output
    listen(host, 8443)
    third = hosts[next(name for name in sorted(hosts) if name not in (host.name, another.name))]
    assert gets_in(another, host) == {22, 443, OWN}
    assert gets_in(third, host) == {22, OWN}
    subprocess.run([sys.executable, ROOT / "tests/hosts/hosts.py", "reboot", host.name], check=True)
    assert waits_for(another, host, {22, 443, OWN})
    assert gets_in(third, host) == {22, OWN}


def test_a_firewall_that_is_not_active_stays_so(host: Any) -> None:
    assert "Status: active" not in host.run("ufw status 2>/dev/null || true") or host.name.startswith("ufw")


def test_the_removal_closes_what_was_opened_and_touches_nothing_else(host: Any, another: Any) -> None:
    run = host.play("playbooks/remove.yml")
    assert run.ok, run.output
    listen(host, 443, 80, 8443)
    assert gets_in(another, host) == {22, OWN}
    assert host.run("own-rules") == host.run("cat /root/firewall.before")
    assert host.play("playbooks/remove.yml").counts["changed"] == "0"
