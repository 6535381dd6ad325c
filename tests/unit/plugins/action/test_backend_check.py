# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the host has what the proxy trusts."""

from __future__ import annotations

from ansible_collections.wss.edge.plugins.action.backend_check import ActionModule


def model(*authorities):
    tls = [{"verify": True, "ca": ca} for ca in authorities]
    endpoints = [{"backend_tls": each, "backends": []} for each in tls]
    return {"server": "nginx", "sites": [{"client_certificates": None, "endpoints": endpoints}]}


def test_where_the_release_has_it_below_a_folder_that_the_host_knows(act):
    _result, (ran,) = act(ActionModule, {"model": model("private_ca", "system")}, answer={})
    assert ran["module_name"] == "wss.edge.backend_check"
    trust = ran["module_args"]["trust"]
    assert trust["ca"] == {"private_ca": "wss/current/trust/private_ca.pem"}
    assert trust["crl"] == {"private_ca": "wss/current/crl/private_ca.pem"}


def test_what_cannot_be_read_on_the_controller_is_nowhere(act, tmp_path):
    _result, (ran,) = act(ActionModule, {"model": model(str(tmp_path / "gone.pem"))}, answer={})
    assert ran["module_args"]["trust"]["ca"] == {}


def test_what_is_given_stays(act):
    trust = {"ca": {"private_ca": "/a.pem"}, "crl": {}}
    _result, (ran,) = act(ActionModule, {"model": model("private_ca"), "trust": trust}, answer={"report": ["fine"]})
    assert (ran["module_args"]["trust"], _result["report"]) == (trust, ["fine"])


def test_of_the_certificates_their_folders_alone(act):
    made = [{"name": "client:1", "directory": "/a", "pem": "much"}]
    _result, (ran,) = act(ActionModule, {"model": model(), "certificates": made}, answer={})
    assert ran["module_args"]["certificates"] == [{"name": "client:1", "directory": "/a"}]


def test_of_the_proofs_those_that_failed(act):
    known = {"site": "a", "url": "wss://a/", "address": "192.0.2.1", "port": 443, "status": None, "unreached": True}
    proofs = [{**known, "ok": False, "certificate": None}, {**known, "ok": True, "site": "b"}]
    _result, (ran,) = act(ActionModule, {"model": model(), "proofs": proofs}, answer={})
    assert ran["module_args"]["proofs"] == [known]
