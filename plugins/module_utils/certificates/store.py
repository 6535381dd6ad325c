# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders on disk that hold keys and certificates.

    <directory>/<name>/<digest>/{privkey,cert,chain,fullchain}.pem
                                   and request.pem and trust.pem, where there are such,
                                   and keypair.pem, where a client shows the certificate
    <directory>/<name>/current -> <digest>
    <directory>/<name>/requested/{privkey,request}.pem              what an authority is still to sign

A folder is written under a hidden name and renamed when it is complete, and C(current) is switched by one
rename(2): whoever looks, and whenever the process is killed, there is a whole pair. Knows nothing of X.509.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import fcntl
import functools
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MANY = 20  # folders
KEEP = 5  # folders of a name: the newest, and whichever is current

PRIVKEY, CERT, CHAIN, FULLCHAIN = "privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"
FILES = (PRIVKEY, CERT, CHAIN, FULLCHAIN)
REQUEST, TRUST, KEYPAIR = "request.pem", "trust.pem", "keypair.pem"
OTHERS = (REQUEST, TRUST, KEYPAIR)  # where there are such
REQUESTED = "requested"
NONE = "there was none"
WRITABLE = 0o022  # for others: they could replace a key

_DIGEST = re.compile(r"[0-9a-f]{16}")
_HIDDEN = ".wss-"  # begins every name that is in the making or on its way out


class StoreError(Exception):
    """Something stands where the store's own things should; says what and where."""


@dataclass(frozen=True)
class Bundle:
    """A key and its certificates, leaf first, all PEM: installed and switched as one unit."""

    key: bytes = field(repr=False)
    certificates: tuple[bytes, ...]
    request: bytes | None = None  # what its authority was asked
    trust: bytes | None = None  # the roots that its clients must have
    keypair: bool = False  # in one file, too

    @functools.cached_property
    def digest(self) -> str:
        return digest_of(self.certificates)

    def files(self) -> dict[str, bytes]:
        leaf, chain = self.certificates[0], b"".join(self.certificates[1:])
        found = {PRIVKEY: self.key, CERT: leaf, CHAIN: chain, FULLCHAIN: leaf + chain}
        # In this order Apache takes the key for the leaf's, and the chain for what goes with it.
        keypair = leaf + self.key + chain if self.keypair else None
        more = {REQUEST: self.request, TRUST: self.trust, KEYPAIR: keypair}
        return {**found, **{file: content for file, content in more.items() if content}}


@dataclass(frozen=True)
class Pending:
    """A key and the request that was made with it, both PEM: written and kept as one unit."""

    key: bytes = field(repr=False)
    request: bytes

    def files(self) -> dict[str, bytes]:
        return {PRIVKEY: self.key, REQUEST: self.request}


@dataclass(frozen=True)
class Stored:
    """What is on disk for a name, unjudged; a file that is missing or no file is None."""

    note: str = ""  # why there is no digest, or why it is not the one that `current` names
    digest: str | None = None
    files: dict[str, bytes | None] = field(default_factory=dict, repr=False)
    modes: dict[str, int] = field(default_factory=dict)  # of the files, and of the folder under ""
    requested: Stored | None = None
    untidy: bool = False
    base: str = field(default="", compare=False)


def digest_of(certificates: tuple[bytes, ...]) -> str:
    """Names a folder by its public content: 16 hex digits of SHA-256 over the DER of leaf and chain."""
    encoded = (b"".join(pem.strip().splitlines()[1:-1]) for pem in certificates)
    return hashlib.sha256(b"".join(base64.b64decode(text) for text in encoded)).hexdigest()[:16]


def mode_of(file: str) -> int:
    return 0o600 if file in (PRIVKEY, KEYPAIR) else 0o644


def folder(directory: str, name: str, digest: str) -> str:
    return os.path.join(directory, name, digest)


def read(directory: str, name: str) -> Stored:
    """What `current` names; if it names nothing, the newest folder there is. And what is requested."""
    base = os.path.join(directory, name)
    try:
        names = os.listdir(base)
    except FileNotFoundError:
        _refuse_unless(not os.path.lexists(base), base, "a folder")
        return Stored(NONE, base=base)
    except NotADirectoryError:
        names = []
        _refuse_unless(False, base, "a folder")
    note, digest = _current(base, "current" in names)
    requested = _read_requested(base) if REQUESTED in names else None
    untidy = any(each.startswith(_HIDDEN) for each in names) or bool(_surplus(base))
    if digest is None:
        return Stored(note, requested=requested, untidy=untidy, base=base)
    files, modes = _read_folder(base, digest)
    modes[""] = _mode(os.path.join(base, digest))
    return Stored(note, digest, files, modes, requested, untidy, base)


def former(base: str, digest: str | None) -> list[bytes]:
    """The certificates in the other folders of a name, as they are."""
    found = [_read_folder(base, each, (CERT,))[0][CERT] for each in _digests(base) if each != digest]
    return [text for text in found if text]


def check(base: str, bundle: Bundle) -> None:
    """Refuse what stands where the bundle's folder or one of its files should."""
    target = os.path.join(base, bundle.digest)
    if os.path.lexists(target):
        _refuse_unless(_is_folder(target), target, "a folder")
        for path in (os.path.join(target, file) for file in bundle.files()):
            _refuse_unless(os.path.islink(path) or os.path.isfile(path) or not os.path.lexists(path), path, "a file")


def _current(base: str, there: bool) -> tuple[str, str | None]:
    note = ""
    if there:
        current = os.path.join(base, "current")
        _refuse_unless(os.path.islink(current), current, "a symlink")
        target = os.readlink(current)
        if _DIGEST.fullmatch(target) and _is_folder(os.path.join(base, target)):
            return "", target
        note = f"current pointed at {target}, which is no certificate of this name"
    digests = _digests(base)
    if not digests:
        return note or NONE, None
    return note or "current was missing", digests[0]


def _read_requested(base: str) -> Stored:
    path = os.path.join(base, REQUESTED)
    _refuse_unless(_is_folder(path), path, "a folder")
    for file in (PRIVKEY, REQUEST):
        _refuse_unless(not os.path.isdir(os.path.join(path, file)), os.path.join(path, file), "a file")
    files, modes = _read_folder(base, REQUESTED, (PRIVKEY, REQUEST))
    return Stored("", None, files, {**modes, "": _mode(path)}, base=base)


def _mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _refuse_unless(good: bool, path: str, kind: str) -> None:
    if not good:
        raise StoreError(f"{path} must be {kind} and is something else; move it away and run again")


def _digests(base: str) -> list[str]:
    """The names of the digest folders, newest first."""
    with os.scandir(base) as entries:
        found = [(entry.stat(follow_symlinks=False).st_mtime_ns, entry.name) for entry in entries if _is_digest(entry)]
    return [name for _mtime, name in sorted(found, reverse=True)]


def _surplus(base: str) -> list[str]:
    """The digest folders that are neither among the newest nor current."""
    current = os.path.join(base, "current")
    kept = os.readlink(current) if os.path.islink(current) else ""
    return [digest for digest in _digests(base)[KEEP:] if digest != kept]


def _is_digest(entry: os.DirEntry[str]) -> bool:
    return bool(_DIGEST.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def _read_folder(
    base: str, folder: str, names: Sequence[str] = (*FILES, *OTHERS)
) -> tuple[dict[str, bytes | None], dict[str, int]]:
    files: dict[str, bytes | None] = {}
    modes: dict[str, int] = {}
    for file in names:
        path = os.path.join(base, folder, file)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            if file not in OTHERS or folder == REQUESTED:
                files[file] = None
            continue
        try:
            about = os.fstat(descriptor)
            if stat.S_ISREG(about.st_mode):
                files[file] = os.read(descriptor, about.st_size)
                modes[file] = stat.S_IMODE(about.st_mode)
            else:
                files[file] = None
        finally:
            os.close(descriptor)
    return files, modes


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


def install(
    directory: str,
    bundles: Mapping[str, Bundle],
    pending: Mapping[str, Pending] | None = None,
    settled: Iterable[str] = (),
) -> None:
    """Put each name's bundle into its folder and make it current; until all are written, none is.

    :param pending: What is to be requested with it, by the names.
    :param settled: The names that no longer wait for what they have requested.
    """
    pending = pending or {}
    staged = {name: _stage(directory, name, bundle) for name, bundle in bundles.items()}
    asked = {name: _write_folder(_base(directory, name), each.files(), 0o700) for name, each in pending.items()}
    _sync_folders(directory, [path for path in (*staged.values(), *asked.values()) if path])
    for name, bundle in bundles.items():
        base = os.path.join(directory, name)
        if staged[name]:
            os.rename(staged[name], os.path.join(base, bundle.digest))
        else:
            _repair(base, bundle)
        activate(directory, name, bundle.digest)
    for name, each in pending.items():
        _place(os.path.join(directory, name), asked[name], each)
    _sync_folders(directory, [os.path.join(directory, name) for name in {**bundles, **pending}], files=False)
    for name in settled:
        _withdraw(os.path.join(directory, name))


def _base(directory: str, name: str) -> str:
    base = os.path.join(directory, name)
    _make_folder(base)
    return base


def _stage(directory: str, name: str, bundle: Bundle) -> str:
    """Write the whole folder under a hidden name; that name, or "" when the folder is there already."""
    base = _base(directory, name)
    check(base, bundle)
    if os.path.lexists(os.path.join(base, bundle.digest)):
        return ""
    return _write_folder(base, bundle.files(), 0o755)


def _write_folder(base: str, files: Mapping[str, bytes], mode: int) -> str:
    scratch = tempfile.mkdtemp(prefix=_HIDDEN, dir=base)  # mode 0700
    for file, content in files.items():
        _write(os.path.join(scratch, file), content, 0o600 if mode == 0o700 else mode_of(file))
    if mode != 0o700:
        os.chmod(scratch, mode)
    return scratch


def _place(base: str, scratch: str, pending: Pending) -> None:
    """Let what was written be what is requested. Where the key stays, it stays throughout."""
    target = os.path.join(base, REQUESTED)
    if os.path.lexists(target):
        _refuse_unless(_is_folder(target), target, "a folder")
        if _read_folder(base, REQUESTED, (PRIVKEY,))[0][PRIVKEY] == pending.key:
            os.replace(os.path.join(scratch, REQUEST), os.path.join(target, REQUEST))
            os.chmod(os.path.join(target, PRIVKEY), 0o600)
            os.chmod(target, 0o700)
            return
        _withdraw(base)
    os.rename(scratch, target)


def _withdraw(base: str) -> None:
    """Nothing is requested any more; a key that is nowhere else is kept."""
    path = os.path.join(base, REQUESTED)
    if not _is_folder(path):
        return
    key = os.path.join(path, PRIVKEY)
    installed = _read_folder(base, "current", (PRIVKEY,))[0][PRIVKEY]
    if os.path.isfile(key) and _read_folder(base, REQUESTED, (PRIVKEY,))[0][PRIVKEY] != installed:
        _keep_copy(key, os.path.join(base, PRIVKEY))
    gone = os.path.join(base, _HIDDEN + REQUESTED)
    _remove(gone)
    os.rename(path, gone)
    _remove(gone)


def _repair(base: str, bundle: Bundle) -> None:
    """Set right what is wrong in a folder, file by file: its digest says that the certificates are these."""
    found, _modes = _read_folder(base, bundle.digest)
    for file, content in bundle.files().items():
        path = os.path.join(base, bundle.digest, file)
        if found.get(file) != content:
            if file == PRIVKEY and os.path.isfile(path):
                _keep_copy(path, path)  # it may be the only one of somebody's key
            scratch = os.path.join(base, _HIDDEN + file)
            _remove(scratch)
            _write(scratch, content, mode_of(file))
            _sync(scratch)
            os.replace(scratch, path)
        os.chmod(path, mode_of(file))
    if not bundle.trust and found.get(TRUST):
        os.unlink(os.path.join(base, bundle.digest, TRUST))
    home = os.path.join(base, bundle.digest)
    os.chmod(home, _mode(home) & ~WRITABLE)
    os.utime(home)
    _sync(home)


def _keep_copy(path: str, beside: str) -> None:
    if os.path.islink(path):
        return  # what it points at stays where it is
    with contextlib.suppress(FileExistsError):
        os.link(path, f"{beside}.replaced-{os.stat(path).st_mtime_ns}")


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
    for digest in _surplus(base):
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
    with contextlib.suppress(FileExistsError):  # another run makes it at the same time
        os.mkdir(path)
        os.chmod(path, 0o755)


def _write(path: str, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(content)
        os.fchmod(descriptor, mode)


def _sync_folders(directory: str, folders: Sequence[str], files: bool = True) -> None:
    """Wait for the disk: for all together where there are many, which takes a fraction of the time."""
    if len(folders) > MANY and _sync_file_system(directory):
        return
    for folder in folders:
        for file in sorted(os.listdir(folder)) if files else ():
            _sync(os.path.join(folder, file))
        _sync(folder)


def _sync_file_system(directory: str) -> bool:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        return bool(ctypes.CDLL(None).syncfs(descriptor) == 0)
    except (AttributeError, OSError):
        return False  # not this C library's
    finally:
        os.close(descriptor)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
