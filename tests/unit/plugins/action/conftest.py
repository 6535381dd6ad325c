# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugins as a play runs them: with a task, a connection and a templar."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.template import Templar, trust_as_template


def trusted(value):
    """The value as if it came from an inventory: what looks like a template is one."""
    if isinstance(value, dict):
        return {key: trusted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [trusted(each) for each in value]
    return trust_as_template(value) if isinstance(value, str) else value


@pytest.fixture
def act():
    """Run a plugin: its result, and the modules that it ran on the host."""

    def run(plugin, arguments, variables=None, connection="ssh", answer=None):
        variables = trusted({"inventory_hostname": "host1", **(variables or {})})
        task = Task.load({"name": "a task", "action": "debug"})
        task.args = arguments
        loader = DataLoader()
        action = plugin(
            task=task,
            connection=MagicMock(),
            play_context=PlayContext(),
            loader=loader,
            templar=Templar(loader=loader, variables=variables),
            shared_loader_obj=SimpleNamespace(),
        )
        action._play_context.connection = connection
        ran = []
        action._execute_module = lambda **options: ran.append(options) or dict(answer or {})
        return action.run(task_vars=variables), ran

    return run
