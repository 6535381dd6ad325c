# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file on disk, replaced as a whole: whoever looks, and whenever the process is killed, it is the old or the new.

A symlink to a file is followed, and stays: the file that it leads to is the one that is read and replaced. A symlink
to nowhere is refused, for it cannot be known what should be where it leads. Knows nothing of what the file holds.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import glob
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MAX_BYTES = 1 << 20  # far above any key, request or chain
NONE = "there was none"

_SCRATCH = ".wss-"  # follows the name of the file that is being written


class FileError(Exception):
    """Something is in the way; says what, where, and what to do."""


@dataclass(frozen=True)
class Found:
    """What is at a path; without C(content) there is nothing."""

    path: str  # of the file itself, at the end of all symlinks
    content: bytes | None = field(default=None, repr=False)
    owner: int = -1
    group: int = -1

    @property
    def text(self) -> bytes:
        """The content of a file that must be there."""
        if self.content is None:
            raise FileError(f"{self.path} does not exist")
        return self.content


def look(path: str) -> Found:
    """Read a file, or find that there is none."""
    if not path.startswith("/"):
        raise FileError(f"{path!r} must be an absolute path")
    real = os.path.realpath(path)
    if os.path.islink(path) and not os.path.exists(real):
        raise FileError(f"{path} is a symlink to {os.readlink(path)}, which does not exist; remove the symlink")
    try:
        # A pipe would wait for its writer; whatever it is, it must not become this process's terminal.
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError:
        return Found(real)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):
            raise FileError(_no_file(path, "a device or socket")) from None
        raise FileError(f"cannot read {path}: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise FileError(_no_file(path, "a folder" if stat.S_ISDIR(status.st_mode) else "a device or pipe"))
    with open(descriptor, "rb") as stream:
        if status.st_size > MAX_BYTES:
            raise FileError(f"{path} has {status.st_size} bytes, and no file of PEM has more than {MAX_BYTES}")
        return Found(real, stream.read(), status.st_uid, status.st_gid)


def _no_file(path: str, kind: str) -> str:
    return f"{path} must be a file and is {kind}; move it away or name another path"


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Keep other runs out of the folder of a file, from look to replace. A killed run's lock goes with it."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # what is wrong with the folder is said by whoever writes there
            descriptor = os.open(os.path.dirname(os.path.realpath(path)), os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def replace(found: Found, content: bytes, prepare: Callable[[str], None]) -> None:
    """Put the content in place of what was found, by one who has the folder locked.

    C(prepare) sets the mode of a path, before it has any content.
    """
    folder, name = os.path.split(found.path)
    for left in glob.glob(glob.escape(os.path.join(folder, f".{name}{_SCRATCH}")) + "*"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(left)  # by a run that was killed
    try:
        descriptor, scratch = tempfile.mkstemp(prefix=f".{name}{_SCRATCH}", dir=folder)  # mode 0600
    except OSError as error:
        raise FileError(f"cannot write in {folder}: {error.strerror}") from None
    try:
        with open(descriptor, "wb") as stream:
            if found.content is not None and _owner(descriptor) != (found.owner, found.group):
                os.fchown(descriptor, found.owner, found.group)
            prepare(scratch)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        if look(found.path) != found:
            raise FileError(f"{found.path} was changed by somebody else meanwhile; run again")
        os.rename(scratch, found.path)
    except OSError as error:
        raise FileError(f"cannot write {found.path}: {error.strerror}") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(scratch)
    _sync_folder(folder)


def _owner(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_uid, status.st_gid


def keep_copy(found: Found, now: datetime.datetime) -> str:
    """Write what was found beside itself, for its owner alone; the path of that copy."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    names = [f"{found.path}.replaced-{stamp}", *(f"{found.path}.replaced-{stamp}-{count}" for count in range(2, 100))]
    path = next(name for name in names if not os.path.lexists(name))
    replace(Found(path), found.text, lambda scratch: os.chown(scratch, found.owner, found.group))
    return path


def _sync_folder(path: str) -> None:
    """Make the rename last; on a file system that cannot, it is as good as it gets."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
