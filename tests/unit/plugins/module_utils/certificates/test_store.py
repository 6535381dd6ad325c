# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders on disk: whole at any moment, whoever is killed when."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import subprocess
import sys

import pytest

from ansible_collections.wss.edge.plugins.module_utils.certificates import store

NAME = "chat.example.com"


def pem(content: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(content) + b"-----END CERTIFICATE-----\n"


def bundle(number: int, key: bytes = b"", keypair: bool = False) -> store.Bundle:
    return store.Bundle(key or b"key %d\n" % number, (pem(b"leaf %d" % number), pem(b"authority")), keypair=keypair)


def install(directory, *bundles):
    for each in bundles:
        with store.locked(str(directory)):
            store.install(str(directory), {NAME: each})
            store.tidy(str(directory), NAME)


def tree(directory):
    return sorted(
        f"{path.relative_to(directory)}{'/' if path.is_dir() else ''} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in directory.rglob("*")
        if not path.is_symlink()
    )


def content(directory, name=NAME):
    return store.read(str(directory), name)


def test_what_it_installs(tmp_path):
    home = tmp_path / "a" / "pki"
    umask = os.umask(0o077)
    try:
        install(home, bundle(1))
    finally:
        os.umask(umask)
    digest = hashlib.sha256(b"leaf 1authority").hexdigest()[:16]
    assert tree(tmp_path) == [
        "a/ 755",
        "a/pki/ 755",
        f"a/pki/{NAME}/ 755",
        f"a/pki/{NAME}/{digest}/ 755",
        f"a/pki/{NAME}/{digest}/cert.pem 644",
        f"a/pki/{NAME}/{digest}/chain.pem 644",
        f"a/pki/{NAME}/{digest}/fullchain.pem 644",
        f"a/pki/{NAME}/{digest}/privkey.pem 600",
    ]
    assert os.readlink(home / NAME / "current") == digest
    assert (home / NAME / "current" / "privkey.pem").read_bytes() == b"key 1\n"
    assert (home / NAME / "current" / "fullchain.pem").read_bytes() == pem(b"leaf 1") + pem(b"authority")
    assert content(home).files == bundle(1).files()


def test_what_others_make_at_the_same_time_is_there_just_as_well(tmp_path, monkeypatch):
    make = os.mkdir

    def late(path, *args):
        if not os.path.exists(path):
            make(path)
        make(path, *args)

    monkeypatch.setattr(os, "mkdir", late)
    with store.locked(str(tmp_path / "a" / "pki")):
        assert (tmp_path / "a" / "pki").is_dir()


def test_reads_nothing_where_there_is_nothing(tmp_path):
    assert content(tmp_path) == store.Stored("there was none")
    (tmp_path / NAME).mkdir()
    assert content(tmp_path) == store.Stored("there was none")


@pytest.mark.parametrize(
    ("target", "note"),
    [
        (None, "current was missing"),
        ("0123456789abcdef", "current pointed at 0123456789abcdef, which is no certificate of this name"),
        ("/etc", "current pointed at /etc, which is no certificate of this name"),
    ],
)
def test_falls_back_to_the_newest_folder(tmp_path, target, note):
    install(tmp_path, bundle(1), bundle(2))
    age(tmp_path, bundle(1), 5)
    age(tmp_path, bundle(2), 9)
    (tmp_path / NAME / "current").unlink()
    if target:
        (tmp_path / NAME / "current").symlink_to(target)
    assert (content(tmp_path).note, content(tmp_path).digest) == (note, bundle(1).digest)


def age(directory, which, seconds):
    os.utime(directory / NAME / which.digest, (1700000000 - seconds, 1700000000 - seconds))


def test_a_file_that_is_none_reads_as_missing(tmp_path):
    install(tmp_path, bundle(1))
    folder = tmp_path / NAME / bundle(1).digest
    (folder / "privkey.pem").unlink()
    (folder / "privkey.pem").mkdir()
    (folder / "chain.pem").unlink()
    found = content(tmp_path)
    assert [file for file in store.FILES if found.files[file] is None] == ["privkey.pem", "chain.pem"]


@pytest.mark.parametrize(
    ("path", "make"),
    [
        (NAME, lambda path: path.write_text("")),
        (NAME, lambda path: path.symlink_to("nowhere")),
        (f"{NAME}/current", lambda path: path.mkdir(parents=True)),
        (f"{NAME}/current", lambda path: (path.parent.mkdir(), path.write_text(""))),
    ],
)
def test_refuses_what_it_would_have_to_destroy(tmp_path, path, make):
    make(tmp_path / path)
    with pytest.raises(store.StoreError, match=f"{tmp_path / path} must be a .* move it away"):
        content(tmp_path)


def test_refuses_a_file_in_place_of_a_folder_before_anything_is_switched(tmp_path):
    install(tmp_path, bundle(1))
    (tmp_path / NAME / bundle(2).digest).write_text("")
    with pytest.raises(store.StoreError, match="must be a folder"):
        store.install(str(tmp_path), {"first": bundle(3), NAME: bundle(2)})
    assert content(tmp_path).digest == bundle(1).digest
    assert content(tmp_path, "first").digest is None


def test_activate_is_one_switch(tmp_path):
    install(tmp_path, bundle(1), bundle(2))
    assert store.activate(str(tmp_path), NAME, bundle(1).digest) is True
    assert content(tmp_path).digest == bundle(1).digest
    assert store.activate(str(tmp_path), NAME, bundle(1).digest) is False
    with pytest.raises(store.StoreError, match="must be a folder"):
        store.activate(str(tmp_path), NAME, "0123456789abcdef")
    assert content(tmp_path).digest == bundle(1).digest


def test_keeps_the_newest_five_and_the_current_one(tmp_path):
    for number in range(8):
        install(tmp_path, bundle(number))
        age(tmp_path, bundle(number), 100 - number)
    assert digests(tmp_path) == {bundle(number).digest for number in (3, 4, 5, 6, 7)}
    store.activate(str(tmp_path), NAME, bundle(3).digest)
    with store.locked(str(tmp_path)):
        store.install(str(tmp_path), {})
        for number in (8, 9):
            (tmp_path / NAME / bundle(number).digest).mkdir()
        store.tidy(str(tmp_path), NAME)
    assert digests(tmp_path) == {bundle(number).digest for number in (3, 5, 6, 7, 8, 9)}


def test_what_is_kept_is_not_untidy(tmp_path):
    for number in range(6):
        install(tmp_path, bundle(number))
        age(tmp_path, bundle(number), 100 - number)
    (tmp_path / NAME / "privkey.pem.replaced-1").write_text("")
    assert not content(tmp_path).untidy
    store.activate(str(tmp_path), NAME, bundle(1).digest)
    store.install(str(tmp_path), {"other": bundle(6)})
    os.rename(tmp_path / "other" / bundle(6).digest, tmp_path / NAME / bundle(6).digest)
    assert not content(tmp_path).untidy  # the sixth is current
    store.activate(str(tmp_path), NAME, bundle(6).digest)
    assert content(tmp_path).untidy
    store.tidy(str(tmp_path), NAME)
    assert not content(tmp_path).untidy
    (tmp_path / NAME / ".wss-left").mkdir()
    assert content(tmp_path).untidy


def digests(directory):
    return {path.name for path in (directory / NAME).iterdir() if not path.is_symlink()}


def test_an_old_one_that_is_installed_again_counts_as_new(tmp_path):
    for number in range(5):
        install(tmp_path, bundle(number))
        age(tmp_path, bundle(number), 100 - number)
    install(tmp_path, bundle(0), bundle(9))
    assert bundle(0).digest in digests(tmp_path)
    assert bundle(1).digest not in digests(tmp_path)


def test_repairs_a_folder_and_keeps_the_key_that_it_replaces(tmp_path):
    install(tmp_path, bundle(1, b"somebody's key"))
    folder = tmp_path / NAME / bundle(1).digest
    (folder / "chain.pem").write_text("-----BEGIN")
    (folder / "cert.pem").unlink()
    (folder / "privkey.pem").chmod(0o644)
    install(tmp_path, bundle(1))
    assert content(tmp_path).files == bundle(1).files()
    assert content(tmp_path).modes == {**{file: store.mode_of(file) for file in store.FILES}, "": 0o755}
    kept = [path for path in folder.iterdir() if ".replaced-" in path.name]
    assert [path.read_bytes() for path in kept] == [b"somebody's key"]
    assert {path.name for path in folder.iterdir()} == {*store.FILES, kept[0].name}


def test_does_not_follow_a_symlink_when_it_repairs(tmp_path):
    install(tmp_path, bundle(1))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    path = tmp_path / NAME / bundle(1).digest / "chain.pem"
    path.unlink()
    path.symlink_to(elsewhere)
    install(tmp_path, bundle(1))
    assert elsewhere.read_text() == "theirs"
    assert not path.is_symlink()


def test_refuses_to_repair_a_folder_in_place_of_a_file(tmp_path):
    install(tmp_path, bundle(1))
    path = tmp_path / NAME / bundle(1).digest / "cert.pem"
    path.unlink()
    path.mkdir()
    with pytest.raises(store.StoreError, match=f"{path} must be a file"):
        install(tmp_path, bundle(1))


def test_what_cannot_be_repaired_is_refused_before_anything_is_switched(tmp_path):
    install(tmp_path, bundle(1))
    path = tmp_path / NAME / bundle(1).digest / "chain.pem"
    path.unlink()
    path.mkdir()
    with pytest.raises(store.StoreError, match="must be a file"):
        store.install(str(tmp_path), {"first": bundle(3), NAME: bundle(1)})
    assert content(tmp_path, "first").digest is None


def test_does_not_wait_for_a_pipe(tmp_path):
    install(tmp_path, bundle(1))
    path = tmp_path / NAME / bundle(1).digest / "cert.pem"
    path.unlink()
    os.mkfifo(path)
    assert content(tmp_path).files["cert.pem"] is None


def test_other_runs_wait(tmp_path):
    program = (
        "import fcntl, os, sys\n"
        "descriptor = os.open(sys.argv[1], os.O_RDONLY)\n"
        "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    )
    other = [sys.executable, "-c", program, str(tmp_path)]
    with store.locked(str(tmp_path)):
        assert subprocess.run(other, check=False, capture_output=True).returncode != 0
    assert subprocess.run(other, check=False, capture_output=True).returncode == 0


CALLS = (
    "mkdir",
    "open",
    "rename",
    "replace",
    "symlink",
    "chmod",
    "fchmod",
    "unlink",
    "link",
    "utime",
    "close",
)


def killed_at(step, work):
    """Run work in a process that dies at its step-th system call. Whether it came to its end instead."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        left = [step]
        for name in CALLS:
            setattr(os, name, deadly(getattr(os, name), left))
        work()
        os._exit(0)
    finally:
        os._exit(2)


def deadly(call, left):
    def wrapper(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            os._exit(1)
        return call(*args, **kwargs)

    return wrapper


def first(home):
    pass


def renewal(home):
    install(home, bundle(1))


def damage(home):
    install(home, bundle(1), bundle(2, b"not its key"))
    (home / NAME / bundle(2).digest / "cert.pem").unlink()


def damage_elsewhere(home):
    """The one that is to be installed is there, damaged, and another is current."""
    install(home, bundle(2), bundle(1))
    (home / NAME / bundle(2).digest / "cert.pem").unlink()


def half_done(home):
    """Folders that look whole and are not."""
    found = [path for path in (home / NAME).glob("[0-9a-f]*") if len(path.name) == 16]
    return [path for path in found if {each.name for each in path.iterdir()} < set(store.FILES)]


def without_keypair(home):
    """A server's, which becomes a client's too."""
    install(home, bundle(2))


def crowd(home):
    install(home, *(bundle(number) for number in (7, 6, 5, 4, 1)))


@pytest.mark.parametrize(
    ("before", "new"),
    [
        *((before, bundle(2)) for before in (first, renewal, damage, damage_elsewhere, crowd)),
        *((before, bundle(2, keypair=True)) for before in (renewal, without_keypair)),
    ],
)
def test_killed_anywhere_it_leaves_the_old_or_the_new(tmp_path, before, new, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # the disk is not what is killed
    for step in range(1000):
        home = tmp_path / str(step)
        before(home)
        old = content(home)
        finished = killed_at(step, lambda home=home: install(home, new))
        found = content(home)
        whole = [each for each in (old.files, new.files()) if each == found.files]
        assert whole or before is damage, f"killed at {step}: {found}"
        assert not found.note or before is first, f"killed at {step}: {found.note}"
        assert before in (damage, damage_elsewhere) or not half_done(home), f"killed at {step}"
        install(home, new)
        assert content(home).files == new.files()
        assert not list(home.rglob(".*")), f"killed at {step}"
        if finished:
            break
    assert 15 < step < 999


# --- what is requested


def ask(directory, key, request, **more):
    with store.locked(str(directory)):
        store.install(str(directory), more.get("bundles", {}), {NAME: store.Pending(key, request)})
        store.tidy(str(directory), NAME)


def settle(directory, new):
    with store.locked(str(directory)):
        store.install(str(directory), {NAME: new}, settled=[NAME])
        store.tidy(str(directory), NAME)


def requested(directory):
    found = content(directory).requested
    return found and (found.files[store.PRIVKEY], found.files[store.REQUEST])


def all_keys(directory):
    return {path.read_bytes() for path in (directory / NAME).rglob("privkey.pem*") if path.is_file()}


def test_what_is_requested_is_for_its_owner_alone(tmp_path):
    umask = os.umask(0)
    try:
        ask(tmp_path, b"key", b"request")
    finally:
        os.umask(umask)
    assert tree(tmp_path / NAME) == ["requested/ 700", "requested/privkey.pem 600", "requested/request.pem 600"]
    assert requested(tmp_path) == (b"key", b"request")
    assert (content(tmp_path).digest, content(tmp_path).note) == (None, "there was none")


def test_a_requested_key_that_is_replaced_is_kept(tmp_path):
    ask(tmp_path, b"one", b"request")
    ask(tmp_path, b"two", b"request")
    assert requested(tmp_path) == (b"two", b"request")
    assert all_keys(tmp_path) == {b"one", b"two"}
    settle(tmp_path, bundle(1, b"three"))
    assert requested(tmp_path) is None
    assert all_keys(tmp_path) == {b"one", b"two", b"three"}
    ask(tmp_path, b"three", b"request")
    settle(tmp_path, bundle(2, b"three"))
    assert len(list((tmp_path / NAME).rglob("privkey.pem.replaced-*"))) == 2  # not the installed one


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("requested", lambda path: path.write_text("")),
        ("requested", lambda path: path.symlink_to("/")),
        ("requested/privkey.pem", lambda path: path.mkdir(parents=True)),
        ("requested/request.pem", lambda path: path.mkdir(parents=True)),
    ],
)
def test_refuses_what_stands_in_place_of_what_is_requested(tmp_path, path, make):
    install(tmp_path, bundle(1))
    make(tmp_path / NAME / path)
    with pytest.raises(store.StoreError, match=f"{tmp_path / NAME / path} must be a .* move it away"):
        content(tmp_path)


def test_former_certificates_are_those_of_the_other_folders(tmp_path):
    install(tmp_path, bundle(1), bundle(2), bundle(3))
    (tmp_path / NAME / bundle(2).digest / "cert.pem").unlink()
    assert store.former(str(tmp_path / NAME), bundle(3).digest) == [bundle(1).certificates[0]]


def nothing(home):
    pass


def other_request(home):
    ask(home, b"key", b"other request")


def other_pair(home):
    ask(home, b"other key", b"other request")


def first_request(home):
    ask(home, b"key", b"request")


def stand_in(home):
    ask(home, b"key", b"request", bundles={NAME: bundle(1, b"key")})


@pytest.mark.parametrize(
    ("before", "work", "after"),
    [
        (nothing, first_request, (b"key", b"request")),
        (nothing, stand_in, (b"key", b"request")),
        (other_request, first_request, (b"key", b"request")),
        (other_pair, first_request, (b"key", b"request")),
        (other_pair, stand_in, (b"key", b"request")),
        (first_request, lambda home: settle(home, bundle(1, b"key")), None),
        (stand_in, lambda home: settle(home, bundle(2, b"key")), None),
        (other_pair, lambda home: settle(home, bundle(2, b"key")), None),
    ],
)
def test_killed_anywhere_no_key_is_lost_and_no_pair_is_mixed(tmp_path, before, work, after, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    for step in range(1000):
        home = tmp_path / str(step)
        home.mkdir()
        before(home)
        pair, old, keys = requested(home), content(home).files, all_keys(home)
        finished = killed_at(step, lambda home=home: work(home))
        assert requested(home) in (pair, after, None), f"killed at {step}"
        assert keys <= all_keys(home), f"killed at {step}"
        if pair and after and pair[0] == after[0]:
            assert requested(home), f"killed at {step}"
        found = content(home).files
        assert found == old or found.keys() >= set(store.FILES), f"killed at {step}"
        work(home)
        assert requested(home) == after
        assert not list(home.rglob(".*")), f"killed at {step}"
        if finished:
            break
    assert 5 < step < 999


def test_many_are_waited_for_at_once(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(store, "_sync", waited.append)
    many = {f"name{number}": bundle(number) for number in range(store.MANY + 1)}
    store.install(str(tmp_path), many)
    assert not waited
    monkeypatch.setattr(store.ctypes, "CDLL", lambda _name: object())  # a C library without syncfs
    store.install(str(tmp_path), {f"other{name}": each for name, each in many.items()})
    assert len(waited) == (len(store.FILES) + 2) * len(many)
