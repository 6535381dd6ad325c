# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes from the controller to the module, by which way, and what comes back."""

from __future__ import annotations

import base64
import json

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.wss.edge.plugins.action import certificates

KEY = "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
P12 = bytes(range(256))
REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"


@pytest.fixture
def sent(act, tmp_path, monkeypatch):
    """Run the action: its result, the module's arguments, and the secrets that are added to them."""

    def run(*entries, answer=None, check_mode=False, **arguments):
        plugins = []

        class Action(certificates.ActionModule):
            def __init__(self, *args, **options):
                super().__init__(*args, **options)
                plugins.append(self)
                self._task.check_mode = check_mode

        result, ran = act(Action, {"certificates": list(entries), **arguments}, answer=answer)
        return result, ran[0]["module_args"], plugins[0]._secrets

    return run


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_files_are_sent_and_secrets_apart_from_all_else(sent, tmp_path):
    both = write(tmp_path / "both.pem", f"Bag Attributes\n{KEY}{PEM}")
    p12 = write(tmp_path / "a.p12", P12)
    _result, arguments, secrets = sent(
        {"name": "pem", "provider": "files", "certificate": both, "private_key": both},
        {"name": "p12", "provider": "files", "pkcs12": p12},
        {"name": "host", "provider": "files", "remote_src": True, "pkcs12": "/none", "ca": both},
        {"name": "own"},
        passphrases={"p12": "se cret"},
    )
    assert secrets == {
        "private_keys": {"pem": KEY, "p12": base64.b64encode(P12).decode()},
        "passphrases": {"p12": "se cret"},
    }
    assert set(arguments) == {"certificates"}
    assert arguments["certificates"][0]["certificate_content"] == PEM
    assert arguments["certificates"][2]["ca_content"] == PEM
    assert arguments["certificates"][3] == {"name": "own"}
    assert not [part for part in ("MC4C", "se cret", secrets["private_keys"]["p12"]) if part in json.dumps(arguments)]


def test_all_files_that_are_missing_are_named(sent):
    with pytest.raises(AnsibleActionFail) as caught:
        sent({"name": "a", "provider": "files", "certificate": "/none", "pkcs12": "/no.p12"})
    assert "certificate a, certificate: cannot read /none" in str(caught.value)
    assert "certificate a, pkcs12: cannot read /no.p12" in str(caught.value)


def entry(tmp_path):
    return {
        "name": "a",
        "provider": "request",
        "request": str(tmp_path / "new" / "folder" / "a.csr"),
        "certificate": str(tmp_path / "a.pem"),
        "chain": str(tmp_path / "chain.pem"),
    }


def answer(request=REQUEST):
    found = {"name": "a", "provider": "request", "request": request}
    other = {"name": "b", "provider": "private_ca", "request": REQUEST}
    return {"changed": False, "certificates": [other, found]}


def test_an_answer_is_read_when_it_is_there(sent, tmp_path):
    _result, arguments, secrets = sent(entry(tmp_path), answer=answer(None))
    assert arguments["certificates"] == [entry(tmp_path)]
    write(tmp_path / "a.pem", PEM)
    write(tmp_path / "chain.pem", "nothing yet")
    _result, arguments, secrets = sent(entry(tmp_path), answer=answer(None))
    assert arguments["certificates"] == [{**entry(tmp_path), "certificate_content": PEM, "chain_content": ""}]
    assert not secrets
    assert not (tmp_path / "new").exists()


def test_a_request_is_written_once(sent, tmp_path):
    path = tmp_path / "new" / "folder" / "a.csr"
    result, *_rest = sent(entry(tmp_path), answer=answer(), check_mode=True)
    assert (result["changed"], path.exists()) == (True, False)
    result, *_rest = sent(entry(tmp_path), answer=answer())
    assert (result["changed"], path.read_text(), oct(path.stat().st_mode)[-3:]) == (True, REQUEST, "644")
    written = path.stat()
    result, *_rest = sent(entry(tmp_path), answer=answer())
    assert (result["changed"], path.stat().st_ino, path.stat().st_mtime_ns) == (
        False,
        written.st_ino,
        written.st_mtime_ns,
    )
    path.write_text("another")
    assert sent(entry(tmp_path), answer=answer())[0]["changed"]
    assert path.read_text() == REQUEST
    assert [each.name for each in path.parent.iterdir()] == ["a.csr"]


def test_the_module_is_told_paths_as_they_are_on_the_controller(sent, tmp_path, monkeypatch):
    """It would take ~ for the home folder on the host, and say so to whoever looks for the request."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    both = write(tmp_path / "both.pem", f"{KEY}{PEM}")
    home = {"name": "a", "provider": "request", "request": "~/a.csr", "certificate": "~/none.pem", "ca": "~/both.pem"}
    files = {"name": "b", "provider": "files", "certificate": "~/both.pem", "private_key": "both.pem"}
    host = {"name": "c", "provider": "files", "remote_src": True, "pkcs12": "~/c.p12", "ca": "~/both.pem"}
    arguments = sent(home, files, host, answer=answer())[1]["certificates"]
    assert [each.get(part) for each in arguments for part in ("request", "certificate", "private_key", "pkcs12")] == [
        *(str(tmp_path / "a.csr"), str(tmp_path / "none.pem"), None, None),
        *(None, both, both, None),
        *(None, None, None, "~/c.p12"),
    ]
    assert [each.get("ca") for each in arguments] == [both, None, both]
    assert (tmp_path / "a.csr").read_text() == REQUEST


def test_says_where_a_request_cannot_be_written(sent, tmp_path):
    (tmp_path / "new").write_text("")
    with pytest.raises(AnsibleActionFail, match=r"Cannot write the request .*a\.csr on the controller: "):
        sent(entry(tmp_path), answer=answer())


def test_a_failed_module_is_passed_on(sent, tmp_path):
    result, *_rest = sent(entry(tmp_path), answer={"failed": True, "msg": "no"})
    assert result["msg"] == "no"
