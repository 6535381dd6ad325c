# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, from the action plugin's payload to what it returns."""

from __future__ import annotations

import json

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release.releases import digest_of
from ansible_collections.wss.edge.plugins.modules import release


@pytest.fixture
def run(host, capsys, monkeypatch):
    """Run the module on the fake host; gives its result."""
    testing = pytest.importorskip("ansible.module_utils.testing")
    monkeypatch.setattr(release, "servers", lambda _family: {"nginx": host.server})
    monkeypatch.setattr(release.AnsibleModule, "run_command", lambda _module, command, **_options: host.run(command))

    def start(**arguments):
        arguments = {"_ansible_remote_tmp": str(host.temporary), **arguments}
        with testing.patch_module_args(arguments), pytest.raises(SystemExit):
            release.main()
        return json.loads(capsys.readouterr().out)

    return start


def digest(host):
    return digest_of(host.files())


def test_releases_once(run, host):
    first = run(payload=host.payload())
    assert {key: first[key] for key in ("changed", "release", "previous", "reloaded", "checked")} == {
        "changed": True,
        "release": digest(host),
        "previous": None,
        "reloaded": True,
        "checked": "staged",
    }
    before = host.snapshot()
    second = run(payload=host.payload())
    assert (second["changed"], second["reloaded"], second["reasons"]) == (False, False, [])
    assert (host.snapshot(), host.reloads) == (before, 1)


STATES = [("present", "listen 8000;"), ("restored", None), ("absent", None)]


@pytest.mark.parametrize(("state", "server"), STATES)
def test_check_mode_writes_nothing_at_all_and_tells_the_same(run, host, killer, state, server):
    run(payload=host.payload())
    arguments = {"state": state, **({"payload": host.payload(server)} if server else {})}
    results = []
    assert not killer.kills(host.folder, 0, lambda: results.append(run(_ansible_check_mode=True, **arguments)))
    assert host.reloads == 1
    done = run(**arguments)
    assert (results[0]["changed"], results[0]["diff"]) == (True, done["diff"])
    assert {**results[0], "reloaded": True, "invocation": 0} == {**done, "invocation": 0}


def test_check_mode_on_a_host_without_the_server(run, host, tmp_path):
    (tmp_path / "sbin" / "nginx").unlink()
    found = run(payload=host.payload(), _ansible_check_mode=True)
    assert (found["changed"], found["reasons"]) == (True, ["the server is not installed yet"])
    assert "is not installed" in run(payload=host.payload())["msg"]


def test_check_mode_says_what_would_be_refused(run, host):
    found = run(payload=host.payload("bogus on;"), _ansible_check_mode=True)
    assert found["failed"]
    assert "site chat: unknown directive" in found["msg"]


def test_goes_back_and_away(run, host):
    before = host.snapshot()
    run(payload=host.payload())
    run(payload=host.payload("listen 8000;"))
    assert run(state="restored", release=digest(host))["release"] == digest(host)
    assert run(state="restored")["release"] is None
    assert run(state="absent")["changed"]
    assert host.snapshot() == before


def test_a_refusal_is_told(run, host):
    host.refusal = "bind() to 0.0.0.0:443 failed (98: Address already in use)"
    found = run(payload=host.payload())
    assert found["failed"]
    assert found["msg"].startswith(f"nginx did not take the new configuration: {host.refusal}")


def test_a_server_that_is_too_old_is_told(run, host):
    host.version = "1.3.12"
    before = host.snapshot()
    found = run(payload=host.payload())
    assert "is nginx 1.3.12. At least 1.3.13 is needed" in found["msg"]
    assert host.snapshot() == before


def test_a_main_file_with_odd_bytes_can_be_told(run, host):
    main = host.main_file.read_bytes()
    host.main_file.write_bytes(b"# caf\xe9\n" + main)
    assert run(payload=host.payload())["changed"]


def test_every_return_value_is_documented(run, host):
    yaml = pytest.importorskip("yaml")
    documented = set(yaml.safe_load(release.RETURN))
    assert set(run(payload=host.payload())) - {"changed", "diff", "invocation", "warnings"} == documented


def test_options_are_those_of_the_documentation():
    yaml = pytest.importorskip("yaml")
    documented = yaml.safe_load(release.DOCUMENTATION)["options"]
    told = {key: {**value, "description": None} for key, value in documented.items()}
    taken = {key: {**value, "description": None} for key, value in release.ARGUMENTS.items()}
    assert taken["payload"].pop("no_log")
    assert told == taken


def test_headers_are_kept_out_of_the_log_and_nothing_is_blotted_out(run, host, monkeypatch):
    logged = []
    monkeypatch.setattr(release.AnsibleModule, "log", lambda _module, text, **_more: logged.append(text))
    header = 'proxy_set_header Authorization "Basic c2VjcmV0";'
    result = run(payload=host.payload(f"listen 443 ssl;\n    {header}"), _ansible_no_log=False, _ansible_diff=True)
    assert "Invoked with" in logged[0]
    assert "c2VjcmV0" not in logged[0]
    assert header in result["diff"]["prepared"]
