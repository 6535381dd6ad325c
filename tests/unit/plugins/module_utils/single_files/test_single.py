# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file on disk: the old or the new at any moment, and nothing else in its place."""

from __future__ import annotations

import datetime
import fcntl
import os
import socket
import stat

import pytest

from ansible_collections.wss.edge.plugins.module_utils.single_files import single

NOW = datetime.datetime(2026, 11, 23, 7, 30, 5, tzinfo=datetime.timezone.utc)


def put(path, content, mode=0o600):
    single.replace(single.look(str(path)), content, lambda scratch: os.chmod(scratch, mode))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "file"
    assert single.look(str(path)) == single.Found(str(path))
    put(path, b"old")
    put(path, b"new", 0o640)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode), names(tmp_path)) == (b"new", 0o640, ["file"])


def test_the_mode_is_set_before_there_is_any_content(tmp_path):
    seen = []

    def prepare(scratch):
        seen.append((os.stat(scratch).st_size, stat.S_IMODE(os.stat(scratch).st_mode), os.path.dirname(scratch)))

    single.replace(single.look(str(tmp_path / "file")), b"secret", prepare)
    assert seen == [(0, 0o600, str(tmp_path))]


def test_the_owner_stays(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    asked = []
    monkeypatch.setattr(os, "fchown", lambda _descriptor, *owner: asked.append(owner))
    found = single.look(str(path))
    assert (found.owner, found.group) == (path.stat().st_uid, path.stat().st_gid)
    single.replace(found, b"new", lambda scratch: None)
    assert asked == []  # it is that already
    status = os.stat_result((stat.S_IFREG, 0, 0, 1, 33, 34, 3, 0, 0, 0))
    monkeypatch.setattr(os, "fstat", lambda _descriptor: status)
    found = single.look(str(path))
    monkeypatch.undo()
    monkeypatch.setattr(os, "fchown", lambda _descriptor, *owner: asked.append(owner))
    with pytest.raises(single.FileError, match="changed by somebody else"):
        single.replace(found, b"newer", lambda scratch: None)
    assert asked == [(33, 34)]


def test_follows_a_symlink_to_a_file_which_stays(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"old")
    (tmp_path / "between").symlink_to("real/file")
    (tmp_path / "link").symlink_to("between")
    put(tmp_path / "link", b"new")
    assert (tmp_path / "real" / "file").read_bytes() == b"new"
    assert os.readlink(tmp_path / "link") == "between"
    assert names(tmp_path / "real") == ["file"]


def fifo(path):
    os.mkfifo(path)


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "must be a file and is a folder; move it away"),
        (lambda path: path.symlink_to("/dev/null"), "must be a file and is a device or pipe"),
        (lambda path: path.symlink_to(path.parent), "must be a file and is a folder"),
        (fifo, "must be a file and is a device or pipe"),
        (unix_socket, "must be a file and is a device or socket"),
        (lambda path: path.symlink_to("nowhere"), "is a symlink to nowhere, which does not exist; remove the symlink"),
        (lambda path: path.symlink_to(path.name), "is a symlink to it, which does not exist"),
        (lambda path: path.write_bytes(b"x" * (single.MAX_BYTES + 1)), "has 1048577 bytes"),
    ],
)
def test_refuses_what_is_no_file(tmp_path, make, words):
    path = tmp_path / "it"
    make(path)
    with pytest.raises(single.FileError, match=f"{path} {words}"):
        single.look(str(path))


def test_a_path_must_be_absolute():
    with pytest.raises(single.FileError, match=r"'etc/key.pem' must be an absolute path"):
        single.look("etc/key.pem")


def test_a_folder_that_is_missing_is_no_obstacle_to_look_but_to_write(tmp_path):
    found = single.look(str(tmp_path / "none" / "file"))
    assert found.content is None
    with pytest.raises(single.FileError, match=f"cannot write in {tmp_path}/none: No such file"):
        single.replace(found, b"", lambda scratch: None)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(single.FileError, match=r"cannot read .*: Not a directory"):
        single.look(str(tmp_path / "file" / "file"))


def test_a_file_that_must_be_there(tmp_path):
    (tmp_path / "there").write_bytes(b"it")
    assert single.look(str(tmp_path / "there")).text == b"it"
    with pytest.raises(single.FileError, match=f"{tmp_path}/none does not exist"):
        assert single.look(str(tmp_path / "none")).text


@pytest.mark.parametrize("before", [None, b"old"])
def test_what_somebody_else_wrote_meanwhile_stays(tmp_path, before):
    path = tmp_path / "file"
    if before:
        path.write_bytes(before)
    found = single.look(str(path))
    path.write_bytes(b"theirs")
    with pytest.raises(single.FileError, match="changed by somebody else meanwhile; run again"):
        single.replace(found, b"new", lambda scratch: None)
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["file"]


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(single.FileError, match=f"cannot write {path}: No space left on device"):
        put(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_keeps_copies_for_the_owner_alone(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    found = single.look(str(path))
    kept = [single.keep_copy(found, NOW), single.keep_copy(found, NOW)]
    assert kept == [f"{path}.replaced-20261123T073005Z", f"{path}.replaced-20261123T073005Z-2"]
    for copy in kept:
        assert single.look(copy).content == b"old"
        assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    assert path.read_bytes() == b"old"


def test_two_that_write_the_same_file_wait_for_each_other(tmp_path):
    path = tmp_path / "file"
    children = []
    for content in (b"one" * 1000, b"two" * 1000):
        child = os.fork()
        if not child:
            try:
                for _turn in range(100):
                    with single.locked(str(path)):
                        put(path, content)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert path.read_bytes() in (b"one" * 1000, b"two" * 1000)
    assert names(tmp_path) == ["file"]


def test_a_lock_is_of_the_folder_that_is_written_in(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/file")
    with single.locked(str(tmp_path / "link")):
        folder = os.open(tmp_path / "real", os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)
    with single.locked(str(tmp_path / "none" / "file")):
        pass  # what is wrong is said by whoever writes there


CALLS = ("open", "rename", "chmod", "chown", "fchown", "unlink", "close", "fsync")


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


@pytest.mark.parametrize("before", [None, b"old"])
def test_killed_anywhere_it_leaves_the_old_or_the_new(tmp_path, before):
    def work():
        found = single.look(str(path))
        if before:
            single.keep_copy(found, NOW)
        single.replace(found, b"new", lambda scratch: os.chmod(scratch, 0o640))

    for step in range(100):
        home = tmp_path / str(step)
        home.mkdir()
        path = home / "file"
        if before:
            path.write_bytes(before)
        finished = killed_at(step, work)
        after = path.read_bytes() if path.exists() else None
        assert after in (before, b"new"), f"killed at {step}"
        if after == b"new" and before:
            assert (home / "file.replaced-20261123T073005Z").read_bytes() == before, f"killed at {step}"
        put(path, b"next")
        hidden = [name for name in names(home) if name.startswith(".file.wss")]
        assert hidden == [], f"killed at {step}"
        if finished:
            break
    assert 5 < step < 99
