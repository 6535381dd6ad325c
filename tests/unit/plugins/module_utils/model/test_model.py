# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables in, model or problems out."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wss.edge.plugins.module_utils.model import targets
from ansible_collections.wss.edge.plugins.module_utils.model.build import ModelError, build
from ansible_collections.wss.edge.plugins.module_utils.model.values import RANGES

ROOT = Path(__file__).parents[5]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


def site(**changes: Any) -> dict[str, Any]:
    """The smallest site, changed; keys with two underscores are of its endpoint."""
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:8282"}
    endpoint.update({key[2:]: value for key, value in changes.items() if key.startswith("e_")})
    whole = {"name": "chat.example.com", "endpoints": [endpoint]}
    whole.update({key: value for key, value in changes.items() if not key.startswith("e_")})
    return {key: value for key, value in whole.items() if value != "absent"}


def model(*sites: dict[str, Any], **variables: Any) -> Any:
    return build(OPTIONS, {"wss_sites": list(sites), **variables}, "192.0.2.1")


def problems(*sites: dict[str, Any], **variables: Any) -> list[str]:
    with pytest.raises(ModelError) as error:
        model(*sites, **variables)
    return error.value.problems


def files(**values: Any) -> dict[str, Any]:
    return {"provider": "files", "certificate": "/a.pem", "private_key": "/a.key", **values}


def requested(name: str = "chat.example.com", **values: Any) -> dict[str, Any]:
    return site(name=name, certificate={"provider": "request", **values})


def several(*backends: Any, **changes: Any) -> dict[str, Any]:
    return site(e_backend=None, e_backends=list(backends), **{f"e_{key}": value for key, value in changes.items()})


APPLICATION = {"certificate": "/a.pem", "private_key": "/a.key", "user": "chat"}
NO_SERVER = {"wss_server": "none"}


def own(**changes: Any) -> dict[str, Any]:
    """A site whose application terminates TLS itself."""
    mine = {key: changes.pop(key) for key in ("user", "private_key", "service", "command") if key in changes}
    return site(**{"e_backend": None, "application": {**APPLICATION, **mine}, **changes})


PRIVATE = site(certificate={"provider": "private_ca"})
PASSPHRASE = {"wss_ca_passphrase": "correct horse"}

# One row a mistake: what the user wrote, and words that the one message about it must have.
MISTAKES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], list[str]]] = {
    "unknown variable": ([site()], {"wss_fierwall": "none"}, ["wss_fierwall", "did you mean wss_firewall"]),
    "unknown site key": ([site(listn=[443])], {}, ["site chat.example.com", "listn", "did you mean listen"]),
    "unknown endpoint key": ([site(e_orgins=[])], {}, ["endpoint /wss", "orgins", "did you mean origins"]),
    "unknown key deep down": ([site(certificate={"key": {"typ": "rsa"}})], {}, ["certificate.key.typ", "type"]),
    "no sites": ([], {"wss_sites": None}, ["wss_sites", "required"]),
    "sites not a list": ([], {"wss_sites": {"name": "a"}}, ["wss_sites", "not a list"]),
    "site not a dictionary": ([], {"wss_sites": ["chat"]}, ["wss_sites[0]", '"chat"', "not a dictionary"]),
    "no name": ([site(name="absent")], {}, ["wss_sites[0]", "name", "required"]),
    "no backend": ([site(e_backend=None)], {}, ["endpoint /wss", "backend", "required"]),
    "no path": ([site(endpoints=[{"backend": "ws://a"}])], {}, ["endpoints[0]", "path", "required"]),
    "no endpoints": ([site(endpoints=[])], {}, ["endpoints", "at least one"]),
    "time with a unit": ([site(e_idle_timeout="1h")], {}, ["idle_timeout", '"1h"', "whole number"]),
    "time out of range": ([site(e_idle_timeout=0)], {}, ["idle_timeout", "0", "1 to 31536000"]),
    "boolean for text": ([site(e_websocket_only="maybe")], {}, ["websocket_only", '"maybe"', "true or false"]),
    "space in a name": ([site(name="chat example")], {}, ['"chat example"', "DNS name"]),
    "directive in a name": ([site(server_names=["a.b; return 200"])], {}, ["server_names[0]", "return 200", "DNS"]),
    "name with a scheme": ([site(name="https://a.b")], {}, ['"https://a.b"', "DNS name"]),
    "name not in ASCII": ([site(name="münchen.example")], {}, ["xn--mnchen-3ya.example"]),
    "name with a letter that browsers and Python map apart": (
        [site(name="straße.example")],
        {},
        ["name", '"straße.example"', "write the name that begins with xn--"],
    ),
    "the same letter as a capital": ([site(name="STRAẞE.example")], {}, ["name", "begins with xn--"]),
    "wildcard as a name": ([site(name="*.example.com")], {}, ["wildcard", "server_names"]),
    "wildcard in the middle": ([site(server_names=["a.*.com"])], {}, ['"a.*.com"', "DNS name"]),
    "wildcard too wide": ([site(server_names=["*.com"])], {}, ['"*.com"', "too wide"]),
    "bad IP address": ([site(server_names=["192.0.2.300"])], {}, ['"192.0.2.300"', "IP address"]),
    "port out of range": ([site(listen=[70000])], {}, ["listen[0]", '"70000"', "1 to 65535"]),
    "listen on a name": ([site(listen=["a.b:443"])], {}, ["listen[0]", '"a.b:443"', "192.0.2.10:443"]),
    "IPv6 without brackets": ([site(listen=["::1:443"])], {}, ["listen[0]", "[2001:db8::1]:443"]),
    "listen twice": ([site(listen=[443, "443"])], {}, ["listen[1]", "twice"]),
    "two sites of one name": ([site(), site(listen=[444])], {}, ["site chat.example.com", "two sites"]),
    "one server name twice": (
        [site(), site(name="b.example", server_names=["chat.example.com"])],
        {},
        ["site b.example", "server_names", '"chat.example.com"', "site chat.example.com's on 0.0.0.0:443"],
    ),
    "plain and TLS on a port": (
        [site(), site(name="b.example", tls=False, listen=[443])],
        {},
        ["site b.example", "listen", "0.0.0.0:443 is plain here and TLS for the site chat.example.com"],
    ),
    "policies on a port": ([site(), site(name="b.example", tls="modern")], {}, ["site b.example", "tls", "share"]),
    "two IP addresses on a port": (
        [site(server_names=["192.0.2.1"]), site(name="b.example", server_names=["192.0.2.2"])],
        {},
        ["site b.example", "IP address", "listening address or port"],
    ),
    "unknown policy": ([site(tls="secure")], {}, ["tls.policy", '"secure"', "intermediate, modern, off"]),
    "old protocol": ([site(tls={"protocols": ["TLSv1"]})], {}, ["tls.protocols[0]", '"TLSv1"', "TLSv1.2, TLSv1.3"]),
    "cipher injection": ([site(tls={"ciphers": ["AES; }"]})], {}, ["tls.ciphers[0]", "AES; }", "cipher suite"]),
    "group injection": ([site(tls={"groups": ["X25519:x"]})], {}, ["tls.groups[0]", "X25519:x", "group"]),
    "ciphers without TLS 1.2": (
        [site(tls={"policy": "modern", "ciphers": ["ECDHE-RSA-AES128-GCM-SHA256"]})],
        {},
        ["tls.ciphers", "without TLSv1.2"],
    ),
    "TLS 1.2 without ciphers": (
        [site(tls={"policy": "modern", "protocols": ["TLSv1.2"]})],
        {},
        ["tls.protocols", "needs ciphers"],
    ),
    "redirect without TLS": ([site(tls=False, redirect_http=True)], {}, ["redirect_http", "needs TLS"]),
    "path without slash": ([site(e_path="wss")], {}, ["endpoint wss", '"wss"', "starts with /"]),
    "path with a variable": ([site(e_path="/$uri")], {}, ['"/$uri"', "path"]),
    "path with dots": ([site(e_path="/a/../b")], {}, ["dots"]),
    "reserved path": ([site(e_path="/.wss/ok")], {}, ["/.wss/", "keeps for itself"]),
    "same path twice": (
        [site(endpoints=[{"path": "/a", "backend": "ws://b"}, {"path": "/a/", "backend": "ws://c"}])],
        {},
        ["endpoint /a/", "same requests as the endpoint /a"],
    ),
    "backend without scheme": ([site(e_backend="127.0.0.1:8282")], {}, ["backend", '"127.0.0.1:8282"', "ws://host"]),
    "backend with a query": ([site(e_backend="ws://a/b?c=1")], {}, ["backend", "is not a path"]),
    "backend with a login": ([site(e_backend="ws://me:pw@a/")], {}, ["backend", "login"]),
    "backend port": ([site(e_backend="ws://a:99999")], {}, ["backend", "1 to 65535"]),
    "backend is the site": ([site(e_backend="ws://127.0.0.1:443")], {}, ["backend", "own listening address"]),
    "socket path": ([site(e_backend="unix:run/a.sock")], {}, ["backend", "absolute path"]),
    "origin with a path": ([site(e_origins=["https://a.b/"])], {}, ["origins[0]", '"https://a.b/"']),
    "origin with its default port": ([site(e_origins=["https://a.b:443"])], {}, ["origins[0]", "write https://a.b)"[:-1]]),
    "origin without scheme": ([site(e_origins=["www.example.com"])], {}, ["origins[0]", "https://www.example.com"]),
    "header name": ([site(e_headers={"X Y": "1"})], {}, ["headers.X Y", "letters, digits and hyphens"]),
    "header value": ([site(e_headers={"X-A": 'a"; x'})], {}, ["headers.X-A", "quotes"]),
    "header with a line break": ([site(e_headers={"X-A": "a\nb"})], {}, ["headers.X-A", "line breaks"]),
    "header of the proxy": ([site(e_headers={"Upgrade": "h2c"})], {}, ["headers.Upgrade", "proxy itself"]),
    "root beside /": ([site(root="/srv", e_path="/")], {}, ["root", '"/srv"', "endpoint /"]),
    "relative root": ([site(root="www")], {}, ["root", '"www"', "absolute path"]),
    "access log": ([site(access_log="/var/log/x.log main;")], {}, ["access_log", "absolute path"]),
    "country": ([site(certificate={"subject": {"country": "China"}})], {}, ["country", '"China"', "two letters"]),
    "key size": ([site(certificate={"key": {"type": "rsa", "bits": 1024}})], {}, ["bits", "1024", "2048 to 8192"]),
    "curve": ([site(certificate={"key": {"curve": "p256"}})], {}, ["key.curve", '"p256"', "secp256r1"]),
    "files without a key": ([site(certificate=files(private_key=None))], {}, ["certificate.private_key", "required"]),
    "key without files": ([site(certificate={"private_key": "/a"})], {}, ["certificate.private_key", "provider files"]),
    "PKCS#12 beside PEM": (
        [site(certificate={"provider": "files", "pkcs12": "/a.p12", "chain": "/b.pem"})],
        {},
        ["certificate.chain", '"/b.pem"', "beside pkcs12"],
    ),
    "passphrase without files": (
        [site(certificate={"provider": "request", "passphrase": "hunter22"})],
        {},
        ["certificate.passphrase", "provider files only", "not with request"],
    ),
    "renewed too early": ([site(certificate={"renew_before": 90})], {}, ["renew_before", "90", "valid_days, 90"]),
    "renewed never": ([site(certificate={"renew_before": 0})], {}, ["renew_before", "0", "1 to 824"]),
    "renewal of files": ([site(certificate=files(renew_before=9))], {}, ["renew_before", "not with files"]),
    "relative request": (
        [site(certificate={"provider": "request", "request": "a.csr"})],
        {},
        ["certificate.request", '"a.csr"', "absolute"],
    ),
    "one request of two sites": (
        [requested(request="/r/a.csr"), requested(name="b.example", request="/r/./a.csr")],
        {},
        ["site b.example, certificate.request", '"/r/./a.csr"', "site chat.example.com, certificate.request"],
    ),
    "one answer for two sites": (
        [requested(certificate="/r/a.pem"), requested(name="b.example", certificate="/r/a.pem")],
        {},
        ["site b.example, certificate.certificate", '"/r/a.pem"', "site chat.example.com, certificate.certificate"],
    ),
    "a request in place of its answer": (
        [requested(request="/r/a", certificate="/r/a")],
        {},
        ["certificate.certificate", '"/r/a"', "certificate.request"],
    ),
    "no passphrase for the authority": ([PRIVATE], {}, ["wss_ca_passphrase", "required", "vaulted"]),
    "short passphrase for the authority": ([PRIVATE], {"wss_ca_passphrase": "hunter2"}, ["wss_ca_passphrase", "8"]),
    "long passphrase for the authority": ([PRIVATE], {"wss_ca_passphrase": "ü" * 512}, ["wss_ca_passphrase", "1023"]),
    "a name outside of what is permitted": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_permitted": ["example.org", "a.example.com"]},
        ["site chat.example.com, server_names", '"chat.example.com"', "wss_ca_permitted example.org, a.example.com"],
    ),
    "an address where domains are permitted": (
        [{**PRIVATE, "server_names": ["chat.example.com", "192.0.2.1"]}],
        {**PASSPHRASE, "wss_ca_permitted": ["example.com"]},
        ["site chat.example.com, server_names", '"192.0.2.1"', "wss_ca_permitted example.com"],
    ),
    "a wildcard for what is excluded": (
        [{**PRIVATE, "server_names": ["chat.example.com", "*.example.com"]}],
        {**PASSPHRASE, "wss_ca_permitted": ["example.com"], "wss_ca_excluded": ["secret.example.com"]},
        ['"*.example.com"', "wss_ca_permitted example.com, but not wss_ca_excluded secret.example.com"],
    ),
    "a name that is excluded": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_excluded": ["example.com"]},
        ["server_names", '"chat.example.com"', "allowed: all, but not wss_ca_excluded example.com"],
    ),
    "the authority's folder": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_dir": "ca"},
        ["wss_ca_dir", '"ca"', "absolute", "~"],
    ),
    "the authority's life": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_valid_days": 30},
        ["wss_ca_valid_days", "30", "365 to 9125"],
    ),
    "the authority's domains": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_permitted": ["*.example.com"]},
        ["wss_ca_permitted[0]", '"*.example.com"', "DNS name"],
    ),
    "the authority's networks": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_excluded": ["192.0.2.1/24"]},
        ["wss_ca_excluded[0]", '"192.0.2.1/24"', "192.0.2.0/24"],
    ),
    "a serial number": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_revoked": [{"serial": "no 7"}]},
        ["wss_ca_revoked[0].serial", '"no 7"', "hex"],
    ),
    "a reason to revoke": (
        [PRIVATE],
        {**PASSPHRASE, "wss_ca_revoked": [{"serial": "0A", "reason": "lost"}]},
        ["wss_ca_revoked[0].reason", '"lost"', "key_compromise"],
    ),
    "probe beside the endpoint": ([site(e_probe={"path": "/other"})], {}, ["probe.path", '"/other"', "not below"]),
    "probe word": ([site(e_probe="ping")], {}, ["probe.expect", '"ping"', "echo, open, none"]),
    "an address beside all addresses": (
        [site(listen=[4443]), site(name="b.example", listen=["192.0.2.10:4443"])],
        {},
        ["site b.example", "listen", '"192.0.2.10:4443" overlaps 0.0.0.0:4443 of the site chat.example.com'],
    ),
    "only IPv6, probed over IPv4": ([site(listen=["[::]:443"])], {}, ["listen", "[::]:443", "192.0.2.1", "host"]),
    "empty subject": ([site(certificate={"subject": {"state": ""}})], {}, ["subject.state", "1 to 128"]),
    "long subject": ([site(certificate={"subject": {"organization": "x" * 65}})], {}, ["organization", "1 to 64"]),
    "long common name": ([site(certificate={"subject": {"common_name": "й" * 40}})], {}, ["common_name", "64 bytes"]),
    "e-mail": ([site(certificate={"subject": {"email": "ö@example.com"}})], {}, ["subject.email", "ASCII"]),
    "only loopback": ([site(listen=["127.0.0.1:443"])], {}, ["listen", "127.0.0.1:443", "wss_probe_from: host"]),
    "connections": ([site()], {"wss_max_connections": 0}, ["wss_max_connections", "0", "1 to 500000"]),
    "echo address with a scheme": ([site()], {"wss_echo": ["ws://a:1"]}, ["wss_echo[0]", '"ws://a:1"', "unix:/path"]),
    # What the server cannot do.
    "a limit per client, with Apache": (
        [site(e_max_connections_per_client=3)],
        {"wss_server": "apache"},
        ["endpoint /wss, max_connections_per_client: 3", "wss_server: apache", "httpd.apache.org", "allowed: 0"],
    ),
    "WebSockets over HTTP/2, with nginx": (
        [site(http2_websockets=True)],
        {},
        ["site chat.example.com, http2_websockets: true", "wss_server: nginx", "nginx.org", "allowed: false"],
    ),
    # What belongs to a later version is refused, never ignored.
    "acme": ([site(certificate={"provider": "acme"})], {}, ["certificate.provider", '"acme"', "later version"]),
    # Several backends, and TLS towards them.
    "backend beside backends": ([site(e_backends=["ws://a"])], {}, ["backend", '"ws://127.0.0.1:8282"', "beside"]),
    "backend twice": ([several("ws://a", "ws://A:80")], {}, ["backends[1].url", "twice", "weight"]),
    "backend that is none": ([several("ws://a", "b:80")], {}, ["backends[1].url", '"b:80"', "wss://host:port"]),
    "weight": ([several({"url": "ws://a", "weight": 0}, "ws://b")], {}, ["backends[0].weight", "0", "1 to 100"]),
    "unknown key of a backend": ([several({"url": "ws://a", "wight": 2})], {}, ["backends[0].wight", "weight"]),
    "only backups": ([several({"url": "ws://a", "backup": True})], {}, ["endpoint /wss, backends", "one must not be"]),
    "paths of backends": ([several("ws://a/x", "ws://b/y")], {}, ["backends[1].url", '"/y"', "/x", "the same"]),
    "TLS beside none": ([several("ws://a", "wss://b")], {}, ["backends[1].url", '"b:443" speaks TLS', "own endpoint"]),
    "balance": ([several("ws://a", "ws://b", balance="random")], {}, ["balance.method", '"random"', "client_address"]),
    "balance of one": ([site(e_balance="least_connections")], {}, ["balance", '"least_connections"', "several"]),
    "hash of nothing": ([several("ws://a", "ws://b", balance={"hash": {}})], {}, ["balance.hash", "{cookie: session}"]),
    "hash of two": (
        [several("ws://a", "ws://b", balance={"hash": {"header": "X", "cookie": "y"}})],
        {},
        ["balance.hash", "or of a cookie"],
    ),
    "hash of a variable": (
        [several("ws://a", "ws://b", balance={"hash": {"cookie": "a$b"}})],
        {},
        ["balance.hash.cookie", '"a$b"', "letters, digits"],
    ),
    "hash beside a method": (
        [several("ws://a", "ws://b", balance={"method": "client_address", "hash": {"header": "X-Room"}})],
        {},
        ["balance.method", '"client_address"', "beside hash"],
    ),
    "a backup by hash": (
        [several("ws://a", {"url": "ws://b", "backup": True}, balance={"hash": {"header": "X-Room"}})],
        {},
        ["backends[1].backup", "not possible with balance header"],
    ),
    "balance by address, with Apache": (
        [several("ws://a", "ws://b", balance="client_address")],
        {"wss_server": "apache"},
        ["balance.method", "wss_server: apache", "round_robin", "mod_proxy_balancer"],
    ),
    "balance by hash, with Apache": (
        [several("ws://a", "ws://b", balance={"hash": {"header": "X-Room"}})],
        {"wss_server": "apache"},
        ["balance.hash", "wss_server: apache", "mod_proxy_balancer"],
    ),
    "TLS settings without TLS": ([site(e_backend_tls={"verify": True})], {}, ["backend_tls", "wss or https"]),
    "a backend's address to verify": (
        [site(e_backend="wss://192.0.2.7")], {}, ["backend_tls.server_name", '"192.0.2.7"', "DNS name"],
    ),
    "an address as the name": (
        [site(e_backend="wss://b", e_backend_tls={"server_name": "192.0.2.7"})],
        {},
        ["backend_tls.server_name", '"192.0.2.7"', "DNS name"],
    ),
    "several names to verify, with nginx": (
        [several("wss://a", "wss://b")], {}, ["backend_tls.server_name", '["a", "b"]', "one name with nginx"],
    ),
    "another name than the backend's, with Apache": (
        [site(e_backend="wss://a", e_backend_tls={"server_name": "b"})],
        {"wss_server": "apache"},
        ["backend_tls.server_name", '"b"', "wss_server: apache", "allowed: a, chat.example.com"],
    ),
    "one of several names of the site, with Apache": (
        [site(server_names=["chat.example.com", "b"], e_backend="wss://a", e_backend_tls={"server_name": "b"})],
        {"wss_server": "apache"},
        ["backend_tls.server_name", '"b"', "wss_server: apache"],
    ),
    "Host for a TLS backend, with Apache": (
        [site(e_backend="wss://a", e_headers={"host": "b"})], {"wss_server": "apache"}, ["headers.Host", "speaks TLS"],
    ),
    "a depth": ([site(e_backend="wss://a", e_backend_tls={"verify_depth": 0})], {}, ["verify_depth", "0", "1 to 10"]),
    "an authority of backends": (
        [site(e_backend="wss://a", e_backend_tls={"ca": "ca.pem"})], {}, ["backend_tls.ca", '"ca.pem"', "absolute"],
    ),
    "suites without TLS 1.2 to a backend": (
        [site(e_backend="wss://a", e_backend_tls={"protocols": "TLSv1.3", "ciphers": "ECDHE-RSA-AES128-GCM-SHA256"})],
        {},
        ["backend_tls.ciphers", "without TLSv1.2"],
    ),
    "a client certificate without its key": (
        [site(e_backend="wss://a", e_backend_tls={"client_certificate": {"certificate": "/a.pem"}})],
        {},
        ["backend_tls.client_certificate.private_key", "required"],
    ),
    "files beside the private authority": (
        [site(e_backend="wss://a", e_backend_tls={"client_certificate": {"provider": "private_ca", "chain": "/a"}})],
        PASSPHRASE,
        ["client_certificate.chain", "provider files only"],
    ),
    "no passphrase for an authority of backends": (
        [site(e_backend="wss://a", e_backend_tls={"ca": "private_ca"})], {}, ["wss_ca_passphrase", "required"],
    ),
    # Certificates of clients.
    "a word for client certificates": (
        [site(client_certificates={"verify": "maybe"})], {}, ["client_certificates.verify", '"maybe"', "optional"],
    ),
    "client certificates without TLS": (
        [site(tls=False, client_certificates={"ca": "/a.pem"})], {}, ["client_certificates", "needs TLS"],
    ),
    "a list beside the private authority's": (
        [site(client_certificates={"crl": "/a.pem"})], PASSPHRASE, ["client_certificates.crl", '"/a.pem"', "its own"],
    ),
    "an authority of clients": (
        [site(e_probe="none", client_certificates={"ca": "a.pem"})],
        {},
        ["client_certificates.ca", '"a.pem"', "absolute"],
    ),
    "clients that the probe cannot be": (
        [site(client_certificates={"ca": "/a.pem"})],
        {},
        ["endpoint /wss, probe.certificate", "required", "/a.pem", "probe: none"],
    ),
    "half a certificate for the probe": (
        [site(e_probe={"certificate": "/a.pem"})], {}, ["probe.private_key", "required beside certificate"],
    ),
    # Firewalls.
    "firewall": ([site()], {"wss_firewall": "pf"}, ["wss_firewall", '"pf"', "firewalld, ufw, nftables, iptables"]),
    "a name as a source": (
        [site()], {"wss_firewall_sources": ["a.example"]}, ["wss_firewall_sources[0]", '"a.example"', "network"],
    ),
    "an address within a network": (
        [site()], {"wss_firewall_sources": ["192.0.2.7/24"]}, ['"192.0.2.7/24"', "192.0.2.7 for", "192.0.2.0/24"],
    ),
    "everybody by address": ([site()], {"wss_firewall_sources": ["::/0"]}, ['"::/0"', "leave", "empty"]),
    "an address with a zone": ([site()], {"wss_firewall_sources": ["fe80::1%eth0"]}, ['"fe80::1%eth0"', "neither"]),
    "a source twice": (
        [site()], {"wss_firewall_sources": ["192.0.2.7", "192.0.2.7/32"]}, ["wss_firewall_sources[1]", "twice"],
    ),
    # Applications that terminate TLS themselves.
    "an application beside a server": (
        [site(application=APPLICATION)], {}, ["application", "wss_server: nginx", "the server terminates TLS"],
    ),
    "no application": ([site(e_backend=None)], NO_SERVER, ["application", "required with wss_server: none"]),
    "an application without a user": (
        [own(user=None)], NO_SERVER, ["site chat.example.com, application.user", "required"],
    ),
    "one file for both": (
        [own(private_key="/./a.pem")], NO_SERVER, ["application.private_key", '"/a.pem"', "application.certificate"],
    ),
    "a folder for a file": ([own(private_key="/srv/tls/")], NO_SERVER, ["application.private_key", "is a folder"]),
    "a file in the store": (
        [own(private_key="//etc/./pki/wss/a")], NO_SERVER, ["application.private_key", "below /etc/pki/wss/"],
    ),
    "one file for two": (
        [own(private_key="/b.key"), own(name="b.example", private_key="/c.key")],
        NO_SERVER,
        ["site b.example, application.certificate", '"/a.pem"', "site chat.example.com, application.certificate"],
    ),
    "a service and a command": ([own(service="a", command=["b"])], NO_SERVER, ["application.command", "beside"]),
    "a service that is none": ([own(service="a b")], NO_SERVER, ["application.service", '"a b"', "service"]),
    "a user that is none": ([own(user="a;b")], NO_SERVER, ["application.user", '"a;b"', "user"]),
    "an application without TLS": ([own(tls=False)], NO_SERVER, ["tls.policy", '"off"', "terminates TLS"]),
    "a backend of an application": (
        [own(e_backend="ws://a")], NO_SERVER, ["endpoint /wss, backend", "wss_server: none", "application"],
    ),
    "what only a proxy does": ([own(hsts=5)], NO_SERVER, ["hsts: 5", "wss_server: none", "allowed: 0"]),
}  # fmt: skip


@pytest.mark.parametrize(("sites", "variables", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_in_one_message_that_says_where_what_and_what_is_allowed(
    sites: list[dict[str, Any]], variables: dict[str, Any], words: list[str]
) -> None:
    found = problems(*sites, **variables)
    assert len(found) == 1, found
    assert [word for word in words if word not in found[0]] == [], found[0]


def test_all_problems_are_reported_at_once() -> None:
    found = problems(site(e_idle_timeout="x", e_websocket_only="y"), site(listn=1))
    assert len(found) == 3


def test_the_smallest_site_gets_every_default() -> None:
    built = model(site())
    assert built["sites"][0]["server_names"] == ["chat.example.com"]
    assert built["sites"][0]["listen"] == [{"address": "*", "port": 443}]
    assert built["sites"][0]["tls"]["protocols"] == ["TLSv1.2", "TLSv1.3"]
    assert built["sites"][0]["certificate"]["provider"] == "self_signed"
    endpoint = built["sites"][0]["endpoints"][0]
    assert endpoint["backends"] == [{"address": "127.0.0.1:8282", "weight": 1, "backup": False}]
    assert (endpoint["backend_path"], endpoint["backend_tls"], endpoint["keeps_host"]) == ("", None, True)
    assert endpoint["balance"] == {"method": "round_robin", "name": ""}
    assert built["sites"][0]["client_certificates"] is None
    assert built["clients"] == []
    assert built["sites"][0]["endpoints"][0]["websocket_only"] is True
    assert built["max_connections"] == 4000


def test_the_model_does_not_depend_on_what_it_was_given() -> None:
    variables = {"wss_sites": [site(certificate={"key": {"type": "rsa"}})]}
    before = copy.deepcopy(variables)
    build(OPTIONS, variables, "192.0.2.1")
    assert variables == before


ACCEPTED = [
    ("IP address as a name", site(server_names=["2001:DB8::1"]), "server_names", ["2001:db8::1"]),
    ("wildcard", site(server_names=["*.Example.com"]), "server_names", ["*.example.com"]),
    ("one port, not a list", site(listen=5555), "listen", [{"address": "*", "port": 5555}]),
    (
        "addresses",
        site(listen=["192.0.2.10:5555", "[2001:db8::1]:443"]),
        "listen",
        [{"address": "192.0.2.10", "port": 5555}, {"address": "2001:db8::1", "port": 443}],
    ),
    ("TLS off, as YAML reads it", site(tls=False, listen=[8000]), "tls", None),
    ("TLS off, as a word", site(tls="off", listen=[8000]), "certificate", None),
    ("plain port", site(tls=False), "listen", [{"address": "*", "port": 80}]),
    ("HSTS", site(hsts=63072000), "hsts", 63072000),
    ("root", site(root="/var/www/chat"), "root", "/var/www/chat"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "key", "expected"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_a_site_takes_its_normal_form(given: dict[str, Any], key: str, expected: Any) -> None:
    assert model(given)["sites"][0][key] == expected


BACKENDS = [
    ("ws://127.0.0.1:8282", "127.0.0.1:8282", ""),
    ("http://localhost", "localhost:80", ""),
    ("ws://[::1]:9000/chat", "[::1]:9000", "/chat"),
    ("ws://App.Internal:3000/", "app.internal:3000", "/"),
    ("unix:/run/app.sock", "unix:/run/app.sock", ""),
]


@pytest.mark.parametrize(("text", "address", "path"), BACKENDS)
def test_a_backend_takes_its_normal_form(text: str, address: str, path: str) -> None:
    endpoint = model(site(e_backend=text))["sites"][0]["endpoints"][0]
    assert (endpoint["backends"][0]["address"], endpoint["backend_path"]) == (address, path)


def endpoint_of(*sites: dict[str, Any], **variables: Any) -> Any:
    return model(*sites, **variables)["sites"][0]["endpoints"][0]


def test_several_backends_are_urls_or_dictionaries() -> None:
    found = endpoint_of(several("ws://a/x", {"url": "http://b:81/x", "weight": "2", "backup": True}))
    assert found["backends"] == [
        {"address": "a:80", "weight": 1, "backup": False},
        {"address": "b:81", "weight": 2, "backup": True},
    ]
    assert found["backend_path"] == "/x"


BALANCES = [
    ("least_connections", "least_connections", ""),
    ({"method": "client_address"}, "client_address", ""),
    ({"hash": {"header": "X-Room"}}, "header", "X-Room"),
    ({"hash": {"cookie": "session"}}, "cookie", "session"),
]


@pytest.mark.parametrize(("given", "method", "name"), BALANCES)
def test_a_way_to_balance_takes_its_normal_form(given: Any, method: str, name: str) -> None:
    assert endpoint_of(several("ws://a", "ws://b", balance=given))["balance"] == {"method": method, "name": name}


def test_tls_to_a_backend_is_verified_by_its_host_and_the_hosts_store() -> None:
    tls = endpoint_of(site(e_backend="wss://b.example.com/x"))["backend_tls"]
    assert tls == {
        "verify": True,
        "ca": "system",
        "verify_depth": 3,
        "server_name": "b.example.com",
        "client_certificate": None,
        "protocols": ["TLSv1.2", "TLSv1.3"],
        "ciphers": tls["ciphers"],
        "session_reuse": True,
    }
    assert "ECDHE-ECDSA-AES128-GCM-SHA256" in tls["ciphers"]


NAMES = [
    ("nginx", ["wss://a"], None, "a", False),
    ("nginx", ["wss://a", "wss://b"], "C.example", "c.example", False),
    ("nginx", ["wss://192.0.2.7"], "chat.example.com", "chat.example.com", True),
    ("apache", ["wss://a", "wss://b"], None, None, False),
    ("apache", ["wss://a:1", "wss://a:2"], "a", "a", False),
    ("apache", ["wss://a", "wss://192.0.2.7"], "chat.example.com", "chat.example.com", True),
]


@pytest.mark.parametrize(("server", "urls", "given", "name", "keeps_host"), NAMES)
def test_the_name_that_backends_are_verified_by_and_the_host_that_they_get(
    server: str, urls: list[str], given: str | None, name: str | None, keeps_host: bool
) -> None:
    found = endpoint_of(several(*urls, backend_tls={"server_name": given}), wss_server=server)
    assert (found["backend_tls"]["server_name"], found["keeps_host"]) == (name, keeps_host)


def test_without_verification_no_name_is_needed() -> None:
    assert (
        endpoint_of(site(e_backend="wss://192.0.2.7", e_backend_tls={"verify": False}))["backend_tls"]["verify"]
        is False
    )


def test_a_host_has_one_certificate_of_the_private_authority_for_all_its_backends() -> None:
    tls = {"ca": "private_ca", "client_certificate": "private_ca"}
    both = [
        site(e_backend="wss://a", e_backend_tls=tls),
        site(name="b.example", e_backend="wss://b", e_backend_tls=tls),
    ]
    built = build(OPTIONS, {"wss_sites": both, **PASSPHRASE}, "192.0.2.1", "edge1")
    assert built["clients"] == [
        {
            "name": "client:private_ca",
            "provider": "private_ca",
            "profile": "client",
            "names": [],
            "subject": {"common_name": "proxy edge1"},
        }
    ]
    assert [each["name"] for each in targets.certificates(built)] == [
        "chat.example.com",
        "b.example",
        "client:private_ca",
    ]
    used = [each["endpoints"][0]["backend_tls"]["client_certificate"] for each in built["sites"]]
    assert used == ["client:private_ca", "client:private_ca"]
    assert built["authority"] is not None
    assert targets.trusted(built) == {"ca": ["private_ca"], "crl": ["private_ca"]}


def test_files_of_a_client_certificate_are_one_certificate_however_often_they_are_named() -> None:
    one, other = ({"certificate": f"/{name}.pem", "private_key": f"/{name}.key"} for name in "ab")
    given = [site(name=f"{name}.example", e_backend="wss://a", e_backend_tls={"client_certificate": certificate})
             for name, certificate in (("a", one), ("b", other), ("c", one))]  # fmt: skip
    built = model(*given)
    used = [each["endpoints"][0]["backend_tls"]["client_certificate"] for each in built["sites"]]
    assert used == ["client:0", "client:1", "client:0"]
    assert [each["certificate"] for each in built["clients"]] == ["/a.pem", "/b.pem"]
    assert targets.trusted(built) == {"ca": [], "crl": []}


CLIENTS = {"client_certificates": {}}


def test_client_certificates_are_required_and_of_the_private_authority() -> None:
    built = model(site(**CLIENTS), **PASSPHRASE)
    wanted = {"verify": "required", "ca": "private_ca", "verify_depth": 3, "crl": None}
    assert built["sites"][0]["client_certificates"] == wanted
    assert built["authority"] is not None
    assert targets.trusted(built) == {"ca": ["private_ca"], "crl": ["private_ca"]}


def test_files_of_authorities_are_told() -> None:
    wanted = {"ca": "/clients.pem", "crl": "~/clients.crl", "verify": "optional"}
    built = model(site(client_certificates=wanted, e_backend="wss://a", e_backend_tls={"ca": "~/backends.pem"}))
    assert built["authority"] is None
    assert targets.trusted(built) == {"ca": ["/clients.pem", "~/backends.pem"], "crl": ["~/clients.crl"]}


def test_client_certificates_that_are_off_are_none() -> None:
    assert model(site(client_certificates={"verify": "off"}))["sites"][0]["client_certificates"] is None


def test_the_probe_shows_a_certificate_where_clients_need_one() -> None:
    def shown(**variables: Any) -> tuple[Any, Any, list[str]]:
        given = {"wss_sites": [site(**CLIENTS), site(name="open.example", listen=[444])], **PASSPHRASE, **variables}
        built = build(OPTIONS, given, "192.0.2.1", "edge1")
        found = [target["client_certificate"] for target in targets.targets(built)]
        assert found[1] is None
        return found[0], targets.probe_certificate(built), [each["name"] for each in built["clients"]]

    on_controller = "~/wss-edge/probe/edge1/current"
    on_host = "/etc/pki/wss/client:private_ca/current"
    assert shown() == (
        {
            "certificate": f"{on_controller}/fullchain.pem",
            "private_key": f"{on_controller}/privkey.pem",
            "required": True,
        },
        {
            "name": "edge1",
            "provider": "private_ca",
            "profile": "client",
            "names": [],
            "subject": {"common_name": "probe edge1"},
        },
        [],
    )
    assert shown(wss_probe_from="host") == (
        {"certificate": f"{on_host}/fullchain.pem", "private_key": f"{on_host}/privkey.pem", "required": True},
        None,
        ["client:private_ca"],
    )


def test_client_certificates_are_off_as_yaml_reads_it() -> None:
    assert model(site(client_certificates={"verify": False}))["sites"][0]["client_certificates"] is None


@pytest.mark.parametrize(
    ("host", "name"),
    [("edge1.example.com", "edge1.example.com"), ("root@g5", "root_40_g5"), ("../x", "_2e_._2f_x"), (".h", "_2e_h")],
)
def test_the_probes_certificate_for_a_host_has_a_name_that_a_certificate_can_have(host: str, name: str) -> None:
    built = build(OPTIONS, {"wss_sites": [site(**CLIENTS)], **PASSPHRASE}, "192.0.2.1", host)
    assert targets.probe_certificate(built)["name"] == name
    assert (
        targets.targets(built)[0]["client_certificate"]["private_key"] == f"~/wss-edge/probe/{name}/current/privkey.pem"
    )


def test_the_probe_shows_a_certificate_of_the_users() -> None:
    mine = {"certificate": "/me.pem", "private_key": "/me.key"}
    built = model(site(client_certificates={"ca": "/ca.pem"}, e_probe=mine))
    assert targets.targets(built)[0]["client_certificate"] == {**mine, "required": True}
    assert targets.probe_certificate(built) is None


def test_a_certificate_of_the_users_that_a_site_does_not_require() -> None:
    mine = {"certificate": "/me.pem", "private_key": "/me.key"}
    built = model(site(client_certificates={"ca": "/ca.pem", "verify": "optional"}, e_probe=mine))
    assert targets.targets(built)[0]["client_certificate"] == {**mine, "required": False}


def test_nobody_shows_a_certificate_that_nobody_needs() -> None:
    built = model(site(client_certificates={"verify": "optional"}), **PASSPHRASE)
    assert targets.probe_certificate(built) is None
    assert targets.targets(built)[0]["client_certificate"] is None


def test_an_application_has_its_files_and_no_backends() -> None:
    built = model(own(service="chat@1.service"), **NO_SERVER)
    assert built["sites"][0]["application"] == {
        **APPLICATION,
        "chain": None,
        "service": "chat@1.service",
        "on_change": "restart",
        "command": [],
    }
    assert built["sites"][0]["endpoints"][0]["backends"] == []
    assert [(each["port"], each["tls"]) for each in targets.targets(built)] == [(443, True)]


def test_a_policy_can_be_changed_in_parts() -> None:
    tls = model(site(tls={"groups": ["X25519"], "session_timeout": "600"}))["sites"][0]["tls"]
    assert tls["groups"] == ["X25519"]
    assert tls["groups_required"] is True
    assert tls["session_timeout"] == 600
    assert "ECDHE-RSA-AES128-GCM-SHA256" in tls["ciphers"]


def test_sites_share_a_listener_when_their_tls_is_the_same() -> None:
    assert len(model(site(), site(name="b.example"))["sites"]) == 2


def test_a_target_for_each_endpoint_at_each_listening_address() -> None:
    two = [{"path": "/a", "backend": "ws://b", "origins": ["https://o.example"]}, {"path": "/b", "backend": "ws://b"}]
    built = model(site(listen=[443, "192.0.2.10:5555"], endpoints=two))
    found = [(each["address"], each["port"], each["path"], each["origin"]) for each in targets.targets(built)]
    assert found == [
        ("192.0.2.1", 443, "/a", "https://o.example"),
        ("192.0.2.1", 443, "/b", None),
        ("192.0.2.10", 5555, "/a", "https://o.example"),
        ("192.0.2.10", 5555, "/b", None),
    ]


def test_an_endpoint_can_be_left_out_of_the_proof() -> None:
    assert targets.targets(model(site(e_probe="none"))) == []


REACH = [
    ("*", "192.0.2.1", "controller", "192.0.2.1"),
    ("0.0.0.0", "192.0.2.1", "controller", "192.0.2.1"),
    ("0.0.0.0", "2001:db8::1", "controller", None),
    ("::", "192.0.2.1", "controller", None),
    ("::", "2001:db8::1", "controller", "2001:db8::1"),
    ("::", "edge.example.com", "controller", "edge.example.com"),
    ("::", "127.0.0.1", "host", "::1"),
    ("127.0.0.1", "192.0.2.1", "controller", None),
    ("127.0.0.1", "127.0.0.1", "host", "127.0.0.1"),
    ("192.0.2.10", "192.0.2.1", "controller", "192.0.2.10"),
]


@pytest.mark.parametrize(("listen", "address", "probe_from", "expected"), REACH)
def test_where_the_probe_finds_a_listener(listen: str, address: str, probe_from: str, expected: str | None) -> None:
    assert targets.reach({"address": listen, "port": 443}, address, probe_from) == expected


def test_a_wildcard_alone_is_probed_by_a_name_that_it_covers() -> None:
    assert targets.targets(model(site(server_names=["*.example.com"])))[0]["server_name"] == "wss-probe.example.com"


def test_a_certificate_for_each_tls_site_and_none_for_plain_ones() -> None:
    built = model(site(server_names=["a.b", "192.0.2.1"]), site(name="plain.example", tls=False))
    assert [(each["name"], each["names"]) for each in targets.certificates(built)] == [
        ("chat.example.com", ["a.b", "192.0.2.1"])
    ]


def _described_ranges(options: dict[str, Any]) -> dict[str, tuple[float, float]]:
    found = {}
    for key, option in options.items():
        text = " ".join([option["description"]] if isinstance(option["description"], str) else option["description"])
        match = re.search(r"\b(\d+)(?: \([^)]*\))? to (\d+)\b", text)
        if option["type"] in ("int", "float") and match:
            found[key] = (int(match[1]), int(match[2]))
        found.update(_described_ranges(option.get("options", {})))
    return found


def test_the_documentation_says_the_ranges_that_are_checked() -> None:
    assert _described_ranges(OPTIONS) == RANGES


@pytest.mark.parametrize(
    "variables",
    [
        {"wss_sites": {"name": "a.b", "certificate": {"passphrase": "hunter22"}}},
        {"wss_sites": [site(certificate={"provider": "files", "passphrase": ["hunter22"]})]},
        {"wss_sites": [site(certificate=["passphrase", {"passphrase": "hunter22"}])]},
        {"wss_sites": [site(certificate=files(pkcs12="/a.p12", passphrase="hunter22"))]},
        {"wss_sites": [PRIVATE], "wss_ca_passphrase": "hunter2"},
        {"wss_sites": [PRIVATE], "wss_ca_passphrase": ["hunter2"]},
    ],
)
def test_no_message_shows_a_passphrase(variables: dict[str, Any]) -> None:
    with pytest.raises(ModelError) as error:
        build(OPTIONS, variables, "192.0.2.1")
    assert "hunter2" not in str(error.value)


def test_the_model_has_no_passphrase() -> None:
    built = model(PRIVATE, site(name="b.example", certificate=files(passphrase="hunter22")), **PASSPHRASE)
    assert "hunter22" not in str(built)
    assert PASSPHRASE["wss_ca_passphrase"] not in str(built)
    assert "hunter22" not in str(targets.certificates(built))


def test_requests_have_a_place_of_their_own_on_the_controller() -> None:
    built = build(OPTIONS, {"wss_sites": [requested("Chat.Example.com")]}, "192.0.2.1", "edge1")
    certificate = built["sites"][0]["certificate"]
    assert certificate["request"] == "~/wss-edge/requests/edge1/chat.example.com.csr"
    assert certificate["certificate"] == "~/wss-edge/requests/edge1/chat.example.com.pem"


def test_a_passphrase_is_counted_in_bytes() -> None:
    assert model(PRIVATE, wss_ca_passphrase="üüüü")


def test_names_that_the_private_authority_does_not_sign_for_are_free_to_others() -> None:
    assert model(PRIVATE, site(name="a.example.org"), **PASSPHRASE, wss_ca_permitted=["example.com"])


def test_the_private_authority_is_in_the_model_where_a_site_needs_it() -> None:
    assert model(site(), **PASSPHRASE)["authority"] is None
    authority = model(PRIVATE, **PASSPHRASE, wss_ca_revoked=[{"serial": "a:bc"}])["authority"]
    assert authority["directory"] == "~/wss-edge/ca"
    assert authority["subject"] == {"common_name": "wss.edge private CA"}
    assert authority["key"] == {"type": "ecdsa", "curve": "secp384r1", "bits": 2048}
    assert authority["revoke"] == [{"serial": "0ABC", "reason": "unspecified"}]
