# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import (
    CheckError,
    CheckResult,
    Installed,
    Message,
    ServerMissing,
    ServerTooOld,
    check,
    installed,
    parse_messages,
    version_info,
    version_of,
)
from ansible_collections.wss.edge.plugins.module_utils.server.records import NGINX

# What nginx 1.22.1 of Debian 12 printed.
VERSION = """\
nginx version: nginx/1.22.1
built with OpenSSL 3.0.22 25 Aug 2026 (running with OpenSSL 3.0.19 27 Jan 2026)
TLS SNI support enabled
configure arguments: --with-cc-opt='-g -O2 -fPIC' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf \
--http-log-path=/var/log/nginx/access.log --error-log-path=stderr --pid-path=/run/nginx.pid --with-threads
"""
BAD = """\
2026/11/23 03:53:35 [warn] 29809#29809: the "ssl" directive is deprecated, use the "listen ... ssl" directive instead \
in /srv/t/w.conf:4
2026/11/23 03:53:35 [emerg] 29809#29809: a duplicate listen 0.0.0.0:18083 in /srv/t/w.conf:5
nginx: configuration file /srv/t/w.conf test failed
"""
BIND = """\
2026/11/23 03:53:35 [warn] 29803#29803: conflicting server name "a" on 0.0.0.0:18080, ignored
nginx: [emerg] bind() to 192.0.2.9:18081 failed (99: Cannot assign requested address)
nginx: [emerg] bind() to 192.0.2.9:18081 failed (99: Cannot assign requested address)
nginx: configuration file /srv/t/good.conf test failed
"""
KEY = """\
2026/11/23 03:53:35 [emerg] 29813#29813: cannot load certificate "/nope": BIO_new_file() failed (SSL: error:80000002:\
system library::No such file or directory:calling fopen(/nope, r) error:10000080:BIO routines::no such file)
nginx: configuration file /srv/t/x.conf test failed
"""


class Nginx:
    """A stand-in for the nginx program: it answers -V and the check, and creates its pid file as nginx does."""

    def __init__(self, tmp_path: Path, main: str = "events {}", version: str = VERSION) -> None:
        self.binary = tmp_path / "nginx"
        self.binary.touch(mode=0o755)
        self.main_file = tmp_path / "nginx.conf"
        self.main_file.write_text(main)
        self.pid_file = tmp_path / "nginx.pid"
        self.version = version.replace("/run/nginx.pid", str(self.pid_file)).replace(
            "/etc/nginx/nginx.conf", str(self.main_file)
        )
        self.answer = (0, "", "")
        self.creates = self.pid_file
        self.writes = ""
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str]) -> tuple[int, str, str]:
        self.commands.append(command)
        if command[-1] == "-V":
            return 0, "", self.version
        if not self.creates.exists():
            self.creates.write_text(self.writes)
        return self.answer

    def check(self, main_file: str | None = None, **options: object) -> CheckResult:
        return check(NGINX, main_file, self, binary=str(self.binary), **options)  # type: ignore[arg-type]


@pytest.fixture
def nginx(tmp_path: Path) -> Nginx:
    return Nginx(tmp_path)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            BAD,
            [
                Message(
                    "warn",
                    'the "ssl" directive is deprecated, use the "listen ... ssl" directive instead',
                    "/srv/t/w.conf",
                    4,
                ),
                Message("emerg", "a duplicate listen 0.0.0.0:18083", "/srv/t/w.conf", 5),
            ],
        ),
        (
            BIND,
            [
                Message("warn", 'conflicting server name "a" on 0.0.0.0:18080, ignored'),
                Message("emerg", "bind() to 192.0.2.9:18081 failed (99: Cannot assign requested address)"),
            ],
        ),
        (
            'nginx: [emerg] unknown directive "x" in /a b/n.conf:3\n',
            [Message("emerg", 'unknown directive "x"', "/a b/n.conf", 3)],
        ),
        (
            "nginx: [warn] value in /x in /n.conf:3",
            [Message("warn", "value in /x", "/n.conf", 3)],
        ),
        ("nginx: the configuration file /n syntax is ok\nnginx: configuration file /n test is successful\n", []),
        ("", []),
    ],
)
def test_messages(output: str, expected: list[Message]) -> None:
    assert parse_messages(NGINX, output) == expected


def test_a_long_message_stays_whole() -> None:
    (message,) = parse_messages(NGINX, KEY)
    assert message.text.startswith('cannot load certificate "/nope": ')
    assert message.text.endswith("no such file)")


def test_a_message_as_text() -> None:
    assert [str(message) for message in parse_messages(NGINX, BAD)][1] == (
        "/srv/t/w.conf:5: a duplicate listen 0.0.0.0:18083"
    )
    assert str(Message("warn", "x")) == "x"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("nginx version: nginx/1.22.1\n", "1.22.1"),
        ("nginx version: nginx/1.24.0 (Ubuntu)\n", "1.24.0"),
        ("nginx version: openresty/1.21.4.1\n", "1.21.4.1"),
        ("nginx version: freenginx/1.27.0\n", "1.27.0"),
        ("Tengine version: Tengine/2.4.0\nnginx version: nginx/1.18.0\n", "1.18.0"),
        ("nginx version: nginx/1.3.13\n", "1.3.13"),
    ],
)
def test_versions(tmp_path: Path, said: str, version: str) -> None:
    nginx = Nginx(tmp_path, version=said)
    assert version_of(NGINX, nginx, str(nginx.binary)) == version


@pytest.mark.parametrize("version", ["1.3.12", "1.2.9", "0.8.54"])
def test_too_old(tmp_path: Path, version: str) -> None:
    nginx = Nginx(tmp_path, version=f"nginx version: nginx/{version}")
    with pytest.raises(
        ServerTooOld, match=rf"is nginx {version}\. At least 1\.3\.13 is needed, the first that proxies"
    ):
        nginx.check()
    assert len(nginx.commands) == 1


def test_version_info() -> None:
    assert version_info("1.9.2") < version_info("1.10.0") < version_info("1.21.4.1")


def test_missing(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    for path in (str(tmp_path / "none"), str(plain), str(tmp_path)):
        with pytest.raises(ServerMissing, match=f"^nginx is not installed: no program at {path}"):
            check(NGINX, None, Nginx(tmp_path), binary=path)


def test_another_program(tmp_path: Path) -> None:
    nginx = Nginx(tmp_path, version="Server version: Apache/2.4.62 (Debian)")
    with pytest.raises(CheckError, match="does not say that it is nginx: 'Server version"):
        nginx.check()


def test_installed(nginx: Nginx) -> None:
    assert installed(NGINX, nginx, str(nginx.binary)) == Installed(
        str(nginx.binary), "1.22.1", str(nginx.main_file), str(nginx.pid_file), "/usr/share/nginx"
    )


def test_valid_with_an_include_that_brings_nothing(nginx: Nginx) -> None:
    dump = f"# configuration file {nginx.main_file}:\nevents {{}}\ninclude conf.d/*.conf;\n\n"
    nginx.answer = (0, dump, "nginx: [warn] x\n")
    assert nginx.check() == CheckResult(
        True,
        "1.22.1",
        [Message("warn", "x"), Message("info", "include conf.d/*.conf matches no file", str(nginx.main_file), 2)],
        dump,
    )


def test_a_dump_that_we_cannot_read_is_still_valid(nginx: Nginx) -> None:
    nginx.answer = (0, f"# configuration file {nginx.main_file}:\nevents {{\n", "")
    assert nginx.check().messages == []
    assert nginx.check().valid


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((1, "", BAD), "/srv/t/w.conf:5: a duplicate listen 0.0.0.0:18083"),
        (
            (1, "", "unshare: unshare failed: Operation not permitted\n"),
            "unshare: unshare failed: Operation not permitted",
        ),
        ((139, "", ""), "the checker said nothing and ended with 139"),
        ((1, "", "nginx: [warn] x\n"), "nginx: [warn] x"),
    ],
)
def test_invalid(nginx: Nginx, answer: tuple[int, str, str], error: str) -> None:
    nginx.answer = answer
    result = nginx.check()
    assert (result.valid, result.dump, str(result.first_error())) == (False, "", error)


def test_commands(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(nginx.main_file.parent)
    link = nginx.main_file.with_name("link.conf")
    link.symlink_to(nginx.main_file)
    nginx.check()
    nginx.check("link.conf", prefix=["unshare", "--mount"])
    binary = str(nginx.binary)
    # A relative path becomes absolute; a link stays one.
    assert nginx.commands[1::2] == [[binary, "-T", "-q"], ["unshare", "--mount", binary, "-T", "-q", "-c", str(link)]]


def test_before_1_9_2_nothing_is_dumped(tmp_path: Path) -> None:
    nginx = Nginx(tmp_path, version=VERSION.replace("1.22.1", "1.9.1"))
    nginx.answer = (0, "something", "")
    assert nginx.check() == CheckResult(True, "1.9.1", [], "")
    assert nginx.commands[1] == [str(nginx.binary), "-t", "-q"]


def test_the_empty_pid_file_goes(nginx: Nginx) -> None:
    nginx.check()
    assert not nginx.pid_file.exists()
    nginx.answer = (1, "", BIND)
    nginx.check()
    assert not nginx.pid_file.exists()


def test_the_pid_file_that_the_main_file_names_goes(tmp_path: Path) -> None:
    named = tmp_path / "named.pid"
    nginx = Nginx(tmp_path, main=f"events {{}}\npid '{named}';\n")
    nginx.creates = named
    nginx.check()
    assert not named.exists()


@pytest.mark.parametrize("content", ["", "123\n"])
def test_a_pid_file_that_was_there_stays(nginx: Nginx, content: str) -> None:
    nginx.pid_file.write_text(content)
    nginx.check()
    assert nginx.pid_file.read_text() == content


def test_the_pid_file_of_a_server_that_starts_meanwhile_stays(nginx: Nginx) -> None:
    nginx.writes = "123\n"
    nginx.check()
    assert nginx.pid_file.read_text() == "123\n"


def test_the_pid_file_goes_when_the_command_cannot_run(nginx: Nginx) -> None:
    def broken(command: list[str]) -> tuple[int, str, str]:
        if command[-1] != "-V":
            nginx(command)
            raise OSError("no such command")
        return nginx(command)

    with pytest.raises(OSError, match="no such command"):
        check(NGINX, None, broken, binary=str(nginx.binary))
    assert not os.path.lexists(nginx.pid_file)
