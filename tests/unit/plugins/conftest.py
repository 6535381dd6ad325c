# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with nginx: real files in a folder, and a stand-in for the programs that answers as the real ones do."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import shutil
import signal
import sys
from pathlib import Path

import pytest

from ansible_collections.wss.edge.plugins.module_utils.release import reload
from ansible_collections.wss.edge.plugins.module_utils.server import sockets
from ansible_collections.wss.edge.plugins.module_utils.server.records import NGINX

MAIN = """\
user www-data;
worker_processes auto;
error_log {log};
events {{
\tworker_connections 768;
}}
http {{
\tinclude {folder}/conf.d/*.conf;
\tinclude {folder}/sites-enabled/*;
}}
"""
OWN_SITE = "server {\n    listen 80;\n    server_name own.example.com;\n}\n"
# What nginx 1.22.1 of Debian 12 printed.
VERSION = """\
nginx version: nginx/{version}
built with OpenSSL 3.0.22 25 Aug 2026 (running with OpenSSL 3.0.19 27 Jan 2026)
TLS SNI support enabled
configure arguments: --with-cc-opt='-g -O2 -fPIC' --prefix=/usr/share/nginx --conf-path={main_file} \
--http-log-path=/var/log/nginx/access.log --error-log-path=stderr --pid-path={pid_file} --with-threads
"""
NOT_PERMITTED = "unshare: unshare failed: Operation not permitted\n"
HELD = "bind() to 0.0.0.0:443 failed (98: Address already in use)"
MASTER = 10


class Host:
    """The host: C(run) takes the place of AnsibleModule.run_command."""

    def __init__(self, top):
        self.folder = top / "etc" / "nginx"
        self.log = top / "error.log"
        self.temporary = top / "tmp"
        binary, self.pid_file = top / "sbin" / "nginx", top / "run" / "nginx.pid"
        for folder in (self.folder / "sites-enabled", self.temporary, binary.parent, self.pid_file.parent):
            folder.mkdir(parents=True)
        binary.touch(mode=0o755)
        self.pid_file.write_text(f"{MASTER}\n")
        self.main_file = self.folder / "nginx.conf"
        self.main_file.write_text(MAIN.format(folder=self.folder, log=self.log))
        (self.folder / "sites-enabled" / "own").write_text(OWN_SITE)
        self.current = self.folder / "wss" / "current"
        self.hook = self.folder / "sites-enabled" / "zz-wss.conf"
        self.server = dataclasses.replace(
            NGINX,
            binaries=(str(binary),),
            config_dir=str(self.folder),
            main_file=str(self.main_file),
            pid_file=str(self.pid_file),
        )
        self.version = "1.22.1"
        self.running = True
        self.mounts = True
        self.holders = []
        self.refusal = ""  # what the master logs when it is told to reload, and keeps what it has
        self.signal = (0, "", "")  # how it ends to tell the master
        self.warnings = ""
        self.reloads = 0
        self.serving = None  # the configuration that the master has in memory, as `nginx -T` would print it
        self.answers = {}  # to other programs, by their names
        self.commands = []
        self.told = []  # verb and service, of each word to the host's service manager

    def run(self, command, **_options):
        """Answer as nginx, unshare, or another program would."""
        self.commands.append(command)
        program = os.path.basename(command[0])
        if program in self.answers:
            return self.answers[program]
        if program == "unshare":
            return self._unshare(command)
        if program in ("systemctl", "service", "update-rc.d"):
            return self._service(program, command)
        return self._nginx(command, self.folder)

    def _unshare(self, command):
        if not self.mounts:
            return 1, "", NOT_PERMITTED
        unshare, rest = command[: command.index("sh") + 4], command[command.index("sh") + 4 :]
        assert unshare[:5] == ["unshare", "--mount", "--", "sh", "-c"]
        if rest == ["true"]:
            return 0, "", ""
        mount = shlex.split(unshare[5])
        assert mount[:4] == ["mount", "-t", "overlay", "wss-edge"]
        top, below = re.fullmatch("ro,lowerdir=([^:]+):([^:]+)", mount[5]).groups()
        assert below == mount[6] == str(self.folder)
        merged = self.temporary / "merged"
        _overlay(Path(top), Path(below), merged)
        try:
            return self._nginx(rest, merged)
        finally:
            shutil.rmtree(merged)

    def _service(self, program, command):
        """Of the server, or of the other one, which is what it is told to be."""
        verb, name = (command[2], command[1]) if program == "service" else command[2:0:-1]
        if program == "systemctl":
            verb, name = command[1], command[2]
        self.told.append((verb, name))
        if name != self.server.service or verb in ("enable", "disable"):
            return 0, "", ""
        if verb == "start" and (self.refusal or self._check(self.folder)[0]):
            return 1, "", f"Job failed: {self.refusal}\n"
        self.running = verb == "start"
        self.serving = self._check(self.folder)[1] if self.running else None
        return 0, "", ""

    def _nginx(self, command, folder):
        assert command[0] == self.server.binaries[0]
        if command[1:] == ["-V"]:
            said = VERSION.format(version=self.version, main_file=self.main_file, pid_file=self.pid_file)
            return 0, "", said
        assert command[1:] == ["-T", "-q"]
        return self._check(folder)

    def _check(self, folder):
        dump, error = {}, ""
        for error in self._read(str(self.main_file), folder, dump):
            tail = f"nginx: configuration file {self.main_file} test failed\n"
            return 1, "", f"{self.warnings}2026/11/23 03:53:35 [emerg] 7#7: {error}\n{tail}"
        return 0, "".join(f"# configuration file {path}:\n{text}\n" for path, text in dump.items()), self.warnings

    def _read(self, path, folder, dump):
        """Read a file and what it includes into the dump, as nginx does; yields what it would refuse."""
        dump[path] = _laid_over(path, self.folder, folder).read_text(errors="surrogateescape")
        for number, line in enumerate(dump[path].splitlines(), 1):
            if line.strip().startswith("bogus"):
                yield f'unknown directive "bogus" in {path}:{number}'
            for name in re.findall(r"^\s*include (\S+);", line):
                pattern = _laid_over(name, self.folder, folder)
                found = sorted(pattern.parent.glob(pattern.name)) if "*" in name else [pattern]
                for each in found:
                    if each.name.startswith("."):  # glob(3) leaves them out
                        continue
                    if not each.exists():
                        yield f'open() "{name}" failed (2: No such file or directory) in {path}:{number}'
                        return
                    yield from self._read(f"{os.path.dirname(name)}/{each.name}", folder, dump)

    def kill(self, pid, number):
        """Tell the master, as os.kill does."""
        assert (pid, number) == (MASTER, signal.SIGHUP)
        status, _out, err = self._reload()
        if status:
            raise OSError(err)

    def _reload(self):
        if self.signal[0] or not self.running:
            return self.signal
        status, dump, err = self._check(self.folder)
        if status != 0 or self.refusal:
            with self.log.open("a") as stream:
                stream.write(err or f"2026/11/23 03:53:35 [emerg] {MASTER}#{MASTER}: {self.refusal}\n")
        else:
            self.serving = dump
            self.reloads += 1
        return self.signal

    def workers(self, _master):
        """The workers of the last reload, and the one before that still has connections."""
        old = [sockets.Worker(MASTER + self.reloads, 0.0, True)] if self.reloads else []
        return [*old, sockets.Worker(MASTER + 1 + self.reloads, 0.0, False)]

    def snapshot(self):
        """Every file, link and folder of the configuration, with bytes and modes."""
        return {
            str(path.relative_to(self.folder)): os.readlink(path)
            if path.is_symlink()
            else (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
            for path in sorted(self.folder.rglob("*"))
        }

    def valid(self):
        """Whether a server that starts now would read the configuration to its end."""
        return self._check(self.folder)[0] == 0

    def files(self, server="listen 443 ssl;", site="chat"):
        """The files of a release with one site."""
        return {
            "index.conf": f"include {self.current}/sites/{site}.conf;\n",
            f"sites/{site}.conf": f"server {{\n    server_name {site}.example.com;\n    {server}\n}}\n",
        }

    def payload(self, server="listen 443 ssl;", **changes):
        """What the controller ships."""
        return {
            "files": self.files(server),
            "sites": {"sites/chat.conf": "chat"},
            "listens": [{"owner": "site chat", "address": "0.0.0.0", "port": 443}],
            "max_connections": 4000,
            "checkable": True,
            "record": {"certificates": {}, "targets": []},
            **changes,
        }


def _overlay(top, below, merged):
    shutil.copytree(below, merged, symlinks=True)
    for path in sorted(top.rglob("*")):
        target = merged / path.relative_to(top)
        if path.is_symlink():
            if target.is_symlink():
                target.unlink()
            target.symlink_to(os.readlink(path))
        elif path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            shutil.copyfile(path, target)


def _laid_over(path, folder, instead):
    return instead / os.path.relpath(path, folder)


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose nginx serves a site of the user's own."""
    host = Host(tmp_path)
    monkeypatch.setattr(sockets, "master_pid", lambda _pid_file: MASTER if host.running else None)
    monkeypatch.setattr(sockets, "workers", host.workers)
    monkeypatch.setattr(sockets, "listeners", lambda: host.holders)
    monkeypatch.setattr(reload, "kill", host.kill)
    monkeypatch.setattr(reload, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(reload, "PAUSE_SECONDS", 0.001)
    return host


class Killed(BaseException):
    """The process ends here."""


class Killer:
    """Ends the process right before its n-th change to a folder, or to anything where that is empty.

    Python itself reports each of them.
    """

    CHANGES = (
        "open",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.symlink",
        "os.link",
        "os.mkdir",
        "os.chmod",
        "os.utime",
    )

    def __init__(self):
        self.folder = ""
        self.left = None

    def __call__(self, event, arguments):
        if self.left is None or event not in self.CHANGES or not self._changes(event, *arguments):
            return
        if self.left == 0:
            self.left = None
            raise Killed
        self.left -= 1

    def _changes(self, event, path, *rest):
        if event == "open" and not rest[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return False
        if "/" not in str(path) and event in ("os.remove", "os.rmdir"):
            path = os.readlink(f"/proc/self/fd/{rest[0]}")  # shutil.rmtree names things relative to their folder
        return str(path).startswith(self.folder)

    def kills(self, folder, changes_done, work):
        """Do the work and end after so many changes to the folder; whether it was not done by then."""
        self.folder, self.left = str(folder), changes_done
        try:
            work()
        except Killed:
            return True
        finally:
            self.left = None
        return False


_KILLER = Killer()
_HOOKED = []


@pytest.fixture
def killer():
    if not _HOOKED:
        sys.addaudithook(_KILLER)  # there is no way to take it out again
        _HOOKED.append(True)
    return _KILLER
