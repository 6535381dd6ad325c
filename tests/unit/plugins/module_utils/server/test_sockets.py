# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.sockets import (
    Socket,
    Worker,
    clients,
    has_ipv6,
    holder,
    listeners,
    master_pid,
    workers,
)

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0 100 0 0 10 0
   1: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 100 0 0 10 0
   3: 0A0200C0:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 104 1 0 100
   1: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 105 1 0 100
   2: 0000000000000000FFFF00000100007F:2328 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 106 1 0 100
"""

UNIX = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 200 /run/own.sock
0000000000000000: 00000003 00000000 00000000 0001 03 202
"""


def process(
    proc: Path,
    pid: int,
    title: str,
    parent: int = 1,
    started: int = 0,
    inodes: tuple[int, ...] = (),
    program: str = "nginx",
) -> None:
    folder = proc / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(f"{program}\n")
    (folder / "cmdline").write_text(title + "\0")
    (folder / "stat").write_text(f"{pid} (a) b ng) S {parent} " + "0 " * 17 + f"{started} 0 0\n")
    (folder / "fd" / "0").symlink_to("/dev/null")
    for inode in inodes:
        (folder / "fd" / str(inode)).symlink_to(f"socket:[{inode}]")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Return a /proc in which servers have a master and workers, one of them draining, and more is going on."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "unix").write_text(UNIX)
    (tmp_path / "net" / "tcp").write_text(TCP)
    (tmp_path / "net" / "tcp6").write_text(TCP6)
    process(tmp_path, 5, "nginx: master process nginx")  # another one
    process(tmp_path, 10, "nginx: master process /usr/sbin/nginx -g daemon on;", inodes=(101, 104))
    process(tmp_path, 9, "/usr/sbin/other", inodes=(100, 102), program="other")
    process(tmp_path, 12, "nginx: worker process", 10, 500, inodes=(101, 104))
    process(tmp_path, 11, "nginx: worker process is shutting down", 10, 250)
    process(tmp_path, 13, "sh", 10, 500, program="sh")
    process(tmp_path, 14, "nginx: worker process", 5, 100)
    process(tmp_path, 16, "nginx: master process", 10, 600)  # an upgrade in place
    process(tmp_path, 20, "/usr/sbin/apache2", program="apache2", inodes=(101,))
    process(tmp_path, 21, "/usr/sbin/apache2", 20, 300, program="apache2", inodes=(102, 202))  # of an old generation
    process(tmp_path, 22, "/usr/sbin/apache2", 20, 400, program="apache2", inodes=(101, 102))
    process(tmp_path, 23, "/usr/sbin/apache2", 20, 450, program="apache2", inodes=(201, 200))  # on a unix socket only
    process(tmp_path, 24, "/usr/bin/rotatelogs", 20, program="rotatelogs", inodes=(101,))
    (tmp_path / "15").mkdir()  # it has just ended
    return tmp_path


def test_listeners_of_a_fake_host(proc: Path) -> None:
    assert listeners(proc) == [
        Socket("127.0.0.1", 8080, 9, "other", 100),
        Socket("0.0.0.0", 443, 10, "nginx", 101),
        Socket("192.0.2.10", 80, None, None, 103),
        Socket("::", 443, 10, "nginx", 104),
        Socket("2001:db8::1", 80, None, None, 105),
        Socket("127.0.0.1", 9000, None, None, 106),
    ]


def test_a_shared_socket_is_the_masters(proc: Path) -> None:
    for pid in range(100, 140):
        process(proc, pid, "nginx: worker process", 10, inodes=(101,))
    assert next(each.pid for each in listeners(proc) if each.inode == 101) == 10


def test_a_host_without_ipv6_has_no_tcp6(proc: Path) -> None:
    (proc / "net" / "tcp6").unlink()
    assert [each.inode for each in listeners(proc)] == [100, 101, 103]


A = Socket("127.0.0.1", 1, 7, "a", 1)
B = Socket("0.0.0.0", 2, 8, "b", 2)
C = Socket("::1", 3, 9, "c", 3)
D = Socket("::", 4, 9, "d", 4)
E = Socket("0.0.0.0", 5, 9, "e", 5)
F = Socket("::", 5, 9, "f", 6)


@pytest.mark.parametrize(
    ("address", "port", "expected"),
    [
        ("127.0.0.1", 1, A),
        ("0.0.0.0", 1, A),  # a wildcard is refused while one address is taken
        ("127.0.0.2", 1, None),
        ("::", 1, None),
        ("0.0.0.0", 2, B),
        ("192.0.2.1", 2, B),
        ("::1", 2, None),
        ("::1", 3, C),
        ("::", 3, C),
        ("::2", 3, None),
        ("127.0.0.1", 3, None),
        ("2001:db8::1", 4, D),
        ("0.0.0.0", 4, D),  # it may take IPv4 too
        ("127.0.0.1", 5, E),
        ("::1", 5, F),
        ("0.0.0.0", 6, None),
    ],
)
def test_holder(address: str, port: int, expected: Socket | None) -> None:
    assert holder([F, A, B, C, D, E], address, port) == expected


def test_holder_prefers_the_exact_address() -> None:
    exact = Socket("127.0.0.1", 2, 7, "a", 1)
    assert holder([B, exact], "127.0.0.1", 2) == exact


def test_has_ipv6(proc: Path) -> None:
    assert not has_ipv6(proc)
    (proc / "net" / "if_inet6").write_text("")
    assert not has_ipv6(proc)
    (proc / "net" / "if_inet6").write_text("00000000000000000000000000000001 01 80 10 80       lo\n")
    assert has_ipv6(proc)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("10\n", 10),
        ("12\n", None),  # a worker
        ("16\n", 16),
        ("20\n", 20),
        ("22\n", None),
        ("24\n", None),
        ("9\n", None),  # the number has gone to another program
        ("999\n", None),
        ("", None),
        ("x", None),
        (None, None),
    ],
)
def test_master_pid(proc: Path, content: str | None, expected: int | None) -> None:
    pid_file = proc / "nginx.pid"
    if content is not None:
        pid_file.write_text(content)
    assert master_pid(pid_file, proc) == expected


def test_a_master_that_has_ended_is_none(proc: Path) -> None:
    (proc / "apache2.pid").write_text("20")
    (proc / "20" / "stat").write_text("20 (apache2) Z 1 " + "0 " * 30)
    assert master_pid(proc / "apache2.pid", proc) is None


def test_workers(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sysconf", {"SC_CLK_TCK": 100}.__getitem__)
    nginx = [Worker(11, 1002.5, True), Worker(12, 1005.0, False)]
    assert workers(10, proc, boot_time=1000.0)[:2] == nginx
    apache = [Worker(21, 1003.0, True), Worker(22, 1004.0, False), Worker(23, 1004.5, False)]
    assert workers(20, proc, boot_time=1000.0) == apache
    assert workers(99, proc, boot_time=1000.0) == []


def test_clients_are_counted_and_backends_are_not(proc: Path) -> None:
    with (proc / "net" / "tcp").open("a") as stream:
        stream.write("   4: 0100007F:C351 0100007F:1F90 01 0:0 00:0 0 0 0 107 1 0 100\n")
    process(proc, 30, "apache2", 20, program="apache2", inodes=(102, 107))
    assert clients([30, 22, 20, 999], proc) == {30: 1, 22: 1, 20: 0, 999: 0}


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_real_sockets(family: socket.AddressFamily, address: str) -> None:
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError as error:
        pytest.skip(f"{address}: {error}")
    with server:
        port = server.getsockname()[1]
        found = holder(listeners(), address, port)
        with socket.create_connection((address, port)):
            assert found == holder(listeners(), address, port)
    assert found is not None
    assert (found.address, found.pid, found.program) == (
        address,
        os.getpid(),
        Path("/proc/self/comm").read_text().strip(),
    )
    assert holder(listeners(), address, port) is None
