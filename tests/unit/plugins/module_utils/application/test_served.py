# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an application serves, seen by a real handshake."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application import served
from ansible_collections.wss.edge.plugins.module_utils.application.served import Expected, Place


@pytest.fixture
def listener(authority):
    """A TLS server with the leaf of the authority; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.folder / "leaf.pem", authority.folder / "leaf.key")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            while True:
                try:
                    plain, _address = listening.accept()
                    context.wrap_socket(plain, server_side=True).close()
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def expected(certificate, port, failed=False):
    return Expected("chat", certificate, [Place("127.0.0.1", port, "www.example.com")], lambda: failed)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(served, "DEADLINE_SECONDS", 0.05)
    monkeypatch.setattr(served, "PAUSE_SECONDS", 0.01)


def test_the_certificate_is_served(authority, listener):
    assert served.wait([expected(served.der(authority.read("leaf.pem", "intermediate.pem")), listener)]) == {}


def test_another_one_is_served(authority, listener):
    place = Place("127.0.0.1", listener, "www.example.com")
    assert served.wait([expected(served.der(authority.read("other.pem")), listener)]) == {"chat": place}


def test_nobody_answers():
    assert served.shown(Place("127.0.0.1", 1, "www.example.com")) is None
    assert served.wait([expected(b"", 1)]) == {}


def test_who_has_ended_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(served, "DEADLINE_SECONDS", 60)
    monkeypatch.setattr(served.time, "sleep", lambda _seconds: pytest.fail("it is waited"))
    assert served.wait([expected(b"", 1, failed=True)]) == {}


def test_it_is_waited_until_it_is_served(monkeypatch):
    shown = [None, b"before", b"now"]
    monkeypatch.setattr(served, "DEADLINE_SECONDS", 60)
    monkeypatch.setattr(served, "shown", lambda _place: shown.pop(0))
    assert served.wait([expected(b"now", 1)]) == {}
    assert shown == []
