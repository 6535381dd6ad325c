# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, from its arguments to what it returns."""

from __future__ import annotations

import json

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import facts
from ansible_collections.wss.edge.plugins.module_utils.server.tls_library import TlsLibrary, TlsLibraryError
from ansible_collections.wss.edge.plugins.modules import server_facts


@pytest.fixture
def run(host, capsys, monkeypatch):
    """Run the module on the fake host; gives its result."""
    testing = pytest.importorskip("ansible.module_utils.testing")
    host.answers = {"dpkg-query": (0, "nginx installed\n", ""), "systemctl": (0, "", "")}
    monkeypatch.setattr(facts.tls_library, "query", lambda _binary, groups, _runner: TlsLibrary("", "SSL", groups[1:]))
    monkeypatch.setattr(server_facts, "servers", lambda _family: {"nginx": host.server})
    monkeypatch.setattr(server_facts.AnsibleModule, "run_command", lambda _module, command: host.run(command))

    def start(**arguments):
        with testing.patch_module_args(arguments), pytest.raises(SystemExit):
            server_facts.main()
        return json.loads(capsys.readouterr().out)

    return start


@pytest.mark.parametrize("check_mode", [True, False])
def test_tells_what_there_is_and_changes_nothing(run, host, check_mode):
    before = host.snapshot()
    found = run(packages=["nginx", "curl"], groups=["a", "b"], _ansible_check_mode=check_mode)
    assert found["changed"] is False
    assert found["facts"]["missing_packages"] == ["curl"]
    assert found["facts"]["server"]["groups"] == ["b"]
    assert host.snapshot() == before


def test_of_applications_that_terminate_tls_themselves(run, host, tmp_path, monkeypatch):
    found = run(server="none", packages=["nginx", "curl"])["facts"]
    assert (found["server"], found["other"], found["missing_packages"]) == (None, None, ["curl"])
    assert [command[0] for command in host.commands] == ["dpkg-query"]
    ledger = facts.Ledger(tmp_path / "application")
    digest, files = ledger.release({"chat.example.com": {}})
    ledger.releases.write(digest, files, {"targets": [1]})
    ledger.releases.switch(digest)
    monkeypatch.setattr(facts, "Ledger", lambda: ledger)
    release = run(server="none")["facts"]["release"]
    assert release == {"current": digest, "intact": True, "pending": False, "record": {"targets": [1]}}


def too_old(host, _monkeypatch):
    host.version = "1.3.12"


def static(_host, monkeypatch):
    def fail(*_arguments):
        raise TlsLibraryError("nginx is not linked with a shared libssl")

    monkeypatch.setattr(facts.tls_library, "query", fail)


def odd(host, monkeypatch):
    monkeypatch.setattr(host, "_check", lambda _folder: (0, f"# configuration file {host.main_file}:\nodd {{\n", ""))


FAILURES = [
    (too_old, "is nginx 1.3.12. At least 1.3.13 is needed"),
    (static, "nginx is not linked with a shared libssl"),
    (odd, "The configuration of nginx cannot be read: "),
]


@pytest.mark.parametrize(("breaks", "message"), FAILURES)
def test_what_cannot_be_told_is_an_error_for_a_person(run, host, monkeypatch, breaks, message):
    breaks(host, monkeypatch)
    found = run()
    assert found["failed"]
    assert message in found["msg"]


def test_every_fact_is_documented_and_has_a_sample(run):
    yaml = pytest.importorskip("yaml")
    documented = yaml.safe_load(server_facts.RETURN)["facts"]["contains"]
    found = run()["facts"]
    assert set(documented) == set(found)
    for name in ("server", "foreign", "release"):
        assert set(documented[name]["sample"]) == set(found[name])
