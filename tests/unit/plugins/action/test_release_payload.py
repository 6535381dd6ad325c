# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller ships to the module of the same name."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError

from ansible_collections.wss.edge.plugins.action import release as action
from ansible_collections.wss.edge.plugins.action.release import ActionModule
from ansible_collections.wss.edge.plugins.module_utils.model.build import build
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    AuthorityRecipe,
    load_certificates,
    make_authority,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.revocations import make_crl
from ansible_collections.wss.edge.plugins.module_utils.release.transition import Payload
from ansible_collections.wss.edge.plugins.modules import release

ROOT = Path(__file__).parents[4]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
SITE = {"name": "chat.example.com", "endpoints": [{"path": "/wss", "backend": "ws://127.0.0.1:8282"}]}
FOLDER = "/etc/pki/wss/chat.example.com/0123456789abcdef"
FOREIGN = {"servers": [], "listens": [], "limits": [], "directives": []}
SERVER = {
    "running": True,
    "version_info": [1, 26, 3],
    "groups": ["X25519", "prime256v1", "secp384r1"],
    "tls_library": "OpenSSL 3.0",
}
HAS = {"own_files": [], "missing_packages": [], "first_start": None}
DEFAULTS = {"server": "nginx", "running": True}


def arguments(**changes):
    return {
        "model": build(OPTIONS, {"wss_sites": [SITE], "wss_max_connections": 500}, "192.0.2.1"),
        "certificates": [{"name": "chat.example.com", "directory": FOLDER, "trust": "PEM", "pem": "PEM"}],
        "facts": {"family": "Debian", "server": SERVER, "ipv6": True, "other": None, "foreign": FOREIGN, **HAS},
        "targets": [{"site": "chat.example.com"}],
        **changes,
    }


def test_one_payload_is_shipped_that_the_module_understands(act):
    result, ran = act(ActionModule, arguments(), answer={"changed": True})
    assert result["changed"] is True
    (module,) = ran
    assert module["module_name"] == "wss.edge.release"
    assert set(module["module_args"]) <= set(release.ARGUMENTS)
    payload = module["module_args"]["payload"]
    assert set(payload) == {field.name for field in dataclasses.fields(Payload)}
    assert set(payload["sites"].values()) == {"chat.example.com"}
    assert set(payload["sites"]) < set(payload["files"])
    assert f"{FOLDER}/fullchain.pem" in payload["files"]["sites/chat.example.com.conf"]
    assert {(each["owner"], each["address"], each["port"]) for each in payload["listens"]} == {
        ("site chat.example.com", "0.0.0.0", 443),
        ("site chat.example.com", "::", 443),
    }
    assert (payload["max_connections"], payload["checkable"]) == (500, True)
    assert payload["record"] == {
        "aside": False,
        "certificates": {"chat.example.com": FOLDER},
        "targets": [{"site": "chat.example.com"}],
        "trust": {"chat.example.com": "PEM"},
    }


def test_with_a_certificate_still_to_be_made_the_payload_cannot_be_checked(act):
    certificates = [{"name": "chat.example.com", "directory": None, "trust": None}]
    _result, (module,) = act(ActionModule, arguments(certificates=certificates))
    assert module["module_args"]["payload"]["checkable"] is False


def test_without_certificates_in_check_mode_the_payload_cannot_be_checked(act):
    _result, (module,) = act(ActionModule, arguments(certificates=[]))
    payload = module["module_args"]["payload"]
    assert payload["checkable"] is False
    assert "(not made yet)/fullchain.pem" in payload["files"]["sites/chat.example.com.conf"]


@pytest.mark.parametrize("given", [{"state": "absent"}, {"state": "restored", "release": "0123456789abcdef"}])
def test_to_go_back_nothing_is_rendered(act, given):
    _result, (module,) = act(ActionModule, given)
    assert module["module_args"] == {**DEFAULTS, **given}


def test_what_the_host_cannot_serve_is_told_before_it_is_touched(act):
    facts = {**arguments()["facts"], "server": {**SERVER, "groups": ["prime256v1"], "version_info": [1, 3, 13]}}
    with pytest.raises(AnsibleError) as error:
        act(ActionModule, arguments(facts=facts))
    heading, *problems = str(error.value).splitlines()
    assert heading == "This host cannot serve the sites; its server was left alone."
    assert problems
    assert all(problem.startswith("- ") for problem in problems)


@pytest.mark.parametrize("missing", ["model", "facts"])
def test_a_release_needs_model_and_facts(act, missing):
    given = arguments()
    del given[missing]
    with pytest.raises(AnsibleError, match=missing):
        act(ActionModule, given)


# --- authorities and revocation lists


def authority_and_list():
    now, key = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0), make_key(KeySettings())
    end = now + datetime.timedelta(days=1)
    made = make_authority(key, AuthorityRecipe((("common_name", "Root"),), now, end))
    return made.decode(), make_crl(load_certificates(made)[0], key, [], 1, now, end).decode()


OURS = {"ca": ["private_ca"], "crl": ["private_ca"]}


@pytest.fixture
def asked(monkeypatch):
    """What the contexts were asked with."""
    seen = []

    def context(model, certificates, facts, trust):
        seen.append((certificates, trust))
        return action.nginx_context(model, certificates, facts, trust)

    monkeypatch.setitem(action.CONTEXTS, "nginx", context)
    return seen


def test_what_is_trusted_is_part_of_the_release(act, asked, tmp_path):
    (root, crl), (partners, _crl) = authority_and_list(), authority_and_list()
    file = tmp_path / "partners.pem"
    file.write_text(partners)
    trusted = {"ca": ["private_ca", str(file)], "crl": ["private_ca"]}
    _result, (module,) = act(ActionModule, arguments(trusted=trusted, authority=root, crl=crl))
    files = module["module_args"]["payload"]["files"]
    assert (files["trust/private_ca.pem"], files["crl/private_ca.pem"]) == (root, crl)
    paths = asked[0][1]
    name = paths["ca"][str(file)].removeprefix("/etc/nginx/wss/current/")
    assert files[name] == partners
    assert paths["crl"] == {"private_ca": "/etc/nginx/wss/current/crl/private_ca.pem"}
    assert module["module_args"]["payload"]["checkable"] is True
    assert set(module["module_args"]) == {"server", "state", "running", "payload"}


def test_the_certificates_of_clients_are_some_of_the_host_s(act, asked):
    given = arguments()
    given["model"]["clients"] = [{"name": "client:private_ca"}]
    _result, (module,) = act(ActionModule, given)
    assert asked[0][0]["client:private_ca"] == action.NOT_MADE
    assert module["module_args"]["payload"]["checkable"] is False
    given["certificates"].append({"name": "client:private_ca", "directory": "/pki/1", "trust": None})
    _result, (module,) = act(ActionModule, given)
    assert asked[1][0]["client:private_ca"] == "/pki/1"
    assert module["module_args"]["payload"]["checkable"] is True


def test_before_the_authority_is_made_the_payload_cannot_be_checked(act, asked):
    class Checking(ActionModule):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self._task.check_mode = True

    _result, (module,) = act(Checking, arguments(trusted=OURS))
    assert module["module_args"]["payload"]["checkable"] is False
    assert asked[0][1]["ca"]["private_ca"] == "/etc/nginx/wss/current/trust/private_ca.pem"
    with pytest.raises(AnsibleError, match='- ca: "private_ca" holds no certificate in PEM'):
        act(ActionModule, arguments(trusted=OURS))


def test_files_that_are_missing_are_told_before_the_host_is_touched(act, tmp_path):
    (tmp_path / "list.pem").write_text("nonsense")
    trusted = {"ca": ["/none.pem"], "crl": [str(tmp_path / "list.pem")]}
    with pytest.raises(AnsibleError) as error:
        act(ActionModule, arguments(trusted=trusted))
    told = str(error.value).splitlines()
    assert told[1].startswith('- ca: "/none.pem" cannot be read on the controller: ')
    assert told[-1] == f'- crl: "{tmp_path}/list.pem" holds no certificate revocation list in PEM'


# --- the site of the server's package

SSL_CONF = "/etc/httpd/conf.d/ssl.conf"
TLS_SITE = {"names": [], "listens": [{"address": "0.0.0.0", "port": 443, "ssl": True}], "file": SSL_CONF, "line": 9}
OPENED = [
    {"address": "*", "port": 80, "file": "/etc/httpd/conf/httpd.conf", "line": 2},
    {"address": "*", "port": 443, "file": SSL_CONF, "line": 1},
]


def httpd(aside, **facts):
    given = {"wss_sites": [SITE], "wss_server": "apache", "wss_default_site": aside}
    server = {**SERVER, "version_info": [2, 4, 66], "modules": ["ssl_module"], "mpm": "event", "running": False}
    foreign = {"servers": [TLS_SITE], "listens": OPENED, "limits": {}, "directives": []}
    known = {"family": "RedHat", "server": server, "ipv6": False, "other": None, "foreign": foreign, **HAS, **facts}
    return arguments(server="apache", model=build(OPTIONS, given, "192.0.2.1"), facts=known)


def test_what_is_kept_is_shared_and_what_is_set_aside_is_not_there(act):
    kept, gone = (act(ActionModule, httpd(aside))[1][0]["module_args"]["payload"] for aside in ("keep", "aside"))
    assert (kept["record"]["aside"], gone["record"]["aside"]) == (False, True)
    assert "Listen 443" not in kept["files"]["index.conf"]
    assert "\nListen 443\n" in gone["files"]["index.conf"]
    assert ("refusals.conf" in kept["files"], "refusals.conf" in gone["files"]) == (False, True)
    assert [(each["owner"], each["port"], each["instead"]) for each in kept["listens"]] == [
        ("/etc/httpd/conf/httpd.conf line 2", 80, "change that line"),
        (f"{SSL_CONF} line 1", 443, "change that line, or set wss_default_site: aside"),
    ]
    assert [each["owner"] for each in gone["listens"]] == ["site chat.example.com", "/etc/httpd/conf/httpd.conf line 2"]


def test_what_the_user_has_altered_is_not_set_aside(act):
    with pytest.raises(AnsibleError, match=f"- wss_default_site: {SSL_CONF} is not as its package brought it"):
        act(ActionModule, httpd("aside", own_files=[SSL_CONF]))
    emptied = {"servers": [], "listens": OPENED[:1], "limits": {}, "directives": []}
    _result, (module,) = act(ActionModule, httpd("aside", own_files=[SSL_CONF], foreign=emptied))
    assert module["module_args"]["payload"]["record"]["aside"] is False
    assert act(ActionModule, httpd("keep", own_files=[SSL_CONF]))[1]


LACKS = [
    ({}, True),
    ({"missing_packages": ["mod_ssl"]}, False),
    ({"missing_packages": ["python3-h2"]}, True),
    ({"first_start": {"cmd": "/bin/make", "creates": "/it"}}, False),
]


@pytest.mark.parametrize(("lacks", "checkable"), LACKS)
def test_where_something_of_the_server_is_missing_nothing_can_be_checked(act, lacks, checkable):
    _result, (module,) = act(ActionModule, httpd("keep", **lacks))
    assert module["module_args"]["payload"]["checkable"] is checkable
