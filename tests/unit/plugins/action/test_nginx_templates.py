# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends, TLS towards them and certificates of clients, as nginx has them on a particular host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wss.edge.plugins.action.release import render
from ansible_collections.wss.edge.plugins.module_utils.model.build import build
from ansible_collections.wss.edge.plugins.module_utils.release.host import HostError
from ansible_collections.wss.edge.plugins.module_utils.release.nginx_context import nginx_context
from ansible_collections.wss.edge.plugins.module_utils.server import nginx_syntax
from ansible_collections.wss.edge.plugins.module_utils.server.records import servers

ROOT = Path(__file__).parents[4]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
NAMES = ("chat.example.com", "other.example.com", "third.example.com", "client:private_ca", "client:0")
CERTIFICATES = {name: f"/etc/pki/wss/{name}/0123456789abcdef" for name in NAMES}
PRIVATE, SYSTEM, FILE = "/wss/trust/private_ca.pem", "/etc/ssl/certs/ca-certificates.crt", "/wss/trust/4567.pem"
TRUST = {
    "ca": {"private_ca": PRIVATE, "system": SYSTEM, "/ca.pem": FILE},
    "crl": {"private_ca": "/wss/crl/private_ca.pem", "/crl.pem": "/wss/crl/89ab.pem"},
    "digests": {
        "trust/private_ca.pem": "1",
        "crl/private_ca.pem": "2",
        "trust/4567.pem": "4567",
        "crl/89ab.pem": "89ab",
    },
}
RESOLVE = {"version_info": [1, 27, 3], "resolvers": ["192.0.2.53", "2001:db8::53"], "hosts": ["app.hosts.example"]}
OLD = {"version_info": [1, 22, 1]}
BACKENDS = ["ws://192.0.2.1:80", "ws://192.0.2.2:80"]


def rendered(*sites: dict[str, Any], trust: Any = None, most: int = 4000, **on: Any) -> dict[str, str]:
    """The files for sites, of which the default has one endpoint."""
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:8282", "probe": "none"}
    whole = [{"name": name, "endpoints": [endpoint], **site} for name, site in zip(NAMES, sites)]
    given = {"wss_sites": whole, "wss_ca_passphrase": "12345678", "wss_max_connections": most}
    server = {"version_info": on.pop("version_info", [1, 26, 3]), "groups": ["X25519"], "tls_library": "OpenSSL 3.0"}
    facts = {"family": "Debian", "server": server, "ipv6": True, "foreign": {"servers": [], "directives": []}, **on}
    files = render(
        nginx_context(build(OPTIONS, given, "192.0.2.1"), CERTIFICATES, facts, trust or TRUST),
        servers(facts["family"])["nginx"],
    )
    for name, text in files.items():
        nginx_syntax.parse(text, name)
    return files


def endpoint(**changes: Any) -> dict[str, Any]:
    """A site with one endpoint."""
    return {"endpoints": [{"path": "/wss", **changes}]}


def block(files: dict[str, str], start: str, name: str = NAMES[0]) -> list[str]:
    """The directives of the first block whose first line starts so."""
    file = name if name == "refusals.conf" else f"sites/{name}.conf"
    lines = [line.strip() for line in files[file].splitlines()]
    first = next(number for number, line in enumerate(lines) if line.startswith(start))
    return lines[first + 1 : lines.index("}", first)]


SINGLE = "server {} max_fails=0;"
SEVERAL = ["zone wss_backends 128k;"]
ONE, OTHER = (f"server 192.0.2.{number}:80 max_fails=1 fail_timeout=10s;" for number in (1, 2))
LAST = ["server 192.0.2.1:80 max_fails=0 backup;", "server 192.0.2.2:80 max_fails=0 backup;"]
HASHED = [f"server {url[5:]} max_fails=1 fail_timeout=1s;" for url in BACKENDS]
RESOLVER = ["resolver 192.0.2.53;", "resolver_timeout 5s; # after which it is asked again"]
UPSTREAMS = [
    ("one", {"backend": "ws://192.0.2.1"}, {}, [SINGLE.format("192.0.2.1:80")]),
    ("a socket", {"backend": "unix:/run/app.sock"}, RESOLVE, [SINGLE.format("unix:/run/app.sock")]),
    ("several", {"backends": BACKENDS}, {}, [*SEVERAL, ONE, OTHER, *LAST]),
    (
        "weights",
        {"backends": [{"url": BACKENDS[0], "weight": 3}, BACKENDS[1]]},
        {},
        [
            *SEVERAL,
            "server 192.0.2.1:80 weight=3 max_fails=1 fail_timeout=10s;",
            OTHER,
            "server 192.0.2.1:80 weight=3 max_fails=0 backup;",
            LAST[1],
        ],
    ),
    (
        "a backup",
        {"backends": [BACKENDS[0], {"url": BACKENDS[1], "weight": 2, "backup": True}]},
        {},
        [*SEVERAL, ONE, "server 192.0.2.2:80 weight=2 max_fails=0 backup;"],
    ),
    (
        "the fewest connections",
        {"backends": BACKENDS, "balance": "least_connections"},
        {},
        [*SEVERAL, "least_conn;", ONE, OTHER, *LAST],
    ),
    (
        "the client's address",
        {"backends": BACKENDS, "balance": "client_address"},
        {},
        [*SEVERAL, "hash $remote_addr consistent;", *HASHED],
    ),
    (
        "a header",
        {"backends": BACKENDS, "balance": {"hash": {"header": "X-Room-Id"}}},
        {},
        [*SEVERAL, "hash $http_x_room_id consistent;", *HASHED],
    ),
    (
        "a cookie",
        {"backends": BACKENDS, "balance": {"hash": {"cookie": "Room_id"}}},
        {},
        [*SEVERAL, "hash $cookie_room_id consistent;", *HASHED],
    ),
    (
        "a name that is followed",
        {"backend": "ws://app.example.com:81"},
        RESOLVE,
        [*SEVERAL, *RESOLVER, "server app.example.com:81 max_fails=0 resolve;"],
    ),
    (
        "a name on a host without IPv6",
        {"backend": "ws://app.example.com:81"},
        {**RESOLVE, "ipv6": False, "resolvers": ["fe80::1%eth0", "2001:db8::53"]},
        [*SEVERAL, "resolver [2001:db8::53] ipv6=off;", RESOLVER[1], "server app.example.com:81 max_fails=0 resolve;"],
    ),
    (
        "a name beside an address",
        {"backends": ["ws://app.example.com", {"url": BACKENDS[0], "backup": True}]},
        RESOLVE,
        [*SEVERAL, *RESOLVER, "server app.example.com:80 max_fails=1 fail_timeout=10s resolve;", LAST[0]],
    ),
    (
        "a name with an older nginx",
        {"backend": "ws://app.example.com"},
        {**RESOLVE, "version_info": [1, 27, 2]},
        [SINGLE.format("app.example.com:80")],
    ),
    (
        "a name that is not asked for",
        {"backend": "ws://app.example.com"},
        {**RESOLVE, "resolvers": ["fe80::1%eth0"]},
        [SINGLE.format("app.example.com:80")],
    ),
    *(
        (f"{name} is known to the host alone", {"backend": f"ws://{name}"}, RESOLVE, [SINGLE.format(f"{name}:80")])
        for name in ("localhost", "app", "app.hosts.example", "192.0.2.1", "[::1]")
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "on", "expected"), [row[1:] for row in UPSTREAMS], ids=[row[0] for row in UPSTREAMS]
)
def test_backends(changes: dict[str, Any], on: dict[str, Any], expected: list[str]) -> None:
    files = rendered(endpoint(**changes), **on)
    assert block(files, "upstream wss_chat__example__com_0") == expected


def test_the_zone_has_room_for_all_backends() -> None:
    many = [{"path": f"/{number}", "backends": BACKENDS} for number in range(20)]
    files = rendered({"endpoints": many}, {"endpoints": many})
    assert all(
        text.count("zone wss_backends 2048k;") == 20 for name, text in files.items() if name.startswith("sites/")
    )


TLS = {"path": "/wss", "backend": "wss://app.example.com"}
TLS_LINES = ["proxy_ssl_protocols TLSv1.2 TLSv1.3;", "proxy_ssl_session_reuse on;"]
NAMED = ["proxy_ssl_server_name on;", "proxy_ssl_name app.example.com;"]
SHOWN = [
    "proxy_ssl_certificate /etc/pki/wss/client:private_ca/0123456789abcdef/fullchain.pem;",
    "proxy_ssl_certificate_key /etc/pki/wss/client:private_ca/0123456789abcdef/privkey.pem;",
]


def verified(file: str, depth: int = 2) -> list[str]:
    return ["proxy_ssl_verify on;", f"proxy_ssl_verify_depth {depth};", f"proxy_ssl_trusted_certificate {file};"]


BACKEND_TLS = [
    ("what is not said", None, [*TLS_LINES, *NAMED, *verified(SYSTEM)]),
    (
        "the private authority",
        {"ca": "private_ca", "client_certificate": "private_ca"},
        [*TLS_LINES, *NAMED, *SHOWN, *verified(PRIVATE), "proxy_ssl_crl /wss/crl/private_ca.pem;"],
    ),
    ("a file", {"ca": "/ca.pem", "verify_depth": 1}, [*TLS_LINES, *NAMED, *verified(FILE, 0)]),
    (
        "other settings",
        {"protocols": ["TLSv1.3"], "session_reuse": False, "server_name": "be.example"},
        [
            "proxy_ssl_protocols TLSv1.3;",
            "proxy_ssl_session_reuse off;",
            "proxy_ssl_server_name on;",
            "proxy_ssl_name be.example;",
            *verified(SYSTEM),
        ],
    ),
    ("not verified", {"verify": False, "ca": "private_ca"}, [*TLS_LINES, *NAMED, "proxy_ssl_verify off;"]),
]  # fmt: skip


@pytest.mark.parametrize(("tls", "expected"), [row[1:] for row in BACKEND_TLS], ids=[row[0] for row in BACKEND_TLS])
def test_tls_to_the_backends(tls: dict[str, Any] | None, expected: list[str]) -> None:
    inside = block(rendered({"endpoints": [{**TLS, "backend_tls": tls}]}), "location /.wss/ok/0/")
    assert "proxy_pass https://wss_chat__example__com_0$request_uri;" in inside
    ciphers = [line for line in inside if line.startswith("proxy_ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:")]
    assert bool(ciphers) == ("proxy_ssl_protocols TLSv1.2 TLSv1.3;" in expected)
    assert [line for line in inside if line.startswith("proxy_ssl_") and line not in ciphers] == expected


def test_the_path_of_a_backend_is_asked_for_by_tls_as_well() -> None:
    text = rendered({"endpoints": [{**TLS, "backend": "https://app.example.com/chat"}]})[f"sites/{NAMES[0]}.conf"]
    assert "proxy_pass https://wss_chat__example__com_0/chat;" in text
    assert "proxy_pass http:" not in text


def test_what_is_not_verified_needs_no_authority() -> None:
    tls = {**TLS, "backend_tls": {"verify": False, "ca": "private_ca"}}
    files = rendered({"endpoints": [tls]}, trust={"ca": {}, "crl": {}})
    assert "proxy_ssl_verify off;" in block(files, "location /.wss/ok/0/")


def test_several_addresses_that_are_not_verified_are_asked_for_no_name() -> None:
    tls = {"backends": ["wss://192.0.2.1", "wss://192.0.2.2"], "backend_tls": {"verify": False}}
    inside = block(rendered(endpoint(**tls)), "location /.wss/ok/0/")
    assert [line for line in inside if "_name" in line] == []
    assert 'proxy_set_header Host "$http_host";' in inside


HOSTS = [
    ({"backend": "ws://app.example.com:81"}, "$http_host"),
    ({"backend": "wss://app.example.com"}, "app.example.com"),
    ({"backend": "wss://app.example.com:8443"}, "app.example.com:8443"),
    ({"backends": ["wss://a.example:81", "wss://b.example:82"], "backend_tls": {"server_name": "be.example"}},
     "be.example"),
    ({"backend": "wss://[2001:db8::1]:8443", "backend_tls": {"server_name": "be.example"}}, "be.example:8443"),
    ({"backend": "wss://192.0.2.1:8443", "backend_tls": {"server_name": "chat.example.com"}}, "$http_host"),
    ({"backend": "wss://192.0.2.1", "backend_tls": {"verify": False}}, "$http_host"),
    ({"backend": "wss://app.example.com", "headers": {"HOST": "own.example"}}, "own.example"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), HOSTS)
def test_the_host_that_backends_are_asked_for(changes: dict[str, Any], expected: str) -> None:
    inside = block(rendered(endpoint(**changes)), "location /.wss/ok/0/")
    assert [line for line in inside if " host " in line.lower()] == [f'proxy_set_header Host "{expected}";']


ASKED = [
    (
        {},
        ["ssl_verify_client on;", f"ssl_client_certificate {PRIVATE};", "ssl_verify_depth 2;",
         "ssl_crl /wss/crl/private_ca.pem;"],
    ),
    (
        {"verify": "optional", "ca": "/ca.pem", "verify_depth": 1},
        ["ssl_verify_client optional;", f"ssl_client_certificate {FILE};", "ssl_verify_depth 0;"],
    ),
    (
        {"ca": "/ca.pem", "crl": "/crl.pem"},
        ["ssl_verify_client on;", f"ssl_client_certificate {FILE};", "ssl_verify_depth 2;",
         "ssl_crl /wss/crl/89ab.pem;"],
    ),
    ({"verify": "off"}, []),
]  # fmt: skip
CLIENTS = ("ssl_verify_", "ssl_client_", "ssl_crl")


@pytest.mark.parametrize(("wanted", "expected"), ASKED)
def test_certificates_of_clients(wanted: dict[str, Any], expected: list[str]) -> None:
    files = rendered({"client_certificates": wanted})
    lines = [line.strip() for line in files[f"sites/{NAMES[0]}.conf"].splitlines()]
    assert [line for line in lines if line.startswith(CLIENTS)] == expected
    # Beside those, nginx takes clients of what the user trusts in the http context.
    trusted = [line.split()[1] for line in lines if line.startswith("ssl_trusted_certificate")]
    assert trusted == [line.split()[1] for line in expected if line.startswith("ssl_client_certificate")]
    headers = [line for line in block(files, "location /.wss/ok/0/") if "X-SSL" in line]
    shown = ["Verify $ssl_client_verify;", "S-DN $ssl_client_s_dn;"] if expected else ['Verify "";', 'S-DN "";']
    assert headers == [f"proxy_set_header X-SSL-Client-{each}" for each in shown]


@pytest.mark.parametrize(("directives", "count"), [([], 0), (["underscores_in_headers"], 31)])
def test_headers_that_look_like_the_proxys_where_nginx_passes_them_on(directives: list[str], count: int) -> None:
    lines = block(rendered({}, foreign={"servers": [], "directives": directives}), "location /.wss/ok/0/")
    removed = [line for line in lines if re.fullmatch(r'proxy_set_header X[A-Za-z-]*_[A-Za-z_-]* "";', line)]
    assert len(removed) == count
    assert ('proxy_set_header X_SSL_Client_Verify "";' in removed) == bool(count)


PLAIN = "shared:wss_10m:10m"
OPTIONAL = {"client_certificates": {"verify": "optional"}}
REQUIRED: dict[str, Any] = {"client_certificates": {}}
ELSEWHERE = {"listen": [8443]}


def sessions(files: dict[str, str], name: str) -> tuple[str, bool]:
    """Where sessions are kept, and whether there are tickets."""
    lines = block(files, "listen", name)
    (cache,) = (line.split()[1].rstrip(";") for line in lines if line.startswith("ssl_session_cache"))
    return cache, "ssl_session_tickets on;" in lines


def test_sessions_of_sites_that_verify_alike_are_shared_apart_from_others() -> None:
    files = rendered(REQUIRED, REQUIRED, ELSEWHERE)
    shared, tickets = sessions(files, NAMES[0])
    assert shared.startswith("shared:wss_10m_")
    assert shared.endswith(":10m")
    assert not tickets
    assert sessions(files, NAMES[1]) == sessions(files, "refusals.conf") == (shared, False)
    assert sessions(files, NAMES[2]) == (PLAIN, True)


@pytest.mark.parametrize("name", ["trust/private_ca.pem", "crl/private_ca.pem"])
def test_sessions_are_forgotten_with_a_file_that_has_changed(name: str) -> None:
    newer = {**TRUST, "digests": {**TRUST["digests"], name: "3"}}
    assert sessions(rendered(REQUIRED), NAMES[0]) != sessions(rendered(REQUIRED, trust=newer), NAMES[0])
    assert sessions(rendered({}), NAMES[0]) == sessions(rendered({}, trust=newer), NAMES[0])


MIXED: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("beside an open site", [REQUIRED, {}], {}),
    ("beside one that does not need them", [REQUIRED, OPTIONAL], {}),
    ("beside one of another authority", [REQUIRED, {"client_certificates": {"ca": "/ca.pem"}}], {}),
    ("with an nginx in which sessions never end", [REQUIRED, REQUIRED], OLD),
]


@pytest.mark.parametrize(("sites", "on"), [row[1:] for row in MIXED], ids=[row[0] for row in MIXED])
def test_sessions_are_not_taken_up_again(sites: list[dict[str, Any]], on: dict[str, Any]) -> None:
    files = rendered(*sites, ELSEWHERE, **on)
    for name in (*NAMES[:2], "refusals.conf"):
        assert sessions(files, name) == ("off", False)
    assert sessions(files, NAMES[2]) == (PLAIN, on != OLD)
    assert f"ssl_session_cache {PLAIN};" in files["refusals.conf"]


BY_ADDRESS = {"server_names": ["chat.example.com", "192.0.2.9"]}
OWN = {"names": ["own"], "listens": [{"address": "::", "port": 443, "ssl": True}], "file": "/etc/nginx/own", "line": 3}
REFUSED: list[tuple[str, list[dict[str, Any]], dict[str, Any], list[str]]] = [
    (
        "beside the user's",
        [REQUIRED],
        {"foreign": {"servers": [OWN], "directives": []}},
        ["site chat.example.com, client_certificates: [::]:443 is shared with /etc/nginx/own line 3", "another port"],
    ),
    (
        "clients of an IP address",
        [{**REQUIRED, **BY_ADDRESS}, {"client_certificates": {"ca": "/ca.pem"}}],
        {},
        ["site other.example.com, client_certificates: differs from the site chat.example.com on 0.0.0.0:443", "same"],
    ),
    (
        "more connections than ports",
        [endpoint(backends=BACKENDS)],
        {"most": 56465, "local_ports": 28232},
        ["wss_max_connections: 56465", "56464", "2 by address", "28232 ports", "ip_local_port_range", "unix socket"],
    ),
    (
        "backups add none",
        [endpoint(backends=[BACKENDS[0], {"url": BACKENDS[1], "backup": True}])],
        {"most": 28233},
        ["wss_max_connections: 28233", "1 by address"],
    ),
    (
        "the same backend twice",
        [endpoint(backend=BACKENDS[0]), endpoint(backend=BACKENDS[0])],
        {"most": 28233},
        ["1 by address"],
    ),
]


@pytest.mark.parametrize(("sites", "on", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_this_host_cannot_serve_is_said(sites: list[dict[str, Any]], on: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(HostError) as error:
        rendered(*sites, **on)
    (problem,) = error.value.problems
    assert [word for word in words if word not in problem] == []


SERVED: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("open sites beside the user's", [{}], {"foreign": {"servers": [OWN], "directives": []}}),
    ("clients of an IP address beside an open site", [{**REQUIRED, **BY_ADDRESS}, {}], {}),
    ("an open site for clients of an IP address", [BY_ADDRESS, REQUIRED], {}),
    ("the same authority", [{**REQUIRED, **BY_ADDRESS}, OPTIONAL], {}),
    ("another listener", [{**REQUIRED, **BY_ADDRESS}, {"client_certificates": {"ca": "/ca.pem"}, **ELSEWHERE}], {}),
    ("as many connections as ports", [endpoint(backends=BACKENDS)], {"most": 56464, "local_ports": 28232}),
    ("more local ports", [{}], {"most": 60000, "local_ports": 64000}),
    ("a socket", [endpoint(backends=[BACKENDS[0], "unix:/run/app.sock"])], {"most": 500000}),
    ("no sites", [], {"most": 500000}),
]


@pytest.mark.parametrize(("sites", "on"), [row[1:] for row in SERVED], ids=[row[0] for row in SERVED])
def test_what_this_host_can_serve(sites: list[dict[str, Any]], on: dict[str, Any]) -> None:
    assert len(rendered(*sites, **on)) >= 1 + len(sites)


# --- the main file's own site


def of_red_hat(listen=("0.0.0.0", "::"), file="/etc/nginx/nginx.conf", default=False, **more):
    """Facts of a host of Red Hat's family, whose main file has a server on port 80 behind all that it includes."""
    listens = [{"address": address, "port": 80, "ssl": False, "default": default} for address in listen]
    block = {"names": ["_"], "listens": listens, "file": file, "line": 38}
    return {"family": "RedHat", "foreign": {"servers": [block], "directives": []}, **more}


MAIN_SITE = """\
server {
    listen 0.0.0.0:80;
    listen [::]:80;
    server_name "";
    root /usr/share/nginx/html;
    include /etc/nginx/default.d/*.conf;
}
"""


@pytest.mark.parametrize(
    ("host", "there"),
    [
        (of_red_hat(), True),
        (of_red_hat(default=True), False),
        (of_red_hat(file="/etc/nginx/conf.d/own.conf"), False),
        ({**of_red_hat(), "family": "Debian"}, False),
    ],
)
def test_the_main_files_site_goes_on_to_answer_other_names(host, there):
    index = rendered({"redirect_http": True}, **host)["index.conf"]
    assert (MAIN_SITE in index) == there
    assert MAIN_SITE not in rendered({}, **host)["index.conf"]


def test_a_main_file_of_the_users_has_to_say_that_its_site_is_the_default():
    own = {"own_files": ["/etc/nginx/nginx.conf"]}
    with pytest.raises(HostError, match=r"/etc/nginx/nginx.conf line 38, which answers .* write default_server"):
        rendered({"redirect_http": True}, **of_red_hat(**own))
    assert rendered({}, **of_red_hat(**own))
    assert rendered({"redirect_http": True}, **of_red_hat(default=True, **own))
