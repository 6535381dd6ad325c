# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one server does otherwise than the other, or cannot do; C(docs/servers.md) is made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

APACHE = "https://httpd.apache.org/docs/2.4/"
NGINX = "https://nginx.org/en/docs/"


@dataclass(frozen=True)
class Difference:
    """Of one C(server), at one C(key): its path in the argument spec. C(text) goes on after a colon.

    C(allowed) are the only values that this server can serve; where it is None, it serves all of them.
    """

    server: str
    key: str
    text: str
    documentation: str
    allowed: tuple[Any, ...] | None = None


APPLICATIONS = "docs/application-tls.md"
APPLICATION = "the application terminates TLS and answers the clients itself, and has such settings of its own"
# Of a site without a server of ours, what only such a server does, and its default.
OF_SERVERS: dict[str, Any] = {
    "tls.policy": "intermediate",
    "tls.protocols": [],
    "tls.ciphers": [],
    "tls.groups": [],
    "tls.session_timeout": 86400,
    "tls.session_cache_size": 10,
    "client_certificates": None,
    "root": None,
    "redirect_http": False,
    "hsts": 0,
    "access_log": None,
    "http2_websockets": False,
    "endpoints.backend": None,
    "endpoints.backends": [],
    "endpoints.balance.method": "round_robin",
    "endpoints.balance.hash": None,
    "endpoints.backend_tls": None,
    "endpoints.websocket_only": True,
    "endpoints.idle_timeout": 3600,
    "endpoints.connect_timeout": 5,
    "endpoints.max_connections_per_client": 0,
    "endpoints.headers": {},
    "endpoints.origins": [],
}

H2_WEBSOCKETS = "from 2.4.58; six WebSockets get through in one connection of HTTP/2, in which more have to wait"

DIFFERENCES = (
    Difference(
        "apache",
        "wss_sites.endpoints.max_connections_per_client",
        "none of Apache's own modules counts the connections of one client",
        f"{APACHE}mod/",
        allowed=(0,),
    ),
    Difference(
        "nginx",
        "wss_sites.http2_websockets",
        "nginx opens a WebSocket by the protocol switch of HTTP/1.1 alone",
        f"{NGINX}http/websocket.html",
        allowed=(False,),
    ),
    Difference("apache", "wss_sites.http2_websockets", H2_WEBSOCKETS, f"{APACHE}mod/mod_http2.html#h2websockets"),
    Difference(
        "apache",
        "wss_sites.server_names",
        "a client of an unknown name gets the alert handshake_failure, with nginx unrecognized_name; sites on one"
        " listener whose wildcards take each other's names are refused",
        f"{APACHE}vhosts/name-based.html",
    ),
    Difference(
        "apache",
        "wss_sites.listen",
        "a port of every address is refused where the host's own configuration listens on one address of it",
        f"{APACHE}bind.html",
    ),
    Difference(
        "apache",
        "wss_sites.tls.session_timeout",
        "sessions are resumed from the cache alone; tickets are off, as Apache keeps one key for them until its next"
        " reload",
        f"{APACHE}mod/mod_ssl.html#sslsessiontickets",
    ),
    Difference(
        "apache",
        "wss_sites.tls.session_cache_size",
        "one cache serves all sites, as large as the largest that a site asks for, and smaller than 64 MiB",
        f"{APACHE}mod/mod_ssl.html#sslsessioncache",
    ),
    Difference(
        "apache",
        "wss_sites.client_certificates.verify",
        "letters beyond ASCII stand in `X-SSL-Client-S-DN` as they are, with nginx as `\\C3\\A4`",
        f"{APACHE}mod/mod_ssl.html#envvars",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.path",
        "a request whose path has an encoded slash (%2F) gets status 404",
        f"{APACHE}mod/core.html#allowencodedslashes",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.backend",
        "while a backend is down its clients get status 503, while its certificate is refused 500, with nginx 502",
        f"{APACHE}mod/mod_proxy.html#proxypass",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.backends.url",
        "a name is resolved for each connection; the next backend is asked where one takes no connection, but one that"
        " takes it and breaks off, or is refused for its certificate, costs a client status 502 or 500 before it is"
        " left out",
        f"{APACHE}mod/mod_proxy.html#balancermember",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.backends.weight",
        "with least_connections, it decides between backends that have as many; each reload begins to count anew",
        f"{APACHE}mod/mod_lbmethod_bybusyness.html",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.balance.method",
        "Apache's load balancer has no way to choose by the client's address",
        f"{APACHE}mod/mod_proxy_balancer.html",
        allowed=("round_robin", "least_connections"),
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.balance.hash",
        "Apache's load balancer has no way to choose by a header, nor by a cookie that names none of its backends",
        f"{APACHE}mod/mod_proxy_balancer.html#stickyness_implementation",
        allowed=(None,),
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.backend_tls.server_name",
        "the host of each backend's URL, which is the default, or the only name of the site; only in the latter case do"
        " the backends get the client's `Host`",
        f"{APACHE}mod/mod_proxy.html#proxypreservehost",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.backend_tls.protocols",
        "with `wss_apache_websocket: wstunnel`, TLS 1.2 alone",
        f"{APACHE}mod/mod_proxy_wstunnel.html",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.backend_tls.session_reuse",
        "each connection to a backend has a full handshake",
        f"{APACHE}mod/mod_ssl.html",
    ),
    Difference(
        "nginx",
        "wss_sites.client_certificates.verify",
        "no TLS session is resumed by such a site before 1.23.2, nor by sites that share a listener and do not ask for"
        " the same; a listener that the host's own configuration has, too, is refused",
        f"{NGINX}http/ngx_http_ssl_module.html#ssl_session_cache",
    ),
    Difference(
        "nginx",
        "wss_sites.endpoints.backend_tls.server_name",
        "needed where the backends of an endpoint have different hosts: nginx verifies all by one name",
        f"{NGINX}http/ngx_http_proxy_module.html#proxy_ssl_name",
    ),
    Difference(
        "nginx",
        "wss_sites.endpoints.backends.url",
        "a name is resolved when nginx is reloaded; from 1.27.3 nginx follows it when it resolves to other addresses",
        f"{NGINX}http/ngx_http_upstream_module.html#resolve",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.websocket_only",
        "false needs `wss_apache_websocket: upgrade`",
        f"{APACHE}mod/mod_proxy_wstunnel.html",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.idle_timeout",
        "endpoints of a site whose backend is the same need the same; with `wss_apache_websocket: wstunnel` no"
        " WebSocket is closed for being idle",
        f"{APACHE}mod/mod_proxy.html#workers",
    ),
    Difference(
        "apache",
        "wss_sites.endpoints.connect_timeout",
        "endpoints of a site whose backend is the same need the same, unless it speaks TLS; with one that does, only"
        " idle_timeout bounds the handshake",
        f"{APACHE}mod/mod_proxy.html#workers",
    ),
    Difference(
        "apache",
        "wss_max_connections",
        "an open WebSocket holds a thread; the limits of the MPM follow, with room for the sockets that a reload leaves"
        " to older processes; the MPM prefork is refused",
        f"{APACHE}mod/event.html",
    ),
    *(
        Difference("none", f"wss_sites.{key}", APPLICATION, APPLICATIONS, allowed=(default,))
        for key, default in OF_SERVERS.items()
    ),
    *(
        Difference(server, "wss_sites.application", "the server terminates TLS", APPLICATIONS, allowed=(None,))
        for server in ("nginx", "apache")
    ),
)
