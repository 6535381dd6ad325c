# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's variables on their way to the model."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError

from ansible_collections.wss.edge.plugins.action.sites import ActionModule

SITE = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": "ws://127.0.0.1:8282"}]}


def test_variables_become_a_model_and_what_others_need_of_it(act):
    result, ran = act(ActionModule, {}, {"wss_sites": [SITE], "other_sites": "not ours", "ansible_host": "192.0.2.7"})
    assert result["changed"] is False
    assert [site["name"] for site in result["model"]["sites"]] == ["chat.example.com"]
    assert [(each["name"], each["provider"]) for each in result["certificates"]] == [
        ("chat.example.com", "self_signed")
    ]
    assert {(each["site"], each["address"], each["port"], each["path"]) for each in result["targets"]} == {
        ("chat.example.com", "192.0.2.7", 443, "/wss")
    }
    assert ran == []


def test_values_may_be_templates(act):
    endpoint = {"path": "/wss", "backend": "ws://127.0.0.1:{{ wss_port }}"}
    sites = [{"name": "{{ inventory_hostname }}.example.com", "endpoints": [endpoint]}]
    with pytest.raises(AnsibleError, match="wss_port"):  # it begins with our prefix and is none of ours
        act(ActionModule, {}, {"wss_sites": sites, "wss_port": 8282})
    endpoint["backend"] = "ws://127.0.0.1:{{ my_port }}"
    result, _ran = act(ActionModule, {}, {"wss_sites": sites, "my_port": 8282})
    (site,) = result["model"]["sites"]
    assert site["name"] == "host1.example.com"
    assert "8282" in str(site["endpoints"][0])


ADDRESSES = [
    ("the inventory's address", {"ansible_host": "192.0.2.7"}, "ssh", "192.0.2.7"),
    ("a template", {"ansible_host": "{{ my }}", "my": "192.0.2.8"}, "ssh", "192.0.2.8"),
    ("the inventory's name", {}, "ssh", "host1"),
    ("from the host itself", {"ansible_host": "192.0.2.7", "wss_probe_from": "host"}, "ssh", "127.0.0.1"),
    ("this machine", {"ansible_host": "192.0.2.7"}, "local", "127.0.0.1"),
]


@pytest.mark.parametrize(
    ("variables", "connection", "address"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES]
)
def test_where_the_probe_connects_to(act, variables, connection, address):
    result, _ran = act(ActionModule, {}, {"wss_sites": [SITE], **variables}, connection)
    assert {each["address"] for each in result["targets"]} == {address}


def test_every_mistake_is_told_in_one_message(act):
    sites = [{**SITE, "listen": [70000]}, {**SITE, "name": "chat example"}]
    with pytest.raises(AnsibleError) as error:
        act(ActionModule, {}, {"wss_sites": sites})
    heading, *problems = str(error.value).splitlines()
    assert heading == "The variables of host1 are refused; no host was touched."
    assert len(problems) == 2
    assert problems[0].startswith("- site chat.example.com")
    assert "70000" in problems[0]
    assert '"chat example"' in problems[1]


def test_it_takes_no_arguments(act):
    with pytest.raises(AnsibleError, match="sites"):
        act(ActionModule, {"sites": [SITE]}, {"wss_sites": [SITE]})


def test_a_controller_that_cannot_probe_is_told_before_any_host_is_touched(monkeypatch, act):
    name = f"{ActionModule.__module__}.library_problem"
    monkeypatch.setattr(name, lambda http2: f"The Python library {'h2' if http2 else 'websockets'} is missing.")
    with pytest.raises(AnsibleError, match=r"websockets is missing\. No host was touched\."):
        act(ActionModule, {}, {"wss_sites": [SITE]})
    over_http2 = {**SITE, "http2_websockets": True}
    with pytest.raises(AnsibleError, match=r"h2 is missing\. No host was touched\."):
        act(ActionModule, {}, {"wss_sites": [over_http2], "wss_server": "apache"})
    act(ActionModule, {}, {"wss_sites": [SITE], "wss_probe_from": "host"})


def test_a_host_without_sites_reads_the_private_authority_alone(act):
    variables = {"wss_ca_dir": "/srv/ca", "wss_ca_passphrase": "correct horse", "wss_nonsense": 1}
    result, _ran = act(ActionModule, {"part": "authority"}, variables)
    assert result["authority"]["directory"] == "/srv/ca"
    assert "model" not in result
    assert "correct horse" not in str(result)
    result, _ran = act(ActionModule, {"part": "authority"}, {})
    assert result["authority"]["directory"] == "~/wss-edge/ca"


def test_the_private_authority_is_on_a_host_that_there_is(act):
    variables = {"wss_ca_host": "keeper", "groups": {"all": ["host1", "keeper"]}}
    result, _ran = act(ActionModule, {"part": "authority"}, variables)
    assert result["authority"]["host"] == "keeper"
    with pytest.raises(AnsibleError, match='wss_ca_host: "keeper" is in no inventory'):
        act(ActionModule, {"part": "authority"}, {**variables, "groups": {"all": ["host1"]}})
    private = {**SITE, "certificate": {"provider": "private_ca"}}
    with pytest.raises(AnsibleError, match="wss_ca_host"):
        act(ActionModule, {}, {"wss_sites": [private], "wss_ca_passphrase": "correct horse", "wss_ca_host": "keeper"})
