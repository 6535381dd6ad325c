# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server said, told to the person who owns the site."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import explain
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckResult, Message
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE, NGINX
from ansible_collections.wss.edge.plugins.module_utils.server.sockets import Socket

PREFIX = "/etc/nginx/wss/current/"
FILES = {
    "index.conf": "map $a $b {\n}\n",
    "sites/chat.conf": "server {\n    listen 443 ssl;\n    server_name a chat.example.com;\n}\n",
}
SITES = {"sites/chat.conf": "chat.example.com"}
CONFLICT = 'conflicting server name "chat.example.com" on 0.0.0.0:443, ignored'

LOCATED = [
    (
        "a site's file",
        Message("emerg", "no ssl", f"{PREFIX}sites/chat.conf", 2),
        f"site chat.example.com: no ssl ({PREFIX}sites/chat.conf line 2: listen 443 ssl;)",
    ),
    (
        "a file of all sites",
        Message("emerg", "no map", f"{PREFIX}index.conf", 1),
        f"no map ({PREFIX}index.conf line 1: map $a $b {{)",
    ),
    (
        "behind the end of the file",
        Message("emerg", "unexpected end of file", f"{PREFIX}sites/chat.conf", 5),
        f"site chat.example.com: unexpected end of file ({PREFIX}sites/chat.conf line 5: )",
    ),
    (
        "a file of the user's",
        Message("emerg", "no ssl", "/etc/nginx/conf.d/own.conf", 7),
        "no ssl (/etc/nginx/conf.d/own.conf line 7, which is not a file of wss.edge)",
    ),
    (
        "a file that the user put among ours",
        Message("emerg", "no ssl", f"{PREFIX}more.conf", 7),
        f"no ssl ({PREFIX}more.conf line 7, which is not a file of wss.edge)",
    ),
    (
        "a path that names the site",
        Message("emerg", 'cannot load certificate "/etc/pki/wss/chat.example.com/1/fullchain.pem"'),
        'site chat.example.com: cannot load certificate "/etc/pki/wss/chat.example.com/1/fullchain.pem"',
    ),
    ("no place at all", Message("emerg", "out of memory"), "out of memory"),
]


@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in LOCATED], ids=[row[0] for row in LOCATED])
def test_a_message_names_site_file_and_line(message, expected):
    assert explain.located(message, PREFIX, FILES, SITES) == expected


REFUSALS = [
    ("nothing was said", True, [], None),
    ("only warnings", True, [Message("warn", "deprecated"), Message("info", "include matches no file")], None),
    ("the first error", False, [Message("warn", "w"), Message("emerg", "first"), Message("emerg", "x")], "first"),
    (
        "a name that another file serves already, which nginx merely ignores",
        True,
        [Message("warn", "deprecated"), Message("warn", CONFLICT)],
        f"{CONFLICT}: another configuration file serves that name already; take it out there",
    ),
    ("two files of the user's own", True, [Message("warn", CONFLICT.replace("chat", "own"))], None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("valid", "messages", "expected"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_must_not_go_live(valid, messages, expected):
    assert explain.refusal(CheckResult(valid, "1.22.1", messages, ""), PREFIX, FILES, SITES) == expected


HELD = [
    ("nobody", [], []),
    ("the server itself", [Socket("0.0.0.0", 443, 10, "nginx", 1)], []),
    ("another port", [Socket("0.0.0.0", 80, 7, "apache2", 1)], []),
    ("another program", [Socket("127.0.0.1", 443, 7, "apache2", 1)], ["apache2 (pid 7)"]),
    ("a program that is hidden", [Socket("0.0.0.0", 443, None, None, 1)], ["a program of another user (pid unknown)"]),
]


@pytest.mark.parametrize(("found", "holders"), [row[1:] for row in HELD], ids=[row[0] for row in HELD])
def test_who_holds_an_address(found, holders):
    listens = [
        {"owner": "site chat", "address": "0.0.0.0", "port": 443},
        {"owner": "site b", "address": "::", "port": 5555},
    ]
    assert explain.held_ports(listens, found, NGINX) == [
        f"site chat: 0.0.0.0:443 is held by {who}; stop it, or listen on another port" for who in holders
    ]


def test_a_program_that_leaves_holds_nothing():
    listens = [{"owner": "site chat", "address": "0.0.0.0", "port": 443}]
    found = [Socket("0.0.0.0", 443, 7, "apache2", 1)]
    assert explain.held_ports(listens, found, NGINX, leaving=APACHE.programs) == []
    assert explain.held_ports(listens, found, APACHE) == []
    there = [{**listens[0], "instead": "change that line"}]
    assert explain.held_ports(there, found, NGINX)[0].endswith("; stop it, or change that line")


def test_an_ipv6_address_is_shown_in_brackets():
    listens = [{"owner": "site b", "address": "::", "port": 5555}]
    assert "[::]:5555 is held by x" in explain.held_ports(listens, [Socket("::1", 5555, 7, "x", 1)], NGINX)[0]


def test_a_path_of_apaches_words_is_found_in_ours():
    message = Message(
        "emerg", "(2)No such file or directory: AH00649: could not open transfer log file /var/log/x/x.log."
    )
    files = {"sites/chat.conf": '<VirtualHost *:443>\n    CustomLog "/var/log/x/x.log" combined\n</VirtualHost>\n'}
    said = explain.located(message, "/etc/apache2/wss/current/", files, {"sites/chat.conf": "chat"})
    assert said.startswith("site chat: (2)No such file")
    assert '/sites/chat.conf line 2: CustomLog "/var/log/x/x.log" combined)' in said


def test_a_path_that_is_named_without_a_file_is_found_in_ours():
    message = Message("emerg", 'open() "/var/log/nope/x.log" failed (2: No such file or directory)')
    files = {"sites/chat.conf": "server {\n    access_log /var/log/nope/x.log;\n}\n"}
    said = explain.located(message, "/etc/nginx/wss/current/", files, {"sites/chat.conf": "chat"})
    assert said.startswith("site chat: open()")
    assert said.endswith("(/etc/nginx/wss/current/sites/chat.conf line 2: access_log /var/log/nope/x.log;)")


MOVES = [("192.0.2.1", "0.0.0.0", 1), ("0.0.0.0", "192.0.2.1", 1), ("0.0.0.0", "0.0.0.0", 0), ("::", "0.0.0.0", 0)]


@pytest.mark.parametrize(("now", "wanted", "problems"), MOVES)
def test_one_reload_cannot_move_between_an_address_and_all(now, wanted, problems):
    listens = [{"owner": "site chat", "address": wanted, "port": 443}]
    found = explain.held_ports(listens, [Socket(now, 443, 7, "nginx", 1)], NGINX)
    assert len(found) == problems
    assert all("one reload cannot change that" in problem for problem in found)


@pytest.mark.parametrize("included", [True, False])
def test_a_main_file_that_would_never_read_the_release_is_refused(included):
    dump = "# configuration file /etc/nginx/nginx.conf:\n" + f"# configuration file {PREFIX}index.conf:\n" * included
    said = explain.refusal(CheckResult(True, "1.22.1", [], dump), PREFIX, FILES, SITES)
    assert said is None if included else "includes neither sites-enabled/* nor conf.d/*.conf" in said
