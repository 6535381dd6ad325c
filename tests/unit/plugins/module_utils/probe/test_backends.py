# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a model has the proxy ask of its backends."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe.backends import OnHost, looks

NOTHING = OnHost({}, {}, {})
TLS = {
    "verify": True, "ca": "private_ca", "verify_depth": 2, "server_name": None, "client_certificate": None,
    "protocols": ["TLSv1.2", "TLSv1.3"], "ciphers": [], "session_reuse": True,
}  # fmt: skip


def endpoint(*addresses, probe=None, tls=None, **changes):
    proof = {"expect": "open", "path": "/wss", "headers": {}, "subprotocols": [], "client_certificate": None}
    return {
        "path": "/wss",
        "backends": [{"address": each, "weight": 1, "backup": False} for each in addresses],
        "backend_path": "",
        "backend_tls": None if tls is None else {**TLS, **tls},
        "keeps_host": True,
        "connect_timeout": 5,
        "origins": [],
        "headers": {},
        "probe": {**proof, **(probe or {})},
        **changes,
    }


def model(*endpoints, **changes):
    site = {
        "name": "chat",
        "server_names": ["*.example.com", "chat.example.com"],
        "listen": [{"address": "*", "port": 443}],
        "tls": {},
        "client_certificates": None,
        "endpoints": list(endpoints),
        **changes,
    }
    return {"sites": [site]}


def only(model, on_host=NOTHING):
    ((_site, _path, look),) = looks(model, on_host)
    return look


def test_each_backend_of_each_endpoint():
    found = list(looks(model(endpoint("a:1", "[::1]:2"), endpoint("unix:/run/a.sock", path="/b")), NOTHING))
    assert [(site, path, look.url) for site, path, look in found] == [
        ("chat", "/wss", "ws://a:1"),
        ("chat", "/wss", "ws://[::1]:2"),
        ("chat", "/b", "unix:/run/a.sock"),
    ]
    assert found[1][2].where == ("::1", 2)


@pytest.mark.parametrize(
    ("site", "changes", "host"),
    [
        ({}, {}, "chat.example.com"),
        ({"listen": [{"address": "*", "port": 8443}]}, {}, "chat.example.com:8443"),
        ({"listen": [{"address": "*", "port": 80}], "tls": None}, {}, "chat.example.com"),
        ({"server_names": ["*.example.com"]}, {}, "wss-probe.example.com"),
        ({"server_names": ["::1"]}, {}, "[::1]"),
        ({}, {"headers": {"host": "other"}}, "other"),
        ({}, {"tls": {}, "keeps_host": False}, "b1:9443"),
        ({}, {"tls": {"server_name": "b.example"}, "keeps_host": False}, "b.example:9443"),
        ({}, {"tls": {"server_name": "chat.example.com"}}, "chat.example.com"),
    ],
)
def test_host(site, changes, host):
    found = only(model(endpoint("b1:9443", **changes), **site))
    assert found.host == host
    assert "host" not in dict(found.headers)


def test_host_without_the_usual_port():
    assert only(model(endpoint("b1:443", tls={}, keeps_host=False))).host == "b1"


@pytest.mark.parametrize(
    ("ours", "theirs", "asked", "path"),
    [
        ("/wss", "", "/wss?a=b", "/wss?a=b"),
        ("/wss", "/chat", "/wss", "/chat"),
        ("/wss", "/chat/", "/wss", "/chat/"),
        ("/wss", "/chat/", "/wss/room?a=b", "/chat/room?a=b"),
        ("/wss", "/chat", "/wss?a=b", "/chat?a=b"),
        ("/wss", "/", "/wss/room", "/room"),
        ("/", "/chat", "/", "/chat"),
        ("/", "/chat", "/room", "/chat/room"),
        ("/wss/", "/chat/", "/wss/room", "/chat/room"),
    ],
)
def test_path(ours, theirs, asked, path):
    assert only(model(endpoint("a:1", path=ours, backend_path=theirs, probe={"path": asked}))).path == path


def test_headers():
    probe = {"headers": {"Cookie": "a=1"}, "subprotocols": ["mqtt", "chat"]}
    found = only(model(endpoint("a:1", probe=probe, origins=["https://a"], headers={"X-Key": "1"})))
    assert dict(found.headers) == {
        "X-Forwarded-For": "127.0.0.1",
        "X-Real-IP": "127.0.0.1",
        "X-Forwarded-Proto": "https",
        "Origin": "https://a",
        "Sec-WebSocket-Protocol": "mqtt, chat",
        "Cookie": "a=1",
        "X-Key": "1",
    }


@pytest.mark.parametrize(("verify", "said"), [("required", "SUCCESS"), ("optional", "NONE")])
def test_header_of_a_client_certificate(verify, said):
    found = only(model(endpoint("a:1"), client_certificates={"verify": verify}))
    assert dict(found.headers)["X-SSL-Client-Verify"] == said


@pytest.mark.parametrize(
    ("address", "given", "name"),
    [("b1:9443", None, "b1"), ("192.0.2.1:9443", "b.example", "b.example"), ("192.0.2.1:9443", None, None)],
)
def test_name_that_is_verified(address, given, name):
    assert only(model(endpoint(address, tls={"server_name": given}))).tls.name == name


@pytest.mark.parametrize(
    ("ca", "files"),
    [
        ("private_ca", ("/trust/private_ca.pem", "/crl/private_ca.pem")),
        ("system", (None, None)),
        ("~/other.pem", ("", None)),
    ],
)
def test_authority(ca, files):
    on_host = OnHost({"private_ca": "/trust/private_ca.pem"}, {"private_ca": "/crl/private_ca.pem"}, {})
    tls = only(model(endpoint("a:1", tls={"ca": ca})), on_host).tls
    assert (tls.ca_file, tls.crl_file) == files


@pytest.mark.parametrize(
    ("name", "folder"),
    [("client:private_ca", "/made/abc"), ("client:1", "/etc/pki/wss/client:1/current")],
)
def test_client_certificate(name, folder):
    found = only(
        model(endpoint("a:1", tls={"client_certificate": name})), OnHost({}, {}, {"client:private_ca": "/made/abc"})
    )
    assert found.tls.own == (f"{folder}/fullchain.pem", f"{folder}/privkey.pem")


def test_the_same_backend_is_one_look():
    found = list(looks(model(endpoint("a:1"), endpoint("a:1"), endpoint("a:1", backend_path="/b")), NOTHING))
    assert len({look for _site, _path, look in found}) == 2
