# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications that have no certificate of the collection any more: which is stopped, and which is not."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application import delivery
from ansible_collections.wss.edge.plugins.module_utils.application.delivery import Refused
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger

from .conftest import NAME, pem

RESTART, RELOAD, STOP = (f"systemctl {verb} chat" for verb in ("restart", "reload", "stop"))
SECOND, STOP_SECOND = "systemctl restart second", "systemctl stop second"
UNTOLD = "an earlier run ended before its application was told"


@pytest.mark.parametrize("on_change", ["restart", "reload"])
def test_what_ran_before_the_first_delivery_is_not_stopped(host, on_change):
    host.unit["ActiveState"] = "active"
    host.deliver("a", on_change=on_change)
    host.deliver("b", on_change=on_change)
    done = host.go_back(None)
    assert host.files() == {}
    assert done["told"] == host.told[2:] == [f"systemctl {on_change} chat"]
    assert host.unit["ActiveState"] == "active"


def test_what_is_started_in_between_is_not_stopped_either(host):
    host.deliver("a")
    assert host.go_back(None)["told"] == [STOP]
    host.unit["ActiveState"] = "active"
    host.deliver("a")
    assert host.go_back(None)["told"] == [RESTART]


def test_a_service_that_a_site_still_uses_is_told_once(host):
    first = host.deliver("a")
    host.seconds = b"another"
    with pytest.raises(Refused, match=r"127\.0\.0\.1:9443 still serves another certificate"):
        host.deliver("a", host.site(), host.second("chat"))
    told = len(host.told)
    done = host.go_back(first["release"])
    assert done["told"] == host.told[told:] == [RESTART]
    assert host.files() == host.delivered("a")
    assert not host.deliver("a")["changed"]


def test_only_the_service_that_is_new_is_stopped(host):
    first = host.deliver("a")
    host.seconds = b"another"
    with pytest.raises(Refused, match="9443 still serves another certificate"):
        host.deliver("a", host.site(), host.second())
    assert host.told == [RESTART, SECOND]
    done = host.go_back(first["release"])
    assert done["told"] == host.told[2:] == [STOP_SECOND]


def test_two_sites_of_one_service_leave_it_together(host):
    (host.tls / "second.pem").write_text("mine\n")
    host.seconds = b"leaf a of second.example.com"
    host.deliver("a", host.site(), host.second("chat"))
    assert host.go_back(None)["told"] == host.told[1:] == [RESTART]
    (host.tls / "second.pem").unlink()
    host.unit["ActiveState"] = "inactive"
    host.deliver("a", host.site(), host.second("chat"))
    assert host.go_back(None)["told"] == host.told[3:] == [STOP]


def test_a_command_has_nothing_to_stop(host):
    host.loaded = b"leaf a of chat.example.com"
    host.deliver("a", service=None, command=["true", "--now"])
    assert host.go_back(None)["told"] == []


def test_the_way_back_is_rehearsed(host):
    host.deliver("a")
    assert delivery.Delivery(host.run, Ledger(host.base)).back_to(None).result()["told"] == [STOP]
    assert host.told == [RESTART]


def test_what_fails_is_a_warning(host):
    host.unit["ActiveState"] = "active"
    host.deliver("a")
    host.fails = (1, "", "no\n")
    assert host.go_back(None)["warnings"] == [f"site {NAME}: `{RESTART}` failed, it ended with 1: no"]


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_a_service_that_does_not_run_is_started_by_the_next_run(host, state):
    host.deliver("a", on_change="reload")
    host.unit["ActiveState"] = state
    done = host.deliver("a", on_change="reload")
    assert done["reasons"] == [f"site {NAME}: its service chat does not run"]
    assert done["told"] == host.told[1:] == [RESTART]
    assert not host.deliver("a", on_change="reload")["changed"]


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("then", ["back", "the same site", "another site"])
def test_killed_on_the_way_back_the_next_run_makes_it_good(host, killer, own, then):
    mine = {"cert.pem": pem("mine"), "key.pem": "my key\n"} if own else {}
    host.seconds = b"leaf a of second.example.com"
    late = 0
    for changes_done in range(200):
        host.remove()
        host.unit["ActiveState"] = "inactive"
        for name, content in mine.items():
            (host.tls / name).unlink(missing_ok=True)
            (host.tls / name).write_text(content)
        host.deliver("a")
        delivered = host.files()
        plan = delivery.Delivery(host.run, Ledger(host.base)).back_to(None)
        plan.result()
        if not killer.kills("", changes_done, plan.apply):
            break
        begun = host.files() != delivered

        def go_on():
            sites = {"the same site": host.site(), "another site": host.second()}
            return host.deliver("a", sites[then]) if then in sites else host.go_back(None)

        told, done = len(host.told), go_on()
        untold = f"site {NAME}: {UNTOLD}" in done["reasons"]
        late += untold
        left = {name: text for name, text in host.files().items() if "second" not in name}
        if then == "the same site":
            assert (left, host.serves("a")) == (delivered, True)
            assert host.told[told:] == done["told"] == ([done["told"][0]] if begun or untold else [])
        elif begun or then == "back":  # before that, another site in its place is an ordinary change
            assert host.loaded == b"mine" if own else host.unit["ActiveState"] == "inactive", changes_done
        assert left == (delivered if then == "the same site" else mine)
        assert not go_on()["changed"]
    assert late > 2
