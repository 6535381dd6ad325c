# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that an application has, and when it is told of them."""

from __future__ import annotations

import os
import pwd
import stat
from types import SimpleNamespace

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application import delivery, files
from ansible_collections.wss.edge.plugins.module_utils.application.delivery import Refused
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger
from ansible_collections.wss.edge.plugins.module_utils.server.sockets import Socket

from .conftest import NAME

RESTART, RELOAD = "systemctl restart chat", "systemctl reload chat"


def test_delivers_for_the_user_alone_and_tells_once(host):
    done = host.deliver("a")
    assert host.files() == host.delivered("a")
    for path in host.tls.iterdir():
        status = path.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o400, os.getuid(), os.getgid())
    assert done["told"] == host.told == [RESTART]
    assert done["reasons"] == [f"site {NAME}: {host.tls}/{file} is not there" for file in ("cert.pem", "key.pem")]
    assert (done["previous"], done["lacking"], done["warnings"]) == (None, [], [])
    assert host.serves("a")


def test_a_second_run_does_nothing(host):
    first = host.deliver("a")
    second = host.deliver("a")
    assert (second["changed"], second["reasons"], second["told"]) == (False, [], [])
    assert second["release"] == second["previous"] == first["release"]
    assert host.told == [RESTART]


def test_another_certificate_is_told(host):
    host.deliver("a", on_change="reload")
    done = host.deliver("b", on_change="reload")
    assert done["reasons"][0] == f"site {NAME}: {host.tls}/cert.pem is another one"
    assert host.told == [RESTART, RELOAD]  # there was nobody to reload at first
    assert host.serves("b")


def test_a_chain_of_its_own(host):
    host.deliver("a", chain=str(host.tls / "chain.pem"))
    folder = host.store / NAME / "a"
    assert host.files() == {
        "cert.pem": (folder / "cert.pem").read_text(),
        "chain.pem": (folder / "chain.pem").read_text(),
        "key.pem": (folder / "privkey.pem").read_text(),
    }


def test_settings_alone_tell_nobody(host):
    host.deliver("a")
    done = host.deliver("a", on_change="reload")
    assert (done["changed"], done["reasons"], done["told"]) == (True, ["the sites have changed"], [])


def test_a_mode_that_was_altered_is_set_right_without_a_restart(host):
    host.deliver("a")
    (host.tls / "key.pem").chmod(0o644)
    done = host.deliver("a")
    assert done["reasons"] == [f"site {NAME}: {host.tls}/key.pem has the mode 0644, not 0400"]
    assert stat.S_IMODE((host.tls / "key.pem").stat().st_mode) == 0o400
    assert host.told == [RESTART]


def test_an_owner_that_was_altered_is_set_right(host, monkeypatch):
    owners = []
    monkeypatch.setattr(files.os, "fchown", lambda _descriptor, owner, group: owners.append((owner, group)))
    host.deliver("a")
    host.users["chat"] = SimpleNamespace(pw_uid=54321, pw_gid=54322)
    done = host.deliver("a")
    me = pwd.getpwuid(os.getuid()).pw_name
    assert done["reasons"][0].startswith(f"site {NAME}: {host.tls}/cert.pem belongs to {me}:")
    assert done["reasons"][0].endswith(", not to 54321:54322")
    assert owners == [(os.getuid(), os.getgid())] * 2 + [(54321, 54322)] * 2


def test_one_application_of_two_sites_is_told_once(host):
    other = {"certificate": str(host.tls / "other.pem"), "private_key": str(host.tls / "other.key")}
    sites = [host.site(on_change="reload"), host.site("other.example.com", **other)]
    host.unit["ActiveState"] = "active"
    host.deaf = True  # it serves one certificate only, here
    host.loaded = b"leaf a of chat.example.com"
    with pytest.raises(Refused, match=r"site other\.example\.com: 127\.0\.0\.1:8443 still serves another certificate"):
        host.deliver("a", *sites)
    assert host.told == [RESTART]


COMMAND = ["true", "--now"]
READERS = [
    ({"service": None, "command": COMMAND}, ["true --now"]),
    ({"service": None}, []),
]


@pytest.mark.parametrize(("changes", "told"), READERS)
def test_a_command_or_nothing_in_place_of_a_service(host, changes, told):
    host.loaded = b"leaf a of chat.example.com"  # it sees by itself that its files have changed
    assert host.deliver("a", **changes)["told"] == told
    assert host.told == told


def test_an_application_that_nobody_tells_is_warned_of(host):
    host.loaded = b"another"
    done = host.deliver("a", service=None)
    assert "still serves another certificate 0 seconds after its files were replaced" in done["warnings"][0]


def test_who_does_not_take_it_is_told_of_again_by_the_next_run(host):
    host.fails = (1, "", "Job for chat.service failed.\n")
    with pytest.raises(
        Refused, match=f"site {NAME}: `{RESTART}` failed, it ended with 1: Job for chat.service failed.$"
    ):
        host.deliver("a")
    host.fails = (0, "", "")
    done = host.deliver("a")
    assert done["reasons"] == [f"site {NAME}: an earlier run ended before its application was told"]
    assert host.told == [RESTART, RESTART]
    assert not host.deliver("a")["changed"]


def test_a_reload_that_reads_nothing_is_seen(host):
    host.deliver("a", on_change="reload")
    host.deaf = True
    words = f"site {NAME}: 127.0.0.1:8443 still serves another certificate 0 seconds after `{RELOAD}`"
    with pytest.raises(Refused, match=words):
        host.deliver("b", on_change="reload")


def test_a_service_that_ends_is_seen(host, monkeypatch):
    def run(command, **_options):
        status = host.run(command)
        host.unit["ActiveState"] = "failed"
        return status

    monkeypatch.setattr(host, "deaf", True)
    made = host.plan("a")
    made.runner = run
    with pytest.raises(Refused, match=f"the service chat ended after `{RESTART}`; journalctl -u chat says why"):
        apply_plan(made)


def apply_plan(made):
    made.result()
    made.apply()


def test_goes_back_to_the_certificate_before(host):
    first = host.deliver("a")
    second = host.deliver("b")
    assert second["previous"] == first["release"]
    done = host.go_back(second["previous"])
    assert (done["changed"], done["release"], done["told"]) == (True, first["release"], [RESTART])
    assert host.files() == host.delivered("a")
    assert host.serves("a")
    assert os.readlink(host.store / NAME / "current") == "a"
    assert not host.go_back(first["release"])["changed"]


def test_goes_back_to_nothing(host):
    host.deliver("a")
    done = host.go_back(None)
    assert host.files() == {}
    assert host.told == [RESTART, "systemctl stop chat"]
    assert (done["changed"], done["release"]) == (True, None)
    assert not host.go_back(None)["changed"]


def test_goes_back_to_what_the_user_had(host):
    (host.tls / "cert.pem").write_text("mine\n")
    host.deliver("a")
    assert host.files()[next(name for name in host.files() if name.startswith("cert.pem.replaced-"))] == "mine\n"
    host.deaf = True  # what the user had is no certificate
    done = host.go_back(None)
    assert host.files() == {"cert.pem": "mine\n"}
    assert host.told == [RESTART, RESTART]
    assert done["lacking"] == [
        f"The application of the site {NAME} goes on until it is started again, which will fail without"
        f" {host.tls}/key.pem."
    ]


def test_what_fails_on_the_way_back_is_a_warning(host):
    first = host.deliver("a")
    host.deliver("b")
    host.fails = (1, "", "no\n")
    assert f"`{RESTART}` failed, it ended with 1: no" in host.go_back(first["release"])["warnings"][0]
    assert host.files() == host.delivered("a")


def test_a_release_that_is_gone_cannot_be_gone_back_to(host):
    host.deliver("a")
    with pytest.raises(Refused, match="There is no release 0123456789abcdef in "):
        host.go_back("0123456789abcdef")


def test_a_certificate_that_is_gone_cannot_be_gone_back_to(host):
    first = host.deliver("a")
    host.deliver("b")
    (host.store / NAME / "a" / "privkey.pem").unlink()
    with pytest.raises(Refused, match=r"the certificate in .*/a cannot be read: No such file or directory"):
        host.go_back(first["release"])
    assert host.files() == host.delivered("b")


def test_remove_takes_all_away_and_tells_nobody(host):
    (host.tls / "key.pem").write_text("mine\n")
    host.deliver("a")
    done = host.remove()
    assert host.files() == {"key.pem": "mine\n"}
    assert not host.base.exists()
    assert f"without {host.tls}/cert.pem." in done["lacking"][0]
    assert host.told == [RESTART]
    assert not host.remove()["changed"]


def test_remove_leaves_what_is_not_ours_by_now(host):
    host.deliver("a")
    (host.tls / "cert.pem").unlink()
    (host.tls / "cert.pem").write_text("of somebody else\n")
    host.remove()
    assert host.files() == {"cert.pem": "of somebody else\n"}


def test_a_site_that_is_no_longer_wanted_loses_its_files(host):
    host.deliver("a")
    other = host.site("other.example.com", certificate=str(host.tls / "o.pem"), private_key=str(host.tls / "o.key"))
    host.loaded, host.deaf = b"leaf a of other.example.com", True
    done = host.deliver("a", other)
    assert sorted(host.files()) == ["o.key", "o.pem"]
    assert f"site {NAME}: {host.tls}/key.pem is taken away" in done["reasons"]
    assert NAME in done["lacking"][0]


def test_a_file_that_was_edited_by_hand_is_kept(host):
    host.deliver("a")
    (host.tls / "cert.pem").unlink()
    (host.tls / "cert.pem").write_text("edited\n")
    host.deliver("a")
    assert "edited\n" in host.files().values()
    assert host.files()["cert.pem"] == host.delivered("a")["cert.pem"]


def test_check_mode_before_anything_is_made(host):
    host.users.clear()
    host.unit["LoadState"] = "not-found"
    plan = host.plan("a", check=True)
    done = plan.result()
    assert (done["changed"], done["release"]) == (True, None)
    assert done["reasons"] == [f"site {NAME}: its certificate is to be made"]
    assert [warning.partition(":")[0] for warning in plan.warnings] == [
        f"site {NAME}, application.service",
        f"site {NAME}, application.user",
    ]


def link(host):
    (host.tls / "cert.pem").symlink_to("/etc/passwd")


def folder(host):
    (host.tls / "key.pem").mkdir()


def pipe(host):
    os.mkfifo(host.tls / "key.pem")


def large(host):
    (host.tls / "key.pem").write_bytes(b"x" * ((1 << 20) + 1))


def no_folder(host):
    host.tls.rmdir()


def masked(host):
    host.unit["LoadState"] = "masked"


def no_reload(host):
    host.unit["CanReload"] = "no"


def no_service(host):
    host.unit["LoadState"] = "not-found"


def no_user(host):
    host.users.clear()


def held(host):
    host.holders.append(Socket("::", 8443, 12, "apache2", 1))


REFUSED = [
    (link, {}, "application.certificate: {tls}/cert.pem is a symlink, which is not followed"),
    (folder, {}, "application.private_key: {tls}/key.pem is a folder"),
    (pipe, {}, "application.private_key: {tls}/key.pem is a device, pipe or socket"),
    (large, {}, "application.private_key: {tls}/key.pem has 1048577 bytes"),
    (no_folder, {}, "application.certificate: there is no folder {tls}; make it"),
    (masked, {}, 'application.service: "chat" is masked in systemd'),
    (no_reload, {"on_change": "reload"}, 'application.on_change: "reload" is not possible'),
    (no_service, {}, 'application.service: there is no service "chat" on this host'),
    (no_user, {}, 'application.user: there is no user "chat" on this host'),
    (None, {"service": None, "command": ["/no/such"]}, 'application.command: there is no program "/no/such"'),
    (held, {}, "listen: 0.0.0.0:8443 is held by Apache (pid 12), and a port has one TLS terminator"),
]


@pytest.mark.parametrize(("breaks", "changes", "words"), REFUSED)
def test_refused_before_anything_changes(host, breaks, changes, words):
    if breaks:
        breaks(host)
    before = sorted(host.tls.iterdir()) if host.tls.exists() else []
    with pytest.raises(Refused) as refused:
        host.deliver("a", **changes)
    text = str(refused.value)
    assert f"- site {NAME}" in text
    assert words.format(tls=host.tls) in text
    assert text.endswith(delivery.NOTHING_CHANGED)
    assert (sorted(host.tls.iterdir()) if host.tls.exists() else []) == before
    assert (host.told, host.base.exists()) == ([], False)


def test_a_port_of_the_application_itself_is_its_own(host):
    host.holders.append(Socket("0.0.0.0", 8443, 12, "python3", 1))
    assert host.deliver("a")["changed"]


def test_the_diff_shows_no_content(host):
    host.deliver("a")
    (host.tls / "key.pem").chmod(0o644)
    shown = {each["before_header"]: each for each in host.plan("b").result()["diff"]}
    key = shown[str(host.tls / "key.pem")]
    assert "mode: 0644\n" in key["before"]
    assert f"mode: 0400\nfrom: {host.store}/{NAME}/b/privkey.pem\n" in key["after"]
    assert "key a" not in str(shown)
    assert "BEGIN" not in str(shown)


def test_facts(host):
    assert Ledger(host.base).facts() == {"current": None, "intact": False, "pending": False, "record": {}}
    done = host.deliver("a")
    assert Ledger(host.base).facts() == {
        "current": done["release"],
        "intact": True,
        "pending": False,
        "record": {
            "certificates": {NAME: f"{host.store}/{NAME}/a"},
            "targets": [host.target()],
            "trust": {NAME: "trust a"},
        },
    }


def test_no_file_is_renamed_before_all_of_its_site_are_written(host, monkeypatch):
    host.deliver("a")
    write = files.os.fsync
    left = [2]  # the record, then the first file

    def full(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        write(descriptor)

    plan = host.plan("b")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        apply_plan(plan)
    assert host.files() == host.delivered("a")


def test_a_symlink_on_the_way_is_said(host):
    os.rename(host.tls, host.tls.with_name("other"))
    host.tls.symlink_to("other")
    host.tls.parent.chmod(0o777)
    with pytest.raises(
        Refused, match=f"site {NAME}, application.certificate: {host.tls}/cert.pem leads through the sy"
    ):
        host.deliver("a")


# Killed


def own(host):
    (host.tls / "cert.pem").write_text("mine\n")


def earlier(host):
    host.deliver("a")


@pytest.mark.parametrize("before", [own, earlier])
def test_killed_at_any_moment_nothing_is_lost_and_the_next_run_finishes(host, tmp_path, killer, before):
    before(host)
    killed = 0
    for changes_done in range(200):
        plan = host.plan(f"killed{changes_done}")
        plan.result()
        if not killer.kills("", changes_done, plan.apply):
            break
        killed += 1
        digests = [path.name for path in (host.store / NAME).iterdir() if not path.is_symlink()]
        wholes = [host.delivered(digest) for digest in digests]
        for name in ("cert.pem", "key.pem"):
            path = host.tls / name
            assert not path.exists() or path.read_text() in ["mine\n", *(whole[name] for whole in wholes)]
        if before is own:
            assert "mine\n" in host.files().values()
        told, digest = len(host.told), f"next{changes_done}"
        host.deliver(digest)
        assert host.serves(digest)
        assert len(host.told) == told + 1
        kept = {name: text for name, text in host.files().items() if name.startswith("cert.pem.replaced-")}
        assert list(kept.values()) == (["mine\n"] if before is own else [])
        assert host.files() == {**host.delivered(digest), **kept}
        assert not host.deliver(digest)["changed"]
    assert killed > 20
    host.remove()
    assert host.files() == ({"cert.pem": "mine\n"} if before is own else {})
