# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications that have no certificate of ours any more, after it has failed them: they shall be as they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.application import telling
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Applications
from ansible_collections.wss.edge.plugins.module_utils.application.readers import Reader
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner


def noted(application: Mapping[str, Any], own: bool) -> dict[str, Any]:
    """What is to be known of one until it has been seen to: C(own), it gets files of its own back."""
    return {**{key: application[key] for key in ("service", "on_change", "command")}, "own": own}


class Leaving:
    """By their sites; a service that other sites use is theirs to tell.

    Stopped is what would not start again: what has no files of its own and did not run before the first delivery.
    """

    def __init__(self, applications: Applications, in_use: Collection[str], ran: Mapping[str, bool]) -> None:
        mine = {site: each for site, each in applications.items() if each["service"] not in in_use}
        runs = {each["service"] for each in mine.values() if each["own"] or ran.get(each["service"])}
        self.told = {site: each for site, each in mine.items() if each["own"] or each["service"] in runs - {None}}
        stopped = [Reader.of(each) for each in mine.values() if each["service"] and each["service"] not in runs]
        self.stopped = {reader.service: reader for reader in stopped}.values()

    def commands(self, runner: Runner) -> list[str]:
        """What will be run."""
        return [*(" ".join(each.to_stop()) for each in self.stopped), *telling.commands(self.told, runner)]

    def see_to(self, runner: Runner) -> list[str]:
        """Stop or tell them; says what of it failed."""
        for each in self.stopped:
            runner(each.to_stop())
        return telling.say(self.told, runner)[1]
