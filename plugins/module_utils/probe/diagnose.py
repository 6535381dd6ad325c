# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what went wrong to a sentence for a person: the likely cause and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Callable

from ansible_collections.wss.edge.plugins.module_utils.probe.failure import ProbeError
from ansible_collections.wss.edge.plugins.module_utils.probe.target import Target
from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Certificate


@dataclass(frozen=True)
class Case:
    """All that a sentence may speak of."""

    target: Target
    phase: str
    failure: ProbeError
    certificate: Certificate | None
    now: datetime


def diagnose(target: Target, phase: str, failure: ProbeError, certificate: Certificate | None, now: datetime) -> str:
    """Say the likely cause and what to do, in a sentence or two."""
    case = Case(target, phase, failure, certificate, now)
    for key in (f"{phase}.{failure.kind}", failure.kind):
        if key in SPECIAL:
            return SPECIAL[key](case)
        if key in SENTENCES:
            return _say(case, SENTENCES[key])
    return _say(case, "The connection to {peer} failed in the phase {phase}: {text}.")


def printable(text: str, limit: int = 200) -> str:
    """Text from the other side, made fit to be shown."""
    shown = "".join(char if char.isprintable() else "?" for char in text[: limit + 1])
    return shown if len(shown) <= limit else shown[:limit] + "..."


SENTENCES = {
    "unresolved": "The address {address} does not resolve on this machine ({text}): correct it, add it to DNS, "
    "or give an IP address.",
    "resolve.timeout": "The address {address} does not resolve on this machine, the DNS server does not answer: "
    "repair name resolution, or give an IP address.",
    "refused": "Nothing listens on {peer} (connection refused): start the server, or correct the address or the port. "
    "Some firewalls refuse in the same way.",
    "tcp.timeout": "{peer} does not answer: a firewall drops the connection or the address is wrong. "
    "Open the port in the host's and the provider's firewall, or correct the address.",
    "no_route": "There is no route to {peer} ({text}): check the address, the network, "
    "and whether a firewall rejects the port.",
    "forbidden": "This machine may not connect to {peer} ({text}): a firewall on the way or a sandbox on this machine "
    "forbids it; allow the connection, or probe from elsewhere.",
    "tls.timeout": "{peer} accepts the connection but does not answer the TLS handshake: something without TLS "
    "(plain ws) listens there, or the server has no connection left to give. Turn on TLS on that port, probe it as "
    "ws://, or raise wss_max_connections.",
    "tls.dropped": "{peer} closed the connection in the middle of the TLS handshake: probably something without TLS "
    "(plain ws) listens there, or the server has no certificate for {name}. Turn on TLS for that site and port.",
    "upgrade.timeout": "{peer} does not answer the upgrade request: the backend accepts connections but hangs, or the "
    "server has no connection left to give. Look at the backend, or raise wss_max_connections.",
    "upgrade.dropped": "{peer} closed the connection without answering the upgrade request: {dropped_because}",
    "tls": "TLS with {peer} failed ({text}): look at the server's error log.",
    "not_tls": "{peer} does not speak TLS; plain ws or HTTP listens there. Turn on TLS on that port, "
    "or probe it as ws://.",
    "no_version": "The server at {peer} and this client have no TLS version in common ({text}): the client offers 1.2 "
    "and 1.3. Set the site's tls to intermediate, or update OpenSSL on the older side.",
    "no_handshake": "The server at {peer} refuses the handshake ({text}): it knows no site {name}, or has no TLS "
    "cipher or group in common with this client. List the name in the site's server_names; if it is there, look at "
    "the site's listen, tls and type of key.",
    "no_cipher": "The server at {peer} and this client have no TLS cipher or group in common ({text}): "
    "set the site's tls to intermediate, or check its ciphers, groups and type of key.",
    "own_certificate": "The probe of the site {site} cannot show its client certificate: {text}. Run the playbook that "
    "makes it (wss.edge.wss), or correct certificate and private_key of the endpoint's probe.",
    "let_in": "The site {site} lets clients in without a certificate: run the playbook again, so that its "
    "client_certificates are served; if that is done, look which server answers at {peer}.",
    "unclear": "Whether the site {site} refuses clients without a certificate could not be seen, such a client got "
    "this: {text}. Look at the server's error log.",
    "not_http": "{peer} answered with something that is not HTTP/1.1: another program holds the port. "
    "Correct the port, or stop that program.",
    "no_http2": "The server at {peer} did not choose HTTP/2 for {name}, though it was offered: turn on HTTP/2 for the "
    "site, or take http2_websockets from it.",
    "no_connect": "The server at {peer} speaks HTTP/2, but takes no WebSockets over it: turn that on (in Apache 2.4.58 "
    "and newer with H2WebSockets), or take http2_websockets from the site.",
    "not_http2": "{peer} breaks the rules of HTTP/2 ({text}): look at the server, and at every proxy before it.",
    "accept": "The server accepted with a wrong Sec-WebSocket-Accept: what answers is not a WebSocket server, "
    "or a cache answers in its place. Look at the backend and at every proxy before it.",
    "handshake": "The server accepted the upgrade with an invalid answer ({text}): "
    "look at the backend and at every proxy before it.",
    "other": "The upgrade is accepted, but the {text} message did not come back: one of {code} bytes came instead. "
    "If the backend is no echo server, probe with expect: open; otherwise look at the path and the backend.",
    "silent": "The upgrade is accepted, but the {text} message did not come back in time. "
    "If the backend is no echo server, probe with expect: open; otherwise look at the backend.",
    "ping.timeout": "The upgrade is accepted, but no pong came back: the backend hangs, or does not answer pings as "
    "RFC 6455 demands. Look at the backend.",
    "closed": "The upgrade is accepted, but the backend closed the connection with code {code} ({text}) "
    "before the {phase} was answered: look at the backend's log for the reason.",
    "dropped": "The upgrade is accepted, but the connection was cut without a close frame before the {phase} was "
    "answered: look at the backend's log, and at timeouts of proxies in between.",
    "protocol": "The upgrade is accepted, but what comes back is not WebSocket, or too big ({text}): "
    "look at the backend.",
}

STATUS = {
    200: "answered with a plain page (200), not with an upgrade: {path} leads to a web site, not to an endpoint. "
    "Correct the path, or add the endpoint to the site.",
    401: "wants a login (401): give the credentials in the target's headers, or let the endpoint in without a login.",
    404: "answered 404: no endpoint has the path {path}, or the backend does not know it. Correct the path, "
    "or the path of the backend's URL.",
    429: "answered 429, too many connections or requests from this client: raise the limit, or wait.",
    500: "answered 500: the backend failed in the handshake, or the server cannot open TLS to it. Look at both logs, "
    "and whether the backend's URL should be ws or wss.",
    502: "answered 502: the backend is down, or its URL is wrong (host, port, ws or wss). Start the backend, "
    "or correct the endpoint's backend; on SELinux hosts the server must be allowed to connect.",
    503: "answered 503: the backend is down, does not answer or is overloaded, or a limit on connections is reached. "
    "Start the backend, or correct the endpoint's backend; on SELinux hosts the server must be allowed to connect.",
    504: "answered 504: the backend does not answer in time. Look at the backend, and at firewalls between it and the "
    "server.",
}

UPGRADE_LOST = (
    "answered {code}: most likely the Upgrade header was lost on the way. Every proxy before the backend must use "
    "HTTP/1.1 and pass on Upgrade and Connection."
)

# Over HTTP/2 the server words an answer that is no WebSocket anew.
HTTP2_STATUS = {
    400: "answered 400: most likely the backend cut the connection instead of answering. Look at the backend's log, "
    "and whether its URL should be ws or wss.",
    502: "answered 502: the backend answered with something else than a WebSocket, or {path} leads to a web site and "
    "not to an endpoint. Correct the path, or the endpoint's backend.",
}

SPEAKS_TLS = "{peer} speaks TLS, but was asked in plain ws: use wss:// (tls: true), or turn TLS off for that port."

NO_NAME = (
    "The server at {peer} refuses clients that name no host, as all do that know it by an IP address: "
    "the site with {name} among its server_names must be the default one of this address and port."
)


# An alert is the server's own; a page with status 400 may be that of an nginx behind it.
GIVE = "give the endpoint's probe a certificate and private_key that the site's client_certificates.ca has signed"
SET = "set the endpoint's backend_tls.client_certificate to one that the backend's authority has signed"
CLIENT_CERTIFICATE = {
    "alert, none shown": "The server at {peer} wants a client certificate for the site {site} ({text}), and the probe "
    f"has none to show: {GIVE}.",
    "alert, one shown": "The server at {peer} refuses the certificate {own} of the probe ({text}): have it signed by "
    "client_certificates.ca of the site {site}; it must be in date and not revoked.",
    "wants_certificate, none shown": "The server answered 400, because it wants a client certificate and none was "
    f"shown. If the site {{site}} has client_certificates, {GIVE}. If it has none, it is the backend that wants one: "
    f"{SET}.",
    "wants_certificate, one shown": "The server answered 400, because a client certificate is missing, though the "
    f"probe has one to show: it is the backend that wants one. For that, {SET}.",
    "refuses_certificate, none shown": "The server answered 400, because a client certificate does not hold, and the "
    f"probe has shown none: it is the proxy's that the backend refuses. For that, {SET}.",
    "refuses_certificate, one shown": "The server answered 400, because a client certificate does not hold. If it is "
    "the probe's ({own}), have it signed by client_certificates.ca of the site {site}, in date and not revoked. "
    f"If it is the proxy's, which the backend refuses, {SET}.",
}


def _say(case: Case, sentence: str) -> str:
    target, failure = case.target, case.failure
    dropped_because = (
        "the backend drops it, or the server refuses this client. Look at the backend's log."
        if target.tls
        else "probably it speaks TLS only. Use wss:// (tls: true), or look at the server."
    )
    return sentence.format(
        site=target.site,
        own=target.own and target.own.certificate,
        address=target.address,
        peer=target.peer,
        name=target.server_name,
        path=target.path,
        phase=case.phase,
        code=failure.code,
        text=printable(failure.text) or "no reason given",
        dropped_because=dropped_because,
    )


def _unknown_name(case: Case) -> str:
    if case.target.named_by_ip:
        return _say(case, NO_NAME)
    return _say(
        case,
        "The server at {peer} knows no site {name}: list the name in the site's server_names, "
        "and check that the site listens on this port and that the configuration is loaded.",
    )


def _speaks_tls(case: Case) -> str:
    if case.failure.code is None:
        return _say(case, SPEAKS_TLS)
    if case.target.tls:
        return "The server answered 400, because the backend behind it speaks TLS: write wss:// in its URL."
    return "The server answered 400, because it speaks TLS but was asked in plain ws: use wss:// (tls: true)."


def _client_certificate(case: Case) -> str:
    how = "alert" if case.failure.code is None else case.failure.kind
    return _say(case, CLIENT_CERTIFICATE[f"{how}, {'one' if case.target.own else 'none'} shown"])


def _status(case: Case) -> str:
    code = case.failure.code or 0
    if case.target.http2 and code in HTTP2_STATUS:
        return _say(case, "The server " + HTTP2_STATUS[code])
    if code in BY_STATUS:
        return "The server " + BY_STATUS[code](case)
    if 300 <= code < 400:
        return "The server " + _redirect(case)
    plain = "answered {code}, not 101: look at the server's and the backend's log."
    return _say(case, "The server " + STATUS.get(code, plain))


def _upgrade_lost(case: Case) -> str:
    return _say(case, UPGRADE_LOST)


def _forbidden(case: Case) -> str:
    origin = case.target.origin
    if origin:
        return f"answered 403 to the Origin {origin}: add it to the endpoint's origins, or let the backend accept it."
    return (
        "answered 403 to a client without an Origin: give the target an origin that the endpoint allows, "
        "or look at the backend's access rules."
    )


def _redirect(case: Case) -> str:
    where = printable(case.failure.headers.get("location", "")) or "nowhere"
    return _say(case, "answered with a redirect ({code}) to ") + (
        f"{where}: WebSocket clients do not follow it. Use that URL, or take the redirect away for this path."
    )


def _verify(case: Case) -> str:
    """Explain why the certificate was refused; the codes are OpenSSL's X509_V_ERR_*."""
    code = case.failure.code
    if code in (62, 64):
        return _wrong_name(case)
    if code in (9, 10):
        return _wrong_time(case)
    if code in (2, 7, 18, 19, 20, 21):
        alone = code == 18 or (case.certificate and case.certificate.self_signed)
        return _self_signed(case) if alone else _unknown_issuer(case)
    return _say(case, "The certificate is refused: {text}. Make a new one, or look at how it was made.")


def _wrong_name(case: Case) -> str:
    known = case.certificate.names if case.certificate else None
    names = "other names" if known is None else ", ".join(known[:20]) or "no name at all"
    return _say(case, "The certificate does not cover {name}, ") + (
        f"but {printable(names)}: add the name to the site's server_names and renew the certificate, "
        "or look whether another site answers on this address."
    )


def _wrong_time(case: Case) -> str:
    shown, moment = case.certificate, case.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    if shown is None or shown.not_after is None or shown.not_before is None:
        return _say(case, "The certificate is refused ({text}): renew it, and check this machine's clock.")
    if shown.not_after < moment:
        return f"The certificate expired on {shown.not_after}: renew it; if that is done, reload the server."
    if shown.not_before > moment:
        return (
            f"The certificate is valid only from {shown.not_before} on, and here it is {moment}: "
            "set the clocks of both machines."
        )
    return _say(case, "A certificate above the server's own is refused ({text}): install the CA's current chain.")


def _self_signed(case: Case) -> str:
    fingerprint = f" (SHA-256 {case.certificate.fingerprint_sha256})" if case.certificate else ""
    if case.target.trust is not None:
        return (
            f"The server shows a self-signed certificate{fingerprint} that is not the expected one: "
            "reload the server if the certificate was renewed, or look whether another site answers."
        )
    return (
        f"The certificate is self-signed{fingerprint} and this machine does not trust it: "
        "give it as trust, or use a certificate of a CA that clients know."
    )


def _unknown_issuer(case: Case) -> str:
    issuer = printable(case.certificate.issuer or "") if case.certificate else ""
    issued = f"by {issuer}" if issuer else "by an issuer"
    if case.target.trust is not None:
        return (
            f"The certificate was issued {issued}, which does not lead to the expected certificates: reload the server "
            "if the certificate was renewed, let it send the intermediate certificates too, or correct trust."
        )
    return (
        f"The certificate was issued {issued}, which this machine cannot trace to a CA it trusts: let the server send "
        "the intermediate certificates too (fullchain), or give a private CA's certificate as trust."
    )


BY_STATUS: Mapping[int, Callable[[Case], str]] = {
    400: _upgrade_lost,
    403: _forbidden,
    426: _upgrade_lost,
    505: _upgrade_lost,
}

SPECIAL: dict[str, Callable[[Case], str]] = {
    "verify": _verify,
    "unknown_name": _unknown_name,
    "speaks_tls": _speaks_tls,
    "wants_certificate": _client_certificate,
    "refuses_certificate": _client_certificate,
    "status": _status,
}
