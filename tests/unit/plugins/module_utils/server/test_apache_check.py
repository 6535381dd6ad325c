# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check with Apache's record; the shell that it brings runs for real, with a stand-in for Apache."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import (
    CheckResult,
    Installed,
    Message,
    ServerTooOld,
    check,
    check_installed,
    installed,
    parse_messages,
)
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE

# What Apache 2.4.71 of Debian 13 printed, here and below.
VERSION = """\
Server version: Apache/2.4.71 (Debian)
Server built:   2026-11-11T12:54:19
Server loaded:  APR 1.7.5, APR-UTIL 1.6.3, PCRE 10.46 2025-08-27
Server MPM:     event
Server compiled with....
 -D HTTPD_ROOT="/etc/apache2"
 -D SUEXEC_BIN="/usr/lib/apache2/suexec"
 -D DEFAULT_PIDLOG="/run/apache2.pid"
 -D SERVER_CONFIG_FILE="apache2.conf"
"""
UNKNOWN = (
    "Invalid command 'ProxyPas', perhaps misspelled or defined by a module not included in the server configuration"
)
NO_FILE = "cannot open shared object file: No such file or directory"
NAME = (
    "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using 127.0.1.1. "
    "Set the 'ServerName' directive globally to suppress this message"
)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            f"AH00526: Syntax error on line 7 of /srv/t/m.conf:\n{UNKNOWN}\n",
            Message("emerg", UNKNOWN, "/srv/t/m.conf", 7),
        ),
        (
            "apache2: Syntax error on line 7 of /srv/t/m.conf: Syntax error on line 1 of /srv/t/inc/so.conf: "
            f"Cannot load nope.so into server: nope.so: {NO_FILE}\n",
            Message("emerg", f"Cannot load nope.so into server: nope.so: {NO_FILE}", "/srv/t/inc/so.conf", 1),
        ),
        (
            "apache2: Syntax error on line 7 of /srv/t/m.conf: /srv/t/m.conf:7: <VirtualHost> was not closed.\n",
            Message("emerg", "<VirtualHost> was not closed.", "/srv/t/m.conf", 7),
        ),
        (
            "[Mon Nov 23 08:41:41.433922 2026] [alias:warn] [pid 800:tid 800] AH00671: The Alias directive in "
            "/srv/t/m.conf at line 9 will probably never match because it overlaps an earlier Alias.\n",
            Message(
                "warn",
                "AH00671: The Alias directive in /srv/t/m.conf at line 9 will probably never match because it overlaps "
                "an earlier Alias.",
            ),
        ),
        (
            "[Mon Nov 23 08:48:38.794827 2026] [ssl:emerg] [pid 1:tid 1] AH02565: Certificate and private key "
            "localhost:443:0 from /srv/t/c1 and /srv/t/k2 do not match\n",
            Message(
                "emerg",
                "AH02565: Certificate and private key localhost:443:0 from /srv/t/c1 and /srv/t/k2 do not match",
            ),
        ),
        (NAME, Message("warn", NAME)),
    ],
)
def test_a_message(output: str, expected: Message) -> None:
    assert parse_messages(APACHE, output) == [expected]


RESOLVE = """\
AH00112: Warning: DocumentRoot [/nope] does not exist
[Mon Nov 23 08:41:41.614584 2026] [core:crit] [pid 820:tid 820] (EAI 2)Name or service not known: AH00077: \
alloc_listener: failed to set up sockaddr for nohost.invalid
AH00526: Syntax error on line 7 of /srv/t/m.conf:
Listen setup failed
"""


def test_messages_in_their_order() -> None:
    assert [(each.level, each.line) for each in parse_messages(APACHE, RESOLVE, failed=True)] == [
        ("warn", None),
        ("crit", None),
        ("emerg", 7),
    ]


@pytest.mark.parametrize(
    "last",
    [
        "AH00534: apache2: Configuration error: No MPM loaded.",
        "apache2: Could not open configuration file /srv/t/none.conf: No such file or directory",
        "unshare: unshare failed: Operation not permitted",
    ],
)
def test_the_last_words_of_a_failed_check_are_its_error(last: str) -> None:
    output = f"{NAME}\n{last}\n"
    assert parse_messages(APACHE, output, failed=True) == [Message("warn", NAME), Message("emerg", last)]
    assert parse_messages(APACHE, output) == [Message("warn", NAME), Message("warn", last)]


def test_a_warning_does_not_become_the_error() -> None:
    output = f"{NAME}\n[Mon Nov 23 08:38:25.701925 2026] [so:warn] [pid 734:tid 734] AH01574: skipping\n"
    assert [each.level for each in parse_messages(APACHE, output, failed=True)] == ["warn", "warn"]


class Apache:
    """A stand-in for the Apache program: it answers -V, writes down how it is called, and fails when told to."""

    def __init__(self, top: Path) -> None:
        self.root = top / "root"
        self.root.mkdir()
        self.main_file = self.root / "apache2.conf"
        self.main_file.write_text("IncludeOptional conf/*.conf")
        self.called = top / "called"
        self.refusal = top / "refusal"
        version = top / "version"
        version.write_text(VERSION.replace("/etc/apache2", str(self.root)))
        self.binary = top / "apache2"
        self.binary.write_text(f"""\
#!/bin/sh
[ "$1" != -V ] || exec cat {version}
echo "$* run=$APACHE_RUN_DIR $(ls -d {top}/run {top}/lock 2>/dev/null | wc -l)" >>{self.called}
case "$*" in
*DUMP_INCLUDES*)
    echo "warnings twice" >&2
    printf '%s\\n' "Included configuration files:" "  (*) {self.main_file}" "Loaded Modules:" " so_module (static)";;
*)
    echo "Syntax OK" >&2
    [ ! -s {self.refusal} ] || {{ cat {self.refusal} >&2; exit 1; }};;
esac
""")
        self.binary.chmod(0o755)

    def run(self, command: list[str]) -> tuple[int, str, str]:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def check(self) -> CheckResult:
        return check(APACHE, None, self.run, binary=str(self.binary))

    def calls(self) -> list[str]:
        return self.called.read_text().splitlines()


@pytest.fixture
def apache(tmp_path: Path) -> Apache:
    return Apache(tmp_path)


def test_installed(apache: Apache) -> None:
    assert installed(APACHE, apache.run, str(apache.binary)) == Installed(
        str(apache.binary), "2.4.71", str(apache.main_file), "/run/apache2/apache2.pid", str(apache.root)
    )


def test_too_old(apache: Apache) -> None:
    def runner(command: list[str]) -> tuple[int, str, str]:
        return 0, "Server version: Apache/2.4.4 (Unix)\n", ""

    with pytest.raises(ServerTooOld, match=r"is Apache 2\.4\.4\. At least 2\.4\.5 is needed, the first that proxies"):
        check(APACHE, None, runner, binary=str(apache.binary))


def test_valid(apache: Apache) -> None:
    assert apache.check() == CheckResult(
        True,
        "2.4.71",
        [Message("info", "IncludeOptional conf/*.conf matches no file", str(apache.main_file), 1)],
        "Included configuration files:\n"
        f"  (*) {apache.main_file}\nLoaded Modules:\n so_module (static)\n"
        f"# configuration file {apache.main_file}:\nIncludeOptional conf/*.conf\n",
    )
    assert apache.calls() == ["-t run= 0", "-t -D DUMP_MODULES -D DUMP_INCLUDES -D DUMP_RUN_CFG run= 0"]


def test_the_folders_that_envvars_names_are_there_for_the_check_alone(apache: Apache, tmp_path: Path) -> None:
    (apache.root / "envvars").write_text(
        f"export APACHE_RUN_DIR={tmp_path}/run APACHE_LOCK_DIR={tmp_path}/lock\nAPACHE_ARGUMENTS='-D X'\n"
    )
    (tmp_path / "lock").mkdir()
    assert apache.check().valid
    assert apache.calls() == [
        f"-t -D X run={tmp_path}/run 2",
        f"-t -D X -D DUMP_MODULES -D DUMP_INCLUDES -D DUMP_RUN_CFG run={tmp_path}/run 2",
    ]
    assert not (tmp_path / "run").exists()
    assert (tmp_path / "lock").is_dir()


def test_invalid(apache: Apache) -> None:
    apache.refusal.write_text(f"AH00526: Syntax error on line 7 of /srv/t/m.conf:\n{UNKNOWN}\n")
    result = apache.check()
    assert (result.valid, result.dump) == (False, "")
    assert result.messages == [Message("emerg", UNKNOWN, "/srv/t/m.conf", 7)]
    assert len(apache.calls()) == 1


def test_a_crash(apache: Apache) -> None:
    assert str(check(APACHE, None, lambda _: (139, VERSION, ""), binary=str(apache.binary)).first_error()) == (
        VERSION.strip()
    )


@pytest.mark.parametrize(
    ("root", "expected"), [(None, "-d {parent} -f {file}"), ("/srv/other", "-d /srv/other -f {file}")]
)
def test_another_main_file_has_its_root(apache: Apache, tmp_path: Path, root: str | None, expected: str) -> None:
    file = tmp_path / "other" / "a b.conf"
    found = installed(APACHE, apache.run, str(apache.binary))
    check_installed(APACHE, found, str(file), apache.run, root=root)
    assert apache.calls()[0] == f"-t {expected.format(parent=file.parent, file=file)} run= 0"


def test_the_live_root_is_the_one_that_was_compiled_in(apache: Apache) -> None:
    (apache.root / "conf").mkdir()
    main_file = apache.main_file.rename(apache.root / "conf" / "httpd.conf")
    main_file.write_text(f'ServerRoot "{apache.root}"\n')
    for file in (apache.binary, apache.root.parent / "version"):
        file.write_text(file.read_text().replace("apache2.conf", "conf/httpd.conf"))
    assert apache.check().messages == []


def test_what_goes_before_the_command(apache: Apache) -> None:
    result = check(APACHE, None, apache.run, binary=str(apache.binary), prefix=["env", "APACHE_RUN_DIR=/"])
    assert result.valid
    assert apache.calls()[0] == "-t run=/ 0"
