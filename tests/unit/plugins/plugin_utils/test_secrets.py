# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a secret goes: into the module that is sent, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wss.edge.plugins.plugin_utils.secrets import SecretArguments

SECRET = "correct horse"


class Action(SecretArguments):
    """One of the actions that have nothing else to do."""

    SECRETS = ("passphrase", "old_passphrase")
    INSTEAD = "Use another connection."


@pytest.fixture
def run(monkeypatch):
    """Run an action over a connection; what Ansible was given before, and what the module was built with."""

    def run(arguments, secrets=None, has_pipelining=True, become=None):
        seen = SimpleNamespace(shown=[], built=[], pipelining=[])

        def execute(self, module_name, module_args, task_vars):
            seen.shown.append((module_name, module_args))
            self._configure_module(module_name, module_args, task_vars)
            seen.pipelining += [self._is_pipelining_enabled(style) for style in ("new", "old")]
            return {"changed": True}

        monkeypatch.setattr(ActionBase, "run", lambda _self, tmp=None, task_vars=None: {})
        monkeypatch.setattr(ActionBase, "_execute_module", execute)
        monkeypatch.setattr(ActionBase, "_configure_module", lambda _self, _name, args, _vars: seen.built.append(args))
        monkeypatch.setattr(ActionBase, "_is_pipelining_enabled", lambda *_: False)
        action = Action.__new__(Action)
        action._task = SimpleNamespace(args=arguments)
        action._connection = SimpleNamespace(has_pipelining=has_pipelining, become=become, transport="slow")
        result = action.run_with(arguments, secrets, {}, "m") if secrets else action.run(None, {})
        assert result == {"changed": True}
        return seen

    return run


def test_a_named_secret_is_added_at_the_last_moment_and_goes_by_pipe(run):
    seen = run({"path": "/x", "passphrase": SECRET})
    assert seen.shown == [(None, {"path": "/x"})]
    assert seen.built == [{"path": "/x", "passphrase": SECRET}]
    assert seen.pipelining == [True, False]


def test_secrets_that_the_action_has_found_go_the_same_way(run):
    seen = run({"path": "/x", "keys": "left over", "passphrase": SECRET}, {"keys": {"a": "key"}})
    assert seen.shown == [("m", {"path": "/x"})]
    assert seen.built == [{"path": "/x", "keys": {"a": "key"}, "passphrase": SECRET}]


@pytest.mark.parametrize("arguments", [{"path": "/x"}, {"path": "/x", "passphrase": None}])
def test_without_secrets_all_is_as_the_user_has_set_it(run, arguments):
    seen = run(arguments, has_pipelining=False)
    assert seen.built == [{"path": "/x"}]
    assert seen.pipelining == [False, False]


@pytest.mark.parametrize(
    "way", [{"has_pipelining": False}, {"become": SimpleNamespace(pipelining=False)}], ids=["connection", "become"]
)
def test_a_way_that_needs_temporary_files_is_refused(run, way):
    with pytest.raises(AnsibleActionFail) as refused:
        run({"path": "/x", "passphrase": SECRET}, **way)
    assert "passphrase: the connection slow" in str(refused.value)
    assert str(refused.value).endswith("temporary files only. Use another connection.")
    assert SECRET not in str(refused.value)


def test_a_way_to_become_that_can_pipeline_is_used(run):
    assert run({"passphrase": SECRET}, become=SimpleNamespace(pipelining=True)).pipelining == [True, False]
