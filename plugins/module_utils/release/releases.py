# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases on disk: complete folders named by the digest of their bytes, and one link to the one that serves."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEPT = 5
# Headers may be secrets, and only root reads a configuration.
PRIVATE = 0o600


def digest_of(files: Mapping[str, str]) -> str:
    """The name of a release: the digest of its files' names and bytes."""
    total = hashlib.sha256()
    for name in sorted(files):
        content = files[name].encode(errors="surrogateescape")
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


def read_file(path: Path) -> str:
    """A file's text, with every byte and line end as it is."""
    return path.read_bytes().decode(errors="surrogateescape")


def write_file(path: Path, content: str, new_mode: int = 0o644) -> None:
    """Replace a file by one rename, so that a reader sees the old or the new one; its mode stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o7777 if path.exists() else new_mode
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".wss-")
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(temporary, mode)
    os.replace(temporary, path)


def switch_link(link: Path, target: str) -> None:
    """Point a link at a target by one rename."""
    temporary = link.with_name(f".wss-{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)


class Releases:
    """The folder C(wss) in a server's configuration.

    What belongs to a release but is no configuration (its certificates, its targets) is in C(<digest>.json) beside it.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.folder = base / "releases"
        self.link = base / "current"
        self.marker = base / "pending"

    def current(self) -> str | None:
        """The digest of the release that the link points at."""
        return os.path.basename(os.readlink(self.link)) if self.link.is_symlink() else None

    def files(self, digest: str) -> dict[str, str]:
        """The files of a release as they are on disk; none where there is no such release."""
        top = self.folder / digest
        return {str(path.relative_to(top)): read_file(path) for path in sorted(top.rglob("*")) if path.is_file()}

    def intact(self, digest: str) -> bool:
        """Whether the release's bytes are still those that it is named by."""
        return digest_of(self.files(digest)) == digest

    def record(self, digest: str) -> dict[str, Any]:
        """What is known of the release beside its files."""
        try:
            known: dict[str, Any] = json.loads((self.folder / f"{digest}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        return known

    def write(self, digest: str, files: Mapping[str, str], record: Mapping[str, Any]) -> None:
        """Put a complete release on disk, or mend one that was altered."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_file(self.folder / f"{digest}.json", json.dumps(record, indent=1, sort_keys=True), PRIVATE)
        final = self.folder / digest
        if final.is_dir():
            self._mend(final, files)
            return
        stage = Path(tempfile.mkdtemp(dir=self.folder, prefix=".stage-"))
        os.chmod(stage, 0o755)
        for name, content in files.items():
            write_file(stage / name, content, PRIVATE)
        os.replace(stage, final)

    def _mend(self, final: Path, files: Mapping[str, str]) -> None:
        found = self.files(final.name)
        for name, content in files.items():
            if found.get(name) != content:
                write_file(final / name, content, PRIVATE)
        for name in set(found) - set(files):
            (final / name).unlink()

    def switch(self, digest: str | None) -> None:
        """Make a release the current one, or none."""
        if digest is None:
            self.link.unlink(missing_ok=True)
            return
        os.utime(self.folder / f"{digest}.json", (time.time(), time.time()))
        switch_link(self.link, f"releases/{digest}")

    def pending(self) -> bool:
        """Whether a switch was begun whose reload was not seen to succeed."""
        return self.marker.exists()

    def set_pending(self, pending: bool) -> None:
        """Note that a switch begins, or that its reload has succeeded."""
        if pending:
            self.base.mkdir(parents=True, exist_ok=True)
            write_file(self.marker, "A release was switched and not yet loaded; the next run reloads the server.\n")
        else:
            self.marker.unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what killed runs left, and all but the last few releases."""
        for leftover in [*self.folder.glob(".stage-*"), *self.base.rglob(".wss-*")]:
            folder = leftover.is_dir() and not leftover.is_symlink()
            shutil.rmtree(leftover) if folder else leftover.unlink(missing_ok=True)
        records = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for record in records[KEPT:]:
            if record.stem != self.current():
                shutil.rmtree(record.with_suffix(""), ignore_errors=True)
                record.unlink(missing_ok=True)

    def remove(self) -> None:
        """Take the whole folder away."""
        shutil.rmtree(self.base, ignore_errors=True)
