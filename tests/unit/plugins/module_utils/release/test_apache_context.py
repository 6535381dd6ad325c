# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model is on a particular host with Apache, and what of it that host cannot serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wss.edge.plugins.module_utils.model.build import build
from ansible_collections.wss.edge.plugins.module_utils.release.apache_context import apache_context
from ansible_collections.wss.edge.plugins.module_utils.release.host import HostError

ROOT = Path(__file__).parents[5]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEBIANS_80 = {"address": "*", "port": 80, "file": "/etc/apache2/ports.conf", "line": 5}


def site(name: str = "chat.example.com", **changes: Any) -> dict[str, Any]:
    """A small site; keys that start with e_ are of its endpoint."""
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:8282"}
    endpoint.update({key[2:]: value for key, value in changes.items() if key.startswith("e_")})
    rest = {key: value for key, value in changes.items() if not key.startswith("e_")}
    return {"name": name, "endpoints": [endpoint], **rest}


def facts(**changes: Any) -> dict[str, Any]:
    """Debian's Apache as it is installed."""
    server: dict[str, Any] = {
        "version_info": [2, 4, 71],
        "groups": ["X25519", "prime256v1", "secp384r1"],
        "tls_library": "OpenSSL 3.0",
        "modules": [],
        "mpm": "event",
    }
    foreign: dict[str, Any] = {"servers": [], "listens": [DEBIANS_80], "limits": {}, "directives": []}
    server.update({key: changes.pop(key) for key in list(changes) if key in server})
    foreign.update({key: changes.pop(key) for key in list(changes) if key in foreign})
    return {"server": server, "ipv6": True, "foreign": foreign, **changes}


def on(host: dict[str, Any], *sites: dict[str, Any], **variables: Any) -> dict[str, Any]:
    model = build(OPTIONS, {"wss_server": "apache", "wss_sites": list(sites), **variables}, "192.0.2.1")
    folders = {each["name"]: f"/etc/pki/wss/{each['name']}/0123" for each in sites}
    return apache_context(model, folders, host)


def problems(host: dict[str, Any], *sites: dict[str, Any], **variables: Any) -> list[str]:
    with pytest.raises(HostError) as error:
        on(host, *sites, **variables)
    return error.value.problems


def theirs(names: list[str], port: int = 443, ssl: bool = True, address: str = "") -> dict[str, Any]:
    """Facts of a VirtualHost of the user's."""
    addresses = [address] if address else ["0.0.0.0", "::"]
    listens = [{"address": each, "port": port, "ssl": ssl} for each in addresses]
    return {"servers": [{"names": names, "listens": listens, "file": "/etc/apache2/own.conf", "line": 3}]}


def listening(*sockets: tuple[str, int]) -> dict[str, Any]:
    found = [
        {"address": address, "port": port, "file": "/etc/apache2/ports.conf", "line": 9} for address, port in sockets
    ]
    return {"listens": [DEBIANS_80, *found]}


SSL = {"modules": ["so_module", "ssl_module"]}
DEBIANS_443 = listening(("*", 443))
LISTEN = [
    ("as installed", {}, site(), [("443", True)]),
    ("mod_ssl enabled, and with it Debian's Listen", {**SSL, **DEBIANS_443}, site(), [("443", True)]),
    ("mod_ssl enabled, and no Listen", SSL, site(), [("443", False)]),
    ("a Listen that does not depend on mod_ssl", DEBIANS_443, site(), []),
    ("another port", {}, site(listen=[8443]), [("8443", False)]),
    ("another port, which is there", listening(("*", 8443)), site(listen=[8443]), []),
    ("another port, which is there in IPv4", listening(("0.0.0.0", 8443)), site(listen=[8443]), [("[::]:8443", False)]),
    ("the same without IPv6", {**listening(("0.0.0.0", 8443)), "ipv6": False}, site(listen=[8443]), []),
    ("another port, which is there in IPv6", listening(("::", 8443)), site(listen=[8443]), []),
    ("an address", {}, site(listen=["192.0.2.9:5555"]), [("192.0.2.9:5555", False)]),
    ("an address of the port that Debian may have", {}, site(listen=["192.0.2.9:443"]), [("192.0.2.9:443", True)]),
    ("an address, its port is there", listening(("*", 5555)), site(listen=["192.0.2.9:5555"]), []),
    ("an address, its port is there in IPv4", listening(("0.0.0.0", 55)), site(listen=["192.0.2.9:55"]), []),
    ("an address beside another", listening(("192.0.2.8", 55)), site(listen=["192.0.2.9:55"]),
     [("192.0.2.9:55", False)]),
    ("IPv6", listening(("0.0.0.0", 55)), site(listen=["[2001:db8::1]:55"]), [("[2001:db8::1]:55", False)]),
    ("the redirect's port is there", {}, site(listen=[8443], redirect_http=True), [("8443", False)]),
    ("the redirect's port is not", {"listens": []}, site(listen=[8443], redirect_http=True),
     [("8443", False), ("80", False)]),
]  # fmt: skip


@pytest.mark.parametrize(("host", "one", "expected"), [row[1:] for row in LISTEN], ids=[row[0] for row in LISTEN])
def test_what_is_listened_on_besides_what_the_user_has(
    host: dict[str, Any], one: dict[str, Any], expected: list[tuple[str, bool]]
) -> None:
    found = on(facts(**host), one)["listen"]
    assert [(each["socket"], each["without_ssl"]) for each in found] == expected


def test_the_sockets_that_the_release_opens_itself_and_for_whom() -> None:
    found = on(facts(), site(redirect_http=True), site("b.example.com", listen=["192.0.2.9:5555"]))["listens"]
    assert found == [
        {"address": "0.0.0.0", "port": 443, "owner": "site chat.example.com"},
        {"address": "::", "port": 443, "owner": "site chat.example.com"},
        {"address": "192.0.2.9", "port": 5555, "owner": "site b.example.com"},
    ]


def test_a_host_without_a_server_yet_gets_what_the_newest_would() -> None:
    host = {**facts(), "server": None}
    host["foreign"] = {"servers": [], "limits": [], "directives": []}
    found = on(host, site(http2_websockets=True))
    assert found["sites"][0]["tls"]["groups"][0] == "X25519MLKEM768"
    assert "proxy_http" in found["modules"]
    assert found["listen"] == [{"socket": "443", "without_ssl": True}]


WEBSOCKET = [
    ([2, 4, 71], "auto", "http://127.0.0.1:8282/wss", "proxy_http", False),
    ([2, 4, 47], "auto", "http://127.0.0.1:8282/wss", "proxy_http", False),
    ([2, 4, 46], "auto", "ws://127.0.0.1:8282/wss", "proxy_wstunnel", False),
    ([2, 4, 71], "wstunnel", "ws://127.0.0.1:8282/wss", "proxy_wstunnel", True),
]


@pytest.mark.parametrize(("version", "wanted", "backend", "module", "no_fallback"), WEBSOCKET)
def test_how_websockets_are_passed_on(
    version: list[int], wanted: str, backend: str, module: str, no_fallback: bool
) -> None:
    found = on(facts(version_info=version), site(), wss_apache_websocket=wanted)
    assert found["sites"][0]["endpoints"][0]["backend"] == backend
    assert found["sites"][0]["no_fallback"] == no_fallback
    assert {name for name in found["modules"] if name.startswith("proxy_")} == {module}


def test_a_plain_site_needs_no_tls() -> None:
    found = on(facts(), site(tls="off", listen=[8000]))
    assert {"ssl", "socache_shmcb", "http2"} & set(found["modules"]) == set()
    assert (found["session_cache"], found["refusals"], found["last_refusals"]) == (0, [], [])
    assert found["sites"][0]["scheme"] == "http"


CACHES = [([10], 10485760), ([10, 20], 20971520), ([1024], 67107840)]


@pytest.mark.parametrize(("sizes", "expected"), CACHES)
def test_the_largest_session_cache_counts_up_to_what_apache_takes(sizes: list[int], expected: int) -> None:
    sites = [site(f"s{size}.example.com", listen=[9000 + size], tls={"session_cache_size": size}) for size in sizes]
    assert on(facts(), *sites)["session_cache"] == expected


PATHS = [
    ("/wss", "ws://b:1", "http://b:1/wss", "%{REQUEST_URI} == '/wss' || %{REQUEST_URI} -strmatch '/wss/*'", None),
    ("/a/", "ws://b:1", "http://b:1/a/", "%{REQUEST_URI} -strmatch '/a/*'", None),
    ("/", "ws://b:1", "http://b:1/", "%{REQUEST_URI} -strmatch '/*'", None),
    ("/a*b", "ws://b:1", "http://b:1/a*b", "%{REQUEST_URI} == '/a*b' || %{REQUEST_URI} -strmatch '/a[*]b/*'", None),
    ("/a", "ws://b:1/x", "http://b:1/x", "%{REQUEST_URI} == '/a' || %{REQUEST_URI} -strmatch '/a/*'", None),
    ("/a/", "ws://b:1/x/", "http://b:1/x/", "%{REQUEST_URI} -strmatch '/a/*'", None),
    ("/a.b", "ws://b:1/x/", "http://b:1/x", "%{REQUEST_URI} == '/a.b' || %{REQUEST_URI} -strmatch '/a.b/*'",
     ("^/a\\.b()$", "http://b:1/x/$1")),
    ("/", "ws://b:1/echo", "http://b:1/echo/", "%{REQUEST_URI} -strmatch '/*'", ("^/()$", "http://b:1/echo$1")),
    ("/", "unix:/run/x.sock", "unix:/run/x.sock|http://localhost/", "%{REQUEST_URI} -strmatch '/*'", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "backend", "url", "matches", "exact"), PATHS)
def test_a_path_is_itself_and_what_is_below_it(
    path: str, backend: str, url: str, matches: str, exact: tuple[str, str] | None
) -> None:
    found = on(facts(), site(e_path=path, e_backend=backend))["sites"][0]["endpoints"][0]
    assert (found["backend"], found["matches"]) == (url, matches)
    assert found["exact"] == (None if exact is None else {"pattern": exact[0], "backend": exact[1]})


def test_the_longest_path_is_asked_first() -> None:
    endpoints = [{"path": path, "backend": "ws://b:1"} for path in ("/", "/a", "/a/b", "/c")]
    found = on(facts(), {"name": "chat.example.com", "endpoints": endpoints})["sites"][0]
    assert [each["path"] for each in found["endpoints"]] == ["/a/b", "/a", "/c", "/"]
    assert found["takes_all"]


@pytest.mark.parametrize(("idle", "expected"), [([3600], 60), ([5], 5), ([3600, 7], 7)])
def test_a_client_may_be_as_slow_as_with_nginx_but_no_longer_than_a_socket_may_be_idle(
    idle: list[int], expected: int
) -> None:
    endpoints = [{"path": f"/{each}", "backend": "ws://b:1", "idle_timeout": each} for each in idle]
    assert on(facts(), {"name": "chat.example.com", "endpoints": endpoints})["sites"][0]["timeout"] == expected


NAMES = [
    (["chat.example.com", "*.chat.example.com"], "chat.example.com", ["*.chat.example.com"]),
    (["*.a.example.com"], "_", ["*.a.example.com"]),
    (["192.0.2.9", "b.example.com"], "b.example.com", ["192.0.2.9"]),
    (["192.0.2.9"], "192.0.2.9", []),
    (["2001:db8::1"], "_", ["2001:db8::1"]),
]


@pytest.mark.parametrize(("names", "server_name", "aliases"), NAMES)
def test_names(names: list[str], server_name: str, aliases: list[str]) -> None:
    found = on(facts(), site(server_names=names))["sites"][0]
    assert (found["server_name"], found["server_aliases"]) == (server_name, aliases)


def addresses(refusals: list[dict[str, Any]]) -> list[list[str]]:
    return [each["addresses"] for each in refusals]


REFUSALS = [
    ("alone", {}, [site()], [["*:443"]], []),
    ("several", {}, [site(), site("b.example.com"), site("c.example.com", listen=["[2001:db8::1]:44", 55])],
     [["*:443", "[2001:db8::1]:44", "*:55"]], []),
    ("with an IP address as a name", {}, [site(server_names=["192.0.2.9"]), site("b.example.com", listen=[55])],
     [["*:55"]], [["*:443"]]),
    ("other groups", {}, [site(), site("b.example.com", listen=[55], tls={"groups": ["secp384r1"]})],
     [["*:443"], ["*:55"]], []),
    ("another lifetime", {}, [site(), site("b.example.com", listen=[55], tls={"session_timeout": 5})],
     [["*:443"], ["*:55"]], []),
    ("beside the user's site", theirs(["own.example.com"]), [site(), site("b.example.com", listen=[55])],
     [["*:55"]], []),
    ("a plain site", {}, [site(tls="off")], [], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("host", "sites", "first", "last"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_where_unknown_names_are_refused(
    host: dict[str, Any], sites: list[dict[str, Any]], first: list[list[str]], last: list[list[str]]
) -> None:
    found = on(facts(**host), *sites)
    assert (addresses(found["refusals"]), addresses(found["last_refusals"])) == (first, last)
    for refusal in found["refusals"] + found["last_refusals"]:
        assert refusal["certificate"] in {f"/etc/pki/wss/{each['name']}/0123" for each in sites}


WIDE = site("wide.example.com", server_names=["*.example.com"])
NARROW = site("narrow.example.com", server_names=["*.b.example.com"])
PLAIN = site("x.b.example.com")
ADDRESS = site("by-address.example.org", server_names=["192.0.2.9", "by-address.example.org"])
ORDER = [
    ("an exact name before its wildcards", [WIDE, NARROW, PLAIN], [PLAIN, NARROW, WIDE]),
    ("nothing to order", [PLAIN, site()], [PLAIN, site()]),
    ("another port", [WIDE, {**PLAIN, "listen": [55]}], [WIDE, {**PLAIN, "listen": [55]}]),
    ("the redirects share a port", [{**WIDE, "redirect_http": True}, {**PLAIN, "listen": [55], "redirect_http": True}],
     [PLAIN, WIDE]),
    ("the one that clients without a name get is the first", [PLAIN, ADDRESS], [ADDRESS, PLAIN]),
]  # fmt: skip


@pytest.mark.parametrize(("sites", "expected"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_the_first_site_whose_name_matches_is_the_right_one(
    sites: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    assert [each["name"] for each in on(facts(), *sites)["sites"]] == [each["name"] for each in expected]


def test_sites_that_no_order_serves() -> None:
    one = site("a.example.com", server_names=["a.example.com", "*.example.org"])
    other = site("a.example.org", server_names=["a.example.org", "*.example.com"])
    found = problems(facts(), one, other, PLAIN | {"listen": [55]})
    assert len(found) == 1
    assert "sites a.example.com and a.example.org:" in found[0]


def times(*rows: tuple[str, str, int]) -> dict[str, Any]:
    endpoints = [{"path": path, "backend": backend, "idle_timeout": idle} for path, backend, idle in rows]
    return {"name": "chat.example.com", "endpoints": endpoints}


PROBLEMS = [
    ("groups", {}, site(tls={"groups": ["X448"]}), ["tls.groups", '"X448"', "OpenSSL 3.0"]),
    ("a name", theirs(["chat.example.com"]), site(), ["server_names", "0.0.0.0:443", "own.conf line 3"]),
    ("a wildcard before us", theirs(["*.example.com"]), site(), ["server_names", "own.conf line 3"]),
    ("the redirect's name", theirs(["chat.example.com"], 80, False), site(redirect_http=True),
     ["redirect_http", '"chat.example.com" on port 80', "own.conf line 3"]),
    ("a closer address", theirs(["own"], address="192.0.2.9"), site(),
     ["listen", "0.0.0.0:443 overlaps 192.0.2.9:443", "Apache would give"]),
    ("plain there", theirs(["own"], ssl=False), site(), ["0.0.0.0:443 is plain in"]),
    ("versions of TLS", theirs(["own"]), site(tls="modern"), ["tls.protocols", "is shared with"]),
    ("a Listen of one address", listening(("192.0.2.9", 8443)), site(listen=[8443]),
     ["listen", "ports.conf line 9 has Listen 192.0.2.9:8443"]),
    ("too old", {"version_info": [2, 4, 38]}, site(), ["Apache 2.4.38", "2.4.39 or newer"]),
    ("no HTTP/2 WebSockets", {"version_info": [2, 4, 57]}, site(http2_websockets=True),
     ["http2_websockets", "Apache 2.4.57 has none; 2.4.58 or newer"]),
    ("prefork", {"mpm": "prefork"}, site(), ["MPM prefork", "a2enmod mpm_event"]),
    ("one backend", {}, times(("/a", "ws://b:1/x", 60), ("/b", "ws://b:1/x", 61)), ["endpoint /b", "endpoint /a"]),
    ("one below", {}, times(("/a", "ws://b:1/x", 60), ("/b", "ws://b:1/x/y", 61)), ["endpoint /b", "endpoint /a"]),
]  # fmt: skip


@pytest.mark.parametrize(("host", "one", "words"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS])
def test_what_this_host_cannot_serve_is_said(host: dict[str, Any], one: dict[str, Any], words: list[str]) -> None:
    found = problems(facts(**host), one)
    assert [word for word in words if word not in found[0]] == []


def test_a_backend_of_its_own_may_have_times_of_its_own() -> None:
    kept = times(("/", "ws://b:1", 60), ("/chat", "ws://b:1", 61))
    apart = times(("/a", "ws://b:1/x", 60), ("/b", "ws://b:2/x", 61), ("/c", "unix:/run/x.sock", 62))
    for one in (kept, apart):
        assert on(facts(), one)["sites"]


TUNNEL = [
    ("upgrade", [2, 4, 46], {}, ["Apache 2.4.46", "upgrade=websocket", "2.4.47 or newer"]),
    ("wstunnel", [2, 4, 71], {"e_websocket_only": False}, ["endpoint /wss, websocket_only", "wss_apache_websocket"]),
]


@pytest.mark.parametrize(("wanted", "version", "changes", "words"), TUNNEL)
def test_the_way_that_the_user_asks_for_may_not_do(
    wanted: str, version: list[int], changes: dict[str, Any], words: list[str]
) -> None:
    found = problems(facts(version_info=version), site(**changes), wss_apache_websocket=wanted)
    assert [word for word in words if word not in found[0]] == []
