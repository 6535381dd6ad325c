# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a backend, as a sentence for a person: what it does and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.probe.backends import BackendTlsAsked, Look
from ansible_collections.wss.edge.plugins.module_utils.probe.diagnose import printable
from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError
from ansible_collections.wss.edge.plugins.module_utils.probe.look import Seen
from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Certificate

OK, DOWN, WRONG = "ok", "down", "wrong"

# The proxy goes on to the next backend.
DOWN_KINDS = ("refused", "timeout", "dropped", "unresolved", "no_route", "no_socket")


class Finding(NamedTuple):
    """C(state) is V(ok), V(down) or V(wrong)."""

    state: str
    text: str


SENTENCES = {
    "unresolved": "the name {host} is unknown on this host ({text}): correct the URL, or add the name to DNS.",
    "refused": "nothing listens there (connection refused): start the backend, or correct its URL.",
    "no_socket": "there is no socket at that path: start the backend, or correct the path.",
    "tcp.timeout": "it accepts no connection in {connect_timeout} s: start the backend, correct its URL, or open its "
    "port in the firewalls between.",
    "no_route": "there is no route to it ({text}): look at the network and its firewalls, or correct the URL.",
    "forbidden": "this host may not connect to it ({text}): allow it in the host's firewall.",
    "timeout": "it accepts the connection, but says nothing: look at the backend's log.",
    "dropped": "it closes the connection without an answer: look at the backend's log.",
    "speaks_tls": "the URL begins with ws://, but port {port} speaks TLS: write {other}, and in backend_tls who has "
    "signed its certificate.",
    "plain": "the URL begins with wss://, but port {port} answers in plain HTTP: write {other}, or turn on TLS in the "
    "backend.",
    "not_tls": "what answers on port {port} is not TLS, nor HTTP: correct the URL.",
    "not_http": "what answers is not HTTP/1.1: correct the URL, another program has that port.",
    "wants_certificate": "it wants a client certificate of the proxy ({said}): set backend_tls.client_certificate, "
    "private_ca or the files of one that the backend's authority has signed.",
    "refuses_certificate": "it refuses the proxy's client certificate {own} ({said}): have it signed by the authority "
    "that the backend trusts; it must be in date and not revoked.",
    "own_certificate": "the proxy cannot show its client certificate: {text}. Run the playbook, which installs it, or "
    "correct backend_tls.client_certificate.",
    "authority": "backend_tls.ca {ca} cannot be read on this host: {text}. Run the playbook, which installs it.",
    "depth": "{code} certificates are above its own, and backend_tls.verify_depth is {depth}: raise it, or shorten the "
    "chain.",
    "unknown_name": "it knows no site {name} ({text}): set backend_tls.server_name to a name that it has.",
    "no_version": "it speaks none of backend_tls.protocols ({protocols}): give one that it speaks.",
    "no_cipher": "it has no TLS cipher in common with backend_tls.ciphers ({text}): give one that it has.",
    "no_handshake": "it refuses the TLS handshake ({text}): it has no protocol or cipher of backend_tls in common, or "
    "knows no site {name}; look at its log.",
    "tls": "TLS with it failed ({text}): look at the backend's log.",
    "status.403": "it refuses the upgrade of {path} (403): let it accept {origin}.",
    "status.404": "it knows no path {path} for the Host {asked_host} (404): correct the path of its URL, or the "
    "endpoint's.",
    "status": "it answers {code} to the upgrade of {path} for the Host {asked_host}{location}: look at its log.",
}

AUTHORITIES = {
    "private_ca": "the private authority",
    "system": "the authorities that this host trusts",
}


def finding(asked: Look, seen: Seen, now: datetime) -> Finding:
    """The state of a backend, and the sentence."""
    failure = seen.failure
    if failure is None:
        return Finding(OK, f"it takes the upgrade of {asked.path}." if asked.proved else "it answers.")
    if failure.kind == "verify" and asked.tls:
        return Finding(WRONG, _verify(asked.tls, failure, seen.certificate, now))
    if failure.kind == "speaks_tls" and asked.is_unix:
        return Finding(WRONG, "it speaks TLS, which is not spoken to a unix socket: turn TLS off in the backend.")
    kind = failure.kind
    if kind == "wants_certificate" and asked.tls and asked.tls.own:
        kind = "refuses_certificate"
    state = DOWN if kind in DOWN_KINDS else WRONG
    for key in (f"{seen.phase}.{kind}", f"{kind}.{failure.code}", kind):
        if key in SENTENCES:
            return Finding(state, _say(SENTENCES[key], asked, failure))
    return Finding(state, _say("the connection failed: {text}.", asked, failure))


def _say(sentence: str, asked: Look, failure: ProbeError) -> str:
    host, port = ("", "") if asked.is_unix else asked.where
    tls = asked.tls
    where = printable(failure.headers.get("location", ""))
    return sentence.format(
        host=host,
        port=port,
        other=f"{'ws' if tls else 'wss'}://{asked.address}",
        connect_timeout=asked.connect_timeout,
        path=asked.path,
        asked_host=asked.host,
        origin=next((f"the Origin {text}" for name, text in asked.headers if name == "Origin"), "it"),
        location=f" with a redirect to {where}" if where else "",
        name=tls and tls.name,
        ca=tls and tls.ca,
        depth=tls and tls.verify_depth,
        protocols=", ".join(tls.protocols) if tls else "",
        own=tls and tls.own and tls.own.certificate,
        code=failure.code,
        said=failure.code or failure.text,
        text=printable(failure.text) or "no reason given",
    )


def _verify(tls: BackendTlsAsked, failure: ProbeError, shown: Certificate | None, now: datetime) -> str:
    """Why its certificate is refused; the codes are OpenSSL's X509_V_ERR_*."""
    code = failure.code
    if code in (62, 64):
        return _wrong_name(tls, shown)
    if code in (9, 10):
        return _wrong_time(shown, now, failure.text)
    if code in (2, 7, 18, 19, 20, 21):
        return _other_authority(tls, shown, code)
    if code == 23:
        return "its certificate is revoked: have a new one made and installed in the backend."
    if code in (3, 11, 12):
        return f"the revocation list of {_authority(tls)} does not hold here ({failure.text}): run the playbook again."
    return f"its certificate is refused ({failure.text}): look at how it was made."


def _wrong_name(tls: BackendTlsAsked, shown: Certificate | None) -> str:
    names = shown.names if shown else None
    listed = "other names" if names is None else printable(", ".join(names[:20])) or "no name at all"
    if names and not any(_is_dns(name) for name in names):
        return (
            f"its certificate has no DNS name, only {listed}, and no server matches IP addresses in the certificate of "
            "a backend: have a DNS name put into it, and set backend_tls.server_name to that."
        )
    return (
        f"its certificate has {listed}, not {tls.name}: set backend_tls.server_name to a name that it has, or have "
        f"{tls.name} put into it."
    )


def _wrong_time(shown: Certificate | None, now: datetime, text: str) -> str:
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    if shown and shown.not_after and shown.not_after < moment:
        return f"its certificate expired on {shown.not_after}: renew it, and reload the backend."
    if shown and shown.not_before and shown.not_before > moment:
        return f"its certificate is valid only from {shown.not_before} on, and here it is {moment}: set the clocks."
    what = "a certificate above its own" if shown and shown.not_after else "its certificate, or one above it,"
    return f"{what} is refused ({text}): renew it, and check this host's clock."


def _other_authority(tls: BackendTlsAsked, shown: Certificate | None, code: int | None) -> str:
    if code == 18 or (shown and shown.self_signed):
        return (
            f"its certificate is self-signed, and not that of {_authority(tls)}: set backend_tls.ca to a file with it, "
            "or have one signed."
        )
    issuer = f" by {printable(shown.issuer)}" if shown and shown.issuer else ""
    return (
        f"its certificate is signed{issuer}, which does not lead to {_authority(tls)}: set backend_tls.ca to the "
        "authority that has signed it, and let the backend send the intermediates."
    )


def _authority(tls: BackendTlsAsked) -> str:
    return f"{AUTHORITIES.get(tls.ca, 'the authority')} (backend_tls.ca: {tls.ca})"


def _is_dns(name: str) -> bool:
    return any(char.isalpha() for char in name) and ":" not in name
