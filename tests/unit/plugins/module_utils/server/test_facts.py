# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be known of a host, before and after there is a release."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release.releases import digest_of
from ansible_collections.wss.edge.plugins.module_utils.release.transition import Transition
from ansible_collections.wss.edge.plugins.module_utils.server import config_check, facts, sockets
from ansible_collections.wss.edge.plugins.module_utils.server.aside import Aside
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import ServerTooOld
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE
from ansible_collections.wss.edge.plugins.module_utils.server.tls_library import TlsLibraryError

# What ldd of Debian 12 printed for nginx.
LDD = """\
\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f0a3a000000)
\tlibcrypto.so.3 => /lib/x86_64-linux-gnu/libcrypto.so.3 (0x00007f0a39a00000)
"""
# What dpkg-query of Debian 12 printed; it ends with 1 when it does not know a package.
DPKG = "nginx installed\nnginx-common config-files\nadduser installed\n"
RESOLV_CONF = """\
# nameserver 192.0.2.1
; nameserver 192.0.2.2
search example.com
nameserver 192.0.2.53
nameserver\t2001:db8::53 # the second
nameserver
options edns0
"""
HOSTS = """\
127.0.0.1 localhost
192.0.2.7\tApp.example.com app # ours

2001:db8::7 app.example.com
"""


@pytest.fixture(autouse=True)
def programs(host, tmp_path, monkeypatch):
    """What the other programs of the host say."""
    library = json.dumps({"version": "OpenSSL 3.0.19 27 Jan 2026", "groups": ["X25519"]})
    monkeypatch.setattr(facts, "SYSTEMD", tmp_path)
    monkeypatch.setattr(facts.tls_library.sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(sockets, "has_ipv6", lambda: True)
    for name, text in {"LOCAL_PORTS": "32768\t60999\n", "RESOLVERS": RESOLV_CONF, "HOSTS": HOSTS}.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(facts, name, tmp_path / name)
    host.answers = {
        "ldd": (0, LDD, ""),
        "python3": (0, library, ""),
        "dpkg-query": (1, DPKG, "dpkg-query: no packages found matching none\n"),
        "systemctl": (0, "", ""),
    }


def release(host, **changes):
    plan = Transition(host.server, host.run, str(host.temporary)).to_payload(host.payload(**changes))
    plan.apply()


def foreign(host):
    return facts.foreign(host.server, config_check.check(host.server, None, host.run), host.run)


def test_the_server(host):
    assert facts.server_facts(host.server, ["X25519MLKEM768", "X25519"], host.run) == {
        "binary": host.server.binaries[0],
        "version": "1.22.1",
        "version_info": [1, 22, 1],
        "tls_library": "OpenSSL 3.0.19 27 Jan 2026",
        "groups": ["X25519"],
        "running": True,
        "enabled": True,
        "problem": None,
    }
    host.running = False
    assert facts.server_facts(host.server, [], host.run)["running"] is False


def test_a_server_that_cannot_be_used_is_an_error(host):
    host.answers["ldd"] = (1, "\tnot a dynamic executable\n", "")
    with pytest.raises(TlsLibraryError, match="not a dynamic executable"):
        facts.server_facts(host.server, [], host.run)
    host.version = "1.3.12"
    with pytest.raises(ServerTooOld):
        facts.host_facts(host.server, [], [], host.run)


@pytest.mark.parametrize("status", [0, 1])
def test_systemd_says_whether_the_server_starts_with_the_host(host, status):
    host.answers["systemctl"] = (status, "", "")
    assert facts.enabled("nginx", host.run) is (status == 0)
    assert host.commands[-1] == ["systemctl", "is-enabled", "--quiet", "nginx"]


@pytest.mark.parametrize(
    ("link", "enabled"), [("rc2.d/S01nginx", True), ("rc3.d/K01nginx", False), ("rc6.d/S01nginx", False), (None, False)]
)
def test_without_systemd_a_link_says_it(host, tmp_path, monkeypatch, link, enabled):
    monkeypatch.setattr(facts, "SYSTEMD", tmp_path / "none")
    monkeypatch.setattr(facts, "Path", lambda _etc: tmp_path)
    if link:
        (tmp_path / link).parent.mkdir()
        (tmp_path / link).touch()
    assert facts.enabled("nginx", host.run) is enabled
    assert host.commands == []


@pytest.mark.parametrize(("value", "told"), [("on", ["underscores_in_headers"]), ("off", [])])
def test_whether_headers_with_underscores_are_passed_on(host, value, told):
    (host.folder / "conf.d").mkdir()
    (host.folder / "conf.d" / "headers.conf").write_text(f"underscores_in_headers {value};\n")
    assert foreign(host)["directives"] == told


def test_the_users_own_sites_are_foreign_and_ours_are_not(host):
    (host.folder / "conf.d").mkdir()
    (host.folder / "conf.d" / "hash.conf").write_text("server_names_hash_max_size 1024;\ngzip on;\n")
    own = {
        "names": ["own.example.com"],
        "listens": [{"address": "0.0.0.0", "port": 80, "ssl": False, "default": False}],
        "file": str(host.folder / "sites-enabled" / "own"),
        "line": 1,
    }
    expected = {"servers": [own], "listens": [], "limits": [], "directives": ["server_names_hash_max_size"]}
    assert foreign(host) == expected
    files = host.files()
    release(host, files={**files, "index.conf": "variables_hash_max_size 2048;\n" + files["index.conf"]})
    assert "chat.example.com" in host.serving
    assert foreign(host) == expected


def test_of_an_invalid_configuration_nothing_is_known(host):
    (host.folder / "sites-enabled" / "own").write_text("bogus on;\n")
    assert foreign(host) == {"servers": [], "listens": [], "limits": [], "directives": []}
    assert "bogus" in facts.host_facts(host.server, [], [], host.run)["server"]["problem"]


def test_other_servers_than_those_of_http_are_left_out(host):
    with host.main_file.open("a") as stream:
        stream.write("stream {\n    server {\n        listen 443;\n    }\n}\n")
    assert [each["line"] for each in foreign(host)["servers"]] == [1]


def test_before_the_first_release(host):
    assert facts.release_facts(host.server) == {"current": None, "intact": False, "pending": False, "record": {}}


def test_a_release_that_serves(host):
    release(host, record={"targets": [1], "certificates": {}})
    assert facts.release_facts(host.server) == {
        "current": digest_of(host.files()),
        "intact": True,
        "pending": False,
        "record": {"targets": [1], "certificates": {}},
    }


ALTERED = [("wss/current/index.conf", b"caf\xe9"), ("sites-enabled/zz-wss.conf", b"")]


@pytest.mark.parametrize(("name", "content"), ALTERED)
def test_a_release_that_was_altered(host, name, content):
    release(host)
    (host.folder / name).write_bytes(content)
    assert facts.release_facts(host.server)["intact"] is False


def test_a_reload_that_is_due(host):
    release(host)
    (host.folder / "wss" / "pending").touch()
    assert facts.release_facts(host.server)["pending"] is True


def test_everything_at_once(host):
    before = host.snapshot()
    found = facts.host_facts(host.server, ["none"], ["X25519"], host.run)
    assert (found["systemd"], found["ipv6"], found["missing_packages"]) == (True, True, ["none"])
    assert found["server"]["version"] == "1.22.1"
    assert found["foreign"]["servers"][0]["names"] == ["own.example.com"]
    assert found["release"]["current"] is None
    assert found["local_ports"] == 28232
    assert found["resolvers"] == ["192.0.2.53", "2001:db8::53"]
    assert found["hosts"] == ["app", "app.example.com", "localhost"]
    assert host.snapshot() == before


def test_a_host_need_not_have_name_servers(tmp_path):
    (tmp_path / "RESOLVERS").unlink()
    assert facts.resolvers() == []


@pytest.mark.parametrize("gone", ["the program", "its configuration"])
def test_where_the_server_is_not_installed(host, tmp_path, gone):
    (tmp_path / "sbin" / "nginx" if gone == "the program" else host.main_file).unlink()
    found = facts.host_facts(host.server, ["nginx"], [], host.run)
    assert found["server"] is None
    assert found["foreign"] == {"servers": [], "listens": [], "limits": [], "directives": []}
    assert found["release"] == {"current": None, "intact": False, "pending": False, "record": {}}
    assert [command[0] for command in host.commands] == ["dpkg-query"]


# Apache, and the other server

MODULES = "Loaded Modules:\n core_module (static)\n mpm_event_module (shared)\n"
RESOLVED = """\
# In file: {folder}/ports.conf
#   5:
Listen 80
# In file: {folder}/mpm.conf
#   1:
ServerLimit 20
# In file: {folder}/sites-enabled/shop.conf
#   1:
<VirtualHost *:80>
  #   2:
  ServerName shop.example.com
</VirtualHost>
# In file: {folder}/sites-enabled/default.conf
#   1:
<VirtualHost *:80>
</VirtualHost>
# In file: {folder}/wss/current/sites/chat.conf
#   1:
<VirtualHost *:80>
</VirtualHost>
"""


@pytest.fixture
def apache(host, tmp_path, monkeypatch):
    """The same host has Apache, which listens on port 80 and has one site of the user's."""
    folder, binary = tmp_path / "etc" / "apache2", tmp_path / "sbin" / "apache2"
    for name in ("sites-available", "sites-enabled"):
        (folder / name).mkdir(parents=True)
    for name in ("apache2.conf", "sites-available/shop.conf", "sites-available/default.conf"):
        (folder / name).write_text("")
    for name in ("shop.conf", "default.conf"):
        (folder / "sites-enabled" / name).symlink_to(f"../sites-available/{name}")
    empty = hashlib.md5(b"").hexdigest()
    packaged = f" {folder}/apache2.conf {empty}\n {folder}/sites-available/default.conf {empty}\n"
    server = dataclasses.replace(
        APACHE,
        binaries=(str(binary),),
        config_dir=str(folder),
        main_file=str(folder / "apache2.conf"),
        pid_file=str(tmp_path / "apache2.pid"),
    )
    binary.touch(mode=0o755)
    host.answers["apache2"] = (0, "Server version: Apache/2.4.71 (Debian)\n", "")
    host.answers["dpkg-query"] = (0, packaged, "")
    host.invalid = False

    def sh(command):
        if host.invalid:
            return 1, "", "AH00526: Syntax error on line 1 of /x:\nInvalid command 'x'\n"
        return 0, RESOLVED.format(folder=folder) if command[-1] == "DUMP_CONFIG" else MODULES, ""

    run = host.run
    monkeypatch.setattr(host, "run", lambda command: sh(command) if command[0] == "/bin/sh" else run(command))
    monkeypatch.setattr(facts, "servers", lambda _family: {"nginx": host.server, "apache": server})
    return server


def test_apache_says_its_modules_and_what_processes_connections(host, apache):
    found = facts.host_facts(apache, [], ["X25519"], host.run)["server"]
    assert found["modules"] == ["core_module", "mpm_event_module"]
    assert (found["mpm"], found["version_info"], found["groups"]) == ("event", [2, 4, 71], ["X25519"])
    assert ["ldd", "/usr/lib/apache2/modules/mod_ssl.so"] in host.commands


def test_what_is_the_users_in_apache(host, apache):
    theirs = facts.host_facts(apache, [], [], host.run)["foreign"]
    listens = [{"address": address, "port": 80, "ssl": False} for address in ("0.0.0.0", "::")]
    enabled = f"{apache.config_dir}/sites-enabled"
    assert theirs == {
        "servers": [
            {"names": ["shop.example.com"], "listens": listens, "file": f"{enabled}/shop.conf", "line": 1},
            {"names": [], "listens": listens, "file": f"{enabled}/default.conf", "line": 1},
        ],
        "listens": [{"address": "*", "port": 80, "file": f"{apache.config_dir}/ports.conf", "line": 5}],
        "limits": {"ServerLimit": 20},
        "directives": [],
    }


def test_of_an_invalid_configuration_of_apache_nothing_is_known(host, apache):
    host.invalid = True
    found = facts.host_facts(apache, [], [], host.run)
    assert found["foreign"] == {"servers": [], "listens": [], "limits": {}, "directives": []}
    assert found["server"]["modules"] == []


def test_the_other_server_is_told_with_what_would_go_with_it(host, apache):
    host.holders = [
        sockets.Socket("::", 80, 7, "apache2", 1),
        sockets.Socket("::", 80, 7, "apache2", 2),
        sockets.Socket("0.0.0.0", 443, 8, "nginx", 3),
    ]
    release = Path(apache.config_dir) / "wss" / "releases" / "1"
    (release / "sites").mkdir(parents=True)
    (release / "sites" / "chat.conf").write_text("")
    (release / "index.conf").write_text("")
    (release.parents[1] / "current").symlink_to("releases/1")
    assert facts.host_facts(host.server, [], [], host.run)["other"] == {
        "server": "apache",
        "title": "Apache",
        "listens": [{"address": "::", "port": 80}],
        "release": {"current": "1", "intact": False, "pending": False, "record": {}},
        "sites": [{"names": ["shop.example.com"], "file": f"{apache.config_dir}/sites-enabled/shop.conf", "line": 1}],
        "ours": ["chat"],
    }


def test_the_default_site_is_the_users_once_they_edit_it(host, apache):
    (Path(apache.config_dir) / "sites-available" / "default.conf").write_text("# mine\n")
    sites = facts.host_facts(host.server, [], [], host.run)["other"]["sites"]
    assert [site["file"].rpartition("/")[2] for site in sites] == ["shop.conf", "default.conf"]


def test_another_server_that_does_not_run_is_not_looked_at(host, apache):
    host.running = False
    before = len(host.commands)
    assert facts.host_facts(host.server, [], [], host.run)["other"] is None
    assert "apache2" not in {command[0].rpartition("/")[2] for command in host.commands[before:]}


def test_what_a_server_has_to_be_given_before_it_can_be_checked(host, apache, tmp_path):
    made = tmp_path / "localhost.crt"
    server = dataclasses.replace(apache, first_start=("/bin/make", str(made)))
    assert facts.host_facts(server, [], [], host.run)["first_start"] == {"cmd": "/bin/make", "creates": str(made)}
    made.touch()
    assert facts.host_facts(server, [], [], host.run)["first_start"] is None
    assert facts.host_facts(apache, [], [], host.run)["first_start"] is None


def test_a_module_that_comes_with_a_package_of_its_own_may_be_missing_yet(host, apache):
    server = dataclasses.replace(apache, packages=("apache2", "mod_ssl"), modules_dir="/none")
    found = facts.host_facts(server, ["none"], ["X25519"], host.run)
    assert (found["server"]["groups"], found["server"]["tls_library"]) == (None, "")
    assert found["packages"] == ["apache2", "mod_ssl"]
    assert found["missing_packages"] == ["apache2", "mod_ssl", "none"]


def test_what_is_set_aside_counts_as_if_it_were_there(host, apache):
    place = Path(apache.config_dir) / "ssl.conf"
    place.write_text(
        "Listen 443 https\n\n<VirtualHost _default_:443>\nCustomLog a \\\n b\nSSLEngine on\n</VirtualHost>\n"
    )
    server = dataclasses.replace(apache, tls_site="ssl.conf")
    before = facts.host_facts(server, [], [], host.run)["foreign"]
    Aside(server, "ssl.conf").set_aside()
    after = facts.host_facts(server, [], [], host.run)["foreign"]
    assert after["listens"] == [*before["listens"], {"address": "*", "port": 443, "file": str(place), "line": 1}]
    listens = [{"address": address, "port": 443, "ssl": True} for address in ("0.0.0.0", "::")]
    assert after["servers"] == [*before["servers"], {"names": [], "listens": listens, "file": str(place), "line": 3}]
