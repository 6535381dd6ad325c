# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to come by a certificate, the ways from one to another, and the end of a certificate's life."""

from __future__ import annotations

import datetime
import ssl
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MADE = Path(__file__).parents[2] / ".cache/molecule/certificates"
ROOT_PEM = MADE / "ca/root.pem"
ELSEWHERE = MADE / "elsewhere"
END = b"-----END CERTIFICATE-----\n"
ASKED = "asked.example.com"
INVENTORY = yaml.safe_load((Path(__file__).parent / "inventory/sites.yml").read_text())["wss"]["vars"]


def openssl(*arguments: str | Path, text: str | None = None) -> str:
    done = subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, input=text)
    return done.stdout


def site(provider: str, name: str = "switch.example.com", **certificate: Any) -> dict[str, Any]:
    endpoints = [{"path": "/wss", "backend": "ws://127.0.0.1:8282", "probe": "echo"}]
    return {"name": name, "certificate": {"provider": provider, **certificate}, "endpoints": endpoints}


def served(host: Any, name: str) -> x509.Certificate:
    shown = host.handshake(443, "-servername", name)
    return x509.load_pem_x509_certificate(shown[shown.index("-----BEGIN") : shown.index("-----END")].encode() + END)


def common_name(name: x509.Name) -> Any:
    return name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def trust(file: Path) -> dict[str, Any]:
    return {"ssl": ssl.create_default_context(cafile=str(file))}


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def sign_elsewhere(host: Any, name: str) -> Path:
    """What an authority that is not ours does with a request; where it puts the certificate."""
    request = MADE / "requests" / host.name / f"{name}.csr"
    issuer = ("-CA", ELSEWHERE / "root.pem", "-CAkey", ELSEWHERE / "root.key")
    signed = request.with_suffix(".pem")
    signed.write_text(openssl("x509", "-req", "-in", request, "-copy_extensions", "copy", "-days", "80", *issuer))
    return signed


def test_the_private_authority_is_what_clients_trust(host: Any) -> None:
    for name in ("private.example.com", "room.private.example.com", host.address):
        assert host.echoes(f"wss://{name}/wss", "private.example.com", server_hostname=name, **trust(ROOT_PEM))
    assert host.handshake(443, "-servername", "private.example.com", "-showcerts").count("BEGIN CERTIFICATE") == 2
    seen = host.handshake(443, "-servername", "private.example.com", "-CAfile", str(ROOT_PEM), "-x509_strict")
    assert "Verify return code: 0 (ok)" in seen


def test_a_browser_that_trusts_the_root_needs_no_exception(host: Any) -> None:
    assert host.browse("wss://private.example.com/wss", "", trust=ROOT_PEM)["echoed"]


def test_the_authority_signs_within_its_domains_alone(host: Any) -> None:
    run = host.wss(site("self_signed", "own.example.com"), site("private_ca", "chat.example.net"))
    assert not run.ok
    assert "chat.example.net" in run
    assert "may sign for" in run, run.output
    assert host.echoes("wss://own.example.com/wss", "own.example.com")


def test_a_stand_in_serves_until_the_signed_certificate_is_there(host: Any) -> None:
    folder = MADE / "requests" / host.name
    assert host.echoes(f"wss://{ASKED}/wss", ASKED)
    request = openssl(
        "req", "-in", folder / f"{ASKED}.csr", "-noout", "-verify", "-text", "-nameopt", "utf8,sep_comma_plus"
    )
    assert "C=DE,L=Köln,O=Beispiel GmbH" in request
    assert "(3072 bit)" in request
    assert f"DNS:{ASKED}" in request
    signed = sign_elsewhere(host, ASKED)
    try:
        run = host.play("playbooks/wss.yml")
        assert run.ok, run.output
        assert host.echoes(f"wss://{ASKED}/wss", ASKED, **trust(ELSEWHERE / "root.pem"))
        again = host.play("playbooks/wss.yml", "--diff")
        assert again.counts["changed"] == "0", again.output

        signed.write_text(ROOT_PEM.read_text())
        refused = host.play("playbooks/wss.yml")
        assert not refused.ok
        assert f"certificate {ASKED}" in refused
        assert host.echoes(f"wss://{ASKED}/wss", ASKED, **trust(ELSEWHERE / "root.pem"))
    finally:
        signed.unlink()
    again = host.play("playbooks/wss.yml", "--diff")
    assert again.counts["changed"] == "0", again.output


def test_from_one_provider_to_another_with_live_sockets(host: Any) -> None:
    name = "switch.example.com"
    assert host.wss(site("self_signed")).ok
    with ExitStack() as stack:
        sockets = [stack.enter_context(host.connect(f"wss://{name}/wss", name)) for _number in range(20)]
        for provider in ("private_ca", "request", "self_signed"):
            run = host.wss(site(provider))
            assert run.ok, run.output
            if provider == "request":
                assert common_name(served(host, name).issuer) == "wss.edge private CA intermediate", (
                    "what was good serves on"
                )
                signed = sign_elsewhere(host, name)
                answered = host.wss(site(provider, ca=str(ELSEWHERE / "root.pem")))
                signed.unlink()
                assert answered.ok, answered.output
                assert host.echoes(f"wss://{name}/wss", name, **trust(ELSEWHERE / "root.pem"))
            sockets.append(stack.enter_context(host.connect(f"wss://{name}/wss", name, ssl=unverified())))
        assert common_name(served(host, name).issuer) == name
        for number, socket in enumerate(sockets):
            socket.send(f"still here {number}")
            assert socket.recv(10) == f"still here {number}"
    assert host.play("playbooks/wss.yml").ok


def aged(name: str) -> tuple[str, str]:
    """A pair as `self_signed` would have made it 70 days ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=70)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def test_an_ordinary_run_renews_what_is_short_of_its_life(host: Any) -> None:
    name = "old.example.com"
    for file, text in zip(("old.key", "old.pem"), aged(name)):
        (host.folder / file).write_text(text)
    given = site("files", name, private_key=str(host.folder / "old.key"), certificate=str(host.folder / "old.pem"))
    assert host.wss(given).ok
    old = served(host, name)
    with host.connect(f"wss://{name}/wss", name) as connection:
        run = host.wss(site("self_signed", name), arguments=("-v",))
        assert run.ok, run.output
        assert "a third of its life is left" in run
        connection.send("still here")
        assert connection.recv(10) == "still here"
    new = served(host, name)
    assert new.not_valid_after_utc - old.not_valid_after_utc > datetime.timedelta(days=60)
    assert new.public_key() == old.public_key()
    assert host.wss(site("self_signed", name)).counts["changed"] == "0"


MUTUAL = """
server {
    listen 7443 ssl;
    server_name private.example.com;
    ssl_certificate /etc/pki/wss/private.example.com/current/fullchain.pem;
    ssl_certificate_key /etc/pki/wss/private.example.com/current/privkey.pem;
    ssl_client_certificate /etc/ssl/wss-ca.pem;
    ssl_crl /etc/ssl/wss-crl.pem;
    ssl_verify_client on;
    ssl_verify_depth 2;
    location / { return 200 "$ssl_client_s_dn\\n"; }
}
"""


@pytest.fixture
def mutual(host: Any) -> Any:
    """A server of the user's own that lets in whom our authority knows and has not revoked."""

    def bring() -> None:
        for file in ("ca", "crl"):
            text = (MADE / f"ca/{file}.pem").read_text()
            host.run(f"cat > /etc/ssl/wss-{file}.pem <<'EOF'\n{text}EOF")
        host.run(f"cat > /etc/nginx/conf.d/mutual.conf <<'EOF'\n{MUTUAL}EOF\nnginx -s reload; sleep 0.5")

    yield bring
    host.run("rm /etc/nginx/conf.d/mutual.conf; nginx -s reload")


def authority() -> dict[str, Any]:
    """The variables of the private authority, for a play that is not the main job."""
    found = {key: value for key, value in INVENTORY.items() if key.startswith("wss_ca_")}
    return {**found, "made": str(MADE)}


def test_a_revoked_client_certificate_is_refused(host: Any, mutual: Any) -> None:
    assert host.play("playbooks/wss.yml").ok
    client = {"client": f"client-{host.name}", "folder": str(host.folder)}
    run = host.play("examples/client-certificate.yml", **authority(), **client)
    assert run.ok, run.output
    mine = ("--cert", str(host.folder / "client.pem"), "--key", str(host.folder / "client.key"))
    url = "https://private.example.com:7443/"
    mutual()
    assert host.curl(url).status == 400
    response = host.curl(url, *mine)
    assert (response.status, response.body) == (200, f"CN=client-{host.name}\n")

    serial = openssl("x509", "-noout", "-serial", "-in", host.folder / "client.pem").strip().partition("=")[2]
    revoked = host.play("playbooks/wss.yml", wss_ca_revoked=[{"serial": serial, "reason": "key_compromise"}])
    assert revoked.ok, revoked.output
    mutual()
    assert host.curl(url, *mine).status == 400
    assert serial in openssl("crl", "-in", MADE / "ca/crl.pem", "-noout", "-text")


def test_a_host_that_trusts_the_root(host: Any) -> None:
    assert host.play("playbooks/wss.yml").ok
    look = "curl --silent --show-error --output /dev/null --write-out '%{http_code}' "
    look += "--connect-to private.example.com:443:127.0.0.1:443 https://private.example.com/wss 2>&1 || true"
    assert "certificate" in host.run(look)
    try:
        run = host.play("playbooks/trust.yml")
        assert run.ok, run.output
        assert host.run(look) == "426"
        assert host.play("playbooks/trust.yml").counts["changed"] == "0"
        assert (MADE / "ca/trust.md").exists()
    finally:
        host.run("rm -f /usr/local/share/ca-certificates/wss-private-ca.crt; update-ca-certificates")


def test_no_secret_in_the_output_at_its_most_verbose(host: Any) -> None:
    run = host.wss(
        site("private_ca", "verbose.example.com"), site("request", "asked2.example.com"), arguments=("-vvvvv", "--diff")
    )
    assert run.ok
    assert "correct horse" not in run.output
    for name in ("verbose.example.com", "asked2.example.com"):
        key = host.run(f"cat /etc/pki/wss/{name}/current/privkey.pem").splitlines()[1]
        assert key not in run.output
