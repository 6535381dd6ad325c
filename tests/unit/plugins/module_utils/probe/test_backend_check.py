# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at real little backends that behave well or badly."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.wss.edge.plugins.module_utils.probe import wire
from ansible_collections.wss.edge.plugins.module_utils.probe.backend_check import check, report
from ansible_collections.wss.edge.plugins.module_utils.probe.backends import OnHost

from .test_backends import endpoint, model

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
NAME = "chat.example.com"


@pytest.fixture
def files(certificates, tmp_path):
    """What is on the host: the root as the private authority, one of another authority, and client certificates."""
    trust = {"private_ca": "root", "~/other.pem": "another"}
    ca = {}
    for word, name in trust.items():
        path = tmp_path / f"{name}.pem"
        path.write_text(certificates[name].pem)
        ca[word] = str(path)
    folders = {}
    for name in ("client", "expired_client"):
        folders[name] = str(tmp_path / name)
        (tmp_path / name).mkdir()
        for file in ("fullchain.pem", "privkey.pem"):
            (tmp_path / name / file).write_bytes(certificates[name].write().read_bytes())
    return OnHost(ca, {}, folders)


def look(address, on_host=None, timeout=10, **changes):
    """Look at one backend."""
    (found,) = check(model(endpoint(address, **changes)), on_host or OnHost({}, {}, {}), timeout)
    return found


def accept(peer):
    peer.accept()
    peer.read_frame()


def answer(data):
    return lambda peer: peer.read_request().send(data)


def page(line, body=b""):
    return answer(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (line, len(body), body))


def said(found, state, sentence):
    assert (found["state"], bool(re.search(sentence, found["text"]))) == (state, True), found


def test_takes_the_upgrade_and_is_left_politely(serve):
    seen = {}

    def handler(peer):
        peer.accept()
        seen.update(peer.headers, request=peer.request, last=peer.read_frame())

    port = serve(handler)
    found = look(f"127.0.0.1:{port}", backend_path="/chat", origins=["https://a.example"])
    said(found, "ok", "takes the upgrade of /chat")
    assert found["url"] == f"ws://127.0.0.1:{port}"
    time.sleep(0.1)
    assert (seen["request"], seen["last"]) == ("GET /chat HTTP/1.1\r\n", (8, b"\x03\xe8"))
    assert (seen["host"], seen["origin"]) == ([NAME], ["https://a.example"])
    assert (seen["upgrade"], seen["sec-websocket-version"]) == (["websocket"], ["13"])


def test_unix_socket(tmp_path):
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        said(look(f"unix:{path}"), "down", "nothing listens there")
    path.unlink()
    said(look(f"unix:{path}"), "down", "no socket at that path")


def test_down(monkeypatch):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        said(look(f"127.0.0.1:{sock.getsockname()[1]}"), "down", "nothing listens there .*start the backend")
        sock.listen(0)
        with socket.create_connection(sock.getsockname()):
            address = f"127.0.0.1:{sock.getsockname()[1]}"
            start = time.monotonic()
            said(look(address, connect_timeout=0.3), "down", "accepts no connection in 0.3 s: start")
            assert time.monotonic() - start < 2

    def fail(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(wire.socket, "getaddrinfo", fail)
    said(look("nowhere.example:1"), "down", r"the name nowhere.example is unknown on this host \(Name or .*DNS")


@pytest.mark.parametrize(
    ("handler", "state", "sentence"),
    [
        (lambda peer: time.sleep(1), "down", "says nothing: look at the backend's log"),
        (lambda peer: peer.read_request(), "down", "closes the connection without an answer"),
        (answer(b"SSH-2.0-OpenSSH_9.2\r\n"), "wrong", "not HTTP/1.1: correct the URL"),
        (page(b"404 Not Found"), "wrong", r"knows no path /wss for the Host chat.example.com \(404\)"),
        (page(b"403 Forbidden"), "wrong", r"refuses the upgrade of /wss \(403\): let it accept the Origin https://a"),
        (page(b"301 Moved\r\nLocation: https://x/"), "wrong", "answers 301 .* with a redirect to https://x/: look"),
        (page(b"426 Upgrade Required"), "wrong", "answers 426 to the upgrade of /wss for the Host chat.example.com"),
        (page(b"400 Bad", b"The plain HTTP request was sent to HTTPS port"), "wrong", "speaks TLS: write wss://127.0"),
        (
            page(b"400 Bad", b"Client sent an HTTP request to an HTTPS server."),
            "wrong",
            "speaks TLS: write wss://127.0",
        ),
        (answer(b"\x15\x03\x01\0\x02\x02\x46"), "wrong", "begins with ws://, but port .* speaks TLS: write wss://127"),
    ],
)
def test_plain(serve, handler, state, sentence):
    found = look(f"127.0.0.1:{serve(handler)}", timeout=0.5, origins=["https://a"])
    said(found, state, sentence)


def test_nothing_is_wanted_of_one_that_is_not_probed(serve):
    port = serve(page(b"404 Not Found"))
    said(look(f"127.0.0.1:{port}", probe={"expect": "none"}), "ok", "it answers")


@pytest.mark.parametrize("wants", [False, True])
def test_ws_where_tls_is_spoken(serve, certificates, wants):
    context = certificates["leaf"].context(clients=certificates["root"] if wants else None)
    port = serve(accept, context)  # it closes without a byte when it is asked in plain
    said(look(f"127.0.0.1:{port}"), "wrong", f"ws://, but port {port} speaks TLS: write wss://127.0.0.1:{port}, and in")


def waits_for_a_line(peer):
    """As a backend does that reads on until the request is there: the handshake gets no answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = peer.conn.recv(65536)
        if not chunk:
            return
        data += chunk
    if data.startswith(b"GET "):
        peer.send(b"HTTP/1.1 101 OK\r\n\r\n")


def hangs_up(peer):
    """As a backend does that takes only requests."""
    data = peer.conn.recv(65536)
    if data.startswith(b"GET "):
        peer.send(b"HTTP/1.1 101 OK\r\n\r\n")


@pytest.mark.parametrize("handler", [waits_for_a_line, hangs_up, lambda peer: peer.send(b"HTTP/1.1 400 No\r\n\r\n")])
def test_wss_where_no_tls_is_spoken(serve, handler):
    port = serve(handler)
    found = look(f"127.0.0.1:{port}", timeout=0.5, tls={"verify": False})
    said(found, "wrong", f"wss://, but port {port} answers in plain HTTP: write ws://127.0.0.1:{port}, or turn on TLS")


def reset(peer):
    peer.conn.recv(4096)
    raise OSError


@pytest.mark.parametrize(
    ("handler", "state", "sentence"),
    [
        (lambda peer: time.sleep(1.2), "down", "says nothing"),
        (reset, "down", "closes the connection without an answer"),
        (lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.2\r\n"), "wrong", r"is not TLS, nor HTTP: correct the URL"),
        (page(b"400 Bad", b"The plain HTTP request was sent to HTTPS port"), "down", "closes the connection"),
    ],
)
def test_neither_is_said_without_evidence(serve, handler, state, sentence):
    said(look(f"127.0.0.1:{serve(handler)}", timeout=0.5, tls={"verify": False}), state, sentence)


# TLS


@pytest.fixture
def secured(serve, certificates, files):
    """Look at a backend with TLS."""

    def start(shown="leaf", chain=("middle",), on_host=files, handler=accept, context=None, version=None, **tls):
        own = certificates[shown] if isinstance(shown, str) else shown
        context = context or own.context(*(certificates[link] for link in chain))
        if version:
            context.maximum_version = version
        return look(f"127.0.0.1:{serve(handler, context)}", on_host, tls={"server_name": NAME, **tls})

    return start


def test_verified(secured):
    assert secured()["state"] == "ok"
    assert secured(version=V12, protocols=["TLSv1.2"], ciphers=["ECDHE-ECDSA-AES128-GCM-SHA256"])["state"] == "ok"


@pytest.mark.parametrize("shown", ["another", "expired"])
def test_not_verified(secured, shown):
    assert secured(shown, verify=False, server_name=None)["state"] == "ok"


def test_sni(certificates, secured):
    seen = []
    context = certificates["leaf"].context(certificates["middle"])
    context.sni_callback = lambda _sock, name, _context: seen.append(name)
    assert secured(context=context)["state"] == "ok"
    assert secured(context=context, verify=False, server_name=None)["state"] == "ok"
    assert seen == [NAME, None]


@pytest.mark.parametrize(
    ("shown", "chain", "tls", "sentence"),
    [
        ("leaf", ["middle"], {"server_name": "b.example"}, "has chat.example.com, not b.example: set .*server_name"),
        (
            "leaf",
            ["middle"],
            {"ca": "~/other.pem"},
            r"by CN=Example Intermediate, .* \(backend_tls.ca: ~/other.pem",
        ),
        (
            "leaf",
            ["middle"],
            {"ca": "system"},
            r"not lead to the authorities that this host trusts \(.*: system\)",
        ),
        (
            "leaf",
            [],
            {},
            r"lead to the private authority \(backend_tls.ca: private_ca\): .* send the intermediates",
        ),
        (
            "self_signed",
            [],
            {},
            "is self-signed, and not that of the private authority .*: set backend_tls.ca",
        ),
        ("leaf", ["middle"], {"ca": "~/gone.pem"}, "backend_tls.ca ~/gone.pem cannot be read .*: it has no file of it"),
    ],
)
def test_not_trusted(secured, shown, chain, tls, sentence):
    said(secured(shown, chain, **tls), "wrong", sentence)


def test_dates(secured, make_certificate, certificates):
    root = certificates["root"]
    said(
        secured(make_certificate(issuer=root, start=-9, end=-3), ()),
        "wrong",
        r"expired on 20\S+Z: renew it",
    )
    said(secured(make_certificate(issuer=root, start=3), ()), "wrong", "valid only from .* here it is .*: set the")
    leaf = make_certificate(issuer=certificates["expired_middle"])
    said(secured(leaf, ("expired_middle",)), "wrong", r"above its own is refused \(certificate has expired\): renew")


def test_names_without_dns(secured, make_certificate, certificates):
    ips = make_certificate(names=("127.0.0.1", "::1"), issuer=certificates["root"], name="other")
    said(
        secured(ips, ()),
        "wrong",
        "has no DNS name, only 127.0.0.1, ::1, and no server matches IP addresses .*server_name",
    )
    none = make_certificate(names=(), issuer=certificates["root"], name="other")
    said(secured(none, ()), "wrong", "has no name at all, not chat.example.com")


def test_the_common_name_counts_where_there_is_no_other(secured, make_certificate, certificates):
    assert secured(make_certificate(names=(), issuer=certificates["root"]), ())["state"] == "ok"


def test_names_without_cryptography(secured, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    said(secured(server_name="b.example"), "wrong", "has other names, not b.example")


def revocations(issuer, *revoked, days=9):
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - timedelta(days=10))
        .next_update(now + timedelta(days=days))
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number).revocation_date(now)
        builder = builder.add_revoked_certificate(entry.build(default_backend()))
    signed = builder.sign(issuer.key, hashes.SHA256(), default_backend())
    return signed.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("revoked", "days", "state", "sentence"),
    [
        (False, 9, "ok", "takes the upgrade"),
        (True, 9, "wrong", "is revoked: have a new one"),
        (False, -3, "wrong", r"list of the private authority .* does not hold here \(CRL has expired\): run the"),
    ],
)
def test_revocation_list(secured, make_certificate, certificates, files, tmp_path, revoked, days, state, sentence):
    leaf = make_certificate(issuer=certificates["root"])
    path = tmp_path / "crl.pem"
    path.write_bytes(revocations(certificates["root"], *([leaf] if revoked else []), days=days))
    said(secured(leaf, (), OnHost(files.ca, {"private_ca": str(path)}, {})), state, sentence)


def test_authority_that_cannot_be_read(secured, tmp_path):
    gone = OnHost({"private_ca": str(tmp_path / "gone.pem")}, {}, {})
    said(secured(on_host=gone), "wrong", r"private_ca cannot be read on this host: .*gone.pem \(No such file")


@pytest.mark.skipif(not hasattr(ssl.SSLSocket, "get_verified_chain"), reason="known from Python 3.13 on")
@pytest.mark.parametrize(("depth", "state"), [(2, "ok"), (1, "wrong")])
def test_depth(secured, depth, state):
    said(
        secured(verify_depth=depth),
        state,
        "takes the upgrade|2 certificates are above .*depth is 1: raise",
    )


# Client certificates


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (None, r"wants a client certificate of the proxy \(.*\): set backend_tls.client_certificate"),
        ("expired_client", r"refuses the proxy's client certificate /.*expired_client/fullchain.pem \(.*EXPIRED\)"),
        ("client", "takes the upgrade"),
    ],
)
def test_client_certificate(secured, certificates, version, own, sentence):
    context = certificates["leaf"].context(certificates["middle"], clients=certificates["root"])
    found = secured(context=context, version=version, client_certificate=own)
    said(found, "ok" if own == "client" else "wrong", sentence)


@pytest.mark.parametrize(
    ("own", "body", "sentence"),
    [
        (None, b"No required SSL certificate was sent", r"wants a client certificate of the proxy \(400\): set"),
        ("client", b"No required SSL certificate was sent", r"refuses the proxy's client certificate /.* \(400\)"),
        ("client", b"The SSL certificate error", r"refuses the proxy's client certificate /.* \(400\): have it signed"),
    ],
)
def test_client_certificate_as_nginx_refuses(secured, own, body, sentence):
    said(secured(handler=page(b"400 Bad Request", body), client_certificate=own), "wrong", sentence)


def test_client_certificate_that_is_not_there(secured):
    said(
        secured(client_certificate="client:9"),
        "wrong",
        "cannot show its client .*/client:9/.* cannot be read .*Run",
    )


def test_wrong_name_of_one_that_wants_a_client_certificate(secured, certificates):
    context = certificates["leaf"].context(certificates["middle"], clients=certificates["root"])
    found = secured(context=context, version=V12, client_certificate="client", server_name="b.example")
    said(found, "wrong", "has chat.example.com, not b.example")


# TLS that does not come about


@pytest.mark.parametrize(
    ("alert", "sentence"),
    [
        (0x70, "knows no site chat.example.com .*: set backend_tls.server_name"),
        (0x46, r"speaks none of backend_tls.protocols \(TLSv1.2, TLSv1.3\)"),
        (0x28, "refuses the TLS handshake .*: it has no protocol or cipher"),
        (0x47, r"no TLS cipher in common with backend_tls.ciphers"),
        (0x50, "TLS with it failed .*INTERNAL_ERROR.*: look at the backend's log"),
    ],
)
def test_alerts(serve, alert, sentence):
    port = serve(lambda peer: (peer.conn.recv(4096), peer.send(b"\x15\x03\x03\0\x02\x02" + bytes([alert]))))
    said(look(f"127.0.0.1:{port}", tls={"server_name": NAME, "verify": False}), "wrong", sentence)


def test_protocols_are_those_of_the_proxy(secured):
    said(secured(version=V12, protocols=["TLSv1.3"]), "wrong", r"speaks none of backend_tls.protocols \(TLSv1.3\)")


# All of them


def test_the_same_backend_is_asked_once(serve):
    asked = []

    def handler(peer):
        asked.append(peer)
        peer.accept()
        peer.read_frame()

    backend = f"127.0.0.1:{serve(handler)}"
    found = check(model(endpoint(backend), endpoint(backend, path="/wss/")), OnHost({}, {}, {}), 3)
    assert [each["state"] for each in found] == ["ok", "ok"]
    assert len(asked) == 1


def test_report(serve):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        down, good = f"127.0.0.1:{sock.getsockname()[1]}", f"127.0.0.1:{serve(accept)}"
        lines = report(check(model(endpoint(down, good)), OnHost({}, {}, {}), 3))
    assert lines[0].startswith(f"Site chat, endpoint /wss, backend ws://{down} is down: nothing listens there")
    assert lines[1:] == ["1 of 2 backends answer the host as they should."]


def test_one_that_hangs_delays_no_other(serve):
    hangs = [f"127.0.0.1:{serve(lambda peer: time.sleep(1))}" for _number in range(5)]
    start = time.monotonic()
    found = check(model(endpoint(*hangs)), OnHost({}, {}, {}), 0.4)
    assert time.monotonic() - start < 2
    assert {each["state"] for each in found} == {"down"}
