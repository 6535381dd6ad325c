# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import (
    Directive,
    Doubt,
    Listen,
    VirtualHost,
    doubts,
    includes,
    module_name,
    modules,
    modules_of_others,
    mpm,
    parse,
    resolved,
)

MAIN = "/srv/t/m.conf"
# What Apache 2.4.71 of Debian 13 printed, with two includes that lead to another.
LOADED = """\
Loaded Modules:
 core_module (static)
 so_module (static)
 http_module (static)
 mpm_event_module (shared)
 authz_core_module (shared)
"""
INCLUDED = """\
Included configuration files:
  (*) /srv/t/m.conf
    (7) /srv/t/inc/nest.conf
      (1) /srv/t/inc/bad.conf
    (11) /srv/t/dir/a.conf
    (11) /srv/t/dir/b.conf~
"""


def dump(text: str, included: str = "", **files: str) -> str:
    everything = {MAIN: text, **files}
    printed = "".join(f"# configuration file {path}:\n{content}\n" for path, content in everything.items())
    return f"Included configuration files:\n  (*) {MAIN}\n{included}{LOADED}{printed}"


def test_modules() -> None:
    found = modules(dump("# ssl_module (shared)\n"))
    assert found == ["core_module", "so_module", "http_module", "mpm_event_module", "authz_core_module"]
    assert mpm(found) == "event"
    assert modules("") == []
    assert mpm([]) is None


def test_a_module_that_only_our_release_loads_is_not_the_users() -> None:
    ours = "<IfModule !http_module>\nLoadModule http_module x.so\n</IfModule>\nloadmodule mpm_event_module x.so\n"
    text = dump("LoadModule mpm_event_module x.so\n", **{"/srv/t/wss/index.conf": ours})
    assert modules_of_others(text, "/srv/t/wss/") == [
        "core_module",
        "so_module",
        "mpm_event_module",
        "authz_core_module",
    ]
    assert modules_of_others(text, "/elsewhere/") == modules(text)


def test_includes() -> None:
    assert includes(INCLUDED) == {
        (MAIN, 7): ["/srv/t/inc/nest.conf"],
        ("/srv/t/inc/nest.conf", 1): ["/srv/t/inc/bad.conf"],
        (MAIN, 11): ["/srv/t/dir/a.conf", "/srv/t/dir/b.conf~"],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Include a b", [Directive("Include", ("a", "b"), 1)]),
        ("\n\tInclude\t'a b'  # c", [Directive("Include", ("a b", "#", "c"), 2)]),
        ('# Include a\n<IfModule "mod_ssl.c">\n</IfModule>', [("<IfModule", ("mod_ssl.c",), 2), ("</IfModule", (), 3)]),
        # Apache counts a continued line by its last part, and a comment goes on too.
        ("IncludeOptional none2/\\\n*.conf\nB", [("IncludeOptional", ("none2/*.conf",), 2), ("B", (), 3)]),
        ("# a\\\nInclude b\nC", [("C", (), 3)]),
        ("", []),
    ],
)
def test_parse(text: str, expected: list[Directive]) -> None:
    assert list(parse(text)) == expected


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("ssl_module", "ssl_module"),
        ("mod_proxy_http.c", "proxy_http_module"),
        ("event.c", "mpm_event_module"),
        ("core.c", None),
        ("${WHICH}", None),
    ],
)
def test_module_names(identifier: str, name: str | None) -> None:
    assert module_name(identifier) == name


@pytest.mark.parametrize(
    ("text", "included", "expected"),
    [
        ("Timeout 9", "", []),
        ("include none/*.conf", "", [("include none/*.conf matches no file", 1)]),
        ("\nIncludeOptional none.conf", "", [("IncludeOptional none.conf matches no file", 2)]),
        ("Include sites/*.conf", "    (1) /srv/t/sites/a.conf\n", []),
        ("Include a.conf", "    (1) /srv/t/a.conf\n", []),
        ("Include ${WHICH}", "    (1) /srv/t/a.conf\n", []),
        # Apache reads what lies in a folder, backups included, and says nothing about an empty one.
        (
            "Include dir/",
            "    (1) /srv/t/dir/b.conf~\n",
            [("Include dir/ reads every file of the folder, whatever its name", 1)],
        ),
        ("Include emptydir", "", [("Include emptydir matches no file", 1)]),
        (
            "<IfModule ssl_module>\nInclude none\n</IfModule>",
            "",
            [("ssl_module is not loaded: the section is skipped", 1)],
        ),
        ("<IfModule !mod_ssl.c>\nTimeout 9\n</IfModule>", "", []),
        ("<IfModule !mod_ssl.c>\nInclude none\n</IfModule>", "", [("Include none matches no file", 2)]),
        ("<IfModule !event.c>\nInclude none\n</IfModule>", "", []),
        ("<IfModule mod_authz_core.c>\nInclude none\n</IfModule>", "", [("Include none matches no file", 2)]),
        # One skipped section says enough; what is inside it is not read.
        (
            "<IfModule mod_a.c>\n<IfModule mod_b.c>\n</IfModule>\n</IfModule>\nInclude none",
            "",
            [("mod_a.c is not loaded: the section is skipped", 1), ("Include none matches no file", 5)],
        ),
        ("<IfDefine X>\nInclude none\n</IfDefine>", "", []),
        ("<IfModule core.c>\nInclude none\n</IfModule>", "", []),
        ("<VirtualHost *:80>\nInclude none\n</VirtualHost>", "", [("Include none matches no file", 2)]),
        # Not what Apache would call valid, and still no reason to fail.
        ("</VirtualHost>\nInclude none", "", [("Include none matches no file", 2)]),
        ("ServerRoot /srv/t/", "", []),
        (
            "ServerRoot /etc/apache2",
            "",
            [("ServerRoot /etc/apache2: relative paths below are not looked up in /srv/t", 1)],
        ),
    ],
)
def test_doubts(text: str, included: str, expected: list[tuple[str, int]]) -> None:
    assert doubts(dump(text, included), "/srv/t") == [Doubt(said, MAIN, line) for said, line in expected]


def test_a_file_that_is_included_twice_is_doubted_once() -> None:
    other = "/srv/t/a.conf"
    text = dump("Include a.conf\nInclude a.conf", f"    (1) {other}\n    (2) {other}\n", **{other: "\nInclude x/*"})
    assert doubts(text, "/srv/t") == [Doubt("Include x/* matches no file", other, 2)]


def test_nothing_printed() -> None:
    assert doubts("", "/srv/t") == []


# What Apache 2.4.71 of Debian 12 printed for -D DUMP_CONFIG.
SHOP = "/etc/apache2/sites-enabled/shop.conf"
RESOLVED = f"""\
# In file: /etc/apache2/apache2.conf
# 134:
ErrorLog /var/log/apache2/error.log
# 212:
LogFormat "%h %l %u %t \\"%r\\"" common
# In file: /etc/apache2/mods-enabled/mpm_event.conf
#   7:
StartServers 2
#  10:
ThreadLimit 64
# In file: /etc/apache2/ports.conf
#   5:
Listen 80
#   8:
Listen 443
# In file: /etc/apache2/sites-enabled/000-default.conf
#   1:
<VirtualHost *:80>
  #  12:
  DocumentRoot /var/www/html
  #  21:
  CustomLog "/var/log/apache2/my access.log" combined
  #  22:
  TransferLog |/usr/bin/rotatelogs
</VirtualHost>
# In file: {SHOP}
#   2:
Listen 127.0.0.1:8080 https
#   4:
Listen [::1]:9443
#   5:
Listen 10.0.0.1:82 http
#   7:
<VirtualHost *:80 _default_:8080>
  #   8:
  ServerAlias www.shop.example.com *.shop.example.com
  #   9:
  ServerName http://Shop.example.com:80
  #  10:
  <Directory /var/www>
    #  11:
    SSLEngine on
  </Directory>
</VirtualHost>
#  14:
<VirtualHost [::1]:8443 10.0.0.1>
  #  15:
  ServerName tls.example.com
  #  16:
  SSLEngine on
</VirtualHost>
# In file: macro 'v' (defined on line 18 of "{SHOP}") used on line 23 of "{SHOP}"
#   1:
<VirtualHost *:80>
  #   2:
  ServerName macro.example.com
</VirtualHost>
# In file: {SHOP}
#  24:
MaxClients 400
#  25:
<VirtualHost *:443>
  #  26:
  SSLEngine off
</VirtualHost>
# In file: /etc/apache2/wss/current/index.conf
#   1:
Listen 8443
#   2:
ServerLimit 400
#   3:
StartServers 3
#   4:
<VirtualHost *:8443>
  #   5:
  ServerName chat.example.com
  #   6:
  ErrorLog /var/log/chat.log
</VirtualHost>
"""


def anywhere(port: int, tls: bool) -> list[tuple[str, int, bool]]:
    return [("0.0.0.0", port, tls), ("::", port, tls)]


def test_virtual_hosts_are_read_with_where_they_are_reached() -> None:
    names = ["shop.example.com", "www.shop.example.com", "*.shop.example.com"]
    ours = "/etc/apache2/wss/"
    assert resolved(RESOLVED, ours).hosts == [
        VirtualHost([], anywhere(80, False), "/etc/apache2/sites-enabled/000-default.conf", 1),
        VirtualHost(names, [*anywhere(80, False), *anywhere(8080, True)], SHOP, 7),
        VirtualHost(
            ["tls.example.com"],
            [("::1", 8443, True), *(("10.0.0.1", port, True) for port in (80, 443, 82, 8443))],
            SHOP,
            14,
        ),
        VirtualHost(["macro.example.com"], anywhere(80, False), SHOP, 23),
        VirtualHost([], anywhere(443, False), SHOP, 25),
    ]
    assert resolved(RESOLVED).hosts[-1].names == ["chat.example.com"]


def test_tls_of_the_whole_server_is_that_of_its_hosts() -> None:
    assert all(tls for _address, _port, tls in resolved("SSLEngine on\n" + RESOLVED).hosts[0].listens)


def test_listeners_are_read_with_their_places() -> None:
    ports = "/etc/apache2/ports.conf"
    assert resolved(RESOLVED, "/etc/apache2/wss/").listens == [
        Listen("*", 80, False, ports, 5),
        Listen("*", 443, True, ports, 8),
        Listen("127.0.0.1", 8080, True, SHOP, 2),
        Listen("::1", 9443, False, SHOP, 4),
        Listen("10.0.0.1", 82, False, SHOP, 5),
    ]


def test_of_each_limit_the_last_value_counts() -> None:
    everything = {"StartServers": 3, "ThreadLimit": 64, "MaxRequestWorkers": 400, "ServerLimit": 400}
    assert resolved(RESOLVED).limits == everything
    theirs = {"StartServers": 2, "ThreadLimit": 64, "MaxRequestWorkers": 400}
    assert resolved(RESOLVED, "/etc/apache2/wss/").limits == theirs


def test_the_modules_that_follow_say_what_processes_connections() -> None:
    assert resolved(RESOLVED + LOADED).mpm == "event"
    assert resolved(RESOLVED + LOADED).hosts == resolved(RESOLVED).hosts


def test_files_that_are_logs_and_no_programs() -> None:
    logs = ["/var/log/apache2/error.log", "/var/log/apache2/my access.log", "/var/log/chat.log"]
    assert resolved(RESOLVED).logs == logs


def test_modules_that_only_a_release_loads_are_not_the_users():
    dump = (
        "Loaded Modules:\n core_module (static)\n ssl_module (shared)\n proxy_module (shared)\n"
        " headers_module (shared)\n"
        "# configuration file /etc/apache2/mods-enabled/headers.load:\nLoadModule headers_module mod_headers.so\n"
        "# configuration file /etc/apache2/wss/current/index.conf:\n<IfModule !ssl_module>\n"
        "    LoadModule ssl_module mod_ssl.so\n</IfModule>\nLoadModule proxy_module x\nLoadModule headers_module x\n"
    )
    found = modules_of_others(dump, "/etc/apache2/wss/")
    assert found == ["core_module", "headers_module"]
