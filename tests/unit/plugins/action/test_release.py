# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model on a particular host, rendered, and read back by a parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wss.edge.plugins.action.release import render
from ansible_collections.wss.edge.plugins.module_utils.model.build import build
from ansible_collections.wss.edge.plugins.module_utils.release.host import HostError
from ansible_collections.wss.edge.plugins.module_utils.release.nginx_context import nginx_context
from ansible_collections.wss.edge.plugins.module_utils.server import nginx_syntax
from ansible_collections.wss.edge.plugins.module_utils.server.records import NGINX

ROOT = Path(__file__).parents[4]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
CERTIFICATES = {"chat.example.com": "/etc/pki/wss/chat.example.com/0123456789abcdef"}


def host(**changes: Any) -> dict[str, Any]:
    server = {"version_info": [1, 26, 3], "groups": ["X25519", "prime256v1", "secp384r1"], "tls_library": "OpenSSL 3.0"}
    server.update({key: changes.pop(key) for key in ("version_info", "groups") if key in changes})
    return {"family": "Debian", "server": server, "ipv6": True, "foreign": {"servers": [], "directives": []}, **changes}


def foreign(port: int, ssl: bool, names: list[str]) -> dict[str, Any]:
    listens = [{"address": address, "port": port, "ssl": ssl} for address in ("0.0.0.0", "::")]
    block = {"names": names, "listens": listens, "file": "/etc/nginx/sites-enabled/own", "line": 3}
    return {"foreign": {"servers": [block], "directives": []}}


def files(site: dict[str, Any], **on: Any) -> dict[str, str]:
    whole = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": "ws://127.0.0.1:8282"}], **site}
    model = build(OPTIONS, {"wss_sites": [whole]}, "192.0.2.1")
    return render(nginx_context(model, CERTIFICATES, host(**on), {}), NGINX)


def lines(files: dict[str, str], name: str = "sites/chat.example.com.conf") -> list[str]:
    return [line.strip() for line in files[name].splitlines()]


def test_every_file_is_valid_syntax_and_index_includes_each_by_name() -> None:
    rendered = files({"redirect_http": True, "hsts": 60})
    for name, text in rendered.items():
        nginx_syntax.parse(text, name)
    included = [each.args[0] for each in nginx_syntax.parse(rendered["index.conf"]) if each.name == "include"]
    assert included == [f"/etc/nginx/wss/current/{name}" for name in rendered if name != "index.conf"]


def test_what_is_forbidden_does_not_occur() -> None:
    origins = {"path": "/", "backend": "http://a/b", "origins": ["https://o.example"], "websocket_only": False}
    rendered = files({"endpoints": [origins], "server_names": ["a.b", "192.0.2.9"]})
    names = {each.name for text in rendered.values() for each in _all(nginx_syntax.parse(text))}
    assert names & {"if", "rewrite", "ssl"} == set()
    assert "proxy_pass" in names


def _all(tree: Any) -> list[Any]:
    return [found for each in tree for found in [each, *_all(each.block or ())]]


LISTEN = [
    ("newest nginx", {}, {}, ["listen 0.0.0.0:443 ssl;", "listen [::]:443 ssl;", "http2 on;"]),
    ("older nginx", {}, {"version_info": [1, 22, 1]}, ["listen 0.0.0.0:443 ssl http2;", "listen [::]:443 ssl http2;"]),
    ("no IPv6", {}, {"ipv6": False}, ["listen 0.0.0.0:443 ssl;", "http2 on;"]),
    ("beside another site", {}, foreign(443, True, ["own"]), ["listen 0.0.0.0:443 ssl;", "listen [::]:443 ssl;"]),
    ("an address", {"listen": ["192.0.2.9:5555"]}, {}, ["listen 192.0.2.9:5555 ssl;", "http2 on;"]),
    ("an IPv6 address", {"listen": ["[2001:db8::1]:443"]}, {}, ["listen [2001:db8::1]:443 ssl;", "http2 on;"]),
    ("plain", {"tls": "off", "listen": [8000]}, {}, ["listen 0.0.0.0:8000;", "listen [::]:8000;"]),
    (
        "an IP address as a name",
        {"server_names": ["192.0.2.9"]},
        {},
        ["listen 0.0.0.0:443 ssl default_server;", "listen [::]:443 ssl default_server;", "http2 on;"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("site", "on", "expected"), [row[1:] for row in LISTEN], ids=[row[0] for row in LISTEN])
def test_listeners(site: dict[str, Any], on: dict[str, Any], expected: list[str]) -> None:
    assert [line for line in lines(files(site, **on)) if line.startswith(("listen", "http2"))] == expected


REFUSALS = [
    (
        "alone",
        {},
        {},
        ["listen 0.0.0.0:443 ssl default_server;", "listen [::]:443 ssl default_server;", "server_name _;"],
    ),
    (
        "the site is the default, for its IP address",
        {"server_names": ["192.0.2.9"]},
        {},
        ["listen 0.0.0.0:443 ssl;", "listen [::]:443 ssl;", "server_name ~.;"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("site", "on", "expected"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_unknown_names_are_refused(site: dict[str, Any], on: dict[str, Any], expected: list[str]) -> None:
    found = lines(files(site, **on), "refusals.conf")
    assert [line for line in found if line.startswith(("listen", "server_name"))] == expected
    assert "ssl_reject_handshake on;" in found


def test_an_nginx_that_cannot_reject_a_handshake_has_no_certificate_for_it() -> None:
    found = lines(files({}, version_info=[1, 18, 0]), "refusals.conf")
    assert "ssl_reject_handshake on;" not in found
    assert "ssl_certificate data:$wss_no_certificate;" in found
    assert "error_log /dev/null emerg; # it would have a line for every handshake" in found
    with pytest.raises(HostError, match=r"nginx 1\.14\.1 cannot refuse a handshake .*1\.15\.10 or newer"):
        files({}, version_info=[1, 14, 1])


def test_unknown_names_stay_with_the_users_own_sites() -> None:
    assert "refusals.conf" not in files({}, **foreign(443, True, ["own.example"]))


def test_groups_are_those_that_the_library_knows() -> None:
    assert "ssl_ecdh_curve X25519:prime256v1:secp384r1;" in lines(files({}))
    newer = files({}, groups=["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"])
    assert "ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1:secp384r1;" in lines(newer)


PROBLEMS = [
    ({"tls": {"groups": ["X25519MLKEM768"]}}, {}, ["tls.groups", "X25519MLKEM768", "OpenSSL 3.0"]),
    ({}, foreign(443, True, ["chat.example.com"]), ["server_names", "0.0.0.0:443", "sites-enabled/own line 3"]),
    ({"listen": ["192.0.2.9:443"]}, foreign(443, True, ["own"]), ["192.0.2.9:443 overlaps 0.0.0.0:443", "own"]),
    ({"tls": "modern"}, foreign(443, True, ["own"]), ["tls.protocols", "is shared with", "its default server"]),
    ({}, foreign(443, False, ["own.example"]), ["listen", "0.0.0.0:443 is plain in", "a TLS site cannot share it"]),
]


@pytest.mark.parametrize(("site", "on", "words"), PROBLEMS)
def test_what_this_host_cannot_serve_is_said(site: dict[str, Any], on: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(HostError) as error:
        files(site, **on)
    assert [word for word in ["site chat.example.com", *words] if word not in error.value.problems[0]] == []


PATHS = [
    ("/wss", "ws://b", ["location = /wss {", "location /wss/ {"], []),
    ("/chat/", "ws://b", ["location /chat/ {"], []),
    (
        "/wss",
        "ws://b/chat",
        ["location = /wss {", "location /wss/ {"],
        ["location = /.wss/ok/0/wss {", "proxy_pass http://wss_chat__example__com_0/chat;",
         "location /.wss/ok/0/wss/ {", "proxy_pass http://wss_chat__example__com_0/chat/;"],
    ),
    (
        "/",
        "ws://b/echo",
        ["location / {"],
        ["location = /.wss/ok/0/ {", "proxy_pass http://wss_chat__example__com_0/echo;",
         "location /.wss/ok/0/ {", "proxy_pass http://wss_chat__example__com_0/echo/;"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "backend", "matches", "passes"), PATHS)
def test_a_path_is_itself_and_what_is_below_it(path: str, backend: str, matches: list[str], passes: list[str]) -> None:
    found = lines(files({"endpoints": [{"path": path, "backend": backend}]}))
    assert [line for line in found if line.startswith("location") and "/.wss/" not in line][-len(matches) :] == matches
    nested = [line for line in found if ("/.wss/ok/0" in line and "try_files" not in line) or "_0/" in line]
    assert nested[1:] == passes


def test_long_and_many_names_get_larger_hash_tables_unless_the_user_has_set_them() -> None:
    long = {"server_names": [f"{'a' * 60}.example.com"]}
    assert "server_names_hash_bucket_size 512;" in lines(files(long), "index.conf")
    set_by_user = {"foreign": {"servers": [], "directives": ["server_names_hash_bucket_size"]}}
    assert "server_names_hash_bucket_size 512;" not in lines(files(long, **set_by_user), "index.conf")


HASHES = [
    ({"origins": [f"https://{'a' * 60}.example.com"]}, "map_hash_bucket_size 512;"),
    ({"headers": {"X-A-Very-Long-Header-Name-Of-Some-Product": "1"}}, "proxy_headers_hash_bucket_size 256;"),
]


@pytest.mark.parametrize(("changes", "directive"), HASHES)
def test_long_values_get_larger_hash_tables(changes: dict[str, Any], directive: str) -> None:
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:8282"}
    assert directive in lines(files({"endpoints": [{**endpoint, **changes}]}), "index.conf")
    assert directive not in lines(files({"endpoints": [endpoint]}), "index.conf")


def test_before_the_server_is_installed_the_policy_is_taken_as_it_is() -> None:
    whole = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": "ws://127.0.0.1:8282"}]}
    model = build(OPTIONS, {"wss_sites": [whole]}, "192.0.2.1")
    rendered = render(nginx_context(model, {}, {**host(), "server": None}, {}), NGINX)
    assert "ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1:secp384r1;" in lines(rendered)
