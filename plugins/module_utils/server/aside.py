# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets a file of a server's package aside, so that it configures nothing, and puts it back."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.release.releases import read_file, write_file
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server


class Aside:
    """One file, named relative to the server's folder; without a name, there is none and nothing happens."""

    def __init__(self, server: Server, name: str) -> None:
        """Change nothing yet."""
        self.name = name
        self.place = Path(server.config_dir) / name
        self.copy = Path(server.config_dir) / "wss" / "aside" / self.place.name

    @property
    def stub(self) -> str:
        """What is in the file's place."""
        return f"# wss.edge: the file of the server's package that was here is {self.copy} now.\n"

    def text(self) -> str | None:
        """What is there now."""
        return read_file(self.place) if self.name and self.place.is_file() else None

    def original(self) -> str | None:
        """What is there without us."""
        return read_file(self.copy) if self.copy.is_file() and self.text() == self.stub else self.text()

    def is_aside(self) -> bool:
        """Whether the file was taken away and not put back."""
        return bool(self.name) and (self.copy.is_symlink() or (self.copy.is_file() and self.text() == self.stub))

    def set_aside(self) -> None:
        """Take the file away, until C(put_back)."""
        text = self.text()
        if self.place.is_symlink():
            self.copy.parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.place, self.copy)
        elif text not in (None, self.stub):
            write_file(self.copy, text)
            write_file(self.place, self.stub)

    def put_back(self) -> None:
        """Have the file where it was, unless there is another one by now."""
        if not self.is_aside():
            return
        if not self.copy.is_symlink():
            write_file(self.place, read_file(self.copy))
            self.copy.unlink()
        elif not self.place.exists():
            os.replace(self.copy, self.place)
