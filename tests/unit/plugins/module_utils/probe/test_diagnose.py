# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what went wrong to a sentence, as a table."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from datetime import datetime, timezone

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import diagnose
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import (
    ProbeError,
    error_from,
    status_error,
    tls_error,
)
from ansible_collections.wss.edge.plugins.module_utils.probe.target import Target
from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Certificate, Own

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
CERTIFICATE = {
    "fingerprint_sha256": "aa:bb",
    "names": ["www.example.com"],
    "not_before": "2026-11-01T00:00:00Z",
    "not_after": "2027-01-30T00:00:00Z",
    "days_left": 67,
    "issuer": "CN=Example CA",
    "self_signed": False,
}


def say(phase, error, certificate=None, **changes):
    values = {"site": "chat", "path": "/wss", "address": "192.0.2.10", "port": 443, "server_name": "chat.example.com"}
    shown = None if certificate is None else Certificate(**{**CERTIFICATE, **certificate})
    return diagnose.diagnose(Target(**{**values, **changes}), phase, error, shown, NOW)


def verify(code):
    return ProbeError("verify", code=code, text="what OpenSSL says")


@pytest.mark.parametrize(
    ("phase", "error", "sentence"),
    [
        ("resolve", ProbeError("unresolved", text="No address"), "192.0.2.10 does not resolve .*No address.* DNS"),
        ("resolve", ProbeError("timeout"), "the DNS server does not answer"),
        ("tcp", ProbeError("refused"), "Nothing listens on 192.0.2.10 port 443 .*start the server"),
        ("tcp", ProbeError("timeout"), "192.0.2.10 port 443 does not answer: a firewall drops"),
        (
            "tcp",
            ProbeError("no_route", text="No route to host"),
            "no route to 192.0.2.10 port 443 \\(No route to host\\)",
        ),
        ("tcp", ProbeError("forbidden", text="Denied"), "may not connect .*Denied.* firewall on the way or a sandbox"),
        ("tcp", ProbeError("system", text="Too many open files"), "failed in the phase tcp: Too many open files"),
        ("tls", ProbeError("timeout"), "does not answer the TLS handshake"),
        ("tls", ProbeError("dropped"), "in the middle of the TLS handshake"),
        ("tls", tls_error("WRONG_VERSION_NUMBER"), "does not speak TLS"),
        ("tls", tls_error("TLSV1_UNRECOGNIZED_NAME"), "knows no site chat.example.com: list the name"),
        ("tls", tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), "no TLS version in common"),
        ("tls", tls_error("UNSUPPORTED_PROTOCOL"), "no TLS version in common"),
        (
            "tls",
            tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"),
            "knows no site chat.example.com, or has no TLS cipher",
        ),
        ("tls", tls_error("DH_KEY_TOO_SMALL"), "no TLS cipher or group in common"),
        ("tls", tls_error("INSUFFICIENT_SECURITY"), "no TLS cipher or group in common"),
        ("upgrade", tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "wants a client certificate"),
        ("tls", tls_error("SOMETHING_NEW"), "TLS with .* failed \\(SOMETHING_NEW\\)"),
        ("upgrade", ProbeError("timeout"), "does not answer the upgrade request"),
        ("upgrade", ProbeError("dropped"), "without answering the upgrade request: the backend drops it"),
        ("upgrade", ProbeError("accept"), "wrong Sec-WebSocket-Accept"),
        ("upgrade", ProbeError("handshake", text="missing Upgrade"), "invalid answer \\(missing Upgrade\\)"),
        ("upgrade", ProbeError("not_http"), "not HTTP/1.1: another program holds the port"),
        ("upgrade", ProbeError("speaks_tls"), "use wss://"),
        ("upgrade", ProbeError("status", code=302, headers={}), "redirect \\(302\\) to nowhere"),
        ("upgrade", ProbeError("status", code=426), "426: most likely the Upgrade header was lost"),
        ("upgrade", ProbeError("status", code=503), "503: the backend is down"),
        ("upgrade", ProbeError("status", code=500), "500: the backend failed .* or the server cannot open TLS to it"),
        ("upgrade", ProbeError("status", code=599), "The server answered 599, not 101"),
        ("echo", ProbeError("other", code=3, text="text"), "text message did not come back: one of 3 bytes"),
        ("echo", ProbeError("silent", text="binary"), "binary message did not come back in time"),
        ("echo", ProbeError("closed", code=1011), "code 1011 \\(no reason given\\) before the echo"),
        ("ping", ProbeError("timeout"), "no pong"),
        ("ping", ProbeError("dropped"), "cut without a close frame before the ping"),
        ("ping", ProbeError("protocol", text="reserved bits"), "not WebSocket, or too big \\(reserved bits\\)"),
    ],
)
def test_sentences(phase, error, sentence):
    said = say(phase, error)
    assert re.search(sentence, said), said


@pytest.mark.parametrize(
    ("code", "certificate", "changes", "sentence"),
    [
        (62, {}, {}, "does not cover chat.example.com, but www.example.com: add the name to the site's server_names"),
        (64, {"names": []}, {"server_name": "192.0.2.10"}, "does not cover 192.0.2.10, but no name at all"),
        (62, {"names": None}, {}, "but other names"),
        (62, None, {}, "but other names"),
        (10, {"not_after": "2026-11-20T00:00:00Z"}, {}, "expired on 2026-11-20T00:00:00Z: renew it"),
        (10, {}, {}, "above the server's own is refused"),
        (10, {"not_after": None}, {}, "refused \\(what OpenSSL says\\): renew it"),
        (
            9,
            {"not_before": "2026-11-24T00:00:00Z"},
            {},
            "from 2026-11-24T00:00:00Z on, and here it is 2026-11-23T12:00:00Z",
        ),
        (18, {"self_signed": True}, {"trust": "PEM"}, "SHA-256 aa:bb\\) that is not the expected one: reload"),
        (18, {"self_signed": True}, {}, "self-signed \\(SHA-256 aa:bb\\) and this machine does not trust it"),
        (18, None, {}, "The certificate is self-signed and this machine does not trust it"),
        (7, {"self_signed": True}, {"trust": "PEM"}, "not the expected one"),
        (20, {}, {}, "issued by CN=Example CA, which this machine cannot trace .*fullchain"),
        (21, {}, {"trust": "PEM"}, "issued by CN=Example CA, which does not lead to the expected certificates"),
        (19, None, {}, "issued by an issuer, which this machine cannot trace"),
        (26, {"self_signed": True}, {}, "refused: what OpenSSL says. Make a new one"),
    ],
)
def test_certificates(code, certificate, changes, sentence):
    said = say("tls", verify(code), certificate, **changes)
    assert re.search(sentence, said), said


OWN = Own("~/probe.pem", "~/probe.key")
NONE_SENT = "<center>No required SSL certificate was sent</center>"
NOT_HELD = "<center>The SSL certificate error</center>"


@pytest.mark.parametrize(
    ("error", "own", "sentence"),
    [
        (
            tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"),
            None,
            "wants a client .*site chat .* none to show: give",
        ),
        (
            tls_error("TLSV1_ALERT_UNKNOWN_CA"),
            OWN,
            r"the certificate ~/probe.pem .*UNKNOWN_CA.* site chat",
        ),
        (tls_error("SSLV3_ALERT_CERTIFICATE_EXPIRED"), OWN, "refuses the certificate ~/probe.pem"),
        (status_error(400, {}, NONE_SENT), None, "If the site chat has .* give the .* backend that wants one: set the"),
        (
            status_error(400, {}, NONE_SENT),
            OWN,
            "though the probe has one .* backend that wants one.* set the",
        ),
        (status_error(400, {}, NOT_HELD), None, "the probe has shown none: it is the proxy's that the backend refuses"),
        (status_error(400, {}, NOT_HELD), OWN, r"If it is the probe's \(~/probe.pem\), .* If it is the proxy's"),
        (ProbeError("own_certificate", text="it is odd"), OWN, "site chat cannot show .*: it is odd. Run the playbook"),
        (ProbeError("let_in"), OWN, "The site chat lets clients in without a certificate: run the playbook again"),
        (ProbeError("unclear", text="timeout"), OWN, "site chat refuses clients .* could not be seen.* this: timeout"),
    ],
)
def test_client_certificates(error, own, sentence):
    said = say("upgrade", error, own=own)
    assert re.search(sentence, said), said
    assert "{" not in said


@pytest.mark.parametrize(
    "page", ["The plain HTTP request was sent to HTTPS port", "sent an HTTP request to an HTTPS server"]
)
@pytest.mark.parametrize(("tls", "sentence"), [(True, "the backend behind it speaks TLS"), (False, "use wss://")])
def test_asked_in_plain(page, tls, sentence):
    assert sentence in say("upgrade", status_error(400, {}, page), tls=tls)


def test_ip_address_that_the_server_does_not_know():
    said = say("tls", tls_error("TLSV1_UNRECOGNIZED_NAME"), server_name="192.0.2.10")
    assert "refuses clients that name no host" in said


@pytest.mark.parametrize("code", sorted({*diagnose.STATUS, *diagnose.BY_STATUS, 301, 418}))
def test_every_status_is_named(code):
    said = say("upgrade", ProbeError("status", code=code))
    assert said.startswith("The server ")
    assert str(code) in said
    assert "{" not in said


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "refused"),
        (OSError(errno.EHOSTUNREACH, "no route"), "no_route"),
        (OSError(errno.ENETUNREACH, "no route"), "no_route"),
        (PermissionError(errno.EACCES, "denied"), "forbidden"),
        (PermissionError(errno.EPERM, "denied"), "forbidden"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "dropped"),
        (BrokenPipeError(errno.EPIPE, "pipe"), "dropped"),
        (socket.timeout("timed out"), "timeout"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "timeout"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "unresolved"),
        (ssl.SSLEOFError(8, "EOF"), "dropped"),
        (ssl.SSLError(1, "odd"), "tls"),
        (FileNotFoundError(errno.ENOENT, "gone"), "no_socket"),
        (OSError(errno.EMFILE, "too many"), "system"),
    ],
)
def test_kinds_of_exceptions(exc, kind):
    assert error_from(exc).kind == kind


def test_what_the_other_side_says_cannot_hurt():
    said = say("echo", ProbeError("closed", code=1008, text="\x1b[2J\n{peer}" + "x" * 500))
    assert "(?[2J?{peer}xxx" in said
    assert len(said) < 400
    assert said.isprintable()


@pytest.mark.parametrize("code", sorted(diagnose.HTTP2_STATUS))
def test_a_status_that_means_something_else_over_http2(code):
    said = [say("upgrade", ProbeError("status", code=code), http2=http2) for http2 in (False, True)]
    assert said[0] != said[1]
    assert said[1].startswith(f"The server answered {code}: ")
    assert "{" not in said[1]
