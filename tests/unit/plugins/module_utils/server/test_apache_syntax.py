# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import (
    Directive,
    Doubt,
    doubts,
    includes,
    module_name,
    modules,
    mpm,
    parse,
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
