# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file that an application reads: looked at, put there, or taken away.

Its folder may belong to the application's user, so nothing in it is trusted: no symlink is followed but those that root
alone can have made, and all is done relative to the folder as it was opened. A reader sees the old file or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MODE = 0o400  # the application writes none of them
MAX_BYTES = 1 << 20  # far above any key or chain
MAX_LINKS = 40  # as many as the kernel follows
ROOT = 0
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FileProblem(Exception):
    """What is in the way, and what to do."""


class NoFolder(FileProblem):
    """The folder is not there, which another task may make."""


@dataclass(frozen=True)
class Found:
    """What is at a path; without C(content) there is nothing."""

    content: bytes | None = field(default=None, repr=False)
    owner: int = -1
    group: int = -1
    mode: int = 0
    written: int = 0

    @property
    def digest(self) -> str:
        """Of the content, to know it again; empty where there is nothing."""
        return "" if self.content is None else digest(self.content)


def digest(content: bytes) -> str:
    """What a content is known by; a key cannot be learned from it."""
    return hashlib.sha256(content).hexdigest()


def look(path: str) -> Found:
    """Read a file, or find that there is none.

    :raises FileProblem: where something else than a file is there, or the folder is missing.
    """
    with _opened(path) as (folder, name):
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                raise FileProblem(f"{path} is {_kind(status.st_mode)}; name another path, or remove it")
            if status.st_size > MAX_BYTES:
                raise FileProblem(f"{path} has {status.st_size} bytes, which no certificate or key has; name another")
            with open(os.open(name, _LOOK, dir_fd=folder), "rb") as stream:
                content = stream.read(MAX_BYTES)
        except FileNotFoundError:
            return Found()
        except OSError as error:
            raise FileProblem(f"{path} cannot be read: {error.strerror}") from None
    return Found(content, status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), status.st_mtime_ns)


def kept_name(path: str, found: Found) -> str:
    """Where a file goes that is not the collection's; the same for the same file, however often a run is killed."""
    return f"{path}.replaced-{found.written}"


@contextlib.contextmanager
def prepared(path: str, content: bytes, owner: int, group: int, kept: str | None) -> Iterator[Callable[[], None]]:
    """Write the content, for its owner alone: what is returned renames it to the path.

    What is there now stays beside it as C(kept).
    """
    with _opened(path) as (folder, name):
        if kept:
            with contextlib.suppress(FileExistsError):
                os.link(name, os.path.basename(kept), src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        scratch = _forget_scratch(folder, name)
        try:
            _write(os.open(scratch, _MAKE, 0o600, dir_fd=folder), content, owner, group)
            yield lambda: os.rename(scratch, name, src_dir_fd=folder, dst_dir_fd=folder)
        except Exception:
            _forget_scratch(folder, name)
            raise
        os.fsync(folder)


def _write(descriptor: int, content: bytes, owner: int, group: int) -> None:
    with open(descriptor, "wb") as stream:
        os.fchown(descriptor, owner, group)
        os.fchmod(descriptor, MODE)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def take_away(path: str, kept: str | None) -> None:
    """Have at the path what was there before, or nothing."""
    with _opened(path) as (folder, name):
        _forget_scratch(folder, name)
        if kept:
            with contextlib.suppress(FileNotFoundError):
                os.rename(os.path.basename(kept), name, src_dir_fd=folder, dst_dir_fd=folder)
                return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def _forget_scratch(folder: int, name: str) -> str:
    """The name under which a file is written, free of what a killed run has left there."""
    scratch = f".wss-{name}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(scratch, dir_fd=folder)
    return scratch


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[int, str]]:
    above, name = os.path.split(path)
    try:
        folder = _walk(above, path)
    except FileNotFoundError:
        raise NoFolder(f"there is no folder {above}; make it, readable for the application's user") from None
    except OSError as error:
        raise FileProblem(f"{above} is no folder that can be opened: {error.strerror}") from None
    try:
        yield folder, name
    finally:
        os.close(folder)


def _walk(above: str, path: str) -> int:
    """Open a folder from the top, name by name, so that nobody can put a symlink there in between."""
    folder, links = os.open("/", _FOLDER), 0
    ahead = above.split("/")[::-1]
    try:
        while ahead:
            name = ahead.pop() or "."
            try:
                below = os.open(name, _FOLDER, dir_fd=folder)
            except OSError as error:
                links += 1
                if error.errno not in (errno.ENOTDIR, errno.ELOOP) or links > MAX_LINKS:
                    raise
                target = _target(name, folder, path)
                ahead += target.split("/")[::-1]
                below = os.open("/" if target.startswith("/") else ".", _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
    except BaseException:
        os.close(folder)
        raise
    return folder


def _target(name: str, folder: int, path: str) -> str:
    """Where a symlink leads that root alone can have made."""
    link, holder = os.stat(name, dir_fd=folder, follow_symlinks=False), os.fstat(folder)
    if not stat.S_ISLNK(link.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if link.st_uid != ROOT or holder.st_uid != ROOT or holder.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        at = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name)
        raise FileProblem(
            f"{path} leads through the symlink {at}, which others than root can replace; name the path without it, or"
            " have it and the folder that it is in belong to root, and nobody else write there"
        )
    return os.readlink(name, dir_fd=folder)


def _kind(mode: int) -> str:
    kinds = {stat.S_ISLNK: "a symlink, which is not followed", stat.S_ISDIR: "a folder"}
    return next((kind for is_one, kind in kinds.items() if is_one(mode)), "a device, pipe or socket")
