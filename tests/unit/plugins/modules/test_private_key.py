# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's front end: what goes in and what comes out, on real files."""

from __future__ import annotations

import json
import stat

import pytest

pytest.importorskip("ansible.module_utils.testing")
pytest.importorskip("cryptography")

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from ansible_collections.wss.edge.plugins.modules import private_key

SECRET = "a secret that no output has"
# The arguments are part of the result; Ansible 2.19 tells them without being asked.
TOLD = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}


@pytest.fixture
def path(tmp_path):
    """Of the file of the key."""
    return tmp_path / "key.pem"


@pytest.fixture
def run(path, capsys):
    """Run the module; gives its result."""

    def run(**arguments):
        with patch_module_args({"path": str(path), **arguments}), pytest.raises(SystemExit):
            private_key.main()
        out = capsys.readouterr().out
        assert SECRET not in out
        assert "PRIVATE KEY" not in out
        if path.is_file() and path.read_bytes().isascii():
            assert not [line for line in path.read_text().splitlines() if len(line) > 20 and line in out]
        return json.loads(out)

    return run


def test_makes_a_key_once_and_tells_of_it(run, path):
    made = run()
    assert {key: made[key] for key in ("changed", "reason", "type", "size_bits", "curve", "path")} == {
        "changed": True,
        "reason": "there was none",
        "type": "ecdsa",
        "size_bits": 256,
        "curve": "secp256r1",
        "path": str(path),
    }
    assert len(made["public_key_fingerprint"].split(":")) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = run()
    assert (again["changed"], again["reason"]) == (False, "")
    assert again["public_key_fingerprint"] == made["public_key_fingerprint"]
    assert "backup_file" not in again


def test_a_passphrase_is_not_blotted_out_of_what_it_is_part_of(run, path):
    made = run(passphrase="key.pem", current_passphrase="none", **TOLD)
    assert (made["path"], made["reason"]) == (str(path), "there was none")
    assert not {"passphrase", "current_passphrase"} & set(made["invocation"]["module_args"])
    assert run(passphrase="key", current_passphrase="other")["msg"].startswith(f"{path}: is protected by another")


def test_check_mode_makes_nothing(run, path):
    found = run(type="rsa", bits=3072, _ansible_check_mode=True, _ansible_diff=True)
    assert (found["changed"], found["type"], found["size_bits"], found["public_key_fingerprint"]) == (
        True,
        "rsa",
        None,
        None,
    )
    assert found["diff"]["after"] == "key: rsa 3072 (new), pkcs8, no passphrase\n"
    assert not list(path.parent.iterdir())


def test_takes_the_passphrase_off_and_leaves_no_copy_of_it(run, path):
    made = run(passphrase=SECRET)
    before = path.read_bytes()
    planned = run(current_passphrase=SECRET, _ansible_check_mode=True)
    assert (planned["changed"], path.read_bytes()) == (True, before)
    found = run(current_passphrase=SECRET)
    assert (found["changed"], found["reason"]) == (True, "it was under a passphrase")
    assert found["public_key_fingerprint"] == made["public_key_fingerprint"] == planned["public_key_fingerprint"]
    assert [each.name for each in path.parent.iterdir()] == ["key.pem"]
    assert not run(current_passphrase=SECRET)["changed"]


@pytest.mark.parametrize("arguments", [{}, {"current_passphrase": "not it"}, {"regenerate": "when_different"}])
def test_a_wrong_passphrase_leaves_the_file_as_it_was(run, path, arguments):
    run(passphrase=SECRET)
    path.chmod(0o640)
    before = path.read_bytes()
    found = run(**arguments)
    assert found["failed"]
    assert found["msg"].startswith(f"{path}: is protected by ")
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_key_that_goes_leaves_a_copy(run, path):
    run()
    path.chmod(0o644)
    before = path.read_bytes()
    found = run(type="ed25519", regenerate="when_different")
    assert found["reason"] == "key settings changed: ecdsa secp256r1 -> ed25519"
    assert (found["type"], found["curve"]) == ("ed25519", None)
    copy = path.parent / found["backup_file"]
    assert copy.name.startswith("key.pem.replaced-2")
    assert copy.read_bytes() == before
    assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(type="ed25519", regenerate="always", _ansible_check_mode=True).get("backup_file") is None


def test_repairs_the_mode_and_says_so(run, path):
    run()
    path.chmod(0o644)
    planned = run(_ansible_check_mode=True, _ansible_diff=True)
    assert (planned["reason"], stat.S_IMODE(path.stat().st_mode)) == ("mode was 0644 instead of 0600", 0o644)
    assert planned["diff"]["before"] == "key: ecdsa secp256r1, pkcs8, no passphrase\nmode: 0644\n"
    assert planned["diff"]["after"] == "key: ecdsa secp256r1, pkcs8, no passphrase\nmode: 0600\n"
    assert run()["changed"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(mode="0640")["reason"] == "mode was 0600 instead of 0640"
    assert not run(mode="0640")["changed"]


def test_what_stands_in_the_way_is_refused(run, path):
    path.mkdir()
    assert (
        run(regenerate="always")["msg"] == f"{path} must be a file and is a folder; move it away or name another path"
    )
    path.rmdir()
    path.symlink_to("nowhere")
    assert "symlink to nowhere, which does not exist" in run()["msg"]
    path.unlink()
    path.write_bytes(b"\xff\x00 no key")
    assert run()["msg"].startswith(f"{path}: holds no private key in PEM; set regenerate to when_damaged")
    assert path.read_bytes() == b"\xff\x00 no key"
    assert run(bits=1024, type="rsa")["msg"] == f"{path}: bits: 1024 must be 2048 to 8192"
    assert "must be an absolute path" in run(path="key.pem")["msg"]
    assert run(path=str(path.parent / "none" / "key.pem"))["msg"].startswith(f"cannot write in {path.parent}/none: ")


def test_names_the_package_that_is_missing(run, monkeypatch):
    monkeypatch.setattr(private_key.library, "HAS_CRYPTOGRAPHY", False)
    assert "install the package python3-cryptography" in run()["msg"]
