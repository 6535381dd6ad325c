# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of a plan, that can be taken back: a file's next text, or what is loaded into the kernel."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner


@dataclass(frozen=True)
class Edit:
    """A file's next text, or None where it goes; C(check) is a command that reads it before it is put there."""

    path: Path
    before: str | None
    after: str | None
    check: tuple[str, ...]

    def do(self, runner: Runner) -> None:
        """Put the file there by one rename, once the check has passed."""
        self._put(self.after, runner)

    def undo(self, _runner: Runner) -> None:
        """Put back what was there, whatever it is worth."""
        self._put(self.before, None)

    def show(self) -> str:
        """The difference, for people."""
        before, after = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(difflib.unified_diff(before, after, f"{self.path} (before)", f"{self.path} (after)"))

    def _put(self, text: str | None, runner: Runner | None) -> None:
        try:
            if text is None:
                self.path.unlink()
                with contextlib.suppress(OSError):
                    self.path.parent.rmdir()  # ours alone, or not empty
                return
            scratch = self._scratch(text)
            try:
                if runner:
                    failure = f"{self.path} stays as it is, as its next text does not load"
                    run([*self.check, str(scratch)], runner, failure, named=self.path)
                os.replace(scratch, self.path)
            finally:
                scratch.unlink(missing_ok=True)
        except OSError as error:
            raise FirewallError(f"{self.path} cannot be written: {error.strerror}.") from None

    def _scratch(self, text: str) -> Path:
        """The text in a file beside, that is what the present one is but for its text: owner, mode, labels."""
        self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".wss-")
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if self.path.exists():
            status = self.path.stat()
            os.chown(name, status.st_uid, status.st_gid)
            shutil.copystat(self.path, name)
            os.utime(name)
        else:
            os.chmod(name, 0o644)
        return Path(name)


@dataclass(frozen=True)
class Transaction:
    """What C(command) loads into the kernel in one step, and what takes it back."""

    command: tuple[str, ...]
    forth: str
    back: str

    def do(self, runner: Runner) -> None:
        """Load it."""
        self._load(self.forth, runner)

    def undo(self, runner: Runner) -> None:
        """Load the way back."""
        self._load(self.back, runner)

    def show(self) -> str:
        """What is loaded, for people."""
        return f"--- live\n+++ live, by {self.command[0]}\n" + "".join(
            f"+{line}" for line in self.forth.splitlines(keepends=True)
        )

    def _load(self, text: str, runner: Runner) -> None:
        with tempfile.TemporaryDirectory(prefix="wss-") as folder:
            path = Path(folder) / "rules"
            path.write_text(text, encoding="utf-8")
            run([*self.command, str(path)], runner, "The live rules stay as they are")


def run(command: list[str], runner: Runner, failure: str, named: Path | None = None) -> str:
    """What a command writes.

    :param named: The file that the last word of the command is a copy of.
    :raises FirewallError: where it fails, with C(failure) and the first line that it says.
    """
    status, out, err = runner(command)
    if status == 0:
        return out
    said = [line.strip() for line in (err or out).splitlines() if line.strip()]
    reason = said[0] if said else f"exit status {status}"
    raise FirewallError(f"{failure}: {command[0]} says: {reason.replace(command[-1], str(named)) if named else reason}")
