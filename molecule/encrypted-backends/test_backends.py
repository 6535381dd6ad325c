# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends of the example: whom they let in, and how often a handshake is a full one."""

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
from cryptography import x509

MADE = Path(__file__).parents[2] / ".cache/molecule/encrypted-backends"
NAME = "chat.example.com"
FRONTENDS = {"nginx": "debian13", "apache": "apache13"}
CERTIFICATE = f"/etc/pki/wss/{NAME}/current/cert.pem"
# nginx lets everybody in and answers 400, Apache ends the handshake.
REASONS = {
    "none": {"nginx": "No required SSL certificate was sent", "apache": "alert certificate required"},
    "expired": {"nginx": "The SSL certificate error", "apache": "alert certificate expired"},
    "of another authority": {"nginx": "The SSL certificate error", "apache": "alert unknown ca"},
    "revoked": {"nginx": "The SSL certificate error", "apache": "alert certificate revoked"},
}


def socket(host: Any) -> Any:
    return host.connect(f"wss://{NAME}/wss", NAME, ssl=ssl.create_default_context(cafile=str(MADE / "ca/root.pem")))


def answer(host: Any, pem: Path | None = None) -> str:
    """What curl gets, or why it gets nothing."""
    to = ("--connect-to", f"{NAME}:443:{host.address}:443")
    shown = ("--cert", str(pem)) if pem else ()
    command = ["curl", "--silent", "--show-error", "--insecure", "--include", *to, *shown, f"https://{NAME}/wss"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


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
    assert " 426" in answer(host, tmp_path / "good")
    assert REASONS["none"][host.server.name] in answer(host)
    for name in ("expired", "of another authority"):
        assert REASONS[name][host.server.name] in answer(host, tmp_path / name)


def test_its_certificate_and_that_of_a_client_are_revoked_and_no_socket_is_cut(
    host: Any, hosts: dict[str, Any], tmp_path: Path
) -> None:
    """It gets a new one at once; what the probe shows is the client's, and gets a new one, too."""
    folder = MADE / f"probe/{host.name}/current"
    shown = tmp_path / "probe.pem"
    shown.write_text((folder / "fullchain.pem").read_text() + (folder / "privkey.pem").read_text())
    assert " 426" in answer(host, shown)
    old = serial(host.run(f"cat {CERTIFICATE}"))
    with ExitStack() as stack:
        frontends = [hosts[name] for name in FRONTENDS.values()]
        sockets = [stack.enter_context(socket(each)) for each in frontends for _number in range(20)]
        revoked = [{"serial": old}, {"serial": serial(shown.read_text())}]
        run = host.play("playbooks/wss.yml", wss_ca_revoked=revoked)
        assert run.ok, run.output
        assert serial(host.run(f"cat {CERTIFICATE}")) != old
        assert REASONS["revoked"][host.server.name] in answer(host, shown)
        sockets += [stack.enter_context(socket(each)) for each in frontends for _number in range(4)]
        for number, each in enumerate(sockets):
            each.send(f"still here {number}")
            assert each.recv(10) == f"still here {number}"


LOG = "/var/log/handshakes.log"
# How the server writes down a client's address, and whether the session was taken up again.
LOGGING = {
    "nginx": (
        "conf.d/handshakes.conf",
        f"log_format handshakes '$remote_addr $ssl_session_reused'; access_log {LOG} handshakes;",
    ),
    "apache": ("conf-enabled/handshakes.conf", f'CustomLog {LOG} "%a %{{SSL_SESSION_RESUMED}}x"'),
}
RESUMED = {"nginx": "r", "apache": "Resumed"}


@pytest.fixture
def handshakes(host: Any) -> Iterator[Any]:
    """Have the server write them down; count those of a client."""
    file, text = LOGGING[host.server.name]
    path = f"{host.server.folder}/{file}"
    reload = f"systemctl reload {host.server.service}; sleep 0.5"
    host.write(path, text)
    host.run(reload)

    def count(client: Any) -> Counter[bool]:
        lines = [line.split() for line in host.run(f"cat {LOG}").splitlines()]
        return Counter(word == RESUMED[host.server.name] for address, word in lines if address == client.address)

    yield count
    host.run(f"rm {path} {LOG}; {reload}")


def test_nginx_takes_a_session_up_again_and_apache_does_not(host: Any, hosts: dict[str, Any], handshakes: Any) -> None:
    for name in FRONTENDS.values():
        for _number in range(24):
            with socket(hosts[name]):
                pass
    time.sleep(0.5)  # a request is written down when it has ended
    nginx, apache = (handshakes(hosts[FRONTENDS[server]]) for server in ("nginx", "apache"))
    assert nginx[True] >= 3 * nginx[False] > 0, nginx
    assert apache[True] == 0
    assert apache[False] >= 8
