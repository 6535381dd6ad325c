# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe as a client with a certificate, against real little servers."""

from __future__ import annotations

import re
import ssl

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import client
from ansible_collections.wss.edge.plugins.module_utils.probe.target import read_target

TIMEOUT = 5
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture
def probe(serve, certificates):
    """Probe a server that wants certificates of the root's, with one of them or as told."""

    def start(handler=None, wants=ssl.CERT_REQUIRED, version=V13, shown="client", **changes):
        context = certificates["self_signed"].context(clients=certificates["root"], wants=wants)
        context.maximum_version = version
        file = str(certificates[shown].write()) if shown else None
        own = {"client_certificate": {"certificate": file, "private_key": file, **changes}} if file else {}
        raw = {
            "site": "chat", "path": "/wss", "address": "127.0.0.1", "server_name": "chat.example.com", "expect": "echo",
            "port": serve(handler or (lambda peer: peer.accept().talk()), context),
            "trust": certificates["self_signed"].pem,
        }  # fmt: skip
        return client.probe(read_target({**raw, **own}), TIMEOUT)

    return start


def nginx(peer):
    """As nginx refuses: in HTTP."""
    if peer.conn.getpeercert(True):
        peer.accept().talk()
    page = b"<h1>400 Bad Request</h1><center>No required SSL certificate was sent</center>"
    peer.read_request().send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))


@pytest.mark.parametrize("version", [V12, V13])
def test_shown_and_one_without_is_refused_by_tls(probe, version):
    proof = probe(version=version)
    assert (proof.ok, proof.problem, proof.phase, proof.status) == (True, "", "refusal", 101)
    assert proof.client_certificate.endswith(".pem")
    assert proof.refusal in ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE")
    assert proof.refusal_ms >= 0


def test_shown_and_one_without_is_refused_by_a_page(probe):
    proof = probe(nginx, wants=ssl.CERT_OPTIONAL)
    assert (proof.ok, proof.refusal) == (True, "400")


def test_one_without_gets_in(probe):
    proof = probe(wants=ssl.CERT_OPTIONAL)
    assert (proof.ok, proof.phase, proof.refusal) == (False, "refusal", None)
    assert "The site chat lets clients in without a certificate" in proof.problem


def test_where_one_without_may_get_in(probe):
    proof = probe(wants=ssl.CERT_OPTIONAL, required=False)
    assert (proof.ok, proof.phase, proof.refusal) == (True, "close", None)
    assert proof.client_certificate


def test_what_one_without_gets_says_nothing(probe):
    def busy(peer):
        if peer.conn.getpeercert(True):
            peer.accept().talk()
        peer.read_request().send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    proof = probe(busy, wants=ssl.CERT_OPTIONAL)
    assert (proof.ok, proof.phase) == (False, "refusal")
    assert "could not be seen, such a client got this: 503" in proof.problem


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        (None, "wants a client certificate for the site chat"),
        ("another", "refuses the certificate /.*UNKNOWN_CA.*client_certificates.ca"),
        ("expired_client", "refuses the certificate /.*EXPIRED.*in date"),
    ],
)
def test_refused(probe, version, shown, problem):
    proof = probe(version=version, shown=shown)
    assert not proof.ok
    assert re.search(problem, proof.problem), proof.problem


@pytest.mark.parametrize("missing", ["certificate", "private_key"])
def test_file_is_missing(probe, tmp_path, missing):
    proof = probe(**{missing: str(tmp_path / "none.pem")})
    assert (proof.ok, proof.phase) == (False, "tls")
    said = "site chat cannot show its client certificate: /.*none.pem cannot be read .*Run the playbook"
    assert re.search(said, proof.problem), proof.problem


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda certificates: certificates["another"].write(), " is not the key of "),
        (lambda certificates: certificates["client"].write(passphrase=b"secret"), " has no key in PEM without a pass"),
        (lambda certificates: __file__, " has no key in PEM without a passphrase for "),
    ],
)
def test_key_that_does_not_go_with_it(probe, certificates, other, said):
    assert said in probe(private_key=str(other(certificates))).problem


def test_home_is_that_of_the_machine_that_probes(probe, certificates, monkeypatch):
    file = certificates["client"].write()
    monkeypatch.setenv("HOME", str(file.parent))
    proof = probe(certificate=f"~/{file.name}", private_key=f"~/{file.name}")
    assert (proof.ok, proof.client_certificate) == (True, f"~/{file.name}")
