# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs as lines for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.wss.edge.plugins.module_utils.probe.client import Proof
from ansible_collections.wss.edge.plugins.module_utils.probe.diagnose import printable
from ansible_collections.wss.edge.plugins.module_utils.probe.tls import Certificate


def report(proofs: Sequence[Proof]) -> list[str]:
    """Make a few aligned lines for each endpoint, and a last one that counts."""
    if not proofs:
        return ["Nothing to probe: no site has an endpoint."]
    lines = [line for proof in proofs for line in _endpoint(proof)]
    passed = sum(proof.ok for proof in proofs)
    return [*lines, f"{passed} of {len(proofs)} endpoints proved."]


def next_steps(proofs: Sequence[Proof], trust: Mapping[str, object]) -> list[str]:
    """Lines to try by hand, for the first endpoint that is proved.

    :param trust: What clients of a site must trust, by its name; nothing where they trust it already.
    """
    proof = next((proof for proof in proofs if proof.ok), None)
    if proof is None:
        return []
    file, note = _to_trust(proof, bool(trust.get(proof.site)))
    command = f"{file and f'SSL_CERT_FILE={file} '}python3 -m websockets {proof.url}"
    lines = ["Try next:", _row("browser", f'new WebSocket("{proof.url}")'), _row("shell", command)]
    return [*lines, _row("note", note)] if note else lines


def _to_trust(proof: Proof, own: bool) -> tuple[str, str]:
    """The file that a client must trust, and what to say of it."""
    if proof.certificate and proof.certificate.self_signed:
        note = "The certificate is self-signed: clients elsewhere, browsers too, must be told to trust that file."
        return f"/etc/pki/wss/{proof.site}/current/cert.pem", note
    if own:
        note = "Clients must be told to trust that root; the private authority's is root.pem in wss_ca_dir."
        return "root.pem", note
    return "", ""


def problems(proofs: Sequence[Proof]) -> list[str]:
    """Make one line for each endpoint that failed."""
    return [f"{proof.site} {_what(proof)}: {proof.problem}" for proof in proofs if not proof.ok]


def _endpoint(proof: Proof) -> list[str]:
    host = f"[{proof.address}]" if ":" in proof.address else proof.address
    lines = [f"{'ok  ' if proof.ok else 'FAIL'}  {_what(proof)}  at {host}:{proof.port}"]
    if proof.tls_version:
        lines.append(_row("TLS", ", ".join(filter(None, (proof.tls_version, proof.cipher, proof.group)))))
    if proof.certificate:
        lines.append(_row("certificate", _certificate(proof.certificate)))
    if proof.client_certificate:
        lines.append(_row("client", _client(proof)))
    if proof.upgrade_ms is not None:
        lines.append(_row("upgrade", _upgrade(proof)))
    if proof.ok:
        lines.append(_row(*_talk(proof)))
    lines += [_row("note", printable(note)) for note in proof.notes]
    if not proof.ok:
        lines.append(_row("problem", proof.problem))
    return lines


def _what(proof: Proof) -> str:
    return f"{proof.url} over HTTP/2" if proof.http2 else proof.url


def _row(label: str, text: str) -> str:
    return f"      {label:<12}{text}"


def _certificate(shown: Certificate) -> str:
    if shown.names is None:
        return f"SHA-256 {shown.fingerprint_sha256}"
    names = printable(", ".join(shown.names)) or "no names"
    issuer = f", issued by {printable(shown.issuer)}" if shown.issuer else ""
    kind = ", self-signed" if shown.self_signed else issuer
    life = f"{shown.days_left} days left" if (shown.days_left or 0) >= 0 else "expired"
    return f"{names}; {life}{kind}"


def _client(proof: Proof) -> str:
    alone = f"; without it, refused ({printable(proof.refusal)})" if proof.refusal else ""
    return f"shows {proof.client_certificate}{alone}"


def _upgrade(proof: Proof) -> str:
    chosen = f", subprotocol {proof.subprotocol}" if proof.subprotocol else ""
    return f"{proof.status} in {_ms(proof.upgrade_ms)}{chosen}"


def _talk(proof: Proof) -> tuple[str, str]:
    rest = f"ping {_ms(proof.ping_ms)}, close {_ms(proof.close_ms)}"
    return ("open", rest) if proof.echo_ms is None else ("echo", f"{_ms(proof.echo_ms)}, {rest}")


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value} ms"
