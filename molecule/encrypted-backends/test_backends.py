# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends of the example: whom they let in, and how often a handshake is a full one."""

from __future__ import annotations

import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from authority import Authority
from conftest import ALL_HOSTS
from cryptography import x509

MADE = Path(__file__).parents[2] / ".cache/molecule/encrypted-backends"
NAME = "chat.example.com"
GROUPS = yaml.safe_load((Path(__file__).parent / "inventory/groups.yml").read_text())
FRONTENDS = [name for name in GROUPS["frontends"]["hosts"] if name in ALL_HOSTS]
BACKENDS = [name for name in GROUPS["backends"]["hosts"] if name in ALL_HOSTS]
CERTIFICATE = f"/etc/pki/wss/{NAME}"
# nginx lets everybody in and answers 400, Apache ends the handshake.
REASONS = {
    "none": {"nginx": "No required SSL certificate was sent", "apache": "alert handshake failure"},
    "expired": {"nginx": "The SSL certificate error", "apache": "alert certificate expired"},
    "of another authority": {"nginx": "The SSL certificate error", "apache": "alert unknown ca"},
    "revoked": {"nginx": "The SSL certificate error", "apache": "alert certificate revoked"},
}


def connect(host: Any) -> Any:
    return host.connect(f"wss://{NAME}/wss", NAME, ssl=ssl.create_default_context(cafile=str(MADE / "ca/root.pem")))


class Client:
    """One that takes its session up again where it may. In TLS 1.3, the reason comes too late to be read."""

    def __init__(self, pem: Path | None = None) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        if pem:
            self.context.load_cert_chain(pem)
        self.session: ssl.SSLSession | None = None

    def ask(self, host: Any) -> str:
        """What it gets, or why it gets nothing."""
        plain = socket.create_connection((host.address, 443), 10)
        try:
            with self.context.wrap_socket(plain, server_hostname=NAME, session=self.session) as secured:
                secured.sendall(f"GET /wss HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
                got = secured.makefile().read()
                self.session = secured.session
        except ssl.SSLError as error:
            return str(error)
        return got


def serial(pem: str) -> str:
    return f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:x}"


def test_who_has_a_certificate_of_the_authority_is_let_in_and_nobody_else(host: Any, tmp_path: Path) -> None:
    ours = Authority.ours(MADE / "ca")
    shown = {
        "good": ours.sign("client"),
        "expired": ours.sign("client", -30, -1),
        "of another authority": Authority.new().sign("client"),
    }
    for name, pem in shown.items():
        (tmp_path / name).write_text(pem)
    assert " 426" in Client(tmp_path / "good").ask(host)
    assert REASONS["none"][host.server.name] in Client().ask(host)
    for name in ("expired", "of another authority"):
        assert REASONS[name][host.server.name] in Client(tmp_path / name).ask(host)


def test_its_certificate_is_replaced_a_clients_is_revoked_and_no_socket_is_cut(
    host: Any, hosts: dict[str, Any], tmp_path: Path
) -> None:
    """The client is the probe, which gets a new one; not a proxy, as their tests run at the same time."""
    folder = MADE / f"probe/{host.name}/current"
    shown = tmp_path / "probe.pem"
    shown.write_text((folder / "fullchain.pem").read_text() + (folder / "privkey.pem").read_text())
    client = Client(shown)
    assert " 426" in client.ask(host)
    old = serial(host.run(f"cat {CERTIFICATE}/current/cert.pem"))
    with ExitStack() as stack:
        frontends = [hosts[name] for name in FRONTENDS]
        sockets = [stack.enter_context(connect(each)) for each in frontends for _number in range(20)]
        host.run(f"rm -r {CERTIFICATE}")
        run = host.play("playbooks/wss.yml", wss_ca_revoked=[{"serial": serial(shown.read_text())}])
        assert run.ok, run.output
        assert serial(host.run(f"cat {CERTIFICATE}/current/cert.pem")) != old
        assert REASONS["revoked"][host.server.name] in client.ask(host)
        sockets += [stack.enter_context(connect(each)) for each in frontends for _number in range(4)]
        for number, each in enumerate(sockets):
            each.send(f"still here {number}")
            assert each.recv(10) == f"still here {number}"


LOG = "/var/log/handshakes.log"
# How the server writes down a client's address, and whether the session was taken up again.
LOGGING = {
    "nginx": f"log_format handshakes '$remote_addr $ssl_session_reused'; access_log {LOG} handshakes;",
    "apache": f'CustomLog {LOG} "%a %{{SSL_SESSION_RESUMED}}x"',
}
RESUMED = {"nginx": "r", "apache": "Resumed"}


@pytest.fixture
def handshakes(host: Any) -> Iterator[Any]:
    """Have the server write them down; count those of a client."""
    path = f"{host.server.own}/handshakes.conf"
    reload = f"systemctl reload {host.server.service}; sleep 0.5"
    host.write(path, LOGGING[host.server.name])
    host.run(reload)

    def count(client: Any) -> Counter[bool]:
        addresses = (client.address, client.ipv6)
        lines = [line.split() for line in host.run(f"cat {LOG}").splitlines()]
        return Counter(word == RESUMED[host.server.name] for address, word in lines if address in addresses)

    yield count
    host.run(f"rm {path} {LOG}; {reload}")


def test_nginx_takes_a_session_up_again_and_apache_does_not(host: Any, hosts: dict[str, Any], handshakes: Any) -> None:
    frontends = [hosts[name] for name in FRONTENDS]
    for each in frontends:
        for _number in range(12 * len(BACKENDS)):
            with connect(each):
                pass
    time.sleep(0.5)  # a request is written down when it has ended
    for each in frontends:
        seen = handshakes(each)
        if each.server.name == "nginx":
            assert seen[True] >= 3 * seen[False], each
        else:
            assert (seen[True], seen[False] >= 8) == (0, True), each
