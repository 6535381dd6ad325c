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
TRUST = {
    "ca": {name: f"/trust/{name.strip('~/')}.pem" for name in ("private_ca", "system", "~/a", "~/b")},
    "crl": {name: f"/crl/{name.strip('~/')}.pem" for name in ("private_ca", "~/a")},
}
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
    return {"family": "Debian", "server": server, "ipv6": True, "foreign": foreign, **changes}


def on(host: dict[str, Any], *sites: dict[str, Any], **variables: Any) -> dict[str, Any]:
    given = {"wss_server": "apache", "wss_ca_passphrase": "long enough", "wss_sites": list(sites), **variables}
    model = build(OPTIONS, given, "192.0.2.1")
    folders = {each["name"]: f"/etc/pki/wss/{each['name']}/0123" for each in [*sites, *model["clients"]]}
    return apache_context(model, folders, host, TRUST)


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
    (
        "wstunnel",
        [2, 4, 71],
        {"e_backend": "wss://b.example", "e_backend_tls": {"protocols": ["TLSv1.3"]}},
        ["endpoint /wss, backend_tls.protocols", "allow TLSv1.2, too, or set wss_apache_websocket: upgrade"],
    ),
]


@pytest.mark.parametrize(("wanted", "version", "changes", "words"), TUNNEL)
def test_the_way_that_the_user_asks_for_may_not_do(
    wanted: str, version: list[int], changes: dict[str, Any], words: list[str]
) -> None:
    found = problems(facts(version_info=version), site(**changes), wss_apache_websocket=wanted)
    assert [word for word in words if word not in found[0]] == []


SEVERAL = ["ws://b1:1", "ws://b2:1"]
TLS = ["wss://one.example:1", "wss://two.example:1"]


def endpoint_of(context: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = context["sites"][0]["endpoints"][0]
    return found


def backends(*urls: Any, **changes: Any) -> dict[str, Any]:
    """A site with several backends."""
    return site(**{"e_backend": None, "e_backends": list(urls), **changes})


OPTIONS_OF_ALL = "upgrade=websocket disablereuse=on keepalive=on"
MEMBERS = [
    ("two", backends(*SEVERAL), [("http://b1:1", "retry=10 loadfactor=1"), ("http://b2:1", "retry=10 loadfactor=1")]),
    ("weight and backup", backends({"url": "ws://b1:1", "weight": 7}, {"url": "ws://[::1]:1", "backup": True}),
     [("http://b1:1", "retry=10 loadfactor=7"), ("http://[::1]:1", "retry=10 loadfactor=1 status=+H")]),
    ("sockets", backends("unix:/run/a", "unix:/run/b"),
     [("unix:/run/a|http://localhost-0", "retry=10 loadfactor=1"),
      ("unix:/run/b|http://localhost-1", "retry=10 loadfactor=1")]),
    ("one that speaks TLS", site(e_backend=TLS[0]), [("https://one.example:1", "status=+I")]),
    ("several that do", backends(*TLS),
     [("https://one.example:1", "retry=10 loadfactor=1"), ("https://two.example:1", "retry=10 loadfactor=1")]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "expected"), [row[1:] for row in MEMBERS], ids=[row[0] for row in MEMBERS])
def test_members_of_a_balancer(one: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = endpoint_of(on(facts(), one))
    assert found["backend"] == "balancer://wss-0/wss"
    assert found["options"] == ""
    assert [(each["url"], each["options"]) for each in found["balancer"]["members"]] == [
        (url, f"{OPTIONS_OF_ALL} {more} connectiontimeout=5 timeout=3600") for url, more in expected
    ]


def test_a_single_backend_without_tls_has_no_balancer() -> None:
    context = on(facts(), site())
    found = endpoint_of(context)
    assert found["balancer"] is None
    assert found["options"] == f"{OPTIONS_OF_ALL} retry=0 connectiontimeout=5 timeout=3600"
    assert not any("balancer" in name or "slotmem" in name for name in context["modules"])


def test_the_older_way_has_members_of_its_own_scheme() -> None:
    for one, url in ((backends(*SEVERAL), "ws://b1:1"), (backends(*TLS), "wss://one.example:1")):
        found = endpoint_of(on(facts(), one, wss_apache_websocket="wstunnel"))
        assert found["balancer"]["members"][0]["url"] == url
        assert "upgrade" not in found["balancer"]["members"][0]["options"]
        assert found["reverse"] is None
    assert found["balancer"]["tls"]["protocols"] == ["TLSv1.2"]


BALANCERS = ["slotmem_shm", "proxy_balancer", "lbmethod_byrequests"]
MODULES = [
    (backends(*SEVERAL), BALANCERS),
    (backends(*SEVERAL, e_balance="least_connections"), [*BALANCERS[:2], "lbmethod_bybusyness", BALANCERS[2]]),
    (site(e_backend=TLS[0]), BALANCERS),
    (backends(*TLS, tls="off", listen=[8000]), [*BALANCERS, "ssl"]),
]


@pytest.mark.parametrize(("one", "expected"), MODULES)
def test_modules_of_balancers(one: dict[str, Any], expected: list[str]) -> None:
    found = on(facts(), one)["modules"]
    assert found[found.index("slotmem_shm") :] == expected
    assert found.count("ssl") == 1 - (expected == BALANCERS and not one.get("tls", True))


def test_how_to_choose() -> None:
    for wanted, method in (("round_robin", "byrequests"), ("least_connections", "bybusyness")):
        found = endpoint_of(on(facts(), backends(*SEVERAL, e_balance=wanted)))
        assert found["balancer"]["options"] == f"lbmethod={method} failonstatus=502"
    # A single one is never left out.
    assert endpoint_of(on(facts(), site(e_backend=TLS[0])))["balancer"]["options"] == "lbmethod=byrequests"


def test_each_endpoint_has_a_balancer_of_its_own() -> None:
    endpoints = [{"path": path, "backends": SEVERAL} for path in ("/a", "/a/b")]
    found = on(facts(), {"name": "chat.example.com", "endpoints": endpoints})["sites"][0]["endpoints"]
    assert [(each["path"], each["backend"]) for each in found] == [
        ("/a/b", "balancer://wss-0/a/b"), ("/a", "balancer://wss-1/a")
    ]  # fmt: skip
    assert [each["balancer"]["name"] for each in found] == ["wss-0", "wss-1"]


def test_the_path_of_several_backends() -> None:
    found = endpoint_of(on(facts(), backends("ws://b1:1/x/", "ws://b2:1/x/")))
    assert (found["backend"], found["reverse"]) == ("balancer://wss-0/x", "balancer://wss-0/x")
    assert found["exact"] == {"pattern": "^/wss()$", "backend": "balancer://wss-0/x/$1"}


def test_a_balancer_keeps_times_of_its_own() -> None:
    endpoints = [
        {"path": f"/{idle}", "backends": [f"{each}/x" for each in SEVERAL], "idle_timeout": idle} for idle in (60, 61)
    ]
    assert on(facts(), {"name": "chat.example.com", "endpoints": endpoints})["sites"]


def to_tls(**changes: Any) -> dict[str, Any]:
    return site(e_backend=TLS[0], e_backend_tls=changes)


def test_tls_to_backends() -> None:
    found = endpoint_of(on(facts(), to_tls()))["balancer"]["tls"]
    assert (found["protocols"], found["ciphers"][0]) == (["TLSv1.2", "TLSv1.3"], "ECDHE-ECDSA-AES128-GCM-SHA256")
    assert (found["depth"], found["certificate"]) == (3, None)


TRUSTED = [
    ({}, "/trust/system.pem", None),
    ({"ca": "private_ca"}, "/trust/private_ca.pem", "/crl/private_ca.pem"),
    ({"ca": "~/a"}, "/trust/a.pem", None),
    ({"ca": "private_ca", "verify": False}, None, None),
]


@pytest.mark.parametrize(("given", "ca", "crl"), TRUSTED)
def test_whom_a_backend_is_verified_by(given: dict[str, Any], ca: str | None, crl: str | None) -> None:
    found = endpoint_of(on(facts(), to_tls(**given)))["balancer"]["tls"]
    assert (found["ca"], found["crl"]) == (ca, crl)


def test_the_certificate_that_is_presented_stands_before_its_key() -> None:
    found = endpoint_of(on(facts(), to_tls(client_certificate="private_ca")))["balancer"]["tls"]
    assert found["certificate"] == "/etc/pki/wss/client:private_ca/0123/keypair.pem"


NAME = "chat.example.com"
HOSTS = [
    ("that of the URL", backends(*TLS), False),
    ("the only name of the site", backends(*TLS, e_backend_tls={"server_name": NAME}), True),
    ("that of the URL, one of several of the site",
     site(server_names=[NAME, "one.example"], e_backend="wss://one.example:1"), False),
    ("that of the URL, the only one of the site", site("one.example", e_backend="wss://one.example:1"), True),
    ("none is verified", site(e_backend=TLS[0], e_backend_tls={"verify": False, "server_name": NAME}), True),
    ("none is verified, nor asked for", site(e_backend=TLS[0], e_backend_tls={"verify": False}), False),
    ("without TLS", backends(*SEVERAL), True),
]  # fmt: skip


@pytest.mark.parametrize(("one", "expected"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_a_backend_gets_the_host_that_it_is_verified_by(one: dict[str, Any], expected: bool) -> None:
    assert endpoint_of(on(facts(), one))["balancer"]["preserves_host"] is expected


def test_tls_to_a_backend_needs_a_version_that_keeps_to_it() -> None:
    found = problems(facts(version_info=[2, 4, 39]), to_tls())
    assert ["backend_tls" in found[0], "2.4.40 or newer" in found[0]] == [True, True]


def test_too_few_local_ports_are_said() -> None:
    assert "wss_max_connections" in problems(facts(local_ports=100), site(), wss_max_connections=101)[0]


def asking(**changes: Any) -> dict[str, Any]:
    """A site whose clients need a certificate."""
    given = {"ca": "private_ca", **changes.pop("clients", {})}
    return site(**{"client_certificates": given, **changes})


def clients_of(context: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = context["sites"][0]["clients"]
    return found


def test_no_certificate_is_asked_for_unless_the_site_does() -> None:
    for one in (site(), site(client_certificates={"verify": "off"})):
        assert on(facts(), one)["sites"][0]["clients"] is None


NO_PROBE = {"e_probe": {"expect": "none"}}
CLIENTS = [
    ({}, {"verify": "require", "depth": 3, "ca": "/trust/private_ca.pem", "crl": "/crl/private_ca.pem"}),
    ({"verify": "optional", "verify_depth": 1},
     {"verify": "optional", "depth": 1, "ca": "/trust/private_ca.pem", "crl": "/crl/private_ca.pem"}),
    ({"ca": "~/a"}, {"verify": "require", "depth": 3, "ca": "/trust/a.pem", "crl": None}),
    ({"ca": "~/b", "crl": "~/a"}, {"verify": "require", "depth": 3, "ca": "/trust/b.pem", "crl": "/crl/a.pem"}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), CLIENTS)
def test_what_clients_prove(given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = clients_of(on(facts(), asking(clients=given, **NO_PROBE)))
    assert {key: found[key] for key in expected} == expected


SNI = "%{SSL_TLS_SNI} -strcmatch 'chat.example.com'"
PROVED = "%{SSL_CLIENT_VERIFY} == 'SUCCESS'"
ADDRESS_TOO = {"server_names": ["chat.example.com", "192.0.2.9"]}
CONDITIONS = [
    ("its name", {}, asking(), f"({SNI}) && {PROVED}"),
    ("optional", {}, asking(clients={"verify": "optional"}), f"({SNI})"),
    ("a wildcard", {}, asking(server_names=["*.a.example"]),
     f"(%{{SSL_TLS_SNI}} -strcmatch '*.a.example') && {PROVED}"),
    ("an address, whose clients name nothing", {}, asking(**ADDRESS_TOO),
     f"({SNI} || %{{SSL_TLS_SNI}} -strcmatch '192.0.2.9' || -z %{{SSL_TLS_SNI}}) && {PROVED}"),
    ("an address, where the user's own site gets those", theirs(["own"]), asking(**ADDRESS_TOO),
     f"({SNI} || %{{SSL_TLS_SNI}} -strcmatch '192.0.2.9') && {PROVED}"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "one", "expected"), [row[1:] for row in CONDITIONS], ids=[r[0] for r in CONDITIONS])
def test_what_is_proved_to_one_site_counts_for_no_other(
    host: dict[str, Any], one: dict[str, Any], expected: str
) -> None:
    assert clients_of(on(facts(**host), one))["condition"] == expected


SAME = "chat.example.com"
ELSEWHERE = site("other", server_names=[SAME], listen=["192.0.2.8:443"])
SESSIONS = [
    ("its own name", [asking()], SAME, []),
    ("the name of another site", [asking(listen=["192.0.2.9:443"]), ELSEWHERE], "_0", [SAME]),
    ("which is the second name of another", [asking(listen=["192.0.2.9:443"]),
     site("other", server_names=["a.example", SAME], listen=["192.0.2.8:443"])], SAME, []),
    ("wildcards alone", [asking(server_names=["*.a.example"])], "_0", ["*.a.example"]),
    ("where none is asked for", [site(listen=["192.0.2.9:443"]), ELSEWHERE], SAME, []),
]  # fmt: skip


@pytest.mark.parametrize(("sites", "name", "aliases"), [row[1:] for row in SESSIONS], ids=[row[0] for row in SESSIONS])
def test_a_session_of_another_site_is_not_resumed(sites: list[dict[str, Any]], name: str, aliases: list[str]) -> None:
    found = on(facts(), *sites)["sites"][0]
    assert (found["server_name"], found["server_aliases"]) == (name, aliases)


def test_nor_is_one_of_the_users_own_site() -> None:
    host = facts(**theirs([SAME], address="192.0.2.8"))
    assert on(host, asking(listen=["192.0.2.9:443"]))["sites"][0]["server_name"] == "_0"


def test_a_client_says_nothing_of_the_proxys_in_any_spelling() -> None:
    found = on(facts(), asking())["sites"][0]["spoofed"]
    assert found[:3] == ["X-Real_IP", "X_Real-IP", "X_Real_IP"]
    assert {"X_SSL_Client_Verify", "X_SSL_Client_S_DN", "X-SSL_Client-S_DN"} <= set(found)
    assert len(found) == 9 + 7 + 15
    assert not any("_" not in name for name in found)  # these are set
    nobody_asked = on(facts(), site())["sites"][0]["spoofed"]
    assert nobody_asked == [*found, "X-SSL-Client-Verify", "X-SSL-Client-S-DN"]


# --- hosts of Red Hat's family

RED_HATS: dict[str, Any] = {"family": "RedHat", "modules": ["ssl_module"]}
SSL_CONF = {
    "servers": [
        {
            "names": [],
            "listens": [{"address": each, "port": 443, "ssl": True} for each in ("0.0.0.0", "::")],
            "file": "/etc/httpd/conf.d/ssl.conf",
            "line": 6,
        }
    ],
    "listens": [DEBIANS_80, {"address": "*", "port": 443, "file": "/etc/httpd/conf.d/ssl.conf", "line": 1}],
}
RED_HATS_LISTEN: list[tuple[str, dict[str, Any], dict[str, Any], list[tuple[str, bool]], int]] = [
    ("its ssl.conf listens and refuses nobody", SSL_CONF, site(), [], 0),
    ("without it", {}, site(), [("443", False)], 1),
    ("before mod_ssl is there", {"modules": []}, site(), [("443", False)], 1),
    ("another port", SSL_CONF, site(listen=[8443]), [("8443", False)], 1),
]


@pytest.mark.parametrize(
    ("host", "one", "expected", "refusals"),
    [row[1:] for row in RED_HATS_LISTEN],
    ids=[row[0] for row in RED_HATS_LISTEN],
)
def test_red_hats_file_listens_as_long_as_it_is_there(
    host: dict[str, Any], one: dict[str, Any], expected: list[tuple[str, bool]], refusals: int
) -> None:
    found = on(facts(**{**RED_HATS, **host}), one)
    assert [(each["socket"], each["without_ssl"]) for each in found["listen"]] == expected
    assert len(found["refusals"]) == refusals


def test_a_listener_that_is_shared_with_red_hats_file_can_be_had_alone() -> None:
    found = problems(facts(**RED_HATS, **SSL_CONF), site(tls="modern"))
    assert found[0].endswith("choose another port, or set wss_default_site: aside")
    assert "wss_default_site" not in problems(facts(**theirs(["own.example.com"])), site(tls="modern"))[0]


MAIN_SITES: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("a redirect", {}, site(redirect_http=True), ["*:80"]),
    ("a plain site", {}, site(tls="off"), ["*:80"]),
    ("an address of its own", {}, site(tls="off", listen=["192.0.2.9:80"]), ["192.0.2.9:80"]),
    ("nothing plain", {}, site(), []),
    ("where only the release listens", {}, site(tls="off", listen=[8000]), []),
    ("where the user has a VirtualHost", theirs([], port=80, ssl=False), site(redirect_http=True), []),
]


@pytest.mark.parametrize(
    ("host", "one", "expected"), [row[1:] for row in MAIN_SITES], ids=[row[0] for row in MAIN_SITES]
)
def test_red_hats_main_file_goes_on_to_answer_other_names(
    host: dict[str, Any], one: dict[str, Any], expected: list[str]
) -> None:
    assert on(facts(**RED_HATS, **host), one)["main_site"] == expected
    assert on(facts(**host), one)["main_site"] == []


@pytest.mark.parametrize(
    ("family", "told"), [("Debian", "a2enmod mpm_event"), ("RedHat", "/etc/httpd/conf.modules.d/00-mpm.conf")]
)
def test_how_to_have_another_mpm_is_the_familys(family: str, told: str) -> None:
    assert told in problems(facts(family=family, mpm="prefork"), site())[0]
