# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache's configuration as it is rendered, and read back by a parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.wss.edge.plugins.action.release import render
from ansible_collections.wss.edge.plugins.module_utils.model.build import build
from ansible_collections.wss.edge.plugins.module_utils.release.apache_context import apache_context
from ansible_collections.wss.edge.plugins.module_utils.server import apache_syntax
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE

ROOT = Path(__file__).parents[4]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
FACTS: dict[str, Any] = {
    "family": "Debian",
    "server": {"version_info": [2, 4, 71], "groups": None, "modules": [], "mpm": "event"},
    "ipv6": True,
    "foreign": {"servers": [], "listens": [], "limits": {}, "directives": []},
}
TRUST = {"ca": {"private_ca": "/trust/private_ca.pem"}, "crl": {"private_ca": "/crl/private_ca.pem"}}
CONFIGURATION = "sites/chat.example.com.conf"
# All that the grammar of the model lets through; "*" and "[" mean something in a pattern.
PATH = "/a.b_~!&()*+,=:@-Z9"
HEADER = "expr= !#%&()*+,-./09:;<=>?@AZ[]^_`az|~ %t %s #x"


def files(*sites: dict[str, Any], **variables: Any) -> dict[str, str]:
    given = {"wss_server": "apache", "wss_ca_passphrase": "long enough", "wss_sites": list(sites), **variables}
    model = build(OPTIONS, given, "192.0.2.1")
    folders = {each["name"]: f"/etc/pki/wss/{each['name']}/0123" for each in [*sites, *model["clients"]]}
    return render(apache_context(model, folders, FACTS, TRUST), APACHE)


def site(**changes: Any) -> dict[str, Any]:
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:8282"}
    return {"name": "chat.example.com", "endpoints": [{**endpoint, **changes.pop("endpoint", {})}], **changes}


def lines(rendered: dict[str, str], name: str = CONFIGURATION) -> list[str]:
    return [line.strip() for line in rendered[name].splitlines()]


def directives(rendered: dict[str, str], name: str) -> list[tuple[str, ...]]:
    """The arguments of each directive of that name in the site's file."""
    return [each.args for each in apache_syntax.parse(rendered[CONFIGURATION]) if each.name == name]


EVERYTHING = site(
    server_names=["chat.example.com", "*.chat.example.com"],
    root="/var/www/chat",
    redirect_http=True,
    hsts=60,
    access_log="/var/log/chat.log",
    http2_websockets=True,
    endpoint={"origins": ["https://www.example.com", "https://b.example:81"], "headers": {"X-A": "b"}},
)


def test_sections_are_closed_and_index_includes_each_file_by_name() -> None:
    rendered = files(EVERYTHING, {**site(), "name": "b.example.com", "server_names": ["192.0.2.9"], "listen": [55]})
    for text in rendered.values():
        opened: list[str] = []
        for each in apache_syntax.parse(text):
            if each.name.startswith("</"):
                assert opened.pop() == each.name[2:]
            elif each.name.startswith("<"):
                opened.append(each.name[1:])
        assert opened == []
    included = [each.args[0] for each in apache_syntax.parse(rendered["index.conf"]) if each.name == "Include"]
    assert included == [f"/etc/apache2/wss/current/{name}" for name in ("refusals.conf", *_sites(rendered))]


def _sites(rendered: dict[str, str]) -> list[str]:
    return [name for name in rendered if name.startswith("sites/")]


def test_the_same_model_gives_the_same_bytes() -> None:
    assert files(EVERYTHING) == files(EVERYTHING)


def test_what_is_forbidden_does_not_occur() -> None:
    names = {each.name for text in files(EVERYTHING).values() for each in apache_syntax.parse(text)}
    assert {name for name in names if name.startswith("Rewrite") or name.endswith("Match")} == set()
    assert "ProxyPass" in names


def test_a_module_is_loaded_unless_it_is() -> None:
    index = lines(files(site()), "index.conf")
    at = index.index("<IfModule !proxy_http_module>")
    assert index[at + 1] == "LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so"
    assert "ServerLimit" in {line.split(" ")[0] for line in index}


def test_debians_listen_takes_the_place_of_ours() -> None:
    index = lines(files(site()), "index.conf")
    at = index.index("Listen 443")
    assert index[at - 1] == "<IfDefine WSS_EDGE_HAS_SSL>"
    assert index[index.index("Define WSS_EDGE_HAS_SSL") - 1].startswith("LoadModule ssl_module")


def test_an_unknown_name_gets_no_certificate() -> None:
    found = lines(files(site()), "refusals.conf")
    assert "<VirtualHost *:443>" in found
    assert [line for line in found if line.startswith(("SSLProtocol", "SSLCipherSuite"))] == [
        "SSLProtocol -all +TLSv1.2",
        "SSLCipherSuite PSK-AES128-GCM-SHA256",
    ]


def test_with_an_ip_address_as_a_name_other_names_are_refused_last() -> None:
    rendered = files(site(server_names=["192.0.2.9"]))
    assert "refusals.conf" not in rendered
    index = lines(rendered, "index.conf")
    assert index.index('ServerAlias "*"') > index.index(f'Include "/etc/apache2/wss/current/{CONFIGURATION}"')


def test_every_value_of_the_grammar_stays_a_value() -> None:
    rendered = files(
        site(
            root="/srv/a.b_@+:=,-",
            access_log="/var/log/a.b_@+:=,-",
            endpoint={"path": PATH, "backend": f"http://b:1{PATH}x", "headers": {"X-A": HEADER, "X-Empty": ""}},
        )
    )
    assert directives(rendered, "RequestHeader")[-2:] == [("set", "X-A", f"expr={HEADER}"), ("unset", "X-Empty")]
    assert [args[:2] for args in directives(rendered, "ProxyPass")] == [(PATH, f"http://b:1{PATH}x")]
    assert directives(rendered, "DocumentRoot") == [("/srv/a.b_@+:=,-",)]
    assert directives(rendered, "CustomLog") == [("/var/log/a.b_@+:=,-", "combined")]
    assert not any("${" in line or line.endswith("\\") for line in lines(rendered))


def test_an_endpoint_within_another_takes_nothing_of_it() -> None:
    inner = {"path": "/wss/open", "backend": "ws://b:1", "websocket_only": False}
    outer = {"path": "/wss", "backend": "ws://b:1", "origins": ["https://a.example"], "headers": {"X-A": "b"}}
    found = lines(files({"name": "chat.example.com", "endpoints": [outer, inner]}))
    sections = [line for line in found if line.startswith(("<If", "<ElseIf", "</"))]
    assert sections == [
        "<If \"%{REQUEST_URI} == '/wss/open' || %{REQUEST_URI} -strmatch '/wss/open/*'\">",
        "</If>",
        "<ElseIf \"%{REQUEST_URI} == '/wss' || %{REQUEST_URI} -strmatch '/wss/*'\">",
        "<If \"%{REQUEST_METHOD} != 'GET' || tolower(req_novary('Upgrade')) != 'websocket'"
        " || req_novary('Sec-WebSocket-Version') != '13'\">",
        "</If>",
        "</ElseIf>",
        "</VirtualHost>",
    ]
    assert found.index('RequestHeader set X-A "expr=b"') > found.index("</If>")


def test_origins_are_asked_before_the_upgrade() -> None:
    found = lines(files(EVERYTHING))
    assert "Require expr \"req_novary('Origin') in { 'https://www.example.com', 'https://b.example:81' }\"" in found
    assert "AuthMerging And" in found


def test_without_root_there_is_nothing_beside_the_endpoints() -> None:
    assert 'Redirect 404 "/"' in lines(files(site()))
    for one in (site(root="/srv/x"), site(endpoint={"path": "/"})):
        assert 'Redirect 404 "/"' not in lines(files(one))


def test_options_of_the_site() -> None:
    found = lines(files(EVERYTHING))
    for line in (
        'ServerAlias "*.chat.example.com"',
        'Header always set Strict-Transport-Security "max-age=60"',
        "H2WebSockets on",
        'Redirect 301 "https://%{SERVER_NAME}%{REQUEST_URI}"',
    ):
        assert line in found
    plain = lines(files(site(tls="off", listen=[8000])))
    assert not any(line.startswith(("SSL", "Protocols", "H2", "Header always set Strict")) for line in plain)
    assert "RequestHeader set X-Forwarded-Proto http" in plain


def test_what_a_client_names_in_connection_is_no_header_of_ours() -> None:
    found = lines(files(site()))
    connection = [line for line in found if line.startswith("RequestHeader") and " Connection " in f"{line} "]
    assert len(connection) == 2
    assert found.index(connection[-1]) < found.index('RequestHeader set X-Real-IP "expr=%{REMOTE_ADDR}"')


def test_the_older_way_does_not_fall_back_to_the_newer() -> None:
    rendered = files(site(), wss_apache_websocket="wstunnel")
    assert directives(rendered, "ProxyWebsocketFallbackToProxyHttp") == [("Off",)]
    assert directives(rendered, "ProxyPass")[0][1] == "ws://127.0.0.1:8282/wss"
    assert not any(arg.startswith("upgrade=") for arg in directives(rendered, "ProxyPass")[0])
    assert directives(rendered, "ProxyPassReverse") == []
    newer = directives(files(site()), "ProxyPass")[0]
    assert newer[2:] == (
        "upgrade=websocket", "disablereuse=on", "keepalive=on", "retry=0", "connectiontimeout=5", "timeout=3600"
    )  # fmt: skip


MANY = site(
    client_certificates={"ca": "private_ca"},
    endpoint={
        "backend": None,
        "backends": [{"url": "wss://one.example:1", "weight": 3}, {"url": "wss://two.example:2", "backup": True}],
        "backend_tls": {"ca": "private_ca", "client_certificate": "private_ca", "verify_depth": 2},
    },
)


def section(rendered: dict[str, str], name: str) -> list[str]:
    """The lines between the beginning and the end of a section of the site."""
    found = lines(rendered)
    start = next(index for index, line in enumerate(found) if line.startswith(f"<{name} "))
    return [line for line in found[start : found.index(f"</{name}>")] if not line.startswith("#")]


def test_backends_and_tls_to_them_are_a_section_of_their_own() -> None:
    options = "upgrade=websocket disablereuse=on keepalive=on retry=10"
    found = section(files(MANY), "Proxy")
    assert found[:6] == [
        '<Proxy "balancer://wss-0/">',
        f'BalancerMember "https://one.example:1" {options} loadfactor=3 connectiontimeout=5 timeout=3600',
        f'BalancerMember "https://two.example:2" {options} loadfactor=1 status=+H connectiontimeout=5 timeout=3600',
        "ProxySet lbmethod=byrequests failonstatus=502",
        "ProxyPreserveHost Off",
        "SSLProxyEngine on",
    ]
    assert found[8:] == [
        'SSLProxyMachineCertificateFile "/etc/pki/wss/client:private_ca/0123/keypair.pem"',
        "SSLProxyVerify require",
        "SSLProxyVerifyDepth 2",
        'SSLProxyCACertificateFile "/trust/private_ca.pem"',
        'SSLProxyCACertificatePath "/var/lib/apache2"',
        'SSLProxyCARevocationFile "/crl/private_ca.pem"',
        "SSLProxyCARevocationCheck chain",
        "SSLProxyCheckPeerName on",
        "SSLProxyCheckPeerExpire on",
    ]
    assert directives(files(MANY), "ProxyPass") == [("/wss", "balancer://wss-0/wss")]
    assert directives(files(MANY), "ProxyPassReverse") == [("/wss", "balancer://wss-0/wss")]


def test_a_backend_that_is_not_verified() -> None:
    one = site(endpoint={"backend": "wss://one.example", "backend_tls": {"verify": False, "protocols": ["TLSv1.3"]}})
    found = section(files(one), "Proxy")
    assert "SSLProxyProtocol -all +TLSv1.3" in found
    assert found[-4:] == [
        "SSLProxyVerify none",
        "SSLProxyCheckPeerName off",
        "SSLProxyCheckPeerCN off",
        "SSLProxyCheckPeerExpire off",
    ]
    assert not any(line.startswith(("SSLProxyC", "SSLProxyM")) for line in found[:-4])


def test_backends_without_tls_need_none_of_it() -> None:
    found = section(files(site(endpoint={"backend": None, "backends": ["ws://b1:1", "unix:/run/b.sock"]})), "Proxy")
    assert "ProxyPreserveHost On" in found
    assert not any(line.startswith("SSL") for line in found)


def test_clients_prove_who_they_are() -> None:
    found = lines(files(MANY))
    for line in (
        "SSLVerifyClient require",
        "SSLVerifyDepth 3",
        'SSLCACertificateFile "/trust/private_ca.pem"',
        'SSLCACertificatePath "/var/lib/apache2"',
        'SSLCARevocationFile "/crl/private_ca.pem"',
        "SSLCARevocationCheck chain",
        'RequestHeader set X-SSL-Client-Verify "expr=%{SSL_CLIENT_VERIFY}"',
        "RequestHeader unset X_SSL_Client_S_DN",
    ):
        assert line in found
    guard = section(files(MANY), "Location")
    assert guard[1:] == [
        "Require expr \"(%{SSL_TLS_SNI} -strcmatch 'chat.example.com') && %{SSL_CLIENT_VERIFY} == 'SUCCESS'\""
    ]
    nobody_asked = lines(files(site()))
    assert "RequestHeader unset X-SSL-Client-Verify" in nobody_asked
    assert not any("RequestHeader set X-SSL" in line or line.startswith("<Location") for line in nobody_asked)
    # The first handshake of a listener is that of the server that refuses unknown names.
    assert not any("Verify" in line for line in lines(files(MANY), "refusals.conf"))


def test_what_a_client_says_of_its_certificate_is_not_passed_on() -> None:
    found = [line for line in lines(files(MANY)) if line.startswith("RequestHeader") and "S-DN" in line.split(" ")[2]]
    subject = "X-SSL-Client-S-DN"
    assert [line for line in found if line.split(" ")[2] == subject] == [
        f"RequestHeader unset {subject}",
        'RequestHeader set X-SSL-Client-S-DN "expr=%{SSL_CLIENT_S_DN}" "expr=%{SSL_CLIENT_VERIFY} == \'SUCCESS\'"',
    ]
