# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to come by a certificate, the ways from one to another, and the end of a certificate's life."""

from __future__ import annotations

import datetime
import re
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
SSLYZE = Path(__file__).parents[2] / ".cache/venv/sslyze/bin/sslyze"
# Of Mozilla's guidelines 6.0; those that sslyze brings are older.
MOZILLA = ("--custom_tls_config", str(Path(__file__).parent / "mozilla-intermediate-6.0.json"))
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


def scanned(host: Any, name: str, trust: str | Path, port: int = 443, policy: tuple[str, ...] = MOZILLA) -> str:
    """What sslyze says of a policy. Its exit code is 0, too, when it cannot read the policy."""
    command = [SSLYZE, *policy, "--certinfo_ca_file", trust, "--sni", name, f"{host.address}:{port}"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stdout


def test_sslyze_finds_what_mozilla_recommends(host: Any) -> None:
    for name, trusted in (("own.example.com", host.trust("own.example.com")), ("private.example.com", ROOT_PEM)):
        said = scanned(host, name, trusted)
        assert f"{host.address}:443: OK - Compliant." in said, said


def test_sslyze_finds_what_mozilla_does_not_recommend(host: Any, tmp_path: Path) -> None:
    said = scanned(host, "weak.example.com", host.trust("weak.example.com"), 8443)
    assert f"{host.address}:8443: FAILED - Not compliant." in said, said
    assert "Cipher suites {'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'} are supported, but should be rejected" in said
    said = scanned(host, "own.example.com", host.trust("own.example.com"), policy=("--mozilla_config", "modern"))
    assert "TLS versions {'TLSv1.2'} are supported, but should be rejected" in said
    untrusted = scanned(host, "private.example.com", host.trust("own.example.com"))
    assert "Certificate path validation failed" in untrusted
    unread = tmp_path / "policy.json"
    unread.write_text("{}")
    assert "Compliant" not in scanned(host, "own.example.com", ROOT_PEM, policy=("--custom_tls_config", str(unread)))


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


PRIVATE = "/etc/pki/wss/private.example.com/current"
# A server of the user's own that lets in whom our authority knows and has not revoked.
MUTUAL = {
    "nginx": f"""
server {{
    listen 7443 ssl;
    server_name private.example.com;
    ssl_certificate {PRIVATE}/fullchain.pem;
    ssl_certificate_key {PRIVATE}/privkey.pem;
    ssl_client_certificate /etc/ssl/wss-ca.pem;
    ssl_crl /etc/ssl/wss-crl.pem;
    ssl_verify_client on;
    ssl_verify_depth 2;
    add_header X-Client $ssl_client_s_dn always;
}}
""",
    "apache": f"""
Listen 7443
<VirtualHost *:7443>
    ServerName private.example.com
    SSLEngine on
    SSLCertificateFile {PRIVATE}/fullchain.pem
    SSLCertificateKeyFile {PRIVATE}/privkey.pem
    SSLCACertificateFile /etc/ssl/wss-ca.pem
    SSLCARevocationFile /etc/ssl/wss-crl.pem
    SSLCARevocationCheck chain
    SSLVerifyClient require
    SSLVerifyDepth 2
    Header always set X-Client %{{SSL_CLIENT_S_DN}}s
</VirtualHost>
""",
}


@pytest.fixture
def mutual(host: Any) -> Any:
    """Bring that server, with what the authority says now."""
    file = f"{host.server.own}/zzz-mutual.conf"
    reload = f"systemctl reload {host.server.service}; sleep 0.5"

    def bring() -> None:
        for name in ("ca", "crl"):
            pem = (MADE / f"ca/{name}.pem").read_text()
            host.run(f"cat > /etc/ssl/wss-{name}.pem <<'EOF'\n{pem}EOF")
        host.write(file, MUTUAL[host.server.name])
        host.run(reload)

    yield bring
    host.run(f"rm {file}; {reload}")


def who_comes_in(host: Any, *certificate: str) -> str:
    """Whom the server sees; nobody where it refuses the request, as nginx does, or the handshake, as Apache does."""
    to = f"private.example.com:7443:{host.address}:7443"
    command = ["curl", "--silent", "--insecure", "--head", "--connect-to", to, *certificate]
    command += ["https://private.example.com:7443/"]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    name = re.search(r"^x-client: (.+)$", seen.stdout, re.MULTILINE | re.IGNORECASE)
    return name[1].strip() if name and " 400" not in seen.stdout.splitlines()[0] else ""


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
    mutual()
    assert who_comes_in(host) == ""
    assert who_comes_in(host, *mine) == f"CN=client-{host.name}"

    serial = openssl("x509", "-noout", "-serial", "-in", host.folder / "client.pem").strip().partition("=")[2]
    revoked = host.play("playbooks/wss.yml", wss_ca_revoked=[{"serial": serial, "reason": "key_compromise"}])
    assert revoked.ok, revoked.output
    mutual()
    assert who_comes_in(host, *mine) == ""
    assert serial in openssl("crl", "-in", MADE / "ca/crl.pem", "-noout", "-text")


TRUSTED = {
    "Debian": "/usr/local/share/ca-certificates/wss-private-ca.crt; update-ca-certificates",
    "RedHat": "/etc/pki/ca-trust/source/anchors/wss-private-ca.pem; update-ca-trust",
}


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
        host.run(f"rm -f {TRUSTED[host.family]}")


def test_no_secret_in_the_output_at_its_most_verbose(host: Any) -> None:
    sites = [site(provider, f"{provider[:4]}.example.com") for provider in ("self_signed", "private_ca", "request")]
    run = host.wss(*sites, arguments=("-vvvvv", "--diff"))
    assert run.ok
    assert "correct horse" not in run.output
    for each in sites:
        key = host.run(f"cat /etc/pki/wss/{each['name']}/current/privkey.pem").splitlines()[1]
        assert key not in run.output
