# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front ends of the modules for one request and one certificate, on real files."""

from __future__ import annotations

import datetime
import json
import stat

import pytest

pytest.importorskip("ansible.module_utils.testing")
pytest.importorskip("cryptography")

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from ansible_collections.wss.edge.plugins.module_utils.pki import certificates as pki
from ansible_collections.wss.edge.plugins.module_utils.pki import keys
from ansible_collections.wss.edge.plugins.modules import certificate, certificate_request, private_key

SECRET = "a secret that no output has"
# The arguments are part of the result; Ansible 2.19 tells them without being asked.
TOLD = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}


@pytest.fixture
def run(tmp_path, capsys):
    """Run a module on files of one folder; gives its result."""
    files = ("path", "private_key", "request", "ca_certificate", "ca_private_key", "certificate", "chain")

    def run(module, **arguments):
        for name in files:
            if name in arguments:
                arguments[name] = str(tmp_path / arguments[name])
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        out = capsys.readouterr().out
        assert SECRET not in out
        assert "PRIVATE KEY" not in out
        return json.loads(out)

    return run


@pytest.fixture
def key(run):
    """The file of a key under a passphrase."""
    run(private_key, path="key", passphrase=SECRET)
    return {"private_key": "key", "passphrase": SECRET}


def test_a_request_is_made_once_and_told_of(run, key, tmp_path):
    asked = {**key, "path": "csr", "subject": {"organization": "Ü", "country": "DE"}, "names": ["bücher.example"]}
    planned = run(certificate_request, **asked, _ansible_check_mode=True, _ansible_diff=True)
    assert (planned["changed"], planned["request"], planned["reason"]) == (True, None, "there was none")
    assert planned["diff"]["after"] == "subject: O=Ü, C=DE\nnames: xn--bcher-kva.example\n"
    assert not (tmp_path / "csr").exists()
    made = run(certificate_request, **asked)
    assert made["request"] == (tmp_path / "csr").read_text()
    assert (made["subject"], made["names"]) == ("O=Ü, C=DE", ["xn--bcher-kva.example"])
    assert made["public_key_fingerprint"] == run(private_key, path="key", passphrase=SECRET)["public_key_fingerprint"]
    assert stat.S_IMODE((tmp_path / "csr").stat().st_mode) == 0o644
    again = run(certificate_request, **asked)
    assert (again["changed"], again["request"]) == (False, made["request"])
    (tmp_path / "csr").chmod(0o600)
    assert run(certificate_request, **asked)["reason"] == "mode was 0600 instead of 0644"
    changed = run(certificate_request, **asked, ca=False, _ansible_check_mode=True, _ansible_diff=True)
    assert (changed["reason"], changed["request"]) == ("basic constraints changed", None)
    assert changed["diff"]["before"] in changed["diff"]["after"]


def test_a_passphrase_is_not_blotted_out_of_what_it_is_part_of(run, tmp_path):
    run(private_key, path="key", passphrase="edge")
    asked = {"private_key": "key", "passphrase": "edge", "names": ["edge.example.com"], **TOLD}
    request = run(certificate_request, **asked, path="csr")
    made = run(certificate, **asked, path="crt")
    assert request["names"] == made["names"] == ["edge.example.com"]
    assert (request["request"], made["certificate"]) == tuple((tmp_path / name).read_text() for name in ("csr", "crt"))
    refused = run(
        certificate, path="edge.crt", provider="files", certificate="crt", private_key="key", passphrase="e", **TOLD
    )
    assert refused["msg"] == f"{tmp_path}/key: cannot be read with the passphrase given, or is damaged"
    for result in (request, made, refused):
        assert not {"passphrase", "ca_passphrase"} & set(result["invocation"]["module_args"])


def test_in_check_mode_the_key_may_be_missing(run):
    asked = {"path": "csr", "private_key": "none", "names": ["a"]}
    planned = run(certificate_request, **asked, _ansible_check_mode=True)
    assert (planned["changed"], planned["public_key_fingerprint"]) == (True, None)
    assert run(certificate_request, **asked)["msg"].endswith("none does not exist")
    planned = run(certificate, path="crt", private_key="none", names=["a"], _ansible_check_mode=True)
    assert (planned["changed"], planned["certificate"]) == (True, None)


def test_a_certificate_is_made_once_and_told_of(run, key, tmp_path):
    asked = {**key, "path": "crt", "names": ["a.example.com"], "valid_days": 10}
    planned = run(certificate, **asked, _ansible_check_mode=True, _ansible_diff=True)
    assert (planned["reason"], planned["serial"]) == ("there was none", None)
    assert "names: a.example.com\n" in planned["diff"]["after"]
    assert not (tmp_path / "crt").exists()
    made = run(certificate, **asked)
    assert made["certificate"] == (tmp_path / "crt").read_text()
    assert (made["names"], made["days_left"], made["not_after"][-1]) == (["a.example.com"], 10, "Z")
    again = run(certificate, **asked)
    assert (again["changed"], again["serial"], again["diff"]["before"]) == (
        False,
        made["serial"],
        again["diff"]["after"],
    )
    changed = run(certificate, **{**asked, "profile": "peer"}, _ansible_check_mode=True)
    assert (changed["changed"], changed["serial"]) == (True, made["serial"])  # of the one that is there
    (tmp_path / "crt").chmod(0o600)
    assert run(certificate, **asked)["reason"] == "mode was 0600 instead of 0644"


def test_an_authority_signs(run, key, tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    recipe = pki.AuthorityRecipe((("common_name", "Root"),), now, now + datetime.timedelta(days=400))
    signer = keys.make_key(keys.KeySettings())
    (tmp_path / "ca").write_bytes(pki.make_authority(signer, recipe))
    (tmp_path / "ca.key").write_bytes(keys.dump_key(signer, SECRET.encode()))
    run(certificate_request, **key, path="csr", names=["a.example.com"])
    asked = {"provider": "ca", "path": "crt", "request": "csr", "ca_certificate": "ca", "ca_private_key": "ca.key"}
    made = run(certificate, **asked, ca_passphrase=SECRET)
    assert (made["changed"], made["issuer"], made["names"]) == (True, "CN=Root", ["a.example.com"])
    assert not run(certificate, **asked, ca_passphrase=SECRET)["changed"]
    assert run(certificate, **asked)["msg"] == f"{tmp_path}/ca.key: is protected by a passphrase, and none is given"
    run(private_key, path="other.key")
    wrong = run(certificate, **{**asked, "ca_private_key": "other.key"})
    assert wrong["msg"].startswith("ca_private_key: the key belongs to none of «CN=Root»")


def test_files_are_checked_and_a_warning_is_given(run, key, monkeypatch):
    said = []
    monkeypatch.setattr(certificate.AnsibleModule, "warn", lambda _module, text: said.append(text))
    run(certificate, **key, path="crt", names=["a.example.com"], valid_days=5)
    given = {**key, "provider": "files", "certificate": "crt", "path": "installed"}
    assert run(certificate, **given, names=["a.example.com"])["reason"] == "there was none"
    assert not run(certificate, **given)["changed"]
    assert len(said) == 2
    assert "the certificate expires in " in said[0]
    assert "does not cover b" in run(certificate, **given, names=["b"])["msg"]


@pytest.mark.parametrize("module", [certificate, certificate_request])
def test_what_is_refused(run, key, module, tmp_path, monkeypatch):
    before = (tmp_path / "key").read_bytes()
    refused = run(module, **key | {"path": "key"}, names=["a"])
    assert refused["msg"] == f"{tmp_path}/key holds a private key, which would be lost; name another path"
    assert (tmp_path / "key").read_bytes() == before
    assert (
        "cannot be read with the passphrase"
        in run(module, **key | {"passphrase": "other"}, path="x", names=["a"])["msg"]
    )
    assert "'a b'" in run(module, **key, path="x", names=["a b"])["msg"]
    monkeypatch.setattr(module.library, "HAS_CRYPTOGRAPHY", False)
    assert "install the package python3-cryptography" in run(module, **key, path="x", names=["a"])["msg"]
