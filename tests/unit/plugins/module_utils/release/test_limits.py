# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one edit in nginx's main file."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import limits
from ansible_collections.wss.edge.plugins.module_utils.server import nginx_syntax

MAIN = "/etc/nginx/nginx.conf"
DEBIAN = (
    "user www-data;\nworker_processes auto;\nevents {\n\tworker_connections 768;\n\t# multi_accept on;\n}\nhttp {\n}\n"
)
TEXTS = {
    "Debian's": DEBIAN,
    "both set, too low": "worker_rlimit_nofile 100;\nevents { worker_connections 10; }\n",
    "none set": "events {\n}\nhttp {}\n",
    "none set, on one line": "events { use epoll; }\n",
    "indented": "  events{worker_connections 768;}\n",
    "a comment behind it": "events {\n  worker_connections 768; # enough for all\n}\n",
}


def values(text: str) -> dict[str, int]:
    found = nginx_syntax.main_limits(nginx_syntax.parse(text, MAIN))
    return {name: int(getattr(found, name).value) for name in ("worker_connections", "worker_rlimit_nofile")}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_limits_are_raised_to_what_the_connections_need(text: str) -> None:
    raised = limits.raised(text, MAIN, limits.wanted(4000))
    assert values(raised) == {"worker_connections": 10000, "worker_rlimit_nofile": 11024}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_second_edit_changes_nothing(text: str) -> None:
    raised = limits.raised(text, MAIN, limits.wanted(4000))
    assert limits.raised(raised, MAIN, limits.wanted(4000)) == raised


def test_a_later_edit_remembers_the_first_value() -> None:
    once = limits.raised(DEBIAN, MAIN, limits.wanted(4000))
    twice = limits.raised(once, MAIN, limits.wanted(8000))
    assert values(twice)["worker_connections"] == 20000
    assert limits.restored(twice) == DEBIAN


def test_a_limit_that_is_no_longer_needed_goes_down_to_the_users_own() -> None:
    raised = limits.raised(DEBIAN, MAIN, limits.wanted(4000))
    assert values(limits.raised(raised, MAIN, limits.wanted(400)))["worker_connections"] == 1000
    assert "worker_connections 768;\n" in limits.raised(raised, MAIN, limits.wanted(100))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_edited_file_is_still_a_configuration(text: str) -> None:
    nginx_syntax.parse(limits.raised(text, MAIN, limits.wanted(4000)), MAIN)


def test_what_another_file_sets_is_left_out() -> None:
    raised = limits.raised(DEBIAN, MAIN, {"worker_connections": 10000})
    assert "worker_rlimit_nofile" not in raised


@pytest.mark.parametrize("name", ["Debian's", "both set, too low", "none set"])
def test_the_edit_can_be_taken_back(name: str) -> None:
    assert limits.restored(limits.raised(TEXTS[name], MAIN, limits.wanted(4000))) == TEXTS[name]


def test_higher_limits_stay() -> None:
    text = "worker_rlimit_nofile 200000;\nevents {\n  worker_connections 100000;\n}\n"
    assert limits.raised(text, MAIN, limits.wanted(4000)) == text
