# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client outside sees of the test hosts. The clients are not ours: websockets, curl, openssl, Chromium."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

ROOT = Path(__file__).parents[1]
BROWSER = ROOT / "tests/browser/browser.py"
# From the inventory: {"debian12": {"server": "nginx", "family": "Debian", "suite": "bookworm", ...}, ...}
HOSTS = json.loads(os.environ.get("WSS_TEST_HOSTS", "{}"))
# The same of all the hosts of the scenario, for a test that looks at others, too.
ALL_HOSTS = json.loads(os.environ.get("WSS_ALL_HOSTS", "{}"))


@dataclass(frozen=True)
class Server:
    """What differs between the servers where a test looks at the host, or at what only one of them says."""

    name: str
    packages: str
    service: str
    folder: str
    logs: str
    pid_file: str
    check: str
    dead: int
    """The status while a backend is down."""
    refused: str
    """What openssl says of the handshake for an unknown name."""
    idle: str
    """How the configuration says for how many seconds a connection may be silent."""
    sites: tuple[str, ...]
    """The folders of the user's own sites; the server reads the last."""
    sites_by_default: tuple[str, ...]
    """What the distribution has put there."""
    purge: str = "apt-get -qq purge --autoremove"

    @property
    def own(self) -> str:
        """The folder of the user's own sites that the server reads."""
        return self.sites[-1]


_DNF = "dnf --quiet --assumeyes remove"
_NGINX = Server(
    name="nginx",
    packages="nginx",
    service="nginx",
    folder="/etc/nginx",
    logs="/var/log/nginx",
    pid_file="/run/nginx.pid",
    check="nginx -t -q",
    dead=502,
    refused="unrecognized name",
    idle="proxy_read_timeout {}s;",
    sites=("/etc/nginx/sites-available", "/etc/nginx/sites-enabled"),
    sites_by_default=("default",),
)
_APACHE = Server(
    name="apache",
    packages="apache2",
    service="apache2",
    folder="/etc/apache2",
    logs="/var/log/apache2",
    pid_file="/run/apache2/apache2.pid",
    check="apache2ctl configtest",
    dead=503,
    refused="alert handshake failure",
    idle=" timeout={}",
    sites=("/etc/apache2/sites-available", "/etc/apache2/sites-enabled"),
    sites_by_default=("000-default.conf",),
)
SERVERS = {
    ("Debian", "nginx"): _NGINX,
    ("Debian", "apache"): _APACHE,
    ("RedHat", "nginx"): replace(_NGINX, sites=("/etc/nginx/conf.d",), sites_by_default=(), purge=_DNF),
    ("RedHat", "apache"): replace(
        _APACHE,
        packages="httpd mod_ssl mod_http2",
        service="httpd",
        folder="/etc/httpd",
        logs="/var/log/httpd",
        pid_file="/run/httpd/httpd.pid",
        check="httpd -t",
        sites=("/etc/httpd/conf.d",),
        sites_by_default=("ssl.conf", "userdir.conf", "welcome.conf"),
        purge=_DNF,
    ),
}
# nginx 1.18 refuses by having no certificate.
_OF_SUITE = {("bullseye", "nginx"): {"refused": "alert internal error"}}


def server_of(family: str, name: str, suite: str) -> Server:
    """The server as it is on this platform; nginx where an application is to do without one."""
    name = "nginx" if name == "none" else name
    return replace(SERVERS[family, name], **_OF_SUITE.get((suite, name), {}))


@dataclass
class Response:
    """What curl got."""

    status: int
    headers: dict[str, str]
    body: str


class Connection:
    """A WebSocket connection that answers pings while the test does something else.

    Not websockets' own client for threads: two of them on one TLS connection lose data on Python 3.13.0.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        try:
            self.connection = self._do(self._open(url, options))
        except BaseException:
            self._stop()
            raise

    async def _open(self, url: str, options: dict[str, Any]) -> Any:
        return await connect(url, open_timeout=10, proxy=None, **options)

    def _do(self, work: Any, seconds: float = 30) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def _stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def send(self, message: str) -> None:
        """Send a text message."""
        self._do(self.connection.send(message))

    def recv(self, seconds: float) -> Any:
        """Wait for a message."""
        return self._do(self.connection.recv(), seconds)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self._do(self.connection.close())
        self._stop()


class Play:
    """One run of a playbook of ours, as a user would start it."""

    def __init__(self, host: str, inventories: list[Path], playbook: Path, arguments: list[str]) -> None:
        command: list[str | Path] = ["ansible-playbook", playbook, "--limit", f"{host},localhost", *arguments]
        command += [word for inventory in inventories for word in ("--inventory", inventory)]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=300)
        self.output = done.stdout + done.stderr
        self.ok = done.returncode == 0
        counts = re.search(rf"^{host} .*", self.output, re.MULTILINE)
        self.counts = dict(re.findall(r"(\w+)=(\d+)", counts[0])) if counts else {}

    def __contains__(self, text: str) -> bool:
        return " ".join(text.split()) in " ".join(self.output.split())


@dataclass
class Host:
    """A test host, seen from outside; over SSH only to look at its files."""

    name: str
    address: str
    ipv6: str
    ssh: list[str]
    folder: Path
    inventories: list[Path]
    server: Server
    family: str
    suite: str

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Play:
        """Run a playbook against this host with the scenario's inventory, and leave the demo backend alone."""
        variables = {"wss_echo": [], **variables}
        return Play(self.name, self.inventories, ROOT / playbook, [*arguments, "--extra-vars", json.dumps(variables)])

    def wss(self, *sites: dict[str, Any], arguments: tuple[str, ...] = (), **variables: Any) -> Play:
        """Run the main job for these sites instead of the inventory's."""
        return self.play("playbooks/wss.yml", *arguments, wss_sites=list(sites), **variables)

    def run(self, command: str) -> str:
        """Run a command on the host and return what it prints."""
        return subprocess.run([*self.ssh, command], check=True, capture_output=True, text=True).stdout

    def installed(self, packages: str = "") -> str:
        """Those of these packages that are installed, or all that are."""
        rpm = self.family == "RedHat"
        ask = "rpm --query" + ("" if packages else " --all") if rpm else "dpkg-query --show"
        said = self.run(f"{ask} {packages} 2>/dev/null || true")
        return "".join(sorted(line for line in said.splitlines(keepends=True) if "is not installed" not in line))

    def write(self, path: str, text: str) -> None:
        """Write a file on the host."""
        subprocess.run([*self.ssh, f"cat > '{path}'"], check=True, input=text, text=True)

    def configuration(self) -> str:
        """All of the release that serves."""
        return self.run(f"cd {self.server.folder}/wss/current && cat *.conf sites/*.conf")

    def workers(self) -> set[str]:
        """The processes that serve, by their numbers; a reload brings new ones."""
        return set(self.run(f"pgrep -P $(cat {self.server.pid_file})").split())

    def trust(self, site: str) -> str:
        """A local copy of the site's certificate."""
        copy = self.folder / f"{self.name}-{site}.pem"
        copy.write_text(self.run(f"cat /etc/pki/wss/{site}/current/cert.pem"))
        return str(copy)

    def connect(self, url: str, site: str, address: str = "", **options: Any) -> Connection:
        """A WebSocket connection to this host, whatever the name in the URL resolves to."""
        secure = url.startswith("wss:")
        name, _slash, _path = url.split("://")[1].partition("/")
        host, _colon, port = name.partition(":")
        plain = socket.create_connection((address or self.address, int(port or (443 if secure else 80))), 10)
        if secure:
            if "ssl" not in options:
                options["ssl"] = ssl.create_default_context(cafile=self.trust(site))
            options.setdefault("server_hostname", host)
        plain.setblocking(False)
        return Connection(url, sock=plain, **options)

    def echoes(self, url: str, site: str, **options: Any) -> bool:
        """Whether a text comes back."""
        with self.connect(url, site, **options) as connection:
            connection.send("hello")
            return connection.recv(10) == "hello"

    def curl(self, url: str, *arguments: str, upgrade: bool = False) -> Response:
        """One request to this host, over HTTP/1.1, with the headers of an upgrade or without."""
        name = url.split("://")[1].split("/")[0]
        host, _colon, port = name.partition(":")
        port = port or ("443" if url.startswith("https") else "80")
        headers = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        headers.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        wanted = [word for header in headers for word in ("--header", header)] if upgrade else []
        command = ["curl", "--silent", "--insecure", "--include", "--http1.1", "--max-time", "2" if upgrade else "10"]
        command += ["--connect-to", f"{host}:{port}:{self.address}:{port}", *wanted, *arguments, url]
        # After a 101 the connection stays open until curl's time is up, which is its exit code 28.
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
        assert done.stdout, f"curl ended with {done.returncode}: {done.stderr}"
        head, _blank, body = done.stdout.partition("\n\n")
        lines = head.splitlines()
        pairs = (line.split(":", 1) for line in lines[1:])
        return Response(int(lines[0].split()[1]), {key.lower(): value.strip() for key, value in pairs}, body)

    def browse(self, url: str, site: str, *arguments: str, trust: Path | None = None) -> dict[str, Any]:
        """What a page in Chromium sees of a WebSocket; it trusts the site's certificate, or that file."""
        file = str(trust) if trust else self.trust(site)
        command = [sys.executable, str(BROWSER), url, "--trust", file, "--address", self.address]
        done = subprocess.run([*command, *arguments], check=False, capture_output=True, text=True, timeout=120)
        assert done.stdout, done.stderr
        seen: dict[str, Any] = json.loads(done.stdout)
        return seen

    def handshake(self, port: int, *arguments: str) -> str:
        """What openssl says of a TLS handshake."""
        command = ["openssl", "s_client", "-connect", f"{self.address}:{port}", *arguments]
        # It prints what the server sends first, too: frames of HTTP/2, when that was negotiated.
        options: dict[str, Any] = {
            "capture_output": True,
            "text": True,
            "errors": "replace",
            "input": "",
            "timeout": 20,
        }
        done = subprocess.run(command, check=False, **options)
        return done.stdout + done.stderr


def _host(name: str, seen: dict[str, Any], request: pytest.FixtureRequest, folder: Path) -> Host:
    scenario = request.path.parent
    of_the_scenario = [ROOT / f"examples/{scenario.name}.yml", scenario / "inventory"]
    inventories = [each for each in of_the_scenario if each.exists()] + [ROOT / "molecule/inventory"]
    seen = {**seen, "server": server_of(seen["family"], seen["server"], seen["suite"])}
    return Host(name=name, folder=folder, inventories=inventories, **seen)


@pytest.fixture(scope="session", autouse=True)
def _versions(record_testsuite_property: Any) -> None:
    """They stand in the report, for tests/platforms.py."""
    script = (ROOT / "molecule/versions.sh").read_text()
    for seen in HOSTS.values():
        record_testsuite_property("suite", seen["suite"])
        record_testsuite_property("server", seen["server"])
        said = subprocess.run([*seen["ssh"], "sh"], check=True, input=script, capture_output=True, text=True)
        for line in said.stdout.splitlines():
            record_testsuite_property(*line.split("=", 1))


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    """Each host of the inventory in turn."""
    return _host(request.param, HOSTS[request.param], request, tmp_path)


@pytest.fixture
def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Host]:
    """All the hosts of the scenario."""
    return {name: _host(name, seen, request, tmp_path) for name, seen in ALL_HOSTS.items()}
