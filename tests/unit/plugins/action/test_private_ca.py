# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who does the work: this very process, or the module, to which the passphrase goes by pipe alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError

from ansible_collections.wss.edge.plugins.action.private_ca import ActionModule

PASSPHRASE = "correct horse"


@pytest.fixture
def run(act, tmp_path, monkeypatch):
    """Run the plugin over a connection: its result, the modules that it ran, and their secrets."""

    def run(transport="local", become=None, **arguments):
        secrets = []

        class Plugin(ActionModule):
            def run(self, tmp=None, task_vars=None):
                self._connection = SimpleNamespace(
                    transport=transport, become=become, has_pipelining=True, _shell=SimpleNamespace(tmpdir=None)
                )
                execute = self._execute_module
                self._execute_module = lambda **options: secrets.append(dict(self._secrets)) or execute(**options)
                return super().run(tmp, task_vars)

        options = {"directory": str(tmp_path / "ca"), "key": {"curve": "secp256r1"}, **arguments}
        result, ran = act(Plugin, options, answer={"changed": True})
        return result, ran, secrets

    return run


def test_over_a_local_connection_the_work_is_done_here(run, tmp_path):
    result, ran, _secrets = run(passphrase=PASSPHRASE)
    assert (result["changed"], ran) == (True, [])
    assert (tmp_path / "ca/root.pem").read_text() == result["root"]
    assert PASSPHRASE not in str(result)


def test_the_home_folder_is_found(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(passphrase=PASSPHRASE, directory="~/mine")[0]["directory"] == f"{tmp_path}/mine"
    assert (tmp_path / "mine/root.pem").exists()


@pytest.mark.parametrize(
    "way", [{"transport": "ssh"}, {"become": SimpleNamespace(pipelining=True)}], ids=["another host", "another user"]
)
def test_elsewhere_the_module_does_it_and_gets_the_passphrase_apart(run, tmp_path, way):
    result, (module,), secrets = run(passphrase=PASSPHRASE, **way)
    assert result == {"changed": True}
    assert module["module_args"] == {"directory": str(tmp_path / "ca"), "key": {"curve": "secp256r1"}}
    assert secrets == [{"passphrase": PASSPHRASE}]
    assert not (tmp_path / "ca").exists()


def test_what_is_refused_is_told(run):
    result, _ran, _secrets = run(passphrase="short")
    assert result["failed"]
    assert result["problems"] == ["passphrase: a new authority needs one of 8 to 1023 bytes, and this has 5"]
    assert result["msg"] == result["problems"][0]


def test_an_unknown_option_is_refused(run):
    with pytest.raises(AnsibleError, match="pathlength"):
        run(pathlength=1)
