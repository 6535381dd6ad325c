# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's front end: what goes in and what comes out, in a real folder."""

from __future__ import annotations

import json

import pytest
import yaml

pytest.importorskip("ansible.module_utils.testing")
pytest.importorskip("cryptography")

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from ansible_collections.wss.edge.plugins.module_utils.authority import settings
from ansible_collections.wss.edge.plugins.modules import private_ca

PASSPHRASE = "correct horse"


@pytest.fixture
def run(tmp_path, capsys):
    """Run the module; gives its result."""

    def run(**arguments):
        arguments = {"directory": str(tmp_path / "ca"), "key": {"curve": "secp256r1"}, **arguments}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            private_ca.main()
        return json.loads(capsys.readouterr().out)

    return run


def described(options):
    """What the documentation says of options, as an argument spec says it."""
    found = {}
    for name, option in options.items():
        kept = {key: option[key] for key in ("type", "elements", "choices", "default", "required") if key in option}
        if "suboptions" in option:
            kept["options"] = described(option["suboptions"])
        found[name] = kept
    return found


def without_no_log(options):
    found = {}
    for name, option in options.items():
        found[name] = {key: value for key, value in option.items() if key != "no_log"}
        if "options" in option:
            found[name]["options"] = without_no_log(option["options"])
    return found


def test_the_documentation_says_what_the_arguments_are():
    assert described(yaml.safe_load(private_ca.DOCUMENTATION)["options"]) == without_no_log(settings.ARGUMENTS)


def test_everything_returned_is_documented_and_the_other_way_round(run):
    documented = yaml.safe_load(private_ca.RETURN)
    made = run(passphrase=PASSPHRASE)
    assert set(documented) - {"problems"} == set(made) - {"changed", "diff", "invocation", "warnings"}
    for name in ("paths", "root_certificate", "intermediate_certificate"):
        assert set(documented[name]["contains"]) == set(made[name])


def test_it_is_made_once_and_the_passphrase_is_not_told(run, tmp_path):
    first = run(passphrase=PASSPHRASE, _ansible_diff=True)
    assert (first["changed"], len(first["reasons"])) == (True, 4)
    assert "subject: CN=wss.edge private CA\n" in first["diff"][0]["after"]
    assert PASSPHRASE not in json.dumps(first)
    second = run()
    assert (second["changed"], second["reasons"], second["root"]) == (False, [], first["root"])


def test_a_passphrase_that_is_part_of_a_result_does_not_spoil_it(run):
    shown = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}  # or always
    found = run(passphrase="edge private", **shown)
    assert found["root_certificate"]["subject"] == "CN=wss.edge private CA"
    assert "passphrase" not in found["invocation"]["module_args"]


def test_check_mode_makes_nothing(run, tmp_path):
    assert run(_ansible_check_mode=True)["changed"]
    assert not (tmp_path / "ca").exists()


def test_what_is_wrong_is_told_together(run):
    found = run(crl_days=0, permitted=["a b"])
    assert found["failed"]
    assert found["problems"] == found["msg"].splitlines()
    assert len(found["problems"]) == 2


def test_a_warning_is_passed_on(run, monkeypatch):
    said = []
    monkeypatch.setattr(private_ca.AnsibleModule, "warn", lambda _module, text: said.append(text))
    found = run(passphrase=PASSPHRASE, valid_days=365)
    assert (said, found["changed"]) == ([], True)
    run(passphrase=PASSPHRASE, valid_days=365)
    assert [text[:8] for text in said] == ["The root"]
