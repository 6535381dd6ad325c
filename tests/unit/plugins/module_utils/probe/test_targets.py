# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which targets a model gives the probe."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.model.targets import targets
from ansible_collections.wss.edge.plugins.module_utils.probe.prove import TARGET


def model(http2_websockets):
    probe = {"expect": "echo", "path": "/wss", "headers": {}, "subprotocols": [], "client_certificate": None}
    endpoint = {"origins": [], "probe": probe}
    site = {
        "name": "chat",
        "server_names": ["chat.example.com"],
        "listen": [{"address": "*", "port": port} for port in (443, 8443)],
        "tls": {},
        "client_certificates": None,
        "http2_websockets": http2_websockets,
        "endpoints": [endpoint],
    }
    return {"address": "192.0.2.10", "probe_from": "controller", "sites": [site]}


@pytest.mark.parametrize(
    ("http2_websockets", "found"),
    [(False, [(443, False), (8443, False)]), (True, [(443, False), (443, True), (8443, False), (8443, True)])],
)
def test_over_http2_as_well(http2_websockets, found):
    assert [(target["port"], target["http2"]) for target in targets(model(http2_websockets))] == found


def test_targets_are_what_the_module_takes():
    assert set(targets(model(True))[0]) == set(TARGET)
