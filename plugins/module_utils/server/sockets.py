# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says who listens on this host, and which processes a server runs, as the kernel reports them in /proc."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.server.records import SERVERS

PROC = Path("/proc")
_ESTABLISHED = "01"
_LISTEN = "0A"
_UNIX_LISTEN = 0x10000
_PROGRAMS = {program for server in SERVERS.values() for program in server.programs}


class Socket(NamedTuple):
    """One listening TCP socket; the process is None when it is not visible from here."""

    address: str
    port: int
    pid: int | None
    program: str | None
    inode: int


class Worker(NamedTuple):
    """A worker process: ``started`` is seconds since the epoch; one that drains only finishes what it has.

    It has closed the sockets on which the server listens.
    """

    pid: int
    started: float
    draining: bool


def listeners(proc: Path = PROC) -> list[Socket]:
    """Return every listening TCP socket of this network namespace with the process that holds it."""
    found = [each for table in ("tcp", "tcp6") for each in _table(proc / "net" / table)]
    owners = _owners(proc, {inode for _address, _port, inode in found})
    result = []
    for address, port, inode in found:
        pid = owners.get(inode)
        program = _program(proc, pid) if pid is not None else ""
        result.append(Socket(address, port, pid, program or None, inode))
    return result


def holder(sockets: Iterable[Socket], address: str, port: int) -> Socket | None:
    """Return the socket that would keep another program from listening on the address, or None.

    A wildcard takes every address of its family, and is refused while any of them is taken. ``::`` often takes
    IPv4 too (/proc does not say), so for an IPv4 address it is returned when nothing closer is there.
    """
    same_port = [each for each in sockets if each.port == port]
    wildcard = "::" if ":" in address else "0.0.0.0"
    family = [each for each in same_port if (":" in each.address) == (":" in address)]
    exact = [each for each in family if each.address == address]
    wide = [each for each in family if each.address == wildcard or address == wildcard]
    both = [each for each in same_port if each.address == "::"]
    return next(iter(exact + wide + both), None)


def has_ipv6(proc: Path = PROC) -> bool:
    """Say whether any interface has an IPv6 address, the loopback included."""
    return bool(_read(proc / "net" / "if_inet6").strip())


def master_pid(pid_file: Path, proc: Path = PROC) -> int | None:
    """Return the process id of the server's first process, which wrote the pid file; others are not meant."""
    named = _read(pid_file).strip()
    return int(named) if named.isdigit() and _is_master(proc, int(named)) else None


def workers(master: int, proc: Path = PROC, boot_time: float | None = None) -> list[Worker]:
    """Return the workers of a master, oldest first; ``boot_time`` is the epoch at which the kernel's clock was 0."""
    if boot_time is None:
        boot_time = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    listening = _listening(proc)
    program = _program(proc, master)
    found = []
    for pid in _pids(proc):
        fields = _stat(proc, pid)
        # Its children for logs and scripts are other programs.
        if len(fields) < 20 or int(fields[1]) != master or _program(proc, pid) != program:
            continue
        started = boot_time + int(fields[19]) / os.sysconf("SC_CLK_TCK")
        found.append(Worker(pid, started, listening.isdisjoint(_links(proc / str(pid) / "fd"))))
    return sorted(found, key=lambda worker: (worker.started, worker.pid))


def clients(pids: Iterable[int], proc: Path = PROC) -> dict[int, int]:
    """Count the connections that each of these processes has from those who connected to this host."""
    rows = [row for table in ("tcp", "tcp6") for row in _rows(proc / "net" / table)]
    ports = {port for state, _address, port, _inode in rows if state == _LISTEN}
    inodes = {f"socket:[{inode}]" for state, _address, port, inode in rows if state == _ESTABLISHED and port in ports}
    return {pid: len(inodes.intersection(_links(proc / str(pid) / "fd"))) for pid in pids}


def _listening(proc: Path) -> set[str]:
    """Return every socket that takes connections, as the links to a process's open files name it."""
    inodes = {inode for table in ("tcp", "tcp6") for _address, _port, inode in _table(proc / "net" / table)}
    for line in _read(proc / "net" / "unix").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 6 and int(fields[3], 16) & _UNIX_LISTEN:
            inodes.add(int(fields[6]))
    return {f"socket:[{inode}]" for inode in inodes}


def _table(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield address, port and inode of the listening sockets in /proc/net/tcp or tcp6."""
    for state, address, port, inode in _rows(path):
        if state == _LISTEN:
            yield _address(address), port, inode


def _rows(path: Path) -> Iterator[tuple[str, str, int, int]]:
    """Yield state, the kernel's local address, port and inode of every socket."""
    for line in _read(path).splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9:
            address, _colon, port = fields[1].partition(":")
            yield fields[3], address, int(port, 16), int(fields[9])


def _address(text: str) -> str:
    """Return the address that the kernel prints as 32-bit words in the machine's own byte order."""
    words = [int(text[start : start + 8], 16).to_bytes(4, sys.byteorder) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _owners(proc: Path, inodes: set[int]) -> dict[int, int]:
    """Return the process of each socket; of several that share it the oldest, which is the master."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, int] = {}
    for pid in _pids(proc):
        if not wanted:
            break
        for link in _links(proc / str(pid) / "fd"):
            inode = wanted.pop(link, None)
            if inode is not None:
                found[inode] = pid
    return found


def _links(folder: Path) -> Iterator[str]:
    """Yield what the open files of a process are; nothing for a process that ends or is not ours to see."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")
        except OSError:
            continue


def _pids(proc: Path) -> list[int]:
    return sorted(int(name) for name in os.listdir(proc) if name.isdigit())


def _is_master(proc: Path, pid: int) -> bool:
    """Say whether it is a server's process, and no worker of another one."""
    fields, program = _stat(proc, pid), _program(proc, pid)
    if program not in _PROGRAMS or len(fields) < 2 or fields[0] == "Z":
        return False
    # While nginx is upgraded in place, its new master is a child of the old one, and says what it is.
    title = _read(proc / str(pid) / "cmdline")
    return _program(proc, int(fields[1])) != program or title.startswith("nginx: master process")


def _program(proc: Path, pid: int) -> str:
    return _read(proc / str(pid) / "comm").strip()


def _stat(proc: Path, pid: int) -> list[str]:
    """Return what the kernel says of a process, from its state on."""
    # The program's name, in parentheses, may hold spaces: what counts starts after it.
    return _read(proc / str(pid) / "stat").rpartition(")")[2].split()


def _read(path: Path) -> str:
    """Return a file's text, empty when it cannot be read: processes end while they are looked at."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
