# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's part of a server's configuration: read, compared, put."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release.live import Configuration, Live, diff
from ansible_collections.wss.edge.plugins.module_utils.release.releases import digest_of
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE, servers


@pytest.fixture
def configuration(host):
    return Configuration(host.server)


def released(configuration, host):
    """A state whose release is on disk and not live."""
    files = host.files()
    digest = digest_of(files)
    configuration.releases.write(digest, files, {})
    return configuration.wanted(digest, configuration.read(), 4000)


def test_before_the_first_release_there_is_only_the_main_file(configuration, host):
    assert configuration.read() == Live(None, None, host.main_file.read_text())


def test_what_was_put_is_read_back(configuration, host):
    wanted = released(configuration, host)
    configuration.put(wanted)
    assert configuration.read() == wanted
    assert host.hook.read_text().endswith(f"include {host.current}/index.conf;\n")
    assert host.valid()


def test_to_put_what_is_there_touches_nothing(configuration, host, killer):
    configuration.put(released(configuration, host))
    assert not killer.kills(host.folder, 0, lambda: configuration.put(configuration.read()))


def test_without_the_collection_nothing_but_the_releases_is_left(configuration, host):
    before = host.snapshot()
    configuration.put(released(configuration, host))
    configuration.put(configuration.without(configuration.read()))
    configuration.releases.remove()
    assert host.snapshot() == before


@pytest.mark.parametrize("forth", [True, False], ids=["there", "and away"])
def test_after_each_step_of_a_put_the_server_could_start(configuration, host, killer, forth):
    wanted, none = released(configuration, host), configuration.read()
    start, end = (none, wanted) if forth else (wanted, none)
    for step in itertools.count():
        configuration.put(start)
        killed = killer.kills(host.folder, step, lambda: configuration.put(end))
        assert host.valid(), step
        if not killed:
            break
    assert configuration.read() == end
    assert step > 5


HOOKS = [
    ("Debian's main file", "http {\n\tinclude /a/conf.d/*.conf;\n\tinclude /a/sites-enabled/*;\n}\n", "sites-enabled"),
    ("nginx.org's main file", "http {\n    include /etc/nginx/conf.d/*.conf;\n}\n", "conf.d"),
    ("sites-enabled in a comment", "http {\n    # include sites-enabled/*;\n    include conf.d/*.conf;\n}\n", "conf.d"),
    ("a relative path", "http {\n include sites-enabled/*.conf;\n}\n", "sites-enabled"),
]  # fmt: skip


@pytest.mark.parametrize(("main", "folder"), [row[1:] for row in HOOKS], ids=[row[0] for row in HOOKS])
def test_the_hook_goes_where_it_is_read_last(configuration, host, main, folder):
    assert configuration.hook(main) == host.folder / folder / "zz-wss.conf"


def test_what_is_staged_lies_where_it_will_live(configuration, host):
    state = Live("0123456789abcdef", "the hook", host.main_file.read_text())
    assert configuration.staged(state, {"sites/a.conf": "a"}) == {
        "wss/releases/0123456789abcdef/sites/a.conf": "a",
        "sites-enabled/zz-wss.conf": "the hook",
        "nginx.conf": state.main,
    }
    assert set(configuration.staged(configuration.read(), {})) == {"nginx.conf"}


LOGS = [
    ("named in the main file", "error_log /srv/error.log warn;\nevents {}\n", "/srv/error.log"),
    ("the first of two", "error_log /srv/1.log;\nerror_log /srv/2.log;\n", "/srv/1.log"),
    ("only a site's", "http { error_log /srv/site.log; }\n", "/var/log/nginx/error.log"),
    ("no file", "error_log stderr;\n", "/var/log/nginx/error.log"),
    ("not named", "events {}\n", "/var/log/nginx/error.log"),
    ("not readable for us", "events {\n", "/var/log/nginx/error.log"),
]


@pytest.mark.parametrize(("main", "log"), [row[1:] for row in LOGS], ids=[row[0] for row in LOGS])
def test_where_the_server_logs(configuration, host, main, log):
    dump = f"# configuration file {host.main_file}:\n{main}\n"
    assert str(configuration.error_log(dump)) == log


def test_where_the_server_logs_when_nothing_was_dumped(configuration):
    assert str(configuration.error_log("")) == "/var/log/nginx/error.log"


DIFFS = [
    ("nothing", {"a": "1\n"}, {"a": "1\n"}, ""),
    ("a new file", {}, {"a": "1\n"}, "--- before: (none)\n+++ after: a\n@@ -0,0 +1 @@\n+1\n"),
    ("a file that goes", {"a": "1\n"}, {}, "--- before: a\n+++ after: (none)\n@@ -1 +0,0 @@\n-1\n"),
    ("a changed line", {"a": "1\n2\n"}, {"a": "1\n3\n"}, "--- before: a\n+++ after: a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n"),
    ("no end of line", {"a": "1"}, {"a": "2"}, "--- before: a\n+++ after: a\n@@ -1 +1 @@\n-1\n+2\n"),
    (
        "two files, by name",
        {},
        {"b": "2\n", "a": "1\n"},
        "--- before: (none)\n+++ after: a\n@@ -0,0 +1 @@\n+1\n--- before: (none)\n+++ after: b\n@@ -0,0 +1 @@\n+2\n",
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), [row[1:] for row in DIFFS], ids=[row[0] for row in DIFFS])
def test_diff(before, after, expected):
    assert diff(before, after) == expected


APACHE_MAIN = "IncludeOptional mods-enabled/*.load\nIncludeOptional sites-enabled/*.conf\n"


def test_apache_has_its_own_words_and_its_main_file_stays(tmp_path):
    main_file = tmp_path / "apache2.conf"
    main_file.write_text(APACHE_MAIN)
    server = dataclasses.replace(APACHE, config_dir=str(tmp_path), main_file=str(main_file))
    configuration = Configuration(server)
    live = configuration.wanted("0123", configuration.read(), 9000)
    assert live.main == APACHE_MAIN
    assert live.hook.endswith(f"\nInclude {tmp_path}/wss/current/index.conf\n")
    assert configuration.hook(APACHE_MAIN) == tmp_path / "sites-enabled/zz-wss.conf"
    assert configuration.hook("IncludeOptional conf.d/*.conf\n") == tmp_path / "conf.d/zz-wss.conf"


@pytest.mark.parametrize(
    ("dump", "expected"),
    [
        ('ServerRoot: "/etc/apache2"\nMain ErrorLog: "/srv/log/e.log"\n', "/srv/log/e.log"),
        ('Main ErrorLog: "syslog:local1"\n', "/var/log/apache2/error.log"),
        ("", "/var/log/apache2/error.log"),
    ],
)
def test_where_apache_logs(dump, expected):
    assert str(Configuration(APACHE).error_log(dump)) == expected


# --- the site of the package on port 443

SSL_CONF = "Listen 443 https\n"


@pytest.fixture
def httpd(tmp_path):
    folder = tmp_path / "httpd"
    for name, text in {"conf/httpd.conf": "IncludeOptional conf.d/*.conf\n", "conf.d/ssl.conf": SSL_CONF}.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    server = servers("RedHat")["apache"]
    configuration = Configuration(
        dataclasses.replace(server, config_dir=str(folder), main_file=str(folder / "conf/httpd.conf"))
    )
    for release in ("1", "2"):
        configuration.releases.write(release, {"index.conf": ""}, {})
    return configuration


def listens(configuration):
    """Who listens on port 443, if the release does where the file is set aside."""
    release = configuration.releases.current() == "2" and (configuration.folder / "conf.d/zz-wss.conf").is_file()
    return [*(["release"] if release else []), *(["package"] if configuration.aside.text() == SSL_CONF else [])]


@pytest.mark.parametrize("forth", [True, False], ids=["there", "and away"])
@pytest.mark.parametrize("before", ["1", None])
def test_the_packages_site_is_set_aside_and_put_back_and_never_listens_beside_the_release(httpd, killer, forth, before):
    none = httpd.wanted("1", httpd.read(), 4000) if before else httpd.read()
    httpd.put(none)
    wanted = httpd.wanted("2", httpd.read(), 4000, aside=True)
    assert wanted.tls_site.startswith("# wss.edge: the file of the server's package that was here is ")
    assert httpd.staged(wanted, {})["conf.d/ssl.conf"] == wanted.tls_site
    start, end = (none, wanted) if forth else (wanted, none)
    for step in itertools.count():
        httpd.put(start)
        killed = killer.kills(httpd.folder, step, lambda: httpd.put(end))
        assert len(listens(httpd)) < 2
        httpd.put(end)
        assert httpd.read() == end
        assert listens(httpd) == (["release"] if forth else ["package"])
        if not killed:
            return


def test_what_the_user_makes_of_it_meanwhile_stays(httpd):
    httpd.put(httpd.wanted("2", httpd.read(), 4000, aside=True))
    httpd.aside.place.write_text("# mine\n")
    httpd.put(httpd.without(httpd.read()))
    assert httpd.aside.text() == "# mine\n"
