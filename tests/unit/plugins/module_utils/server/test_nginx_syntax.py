# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.nginx_syntax import (
    Limit,
    Limits,
    Listen,
    NginxSyntaxError,
    default_servers,
    expand,
    main_limits,
    parse,
    servers,
    split_dump,
    unmatched_includes,
)


def dump_of(files: dict[str, str]) -> str:
    """Print files as nginx -T does: a marker, the bytes, a newline."""
    return "".join(f"# configuration file {path}:\n{text}\n" for path, text in files.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user www-data;", ("user", "www-data")),
        ("  a\tb\n c ; # comment; {", ("a", "b", "c")),
        ("# user x;\nuser y;", ("user", "y")),
        ("add_header X 'a; {b} #c' always;", ("add_header", "X", "a; {b} #c", "always")),
        (r'log_format m "a \"b\" \t \d $c";', ("log_format", "m", 'a "b" \t \\d $c')),
        (r"return 200 a\;b\ c;", ("return", "200", r"a\;b\ c")),
        ("root /srv/${host}/x;", ("root", "/srv/${host}/x")),
        ("set $a ${b};", ("set", "$a", "${b}")),
        ("try_files $uri a#b c'd;", ("try_files", "$uri", "a#b", "c'd")),
        ('return 200 "";', ("return", "200", "")),
        ("return 200 'two\nlines';", ("return", "200", "two\nlines")),
    ],
)
def test_words(text: str, expected: tuple[str, ...]) -> None:
    (directive,) = parse(text)
    assert (directive.name, *directive.args) == expected
    assert directive.block is None


def test_blocks_files_and_lines() -> None:
    (http,) = parse(
        "\nhttp {\n\n  server\n  {\n    listen 80;\n  }\n  map $a $b { default 1; '~^x{2}' y; }\n}\n", "/etc/n.conf"
    )
    server, mapping = http.block or ()
    assert (http.file, http.line, server.line) == ("/etc/n.conf", 2, 4)
    assert [(each.name, each.args, each.line) for each in server.block or ()] == [("listen", ("80",), 6)]
    assert mapping.args == ("$a", "$b")
    assert parse("types { }")[0].block == ()
    assert [each.line for each in parse("\na\n b\n;\nc\n d\n{\n}")] == [2, 5]


def test_lua_is_one_word_whatever_it_holds() -> None:
    body = " -- }\n local a = \"}\" .. '{' .. [[}]] --[==[ } ]==]\n if x then t = {1} end "
    after, directive = parse(f"a {{ set_by_lua_block $x {{{body}}}\n after 1; }}")[0].block[::-1]
    assert directive.name == "set_by_lua_block"
    assert directive.args == ("$x", body)
    assert (after.name, after.line) == ("after", 4)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a;\nb {", ":2: unexpected end of file, a closing brace"),
        ("a;\nb", ":2: unexpected end of file, a semicolon"),
        ("a;\n}", ':2: unexpected "}"'),
        ("a { b }", ':1: unexpected "}"'),
        (";", ':1: unexpected ";"'),
        ("a;\n{ }", ':2: unexpected "{"'),
        ("a;\nb 'c;", ":2: a quote"),
        ("a 'b'c;", ":1: a quote"),
        ("a b\\", ":1: a quote or an escape"),
        ("\ncontent_by_lua_block { x = {} ", ":2: the Lua block"),
    ],
)
def test_broken_text_is_refused_with_its_line(text: str, where: str) -> None:
    with pytest.raises(NginxSyntaxError, match=f"^/x{where}"):
        parse(text, "/x")


# What nginx 1.22.1 printed for a main file that includes a folder, the same file twice, and a folder that is not there.
REAL_DUMP = """\
# configuration file /srv/t/good.conf:
pid /srv/t/run/n.pid; error_log /srv/t/log/error.log;
events {worker_connections 64;}
http { access_log off;
 include nothing/*.conf;
 include c/*.conf;
 server { listen 18080; server_name a; location / { return 200; } include c/x.inc; include c/x.inc;}
 server { listen 18080; server_name a; }
}

# configuration file /srv/t/c/a.conf:
# no end newline
server { listen 18082; }
# configuration file /srv/t/c/b.conf:
server { listen unix:/srv/t/u.sock; }

# configuration file /srv/t/c/x.inc:
add_header X y;

"""


def test_real_dump() -> None:
    assert list(split_dump(REAL_DUMP)) == ["/srv/t/good.conf", "/srv/t/c/a.conf", "/srv/t/c/b.conf", "/srv/t/c/x.inc"]
    assert split_dump(REAL_DUMP)["/srv/t/c/x.inc"] == "add_header X y;\n\n"
    tree = expand(REAL_DUMP, "/srv/t/good.conf")
    assert [(each.file, each.line, each.listens[0].port) for each in servers(tree)] == [
        ("/srv/t/c/a.conf", 2, 18082),
        ("/srv/t/c/b.conf", 1, 0),
        ("/srv/t/good.conf", 6, 18080),
        ("/srv/t/good.conf", 7, 18080),
    ]
    server = [each for each in tree[3].block or () if each.name == "server"][2]
    assert [each.name for each in server.block or ()] == [
        "listen",
        "server_name",
        "location",
        "add_header",
        "add_header",
    ]
    (missing,) = unmatched_includes(REAL_DUMP, "/srv/t/good.conf")
    assert (missing.args, missing.file, missing.line) == (("nothing/*.conf",), "/srv/t/good.conf", 4)


def order(files: dict[str, str]) -> list[str]:
    tree = expand(dump_of(files), "/etc/nginx/nginx.conf")
    return [name for server in servers(tree) for name in server.names]


def test_the_true_order_is_that_of_the_includes() -> None:
    # z.conf is printed before a.conf's neighbours, since it was included first; b is included by a.
    files = {
        "/etc/nginx/nginx.conf": "http { include z.conf; server { server_name main; } include sites/*; }",
        "/etc/nginx/z.conf": "server { server_name z; }",
        "/etc/nginx/sites/a": "include sites/.b; server { server_name a; }",
        "/etc/nginx/sites/.b": "server { server_name b; }",
        "/etc/nginx/sites/C": "server { server_name C; }",
        "/etc/nginx/sites/deep/d": "server { server_name d; }",
    }
    assert order(files) == ["z", "main", "c", "b", "a"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("sites/[ab].conf", ["a", "b"]),
        ("sites/?.conf", ["a", "b"]),
        ("/etc/nginx/*/a.conf", ["a"]),
        ("sites/a.conf", ["a"]),
        ("sites/*.CONF", []),
        ("*.inc", []),
        ("/other/*.conf", []),
    ],
)
def test_patterns(pattern: str, found: list[str]) -> None:
    names = {name: f"server {{ server_name {name}; }}" for name in ("a", "b")}
    files = {f"/etc/nginx/sites/{name}.conf": text for name, text in names.items()}
    assert order({"/etc/nginx/nginx.conf": f"http {{ include {pattern}; }}", **files}) == found


def test_a_file_that_nginx_does_not_print_stays_an_include() -> None:
    tree = expand(dump_of({"/n": "geo $a { include x.conf; }"}), "/n")
    assert [each.name for each in tree[0].block or ()] == ["include"]


@pytest.mark.parametrize(
    ("files", "main", "error"),
    [
        ({"/n/a": "include b;", "/n/b": "include a;"}, "/n/a", "/n/a includes itself: /n/a -> /n/b -> /n/a"),
        ({"/n/a": "user x;"}, "/n/z", "/n/z is not among the files that nginx printed: /n/a"),
    ],
)
def test_what_cannot_be_expanded(files: dict[str, str], main: str, error: str) -> None:
    with pytest.raises(NginxSyntaxError, match=error):
        expand(dump_of(files), main)


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("", [("0.0.0.0", 80)]),
        ("listen 443;", [("0.0.0.0", 443)]),
        ("listen *:80;", [("0.0.0.0", 80)]),
        ("listen *;", [("0.0.0.0", 80)]),
        ("listen 127.0.0.1;", [("127.0.0.1", 80)]),
        ("listen localhost:8000;", [("127.0.0.1", 8000)]),
        ("listen [::]:443;", [("::", 443)]),
        ("listen [2001:DB8:0::1];", [("2001:db8::1", 80)]),
        ("listen Backend.example.com:81;", [("backend.example.com", 81)]),
        ("listen unix:/run/x.sock;", [("unix:/run/x.sock", 0)]),
        ("listen 8000-8002;", [("0.0.0.0", 8000), ("0.0.0.0", 8001), ("0.0.0.0", 8002)]),
        ("listen [::1]:1-2;", [("::1", 1), ("::1", 2)]),
        ("listen 443 quic; listen 443 ssl;", [("0.0.0.0", 443)]),
        ("listen 443 quic;", []),
    ],
)
def test_listen_addresses(listen: str, expected: list[tuple[str, int]]) -> None:
    (server,) = servers(parse(f"http {{ server {{ {listen} }} }}"))
    assert [each[:2] for each in server.listens] == expected


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("http { server { listen 1234; } }", (False, False, False)),
        ("http { server { listen 1234 ssl default_server reuseport; } }", (True, True, False)),
        ("http { server { listen 1234 default ssl http2; } }", (True, True, True)),
        ("http { server { ssl on; listen 1234; } }", (False, True, False)),
        ("http { server { http2 on; listen 1234 ssl; } }", (False, True, True)),
        ("http { http2 on; server { listen 1234 ssl; } }", (False, True, True)),
        ("http { http2 on; server { listen 1234 ssl; http2 off; } }", (False, True, False)),
        ("stream { server { listen 1234 ssl; } }", (False, True, False)),
    ],
)
def test_listen_flags(text: str, flags: tuple[bool, bool, bool]) -> None:
    (server,) = servers(parse(text))
    assert server.listens == [Listen("0.0.0.0", 1234, *flags)]


@pytest.mark.parametrize("address", ["a:b:c", "80x:", "[::1", "", ":80"])
def test_an_address_that_cannot_be_one(address: str) -> None:
    with pytest.raises(NginxSyntaxError, match=r"^/n:2: .* is no address"):
        servers(parse(f"http {{ server {{\n listen '{address}'; }} }}", "/n"))


def test_names_and_contexts() -> None:
    text = 'http { server { server_name A.example.com "*.b"; server_name ~^C$ _; } upstream u { server 127.0.0.1; } }'
    text += "stream { server { listen 5; } server { proxy_pass x; } } mail { server { listen 25; } }"
    found = servers(parse(text))
    assert found[0].names == ["a.example.com", "*.b", "~^C$", "_"]
    assert [(each.context, len(each.listens)) for each in found] == [
        ("http", 1),
        ("stream", 1),
        ("stream", 0),
        ("mail", 1),
    ]


def test_who_answers_unknown_names() -> None:
    text = """http {
        server { server_name first; listen 80; listen 443 ssl; }
        server { server_name chosen; listen 443 ssl default_server; listen [::]:443; }
        server { server_name late; listen 443; }
    } stream { server { listen 9; } }"""
    found = {address: block.names for address, block in default_servers(servers(parse(text))).items()}
    assert found == {("0.0.0.0", 80): ["first"], ("0.0.0.0", 443): ["chosen"], ("::", 443): ["chosen"]}


def test_limits() -> None:
    files = {
        "/n/n.conf": "worker_processes auto;\nevents { include e; }\nhttp { worker_connections 9; }",
        "/n/e": "\nworker_connections 768;",
    }
    assert main_limits(expand(dump_of(files), "/n/n.conf")) == Limits(
        Limit("auto", "/n/n.conf", 1), None, Limit("768", "/n/e", 2)
    )
    assert main_limits(parse("worker_rlimit_nofile 9;")) == Limits(None, Limit("9", "", 1), None)


def test_a_thousand_servers_in_time() -> None:
    server = (
        "server {\n  listen 443 ssl;\n  server_name s%d;\n" + "  # comment\n  proxy_set_header A '$b';\n" * 12 + "}\n"
    )
    files = {f"/n/s/{number}.conf": server % number for number in range(1000)}
    dump = dump_of({"/n/n.conf": "http { include s/*.conf; }", **files})
    start = time.process_time()
    found = servers(expand(dump, "/n/n.conf"))
    assert time.process_time() - start < 1  # about 0.1 s: this is for what grows with the square
    assert [each.names for each in found[:2]] == [["s0"], ["s1"]]
    assert len(found) == 1000
