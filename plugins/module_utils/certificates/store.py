# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders on disk that hold keys and certificates.

    <directory>/<name>/<digest>/{privkey,cert,chain,fullchain}.pem
    <directory>/<name>/current -> <digest>

A folder is written under a hidden name and renamed when it is complete, and C(current) is switched by one
rename(2): whoever looks, and whenever the process is killed, there is a whole pair. Knows nothing of X.509.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

KEEP = 5  # folders of a name: the newest, and whichever is current

PRIVKEY, CERT, CHAIN, FULLCHAIN = "privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"
FILES = (PRIVKEY, CERT, CHAIN, FULLCHAIN)
NONE = "there was none"

_DIGEST = re.compile(r"[0-9a-f]{16}")
_HIDDEN = ".wss-"  # begins every name that is in the making or on its way out


class StoreError(Exception):
    """Something stands where the store's own things should; says what and where."""


@dataclass(frozen=True)
class Bundle:
    """A key and its certificates, leaf first, all PEM: installed and switched as one unit."""

    key: bytes = field(repr=False)
    certificates: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        return digest_of(self.certificates)

    def files(self) -> dict[str, bytes]:
        leaf, chain = self.certificates[0], b"".join(self.certificates[1:])
        return {PRIVKEY: self.key, CERT: leaf, CHAIN: chain, FULLCHAIN: leaf + chain}


@dataclass(frozen=True)
class Stored:
    """What is on disk for a name, unjudged; a file that is missing or no file is None."""

    note: str = ""  # why there is no digest, or why it is not the one that `current` names
    digest: str | None = None
    files: dict[str, bytes | None] = field(default_factory=dict, repr=False)
    modes: dict[str, int] = field(default_factory=dict)


def digest_of(certificates: tuple[bytes, ...]) -> str:
    """Names a folder by its public content: 16 hex digits of SHA-256 over the DER of leaf and chain."""
    encoded = (b"".join(pem.strip().splitlines()[1:-1]) for pem in certificates)
    return hashlib.sha256(b"".join(base64.b64decode(text) for text in encoded)).hexdigest()[:16]


def mode_of(file: str) -> int:
    return 0o600 if file == PRIVKEY else 0o644


def folder(directory: str, name: str, digest: str) -> str:
    return os.path.join(directory, name, digest)


def read(directory: str, name: str) -> Stored:
    """What `current` names; if it names nothing, the newest folder there is."""
    base = os.path.join(directory, name)
    current = os.path.join(base, "current")
    if not os.path.lexists(base):
        return Stored(NONE)
    _refuse_unless(os.path.isdir(base), base, "a folder")
    _refuse_unless(os.path.islink(current) or not os.path.lexists(current), current, "a symlink")
    digests = _digests(base)
    if os.path.islink(current):
        target = os.readlink(current)
        if target in digests:
            return _read_folder(base, target, "")
        note = f"current pointed at {target}, which is no certificate of this name"
    else:
        note = "current was missing" if digests else NONE
    return _read_folder(base, digests[0], note) if digests else Stored(note)


def _refuse_unless(good: bool, path: str, kind: str) -> None:
    if not good:
        raise StoreError(f"{path} must be {kind} and is something else; move it away and run again")


def _digests(base: str) -> list[str]:
    """The names of the digest folders, newest first."""
    with os.scandir(base) as entries:
        found = [(entry.stat(follow_symlinks=False).st_mtime_ns, entry.name) for entry in entries if _is_digest(entry)]
    return [name for _mtime, name in sorted(found, reverse=True)]


def _is_digest(entry: os.DirEntry[str]) -> bool:
    return bool(_DIGEST.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def _read_folder(base: str, digest: str, note: str) -> Stored:
    files: dict[str, bytes | None] = {}
    modes: dict[str, int] = {}
    for file in FILES:
        path = os.path.join(base, digest, file)
        try:
            with open(path, "rb") as stream:
                files[file] = stream.read()
                modes[file] = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
        except (FileNotFoundError, IsADirectoryError):
            files[file] = None
    return Stored(note, digest, files, modes)


@contextlib.contextmanager
def locked(directory: str) -> Iterator[None]:
    """Make the directory if need be, and keep other runs from changing it. A killed run's lock goes with it."""
    _make_folder(directory)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def install(directory: str, bundles: Mapping[str, Bundle]) -> None:
    """Put each name's bundle into its folder and make it current; until all are written, none is.

    The disk is waited for once for all, not once a file: that is the difference between seconds and milliseconds.
    """
    staged = {name: _stage(directory, name, bundle) for name, bundle in bundles.items()}
    for scratch in staged.values():
        for path in [*(os.path.join(scratch, file) for file in FILES), scratch] if scratch else []:
            _sync(path)
    for name, bundle in bundles.items():
        base = os.path.join(directory, name)
        if staged[name]:
            os.rename(staged[name], os.path.join(base, bundle.digest))
        else:
            _repair(base, bundle)
        activate(directory, name, bundle.digest)
    for name in bundles:
        _sync(os.path.join(directory, name))


def _stage(directory: str, name: str, bundle: Bundle) -> str:
    """Write the whole folder under a hidden name; that name, or "" when the folder is there already."""
    base = os.path.join(directory, name)
    _make_folder(base)
    target = os.path.join(base, bundle.digest)
    if os.path.lexists(target):
        _refuse_unless(os.path.isdir(target) and not os.path.islink(target), target, "a folder")
        return ""
    scratch = tempfile.mkdtemp(prefix=_HIDDEN, dir=base)  # mode 0700
    for file, content in bundle.files().items():
        _write(os.path.join(scratch, file), content, mode_of(file))
    os.chmod(scratch, 0o755)
    return scratch


def _repair(base: str, bundle: Bundle) -> None:
    """Set right what is wrong in a folder, file by file: its digest says that the certificates are these."""
    found = _read_folder(base, bundle.digest, "").files
    for file, content in bundle.files().items():
        path = os.path.join(base, bundle.digest, file)
        _refuse_unless(os.path.islink(path) or os.path.isfile(path) or not os.path.lexists(path), path, "a file")
        if found[file] != content:
            if file == PRIVKEY and os.path.isfile(path):
                _keep_copy(path)  # it may be the only one of somebody's key
            scratch = os.path.join(base, _HIDDEN + file)
            _remove(scratch)
            _write(scratch, content, mode_of(file))
            _sync(scratch)
            os.replace(scratch, path)
        os.chmod(path, mode_of(file))
    os.utime(os.path.join(base, bundle.digest))
    _sync(os.path.join(base, bundle.digest))


def _keep_copy(path: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.link(path, f"{path}.replaced-{os.stat(path).st_mtime_ns}")


def activate(directory: str, name: str, digest: str) -> bool:
    """Make `current` point at the digest, by one rename. Whether that changed anything."""
    base = os.path.join(directory, name)
    current = os.path.join(base, "current")
    _refuse_unless(os.path.isdir(os.path.join(base, digest)), os.path.join(base, digest), "a folder")
    _refuse_unless(os.path.islink(current) or not os.path.lexists(current), current, "a symlink")
    if os.path.islink(current) and os.readlink(current) == digest:
        return False
    scratch = os.path.join(base, _HIDDEN + "current")
    _remove(scratch)
    os.symlink(digest, scratch)
    os.replace(scratch, current)
    return True


def tidy(directory: str, name: str) -> None:
    """Remove what killed runs left, and all folders but the newest and the current one."""
    base = os.path.join(directory, name)
    if not os.path.isdir(base):
        return
    current = os.path.join(base, "current")
    kept = os.readlink(current) if os.path.islink(current) else ""
    for digest in _digests(base)[KEEP:]:
        if digest != kept:
            # Under a hidden name first, so that a kill half-way leaves no folder that looks whole.
            os.rename(os.path.join(base, digest), os.path.join(base, _HIDDEN + digest))
    for entry in os.listdir(base):
        if entry.startswith(_HIDDEN):
            _remove(os.path.join(base, entry))


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _make_folder(path: str) -> None:
    """Like makedirs, but 0755 whatever the umask; folders that exist stay as they are."""
    if os.path.isdir(path):
        return
    _make_folder(os.path.dirname(path))
    os.mkdir(path)
    os.chmod(path, 0o755)


def _write(path: str, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(content)
        os.fchmod(descriptor, mode)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
