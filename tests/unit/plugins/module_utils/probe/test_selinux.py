# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said where SELinux keeps the server from its backends, from files such as a kernel with it shows."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.probe import selinux


@pytest.fixture
def kernel(tmp_path):
    def make(enforce="1", boolean="0 0"):
        (tmp_path / "booleans").mkdir()
        (tmp_path / "enforce").write_text(enforce)
        (tmp_path / "booleans" / "httpd_can_network_connect").write_text(boolean)
        return str(tmp_path)

    return make


def model():
    endpoint = {"path": "/wss", "probe": {"path": "/wss?room=1"}}
    return {"sites": [{"name": "chat", "endpoints": [endpoint, {"path": "/", "probe": {"path": "/"}}]}]}


def proof(status=502, url="wss://chat.example.com:8443/wss?room=1", site="chat"):
    return {"site": site, "url": url, "status": status}


def backend(state="ok", address="127.0.0.1:8282", path="/wss"):
    return {"site": "chat", "path": path, "address": address, "state": state}


@pytest.mark.parametrize(
    ("proofs", "found", "endpoints"),
    [
        ([proof()], [backend()], [("/wss", 502)]),
        ([proof(503), proof(None)], [backend("down"), backend()], [("/wss", 503)]),
        ([proof(), proof(url="wss://x/")], [backend(), backend(path="/"), backend()], [("/wss", 502), ("/", 502)]),
        ([proof()], [backend(), backend(path="/")], [("/wss", 502)]),
        ([proof()], [backend("down")], []),
        ([proof()], [backend("wrong")], []),
        ([proof()], [backend(address="unix:/run/x")], []),
        ([proof()], [backend(path="/")], []),
        ([proof(404)], [backend()], []),
        ([proof(site="other")], [backend()], []),
        ([], [backend()], []),
    ],
)
def test_whom_it_hits(kernel, proofs, found, endpoints):
    told = selinux.sentences(model(), proofs, found, kernel())
    assert [line.split(":")[0] for line in told] == [f"Site chat, endpoint {path}" for path, _status in endpoints]
    for line, (_path, status) in zip(told, endpoints):
        assert f"the proxy answers {status}" in line
        assert line.endswith("setsebool -P httpd_can_network_connect on")


@pytest.mark.parametrize(
    ("enforce", "boolean", "forbids"),
    [("1", "0 0", True), ("1", "0 1", True), ("1", "1 1", False), ("0", "0 0", False)],
)
def test_what_the_kernel_shows(kernel, enforce, boolean, forbids):
    files = kernel(enforce, boolean)
    assert selinux.forbids_connections(files) == forbids
    assert bool(selinux.sentences(model(), [proof()], [backend()], files)) == forbids


def test_a_kernel_without_it(tmp_path):
    assert not selinux.forbids_connections(str(tmp_path))
