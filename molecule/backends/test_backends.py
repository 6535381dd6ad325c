# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to choose among several backends, and backends that die and come back."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from authority import Authority
from websockets.exceptions import WebSocketException

NAME = "chat.example.com"
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE
ALL = {"7001", "7002", "7003"}


def connect(stack: ExitStack, host: Any, path: str, count: int, **headers: str) -> list[tuple[str, Any]]:
    """So many connections, with who has each of them."""
    options = {"ssl": UNVERIFIED, "additional_headers": headers}
    opened = [stack.enter_context(host.connect(f"wss://{NAME}{path}", NAME, **options)) for _number in range(count)]
    return [(connection.recv(10), connection) for connection in opened]


def who(host: Any, path: str, count: int = 1, **headers: str) -> Counter[str]:
    """Who has got how many of so many connections that are open at once."""
    with ExitStack() as stack:
        return Counter(name for name, _connection in connect(stack, host, path, count, **headers))


def by_value(host: Any) -> list[str]:
    return ["/address", "/header", "/cookie"] if host.server.name == "nginx" else []


def refused_there(host: Any, balance: Any, key: str) -> bool:
    """Apache's load balancer has no such way: whether the server is that, and such a site is refused."""
    if host.server.name == "nginx":
        return False
    urls = ["ws://127.0.0.1:7001", "ws://127.0.0.1:7002"]
    run = host.wss({"name": NAME, "endpoints": [{"path": "/", "backends": urls, "balance": balance}]})
    assert not run.ok
    assert f"site {NAME}, endpoint /, {key}: " in run
    assert "is not possible with wss_server: apache" in run
    assert "no host was touched" in run
    return True


def test_the_shares_are_the_weights(host: Any) -> None:
    assert who(host, "/weights", 60) == {"7001": 30, "7002": 20, "7003": 10}
    assert who(host, "/turns", 30) == dict.fromkeys(ALL, 10)


def test_the_next_connection_goes_where_the_fewest_are(host: Any) -> None:
    with ExitStack() as held:
        of = {name: held.enter_context(ExitStack()) for name in ALL}
        for _number in range(9):
            with ExitStack() as one:
                name = connect(one, host, "/fewest", 1)[0][0]
                of[name].push(one.pop_all())
        of["7002"].close()
        time.sleep(0.2)  # until the server has noticed
        assert [name for name, _connection in connect(held, host, "/fewest", 3)] == ["7002"] * 3


@pytest.mark.parametrize(
    ("path", "key", "value"), [("/header", "X-Room", "{}"), ("/cookie", "Cookie", "a=b; session={}")]
)
def test_the_same_value_has_the_same_backend(host: Any, path: str, key: str, value: str) -> None:
    if refused_there(host, {"hash": {path[1:]: "session"}}, "balance.hash"):
        return
    first = [who(host, path, 2, **{key: value.format(number)}) for number in range(20)]
    assert [len(seen) for seen in first] == [1] * 20
    assert set().union(*first) == ALL
    assert [who(host, path, 1, **{key: value.format(number)}).keys() for number in range(20)] == [
        seen.keys() for seen in first
    ]


def test_the_same_address_has_the_same_backend(host: Any) -> None:
    if not refused_there(host, "client_address", "balance.method"):
        assert len(who(host, "/address", 9)) == 1


def test_a_restart_costs_no_more_than_a_retry(host: Any) -> None:
    """It is killed, so that it says farewell to nobody."""
    restart = "systemctl kill --signal KILL backend@7001; systemctl restart backend@7001"
    failed = 0
    with subprocess.Popen([*host.ssh, restart]) as restarting:
        while restarting.poll() is None:
            try:
                who(host, "/turns")
            except (OSError, WebSocketException):
                failed += 1
    assert failed <= 1
    assert sum(who(host, "/turns", 9).values()) == 9


def comes_back(host: Any, path: str) -> bool:
    """Whether it is used again in the 10 seconds that a backend is left out for; nobody is refused until then."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if "7002" in who(host, path, 3):
            return True
        time.sleep(0.5)
    return False


def test_a_backend_that_is_down_is_left_out_and_comes_back(host: Any) -> None:
    assert who(host, "/spare", 4) == {"7002": 4}
    with ExitStack() as stack:
        live = [each for each in connect(stack, host, "/turns", 6) if each[0] != "7002"]
        host.run("systemctl kill --signal KILL backend@7002; systemctl stop backend@7002")
        try:
            for path in ["/turns", "/weights", "/fewest", *by_value(host)]:
                assert who(host, path, 12).keys() <= ALL - {"7002"}
            assert who(host, "/spare", 4) == {"7003": 4}
            assert host.curl(f"https://{NAME}/single", upgrade=True).status == host.server.dead
        finally:
            listening = "until ss -Htln | grep -q 127.0.0.1:7002; do sleep 0.1; done"
            host.run(f"systemctl start backend@7002; timeout 10 sh -c '{listening}'")
        assert who(host, "/single") == {"7002": 1}, "a single backend is never marked down"
        for path in ("/turns", "/fewest", "/spare"):
            assert comes_back(host, path)
        for name, connection in live:
            connection.send(name)
            assert connection.recv(10) == name


def test_a_backend_of_the_other_kind_is_told(host: Any) -> None:
    host.write("/run/7004.pem", Authority.new().sign("backend.example.com"))
    host.run("systemd-run --quiet --unit tls python3 /usr/local/bin/backend.py 7004 7004 /run/7004.pem")
    endpoints = [
        {"path": "/tls", "backend": "ws://127.0.0.1:7004"},
        {"path": "/plain", "backend": "wss://127.0.0.1:7001", "backend_tls": {"verify": False}},
    ]
    try:
        run = host.wss({"name": NAME, "endpoints": endpoints})
    finally:
        host.run("systemctl stop tls; rm /run/7004.pem")
    assert not run.ok
    assert "the URL begins with ws://, but port 7004 speaks TLS: write wss://127.0.0.1:7004" in run, run.output
    assert "the URL begins with wss://, but port 7001 answers in plain HTTP: write ws://127.0.0.1:7001" in run
    assert who(host, "/single") == {"7002": 1}


def test_more_connections_than_local_ports_are_refused(host: Any) -> None:
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:7001"}
    run = host.wss({"name": NAME, "endpoints": [endpoint]}, wss_max_connections=60000, arguments=("--check",))
    assert not run.ok
    assert "wss_max_connections: 60000 connections are more than the " in run
    assert "give them more addresses, use a unix socket, or make the range wider" in run


@pytest.fixture
def name_server(host: Any) -> Iterator[Any]:
    """Have the host ask one that gives the address that was told last, for any name."""

    def tell(address: str) -> None:
        host.write("/run/dns.address", address)

    tell("127.0.0.1")
    host.write("/run/dns.py", (Path(__file__).parent / "dns.py").read_text())
    host.run("cp /etc/resolv.conf /run/resolv.conf && echo nameserver 127.0.0.1 > /etc/resolv.conf")
    host.run("systemd-run --quiet --unit dns python3 /run/dns.py /run/dns.address")
    yield tell
    host.run("systemctl stop dns; cat /run/resolv.conf > /etc/resolv.conf")
    assert host.play("playbooks/wss.yml").ok


def test_a_backend_whose_name_moves_to_another_address(host: Any, name_server: Any) -> None:
    for unit, address in (("stays", "127.0.0.1"), ("moved", host.address)):
        program = f"python3 /usr/local/bin/backend.py {unit} 7005 '' {address}"
        host.run(f"systemd-run --quiet --unit {unit} {program}")
    try:
        run = host.wss({"name": NAME, "endpoints": [{"path": "/moving", "backend": "ws://moving.example.com:7005"}]})
        assert run.ok, run.output
        assert who(host, "/moving") == {"stays": 1}
        name_server(host.address)
        if not follows(host):
            time.sleep(3)
            assert who(host, "/moving") == {"stays": 1}, "nginx before 1.27.3 asks when it is reloaded"
            host.run(f"systemctl reload {host.server.service}")
        end = time.monotonic() + 10
        while who(host, "/moving") == {"stays": 1} and time.monotonic() < end:
            time.sleep(0.5)
        assert who(host, "/moving", 4) == {"moved": 4}
    finally:
        host.run("systemctl stop stays moved")


def follows(host: Any) -> bool:
    """Whether the server asks for the address again by itself."""
    if host.server.name == "apache":
        return True
    version = host.run("nginx -v 2>&1").partition("nginx/")[2].split()[0]
    followed = tuple(map(int, version.split("."))) >= (1, 27, 3)
    assert (" resolve;" in host.configuration()) == followed
    assert followed or host.suite != "forky"
    return followed
