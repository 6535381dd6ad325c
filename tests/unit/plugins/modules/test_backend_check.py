# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module, from its arguments to what it returns."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress

import pytest
from ansible.module_utils.common import parameters

from ansible_collections.wss.edge.plugins.module_utils.probe import selinux
from ansible_collections.wss.edge.plugins.module_utils.probe.backend_check import ARGUMENTS, TRUST
from ansible_collections.wss.edge.plugins.modules import backend_check

TLS = {
    "verify": True, "ca": "private_ca", "verify_depth": 2, "server_name": "b1", "client_certificate": "client:1",
    "protocols": ["TLSv1.2", "TLSv1.3"], "ciphers": [], "session_reuse": True,
}  # fmt: skip

CHECKED = {
    "site": "chat",
    "path": "/wss",
    "address": "127.0.0.1:1",
    "url": "ws://127.0.0.1:1",
    "state": "ok",
    "text": "",
}


def model(address, tls=None):
    proof = {"expect": "open", "path": "/wss", "headers": {}, "subprotocols": [], "client_certificate": None}
    endpoint = {
        "path": "/wss", "backends": [{"address": address, "weight": 1, "backup": False}], "backend_path": "",
        "backend_tls": tls, "keeps_host": tls is None, "connect_timeout": 5, "origins": [], "headers": {},
        "probe": proof,
    }  # fmt: skip
    site = {
        "name": "chat", "server_names": ["chat.example.com"], "listen": [{"address": "*", "port": 443}], "tls": {},
        "client_certificates": None, "endpoints": [endpoint],
    }  # fmt: skip
    return {"sites": [site], "probe_from": "controller", "firewall": {"kind": "none", "rules": []}}


@pytest.fixture
def run(capsys):
    """Run the module: what it returns."""
    testing = pytest.importorskip("ansible.module_utils.testing")

    def start(**arguments):
        with testing.patch_module_args(arguments), pytest.raises(SystemExit):
            backend_check.main()
        return json.loads(capsys.readouterr().out)

    return start


@pytest.fixture
def down():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.parametrize("check_mode", [True, False])
def test_it_tells_and_does_not_fail(run, down, check_mode):
    result = run(model=model(down), _ansible_check_mode=check_mode)
    assert (result["changed"], result.get("failed", False)) == (False, False)
    (found,) = result["backends"]
    assert (found["site"], found["path"], found["address"], found["state"]) == ("chat", "/wss", down, "down")
    assert result["report"] == [
        f"Site chat, endpoint /wss, backend ws://{down} is down: {found['text']}",
        "0 of 1 backends answer the host as they should.",
    ]


@pytest.mark.parametrize("directory", ["/made/abc", None])
def test_where_the_files_are(run, directory):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        certificates = [{"name": "client:1", "directory": directory, "digest": "abc"}]
        trust = {"ca": {"private_ca": "/nowhere.pem"}}
        found = run(model=model(address, TLS), certificates=certificates, trust=trust)["backends"][0]
    folder = directory or "/etc/pki/wss/client:1/current"
    assert f"{folder}/fullchain.pem cannot be read" in found["text"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        tls = {**TLS, "client_certificate": None}
        assert "/nowhere.pem" in run(model=model(address, tls), trust=trust)["backends"][0]["text"]


@pytest.mark.parametrize(
    ("family", "server", "folder"),
    [("Debian", "nginx", "/etc/nginx"), ("Debian", "apache", "/etc/apache2"), ("RedHat", "apache", "/etc/httpd")],
)
def test_relative_paths_are_below_the_servers_folder(monkeypatch, family, server, folder):
    monkeypatch.setattr(backend_check, "family", lambda: family)
    paths = {"private_ca": "wss/current/trust/private_ca.pem", "mine": "/a.pem"}
    assert backend_check._on_host(paths, {"server": server}) == {
        "private_ca": f"{folder}/wss/current/trust/private_ca.pem",
        "mine": "/a.pem",
    }


@pytest.fixture
def answering():
    """A server that has no endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as conn:
                        conn.recv(4096)
                        conn.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("probe_from", ["controller", "host"])
def test_what_is_between(run, monkeypatch, down, answering, probe_from):
    monkeypatch.setattr(backend_check, "active", lambda kind, _runner: "ufw" if kind == "auto" else "none")
    url = f"ws://chat.example.com:{answering}/wss"
    place = {"site": "chat", "address": "127.0.0.1", "port": answering}
    proofs = [{**place, "url": url, "status": None, "unreached": True}]
    told = run(model={**model(down), "probe_from": probe_from}, proofs=proofs)["report"]
    between = [line.split(":")[0] for line in told[:-2]]
    expected = ["Site chat", "On the host, ufw is active, and wss_firewall is none"]
    assert between == (expected if probe_from == "controller" else [])
    assert told[-1] == "0 of 1 backends answer the host as they should."


def test_what_selinux_forbids(run, monkeypatch, tmp_path):
    (tmp_path / "booleans").mkdir()
    (tmp_path / "enforce").write_text("1")
    (tmp_path / "booleans" / "httpd_can_network_connect").write_text("0 0")
    monkeypatch.setattr(backend_check, "check", lambda *_told: [CHECKED])
    monkeypatch.setattr(selinux.sentences, "__defaults__", (str(tmp_path),))
    proofs = [{"site": "chat", "url": "wss://chat.example.com/wss", "status": 502, "unreached": False}]
    told = run(model=model("127.0.0.1:1"), proofs=proofs)["report"]
    assert told[0].endswith("setsebool -P httpd_can_network_connect on")


@pytest.mark.parametrize("timeout", [0, 3600])
def test_timeout_that_cannot_be(run, timeout):
    result = run(model={"sites": []}, timeout=timeout)
    assert result["failed"]
    assert "give seconds, more than 0" in result["msg"]


def test_headers_are_kept_out_of_the_log(run, monkeypatch, down):
    logged = []
    monkeypatch.setattr(backend_check.AnsibleModule, "log", lambda _module, text, **_more: logged.append(text))
    asked = model(down)
    asked["sites"][0]["endpoints"][0]["headers"] = {"Authorization": "Basic c2VjcmV0"}
    # Only ansible-core 2.20 and newer asks for it; before, the invocation is always there.
    more = {"_ansible_inject_invocation": True} if "inject_invocation" in parameters.PASS_VARS else {}
    result = run(model=asked, _ansible_no_log=False, **more)
    assert "invocation" in result
    assert "Invoked with" in logged[0]
    assert "c2VjcmV0" not in logged[0] + json.dumps(result)
    assert result["backends"][0]["site"] == "chat"


def test_it_is_documented(run, down):
    yaml = pytest.importorskip("yaml")
    options, returns = (yaml.safe_load(text) for text in (backend_check.DOCUMENTATION, backend_check.RETURN))
    assert set(options["options"]) == set(ARGUMENTS)
    assert set(options["options"]["trust"]["suboptions"]) == set(TRUST)
    result = run(model=model(down))
    assert set(returns) == set(result) - {"changed", "invocation"}
    assert set(returns["backends"]["contains"]) == set(result["backends"][0])
