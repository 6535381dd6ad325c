# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's configuration changes as a whole and is seen to serve, or is what it was before."""

from __future__ import annotations

import dataclasses
import itertools
import shutil

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import serving
from ansible_collections.wss.edge.plugins.module_utils.release.releases import digest_of
from ansible_collections.wss.edge.plugins.module_utils.release.transition import NOTHING_CHANGED, Refused, Transition
from ansible_collections.wss.edge.plugins.module_utils.server import default_site, service
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE
from ansible_collections.wss.edge.plugins.module_utils.server.sockets import Socket

OLD, NEW = "listen 443 ssl; # old", "listen 443 ssl; # new"
HELD = "bind() to 0.0.0.0:443 failed (98: Address already in use)"


def plan(host):
    return Transition(host.server, host.run, str(host.temporary))


def result(transition):
    found = transition.result()
    found.update(transition.apply())
    return found


def present(host, server=NEW, **changes):
    return result(plan(host).to_payload(host.payload(server, **changes)))


def back(host, release=None, state="restored"):
    return result(plan(host).back_to(release, state))


def digest(host, server):
    return digest_of(host.files(server))


def refused(work, *arguments, **options):
    with pytest.raises(Refused) as error:
        work(*arguments, **options)
    return str(error.value)


def pending(host):
    return (host.folder / "wss" / "pending").exists()


# What goes well


def test_the_first_release_serves_beside_the_users_own_sites(host):
    found = present(host)
    assert (found["changed"], found["reloaded"], found["checked"]) == (True, True, "staged")
    assert (found["previous"], found["release"]) == (None, digest(host, NEW))
    assert found["reasons"][0] == "nothing was released yet"
    assert host.current.resolve().name == digest(host, NEW)
    assert host.reloads == 1
    assert not pending(host)
    for expected in (NEW, "server_name own.example.com;", "worker_connections 10000;"):
        assert expected in host.serving


def test_the_check_saw_the_new_release_while_nothing_was_live(host):
    before = host.snapshot()
    transition = plan(host).to_payload(host.payload(NEW))
    assert NEW in transition.check.dump
    assert "worker_connections 10000;" in transition.check.dump
    assert host.snapshot() == before
    assert list(host.temporary.iterdir()) == []


def test_the_same_again_writes_nothing_asks_nothing_and_does_not_reload(host):
    present(host)
    before, asked = host.snapshot(), len(host.commands)
    stamps = {path: path.lstat().st_mtime_ns for path in host.folder.rglob("*")}
    found = present(host)
    assert (found["changed"], found["reloaded"], found["reasons"], found["checked"]) == (False, False, [], "none")
    assert found["diff"] == {"prepared": ""}
    assert host.snapshot() == before
    assert {path: path.lstat().st_mtime_ns for path in host.folder.rglob("*")} == stamps
    assert len(host.commands) == asked


def test_another_release_takes_the_place_of_the_one_that_serves(host):
    present(host, OLD)
    found = present(host, NEW)
    assert found["reasons"] == ["the sites have changed"]
    assert found["previous"] == digest(host, OLD)
    assert OLD not in host.serving
    assert NEW in host.serving
    diff = found["diff"]["prepared"].splitlines()
    assert [line for line in diff if line[:1] in "+-" and line[1:2] == " "] == [f"-    {OLD}", f"+    {NEW}"]


def test_more_connections_are_a_change_by_themselves(host):
    present(host)
    found = present(host, max_connections=8000)
    assert found["reasons"] == ["the worker limits do not fit wss_max_connections"]
    assert "worker_connections 20000;" in host.serving


def test_a_plan_that_refers_to_certificates_still_to_be_made_asks_no_checker(host):
    planned = plan(host).to_payload(host.payload("bogus on;", checkable=False)).result()
    assert (planned["changed"], planned["checked"]) == (True, "none")
    assert host.commands == []


@pytest.mark.parametrize("state", ["present", "restored", "absent"])
def test_a_plan_alone_changes_nothing(host, state):
    present(host, OLD)
    before = host.snapshot()
    transition = plan(host)
    planned = (
        transition.to_payload(host.payload(NEW)) if state == "present" else transition.back_to(None, state)
    ).result()
    assert (planned["changed"], planned["reloaded"]) == (True, False)
    assert planned["diff"]["prepared"]
    assert (host.snapshot(), host.reloads) == (before, 1)


# What was altered on the host

MENDED = "files of the release were altered on the host"
ALTERED = [
    ("a file of the release", "wss/current/sites/chat.conf", "altered", MENDED),
    ("no text at all", "wss/current/index.conf", b"\xff\xfe", MENDED),
    ("a file more", "wss/current/sites/more.conf", "more", MENDED),
    ("a file less", "wss/current/index.conf", None, MENDED),
    ("the hook", "sites-enabled/zz-wss.conf", "", "the file that includes the release is missing or altered"),
    ("no hook", "sites-enabled/zz-wss.conf", None, "the file that includes the release is missing or altered"),
    ("a reload that is due", "wss/pending", "", "an earlier run ended before the server had reloaded"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "reason"), [row[1:] for row in ALTERED], ids=[row[0] for row in ALTERED])
def test_what_was_altered_is_mended(host, name, content, reason):
    present(host)
    good = host.snapshot()
    path = host.folder / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = present(host)
    assert (found["reasons"], found["reloaded"]) == ([reason], True)
    assert host.snapshot() == good
    assert not present(host)["changed"]


def test_a_limit_that_the_user_lowered_is_raised_again(host):
    present(host)
    good = host.snapshot()
    host.main_file.write_text(host.main_file.read_text().replace("worker_connections 10000;", "worker_connections 9;"))
    assert present(host)["reasons"] == ["the worker limits do not fit wss_max_connections"]
    assert host.snapshot() == good


# What is refused before anything changes


def test_a_refused_check_changes_no_file_and_names_site_file_and_line(host):
    present(host, OLD)
    before = host.snapshot()
    said = refused(present, host, "bogus on;")
    assert said.splitlines() == [
        'The new configuration was refused: site chat: unknown directive "bogus" '
        f"({host.current}/sites/chat.conf line 3: bogus on;)",
        NOTHING_CHANGED,
    ]
    assert (host.snapshot(), host.reloads) == (before, 1)
    assert list(host.temporary.iterdir()) == []


def test_a_mistake_in_the_users_own_file_is_said_to_be_theirs(host):
    before = host.snapshot()
    own = host.folder / "sites-enabled" / "own"
    own.write_text("bogus on;\n")
    assert f"({own} line 1, which is not a file of wss.edge)" in refused(present, host)
    assert {**host.snapshot(), "sites-enabled/own": None} == {**before, "sites-enabled/own": None}


def test_a_main_file_that_is_no_configuration(host):
    host.main_file.write_text("events {\n")
    before = host.snapshot()
    said = refused(present, host)
    assert said.startswith("The server's main file cannot be read: ")
    assert said.endswith(NOTHING_CHANGED)
    assert host.snapshot() == before


def test_a_held_port_changes_nothing_and_says_who_holds_it(host):
    host.holders = [Socket("127.0.0.1", 443, 77, "haproxy", 1)]
    before = host.snapshot()
    assert refused(present, host).splitlines() == [
        "site chat: 0.0.0.0:443 is held by haproxy (pid 77); stop it, or listen on another port",
        NOTHING_CHANGED,
    ]
    assert (host.snapshot(), host.reloads) == (before, 0)


def test_a_port_that_nginx_itself_holds_is_no_obstacle(host):
    host.holders = [Socket("0.0.0.0", 443, 10, "nginx", 1)]
    assert present(host)["reloaded"]


def test_there_is_no_such_release_to_go_back_to(host):
    present(host, OLD)
    before = host.snapshot()
    said = refused(back, host, "0123456789abcdef")
    assert said == f"There is no release 0123456789abcdef in {host.folder}/wss/releases. {NOTHING_CHANGED}"
    assert host.snapshot() == before


LIST = "crl/private_ca.pem"
GONE_BACK = [
    ({LIST: "old"}, {LIST: "new"}, True),
    ({LIST: "old"}, {LIST: "old"}, False),
    ({}, {LIST: "new"}, False),
]


@pytest.mark.parametrize(("old", "new", "told"), GONE_BACK)
def test_older_revocation_lists_are_told(host, old, new, told):
    first = present(host, OLD, files={**host.files(OLD), **old})["release"]
    present(host, NEW, files={**host.files(NEW), **new})
    warnings = back(host, first)["warnings"]
    expected = f"Release {first} has older revocation lists: who was revoked since gets in again"
    assert [warning.startswith(expected) for warning in warnings] == [True] * told


# What is refused afterwards, and put back

FIRST = ["first release", "second release"]


def live(host):
    """What of the configuration the server would read, and whether a reload is due; unused releases do not count."""
    used = {name: each for name, each in host.snapshot().items() if not name.startswith("wss/releases")}
    current = host.current.resolve()
    return used, {path.name: path.read_bytes() for path in current.rglob("*") if path.is_file()}


@pytest.mark.parametrize("released", [False, True], ids=FIRST)
def test_a_reload_that_the_server_refuses_is_undone(host, released):
    (host.folder / "wss").mkdir()
    if released:
        present(host, OLD)
    serving, before = host.serving, live(host)
    host.refusal = HELD
    assert refused(present, host, NEW, max_connections=9000) == (
        f"nginx did not take the new configuration: {HELD}\nThe previous one was put back and goes on serving."
    )
    assert live(host) == before
    assert host.serving == serving
    host.refusal = ""
    assert present(host, NEW)["reloaded"]


def test_a_server_that_does_not_run_is_started(host):
    present(host, OLD)
    host.running = False
    found = present(host, OLD)
    assert (found["reasons"], found["reloaded"]) == (["the server does not run"], True)
    assert host.running
    assert host.told == [("enable", "nginx"), ("start", "nginx")]
    assert not present(host, OLD)["changed"]


def test_a_server_that_does_not_start_is_stopped_as_it_was_and_has_its_files_back(host):
    present(host, OLD)
    host.running, before = False, live(host)
    host.refusal = HELD
    said = refused(present, host, NEW)
    assert f"nginx did not start: Job failed: {HELD}" in said
    assert said.endswith("It is stopped, as it was before.")
    assert live(host) == before
    assert not host.running


@pytest.fixture
def other(host, monkeypatch):
    """The server on the ports before: it runs until it is told to stop."""
    apache = dataclasses.replace(APACHE, pid_file="/nowhere/apache2.pid")

    def runs(server):
        verbs = [verb for verb, name in host.told if name == server.service and verb in ("start", "stop")]
        return host.running if server is host.server else verbs[-1:] != ["stop"]

    monkeypatch.setattr(service, "runs", runs)
    host.running = False
    return apache


def instead_of(host, other, server=NEW):
    return result(Transition(host.server, host.run, str(host.temporary), other).to_payload(host.payload(server)))


def test_the_server_before_is_stopped_for_good_and_only_when_the_new_one_is_checked(host, other):
    host.holders = [Socket("0.0.0.0", 443, 7, "apache2", 1)]
    with pytest.raises(Refused):
        instead_of(host, other, "bogus on;")
    assert host.told == []
    found = instead_of(host, other)
    assert found["replaces"] == "apache"
    assert host.told == [("disable", "apache2"), ("stop", "apache2"), ("enable", "nginx"), ("start", "nginx")]


def test_the_server_before_serves_again_when_the_new_one_does_not_start(host, other):
    (host.folder / "wss").mkdir()
    before = live(host)
    host.refusal = HELD
    said = refused(instead_of, host, other)
    assert said.endswith("The previous one was put back and goes on serving.")
    assert host.told[-2:] == [("enable", "apache2"), ("start", "apache2")]
    assert ("disable", "nginx") in host.told
    assert live(host) == before


def test_the_server_before_serves_again_when_the_new_one_is_gone_back_with(host, other):
    instead_of(host, other)
    host.told.clear()
    plan = Transition(host.server, host.run, str(host.temporary), other, running=False)
    found = result(plan.back_to(None, "restored"))
    assert found["changed"]
    assert found["replaces"] is None
    assert host.told == [("disable", "nginx"), ("stop", "nginx"), ("enable", "apache2"), ("start", "apache2")]
    assert not host.current.exists()


def test_a_server_that_would_have_nothing_to_listen_on_is_stopped_and_its_own_site_comes_back(host):
    link = host.folder / "sites-enabled/default"
    (host.folder / "default").write_text("")
    link.symlink_to("../default")
    present(host)
    default_site.site(host.server).set_aside()
    back(host, state="absent")
    assert host.told == [("disable", "nginx"), ("stop", "nginx")]
    assert link.is_symlink()


@pytest.fixture
def limited(host, monkeypatch):
    """The host's server, some of whose limits only a restart changes."""
    host.server = dataclasses.replace(host.server, restart_for_limits=True)
    host.own, host.exhausted = [], None
    monkeypatch.setattr(serving, "own_files", lambda _server, _runner: host.own)
    monkeypatch.setattr(serving, "reload_would_exhaust", lambda _server, _error_log, _runner: host.exhausted)
    return host


def test_limits_of_a_server_that_serves_nobody_are_put_in_force_by_a_restart(limited):
    assert present(limited)["reloaded"]
    assert limited.told == [("stop", "nginx"), ("enable", "nginx"), ("start", "nginx")]


@pytest.mark.parametrize(("own", "released"), [(["/etc/nginx/sites-enabled/own"], False), ([], True)])
def test_a_server_that_serves_somebody_is_only_reloaded(limited, own, released):
    if released:
        present(limited, OLD)
        limited.told.clear()
    limited.own = own
    present(limited)
    assert limited.told == []
    assert limited.reloads == 1


def test_a_reload_that_would_leave_no_process_for_new_connections_is_refused(limited):
    present(limited, OLD)
    before, limited.exhausted = live(limited), "it would stop answering."
    assert refused(present, limited) == f"it would stop answering.\n{NOTHING_CHANGED}"
    assert live(limited) == before


REFUSALS = [
    ("it cannot be told", {"signal": (1, "", "nginx: [alert] kill(10, 1) failed (3: No such process)\n")}, "kill(10"),
    ("it does nothing", {"signal": (0, "", ""), "reloaded": False}, "no new worker came up within"),
]


@pytest.mark.parametrize(("changes", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_server_that_does_not_reload_gets_its_files_back(host, monkeypatch, changes, reason):
    present(host, OLD)
    before = live(host)
    if changes.pop("reloaded", True) is False:
        monkeypatch.setattr(host, "_reload", lambda: (0, "", ""))
    for name, value in changes.items():
        monkeypatch.setattr(host, name, value)
    assert reason in refused(present, host, NEW)
    assert live(host) == before
    assert not pending(host)


def test_windows_line_ends_and_odd_bytes_in_the_main_file_survive_being_put_back(host):
    text = host.main_file.read_bytes().replace(b"\n", b"\r\n") + b"# caf\xe9 \xe2\x80\xa8 \x0c\r\n"
    host.main_file.write_bytes(text)
    host.refusal = HELD
    refused(present, host)
    assert host.main_file.read_bytes() == text
    host.refusal = ""
    present(host)
    assert b"worker_connections 10000;" in host.main_file.read_bytes()
    back(host, state="absent")
    assert host.main_file.read_bytes() == text


def test_where_nothing_can_be_mounted_the_check_comes_after_the_switch(host):
    host.mounts = False
    found = present(host)
    assert (found["checked"], found["reloaded"]) == ("live", True)


@pytest.mark.parametrize("released", [False, True], ids=FIRST)
def test_where_nothing_can_be_mounted_what_is_refused_is_put_back_without_a_reload(host, released):
    (host.folder / "wss").mkdir()
    if released:
        present(host, OLD)
    host.mounts = False
    before, reloads = live(host), host.reloads
    said = refused(present, host, "bogus on;")
    assert "site chat: unknown directive" in said
    assert said.endswith("No reload was made; what served before serves.")
    assert (live(host), host.reloads) == (before, reloads)
    assert not present(host, OLD)["changed"] or not released


def test_a_configuration_that_only_nginx_can_read_does_not_stop_it_between_switch_and_reload(host, monkeypatch):
    check = host._check
    monkeypatch.setattr(host, "_check", lambda folder: (0, f"{check(folder)[1]}odd {{\n", ""))
    assert present(host)["reloaded"]
    assert not pending(host)


# Going back


def test_an_earlier_release_is_gone_back_to(host):
    present(host, OLD)
    present(host, NEW)
    found = back(host, digest(host, OLD))
    assert (found["changed"], found["reloaded"]) == (True, True)
    assert (found["previous"], found["release"]) == (digest(host, NEW), digest(host, OLD))
    assert OLD in host.serving
    assert f"+    {OLD}" in found["diff"]["prepared"].splitlines()
    assert not back(host, digest(host, OLD))["changed"]


def test_without_a_release_the_server_is_as_it_was_and_the_releases_stay(host):
    before, own = host.main_file.read_bytes(), host.snapshot()
    present(host)
    found = back(host)
    assert (found["release"], found["reloaded"]) == (None, True)
    assert host.main_file.read_bytes() == before
    left = {name: each for name, each in host.snapshot().items() if name.partition("/")[0] != "wss"}
    assert left == own
    assert "chat" not in host.serving
    assert (host.folder / "wss" / "releases" / digest(host, NEW)).is_dir()
    assert not back(host)["changed"]


def test_absent_leaves_nothing_and_is_done_once(host):
    before = host.snapshot()
    present(host)
    found = back(host, state="absent")
    assert (found["changed"], found["reloaded"]) == (True, True)
    assert host.snapshot() == before
    assert "chat" not in host.serving
    assert not back(host, state="absent")["changed"]


def test_absent_takes_away_releases_of_which_none_serves(host):
    before = host.snapshot()
    present(host)
    back(host)
    assert back(host, state="absent")["reasons"] == ["the releases are removed"]
    assert host.snapshot() == before


def test_a_stopped_server_is_gone_back_with_too(host):
    before = host.snapshot()
    present(host)
    host.running = False
    assert back(host, state="absent")["reloaded"] is False
    assert host.snapshot() == before


def certificate(host, name):
    folder = host.folder.parent / "pki" / "chat" / name
    folder.mkdir(parents=True)
    return str(folder)


def test_current_of_each_certificate_follows_a_restore(host):
    one, two = certificate(host, "1" * 16), certificate(host, "2" * 16)
    current = host.folder.parent / "pki" / "chat" / "current"
    present(host, OLD, record={"certificates": {"chat": one, "gone": "/nowhere/gone/0"}})
    present(host, NEW, record={"certificates": {"chat": two}})
    current.symlink_to("2" * 16)
    back(host, digest(host, OLD))
    assert current.resolve().name == "1" * 16


def test_current_of_each_certificate_stays_where_a_restore_is_refused(host):
    one, two = certificate(host, "1" * 16), certificate(host, "2" * 16)
    current = host.folder.parent / "pki" / "chat" / "current"
    present(host, OLD, record={"certificates": {"chat": one}})
    present(host, NEW, record={"certificates": {"chat": two}})
    current.symlink_to("2" * 16)
    host.signal = (1, "", "nginx: [alert] kill(10, 1) failed")
    refused(back, host, digest(host, OLD))
    assert current.resolve().name == "2" * 16
    assert host.current.resolve().name == digest(host, NEW)


# Where the server is not installed


def uninstall(host):
    (host.folder.parents[1] / "sbin" / "nginx").unlink()


def test_before_the_server_is_installed_a_plan_says_what_would_come(host):
    shutil.rmtree(host.folder)
    uninstall(host)
    transition = plan(host).to_payload(host.payload(NEW))
    planned = transition.result()
    assert (planned["changed"], planned["release"], planned["checked"]) == (True, digest(host, NEW), "none")
    assert planned["reasons"] == ["the server is not installed yet"]
    assert f"+    {NEW}" in planned["diff"]["prepared"].splitlines()
    assert refused(transition.apply) == (
        f"nginx is not installed: there is no {host.server.binaries[0]}. {NOTHING_CHANGED}"
    )
    assert not host.folder.exists()


@pytest.mark.parametrize("state", ["restored", "absent"])
def test_where_there_never_was_a_server_there_is_nothing_to_go_back_from(host, state):
    shutil.rmtree(host.folder)
    uninstall(host)
    assert not back(host, state=state)["changed"]


def test_absent_cleans_up_after_a_server_that_is_gone(host):
    present(host)
    uninstall(host)
    shutil.rmtree(host.folder / "sites-enabled")
    host.main_file.unlink()
    assert back(host, state="absent")["reasons"] == ["the server is gone"]
    assert host.snapshot() == {}


def test_absent_leaves_no_hook_where_only_the_program_is_gone(host):
    before = host.snapshot()
    present(host)
    uninstall(host)
    assert back(host, state="absent")["changed"]
    assert host.snapshot() == before


# Killed at every step

WAYS = {
    "nothing to the first release": (None, lambda host: present(host, NEW)),
    "one release to another": (OLD, lambda host: present(host, NEW, max_connections=9000)),
    "back to an earlier release": (OLD, lambda host: present(host, NEW) and back(host, digest(host, OLD))),
    "back to none": (OLD, back),
    "away with everything": (OLD, lambda host: back(host, state="absent")),
    "no mounts": (OLD, lambda host: setattr(host, "mounts", False) or present(host, NEW)),
}


@pytest.mark.parametrize(("start", "way"), WAYS.values(), ids=WAYS)
def test_a_kill_at_any_step_leaves_what_a_server_can_start_with_and_the_next_run_finishes(
    host, killer, tmp_path, start, way
):
    if start:
        present(host, start)
    saved, serving = tmp_path / "saved", host.serving
    shutil.copytree(host.folder, saved, symlinks=True)
    way(host)
    finished, served = host.snapshot(), host.serving
    for step in itertools.count():
        shutil.rmtree(host.folder)
        shutil.copytree(saved, host.folder, symlinks=True)
        host.serving = serving
        if not killer.kills(host.folder, step, lambda: way(host)):
            break
        assert host.valid(), step
        way(host)
        assert (host.snapshot(), host.serving) == (finished, served), step
    assert step > 5


def test_a_kill_while_something_is_put_back_is_made_good_by_the_next_run(host, killer, tmp_path):
    present(host, OLD)
    saved, serving = tmp_path / "saved", host.serving
    shutil.copytree(host.folder, saved, symlinks=True)
    present(host, NEW)
    finished, served = host.snapshot(), host.serving
    for step in itertools.count():
        shutil.rmtree(host.folder)
        shutil.copytree(saved, host.folder, symlinks=True)
        host.serving, host.refusal = serving, HELD
        if not killer.kills(host.folder, step, lambda: refused(present, host, NEW)):
            break
        assert host.valid(), step
        host.refusal = ""
        present(host, NEW)
        assert (host.snapshot(), host.serving) == (finished, served), step
    assert step > 15


def test_a_reload_that_a_killed_run_owes_stays_due_until_one_succeeds(host, monkeypatch):
    present(host, OLD)

    def killed(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(serving, "reload", killed)
        with pytest.raises(KeyboardInterrupt):
            present(host, NEW)
    host.refusal = HELD
    refused(present, host, NEW)
    host.refusal = ""
    assert present(host, NEW)["reloaded"]
    assert NEW in host.serving
