# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frontends of the example: what they take for a backend, and what they show to it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from authority import Authority
from conftest import ALL_HOSTS
from cryptography import x509
from websockets.exceptions import InvalidStatus

ROOT = Path(__file__).parents[2]
CA = ROOT / ".cache/molecule/encrypted-backends/ca"
SITE = yaml.safe_load((ROOT / "examples/encrypted-backends.yml").read_text())["frontends"]["vars"]["wss_sites"][0]
GROUPS = yaml.safe_load((Path(__file__).parent / "inventory/groups.yml").read_text())
BACKENDS = [name for name in GROUPS["backends"]["hosts"] if name in ALL_HOSTS]
NAME = SITE["name"]
URL = f"wss://{NAME}/wss"
CLIENT = "/etc/pki/wss/client:private_ca"


def trust() -> dict[str, Any]:
    return {"ssl": ssl.create_default_context(cafile=str(CA / "root.pem"))}


def who(host: Any, path: str) -> str:
    """Which backend a client gets, or why it gets none."""
    try:
        with host.connect(f"wss://{NAME}{path}", NAME, **trust()) as connection:
            return str(connection.recv(10))
    except InvalidStatus as error:
        return str(error)


def test_a_socket_through_the_proxy_echoes(host: Any) -> None:
    assert host.echoes(URL, NAME, **trust())


def test_the_backends_take_turns(host: Any, hosts: dict[str, Any]) -> None:
    with ExitStack() as stack:
        for _number in range(3 * len(BACKENDS)):
            stack.enter_context(host.connect(URL, NAME, **trust()))
        for name in BACKENDS:
            clients = hosts[name].run("ss -Htn state established '( sport = :443 )'")
            assert host.address in clients or host.ipv6 in clients


def test_its_certificate_is_replaced_and_no_socket_is_cut(host: Any) -> None:
    def serial() -> int:
        return x509.load_pem_x509_certificate(host.run(f"cat {CLIENT}/current/cert.pem").encode()).serial_number

    old = serial()
    with ExitStack() as stack:
        sockets = [stack.enter_context(host.connect(URL, NAME, **trust())) for _number in range(20)]
        host.run(f"rm -r {CLIENT}")
        run = host.play("playbooks/wss.yml")
        assert run.ok, run.output
        assert serial() != old
        sockets += [stack.enter_context(host.connect(URL, NAME, **trust())) for _number in range(4)]
        for number, socket in enumerate(sockets):
            socket.send(f"still here {number}")
            assert socket.recv(10) == f"still here {number}"


UNPROVED = {"nginx": 502, "apache": 500}
GOOD = 7104
# A backend of each of these is on the host itself, with a good certificate first.
BAD = {7101: "another name", 7102: "another authority", 7103: "no longer valid"}


@pytest.fixture
def backends(host: Any) -> Iterator[Any]:
    """Start backends with these certificates, by their ports; again, with others."""
    ports: set[int] = set()

    def run(pems: dict[int, str]) -> None:
        for port, pem in pems.items():
            host.write(f"/run/backend-{port}.pem", pem)
            program = f"python3 /run/backend.py {port} {port} /run/backend-{port}.pem"
            start = f"systemd-run --quiet --unit backend-{port} {program}"
            host.run(f"systemctl restart backend-{port}" if port in ports else start)
            ports.add(port)
        for port in pems:
            host.run(f"timeout 10 sh -c 'until ss -Htln | grep -q 127.0.0.1:{port}; do sleep 0.1; done'")

    host.write("/run/backend.py", (ROOT / "molecule/backends/backend.py").read_text())
    yield run
    for port in ports:
        host.run(f"systemctl stop backend-{port}; rm /run/backend-{port}.pem")


def endpoint(path: str, *ports: int) -> dict[str, Any]:
    return {**SITE["endpoints"][0], "path": path, "backends": [f"wss://127.0.0.1:{port}" for port in ports]}


def test_a_backend_that_cannot_prove_who_it_is_gets_no_client(host: Any, backends: Any) -> None:
    ours, other = Authority.ours(CA), Authority.new()
    backends(dict.fromkeys([*BAD, GOOD], ours.sign(NAME)))
    own = [*(endpoint(f"/{port}", port) for port in BAD), endpoint("/either", 7101, GOOD)]
    site = {**SITE, "endpoints": [*SITE["endpoints"], *own]}
    run = host.wss(site)
    assert run.ok, run.output
    for each in own:
        assert host.curl(f"https://{NAME}{each['path']}", upgrade=True).status == 101

    backends({7101: ours.sign("other.example.com"), 7102: other.sign(NAME), 7103: ours.sign(NAME, -30, -1)})
    for port in BAD:
        assert host.curl(f"https://{NAME}/{port}", upgrade=True).status == UNPROVED[host.server.name]
    answers = [who(host, "/either") for _number in range(8)]
    assert answers.count(str(GOOD)) >= 7, "Apache goes on to the next backend with the next client"
    assert host.echoes(URL, NAME, **trust())
    told = host.play("playbooks/verify.yml", wss_sites=[site])
    assert not told.ok
    for words in (
        "its certificate has other.example.com, not chat.example.com",
        "which does not lead to the private authority",
        "its certificate expired on ",
    ):
        assert words in told, told.output
