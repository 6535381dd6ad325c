# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a file, on which a symlink is followed only where root alone can have put it."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from ansible_collections.wss.edge.plugins.module_utils.application import files
from ansible_collections.wss.edge.plugins.module_utils.application.files import FileProblem, NoFolder


@pytest.fixture
def top(tmp_path, monkeypatch):
    """A folder with the folder C(real), in which there is a file; whoever runs the test is root."""
    monkeypatch.setattr(files, "ROOT", os.getuid())
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "key.pem").write_text("real\n")
    tmp_path.chmod(0o755)
    return tmp_path


LINKS = ["real", "{top}/real", "./real/deep/..", "//{top}//real/", "second"]


@pytest.mark.parametrize("target", LINKS)
def test_a_symlink_of_root_is_followed(top, target):
    (top / "second").symlink_to("real")
    (top / "link").symlink_to(target.format(top=top))
    assert files.look(f"{top}/link/key.pem").content == b"real\n"
    files.take_away(f"{top}/link/key.pem", None)
    assert not (top / "real" / "key.pem").exists()


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_symlink_in_a_folder_that_others_write_is_refused(top, mode):
    (top / "link").symlink_to("real")
    top.chmod(mode)
    words = f"{top}/link/key.pem leads through the symlink {top}/link, .*; name the path without it"
    for work in (files.look, lambda path: files.take_away(path, None)):
        with pytest.raises(FileProblem, match=words):
            work(f"{top}/link/key.pem")
    assert (top / "real" / "key.pem").exists()
    assert files.look(f"{top}/real/key.pem").content == b"real\n"


@pytest.mark.parametrize(("look", "mode"), [("stat", 0o120777), ("fstat", 0o40755)])
def test_a_symlink_of_somebody_else_or_in_a_folder_of_theirs_is_refused(top, monkeypatch, look, mode):
    (top / "link").symlink_to("real")
    status = SimpleNamespace(st_uid=54321, st_mode=mode)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, look, lambda *_path, **_options: status)
        with pytest.raises(FileProblem, match="leads through the symlink"):
            files.look(f"{top}/link/deep/key.pem")


def test_the_second_symlink_is_looked_at_too(top):
    (top / "real" / "shared").symlink_to(top / "real" / "deep")
    (top / "real").chmod(0o777)
    (top / "link").symlink_to("real/shared")
    with pytest.raises(FileProblem, match=r"leads through the symlink .*shared, "):
        files.look(f"{top}/link/key.pem")


@pytest.mark.parametrize(
    ("target", "problem"), [("link", "no folder that can be opened"), ("none", "there is no folder")]
)
def test_a_symlink_that_leads_nowhere(top, target, problem):
    (top / "link").symlink_to(target)
    with pytest.raises(FileProblem, match=problem):
        files.look(f"{top}/link/key.pem")


def test_no_folder(top):
    with pytest.raises(NoFolder, match=f"there is no folder {top}/none; make it"):
        files.look(f"{top}/none/key.pem")
    with pytest.raises(FileProblem, match=r"key\.pem is no folder that can be opened: Not a directory"):
        files.look(f"{top}/real/key.pem/key.pem")


def test_all_is_written_before_the_first_is_renamed(top):
    with files.prepared(f"{top}/real/key.pem", b"new\n", os.getuid(), os.getgid(), None) as rename:
        assert (top / "real" / ".wss-key.pem").read_text() == "new\n"
        assert (top / "real" / "key.pem").read_text() == "real\n"
        rename()
    assert (top / "real" / "key.pem").read_text() == "new\n"


def test_what_is_not_renamed_does_not_stay(top):
    writing = files.prepared(f"{top}/real/key.pem", b"new\n", os.getuid(), os.getgid(), None)
    with pytest.raises(OSError, match="No space left"), writing:
        raise OSError("No space left")
    assert sorted(os.listdir(top / "real")) == ["deep", "key.pem"]
