# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import releases
from ansible_collections.wss.edge.plugins.module_utils.release.releases import KEPT, Releases, digest_of

FILES = {"index.conf": "include sites/a.conf;\n", "sites/a.conf": "server {}\n"}


def released(on: Releases, files: dict[str, str]) -> str:
    digest = digest_of(files)
    on.write(digest, files, {"targets": []})
    on.switch(digest)
    return digest


@pytest.fixture
def store(tmp_path: Path) -> Releases:
    return Releases(tmp_path / "wss")


def test_a_release_is_read_back_as_it_was_written(store: Releases) -> None:
    digest = released(store, FILES)
    assert store.current() == digest
    assert store.files(digest) == FILES
    assert store.intact(digest)
    assert store.record(digest) == {"targets": []}


def test_the_digest_depends_on_names_and_bytes() -> None:
    assert len({digest_of(FILES), digest_of({"index.conf": "x"}), digest_of({"x": "index.conf"}), digest_of({})}) == 4


def test_an_altered_release_is_noticed_and_mended(store: Releases) -> None:
    digest = released(store, FILES)
    top = store.folder / digest
    (top / "index.conf").write_text("altered")
    (top / "extra.conf").write_text("extra")
    assert not store.intact(digest)
    store.write(digest, FILES, {})
    assert store.intact(digest)


def test_a_kill_before_the_switch_leaves_the_old_release(store: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    old = released(store, FILES)

    def killed(*_names: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(releases.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.switch(old)
    assert store.current() == old
    assert store.intact(old)


def test_only_the_last_few_releases_are_kept_and_the_current_one_always(store: Releases) -> None:
    digests = [released(store, {"index.conf": str(number)}) for number in range(KEPT + 3)]
    for age, digest in enumerate(digests):
        os.utime(store.folder / f"{digest}.json", (age, age))
    store.switch(digests[0])
    os.utime(store.folder / f"{digests[0]}.json", (0, 0))
    (store.folder / ".stage-left").mkdir()
    store.prune()
    left = sorted(path.name for path in store.folder.iterdir() if path.is_dir())
    assert left == sorted([digests[0], *digests[-KEPT:]])


def test_a_switch_that_was_not_loaded_is_remembered(store: Releases) -> None:
    assert not store.pending()
    store.set_pending(True)
    assert Releases(store.base).pending()
    store.set_pending(False)
    assert not store.pending()


def test_a_file_keeps_its_mode_when_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("old")
    path.chmod(0o640)
    releases.write_file(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
