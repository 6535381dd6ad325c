# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is accepted as a target, and what a certificate says."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import sys
from datetime import datetime, timezone

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import tls
from ansible_collections.wss.edge.plugins.module_utils.probe.target import read_target

NOW = datetime.now(timezone.utc)


def read(**changes):
    raw = {"site": "chat", "path": "/wss", "address": "192.0.2.10", "port": 443, "server_name": "chat.example.com"}
    return read_target({**raw, **changes})


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "wss://chat.example.com/wss"),
        ({"port": 8443}, "wss://chat.example.com:8443/wss"),
        ({"tls": False, "port": 80}, "ws://chat.example.com/wss"),
        ({"tls": False}, "ws://chat.example.com:443/wss"),
        ({"server_name": "192.0.2.10", "path": "/"}, "wss://192.0.2.10/"),
        ({"server_name": "2001:db8::1", "path": "/?a=b"}, "wss://[2001:db8::1]/?a=b"),
        ({"server_name": "[2001:db8::1]", "port": 1}, "wss://[2001:db8::1]:1/wss"),
        ({"server_name": "münchen.example"}, "wss://xn--mnchen-3ya.example/wss"),
        ({"origin": None, "trust": None, "headers": None, "subprotocols": None}, "wss://chat.example.com/wss"),
    ],
)
def test_url(changes, url):
    assert read(**changes).url == url


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"path": "wss"}, "path is 'wss': a path starts with /"),
        ({"path": "/a b"}, "path is '/a b'"),
        ({"path": "/\r\nX: y"}, "path is"),
        ({"path": "/\xe9"}, "path is"),
        ({"address": ""}, "address is ''"),
        ({"address": "a b"}, "address is 'a b'"),
        ({"port": 0}, "port is 0: a port is a number from 1 to 65535"),
        ({"port": 65536}, "port is 65536"),
        ({"server_name": "a..b"}, "server_name is 'a..b': give a host name or an IP address"),
        ({"server_name": "*.example.com"}, "server_name is"),
        ({"server_name": "chat.example.com\n"}, "server_name is"),
        ({"server_name": "x" * 64 + ".example"}, "server_name is"),
        ({"server_name": "é" * 70}, "server_name is"),
        ({"origin": "https://a\nb"}, "origin is"),
        ({"headers": {"X Y": "1"}}, "headers is 'X Y'"),
        ({"headers": {"X": "1\r\nY: 2"}}, "headers.X is"),
        ({"subprotocols": ["a,b"]}, "subprotocols is 'a,b'"),
        (
            {"tls": False, "client_certificate": {"certificate": "a", "private_key": "b"}},
            "a client certificate needs tls",
        ),
        ({"trust": "no certificate"}, "trust holds no readable certificate"),
        (
            {"trust": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
            "trust holds no readable certificate",
        ),
    ],
)
def test_refused(changes, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        read(**changes)


def test_trust_may_hold_more_than_certificates(certificates):
    trust = f"# Müller's\n{certificates['root'].pem}\ntext\n{certificates['self_signed'].pem}"
    assert len(tls.context(trust).get_ca_certs()) == 1  # the other is a leaf, which does not count as a CA
    assert tls.context(trust).cert_store_stats()["x509"] == 2


@pytest.mark.parametrize("trust", [None, "given"])
def test_context_verifies(certificates, trust):
    context = tls.context(trust and certificates["root"].pem)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert not context.verify_flags & tls.STRICT
    assert bool(context.verify_flags & tls.PARTIAL_CHAIN) == (trust is not None or sys.version_info >= (3, 13))


def test_certificate(certificates):
    leaf = certificates["leaf"]
    found = tls.read_certificate(ssl.PEM_cert_to_DER_cert(leaf.pem), NOW)
    assert found.names == ["chat.example.com"]
    assert (found.issuer, found.self_signed, found.days_left) == ("CN=Example Intermediate", False, 89)
    assert tls.read_certificate(ssl.PEM_cert_to_DER_cert(certificates["ip"].pem), NOW).names == ["127.0.0.1", "::1"]
    assert tls.read_certificate(ssl.PEM_cert_to_DER_cert(certificates["expired"].pem), NOW).days_left == -4


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command")
def test_certificate_as_openssl_sees_it(certificates):
    leaf = certificates["leaf"]
    found = tls.read_certificate(ssl.PEM_cert_to_DER_cert(leaf.pem), NOW)
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-dates"],
        input=leaf.pem, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert found.fingerprint_sha256.upper() in said
    for moment in (found.not_before, found.not_after):
        shown = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")
        assert shown.strftime("%b %e %H:%M:%S %Y GMT") in said


@pytest.mark.parametrize("der", [b"", b"nonsense"])
def test_unreadable_certificate(der):
    found = tls.read_certificate(der, NOW)
    assert (len(found.fingerprint_sha256), found.names, found.days_left) == (95, None, None)


def test_without_cryptography(certificates, monkeypatch):
    der = ssl.PEM_cert_to_DER_cert(certificates["leaf"].pem)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    found = tls.read_certificate(der, NOW)
    assert (len(found.fingerprint_sha256), found.names) == (95, None)
