# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records: added to, never lost, and readable after any kill."""

from __future__ import annotations

import os

import pytest

from ansible_collections.wss.edge.plugins.module_utils.authority import log

ONE = {"event": "issued", "serial": "01", "not_after": "2027"}
TWO = {"event": "issued", "serial": "02", "not_after": "2028"}
GONE = {"event": "revoked", "serial": "01", "reason": "superseded", "time": "2026-11-23T08:00:00Z"}


def add(folder, *entries):
    log.append(str(folder), log.read(str(folder)), entries)


def test_there_are_none(tmp_path):
    assert log.read(str(tmp_path)) == log.Records()


def test_what_is_added_is_read(tmp_path):
    add(tmp_path, ONE)
    add(tmp_path, TWO, GONE)
    found = log.read(str(tmp_path))
    assert found.issued == {"01": "2027", "02": "2028"}
    assert found.revoked == {"01": ("superseded", "2026-11-23T08:00:00Z")}
    assert found.length == (tmp_path / log.NAME).stat().st_size
    assert (tmp_path / log.NAME).stat().st_mode & 0o777 == 0o600


def test_an_unfinished_line_is_passed_over_and_cut_off(tmp_path):
    add(tmp_path, ONE, {**TWO, "pem": "x" * 200})
    path = tmp_path / log.NAME
    whole = path.read_bytes()
    for kept in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:kept])
        assert list(log.read(str(tmp_path)).issued) == ["01"]
    add(tmp_path, GONE)
    found = log.read(str(tmp_path))
    assert (list(found.issued), list(found.revoked)) == (["01"], ["01"])
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"event": "issued"}', '{"event": "revoked", "serial": "01"}'])
def test_a_damaged_line_is_told_and_nothing_is_cut_off(tmp_path, line):
    add(tmp_path, ONE)
    path = tmp_path / log.NAME
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(log.RecordsError, match=rf"{path}, line 1 is damaged: put the file back from a copy"):
        log.read(str(tmp_path))


def test_what_is_revoked_must_have_been_issued(tmp_path):
    add(tmp_path, TWO)
    log.append(str(tmp_path), log.read(str(tmp_path)), [GONE])
    with pytest.raises(log.RecordsError, match=f"{tmp_path}/{log.NAME} says that 01 is revoked, and not that"):
        log.read(str(tmp_path))


def test_it_is_on_the_disk_before_it_returns(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    add(tmp_path, ONE)
    assert synced == [str(tmp_path / log.NAME), str(tmp_path)]
