# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a WebSocket in Chromium, sends a text, and prints as JSON what a user's browser would have seen.

Certificates are trusted in the way of a person, in a profile of its own; no flag makes Chromium ignore one.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import typing as t
import urllib.parse

Message = dict[str, t.Any]

REQUIRED = {"chromium": "chromium", "certutil": "libnss3-tools"}

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # Chromium would ask the user whether a page of the Internet may reach the tests' private addresses.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
)

SCRIPT = """new Promise((resolve) => {
  const [url, text] = %s
  const seen = {open: false, echoed: false, protocol: null, extensions: null, close_code: null}
  const socket = new WebSocket(url)
  socket.onopen = () => {
    Object.assign(seen, {open: true, protocol: socket.protocol, extensions: socket.extensions})
    socket.send(text)
  }
  socket.onmessage = (message) => { seen.echoed = message.data === text; socket.close(1000) }
  socket.onclose = (close) => { seen.close_code = close.code; resolve(seen) }
})"""


def install_required() -> None:
    missing = [package for command, package in REQUIRED.items() if not shutil.which(command)]
    if missing:
        print("browser: installing", *missing, file=sys.stderr)
        apt = [*([] if os.geteuid() == 0 else ["sudo"]), "apt-get", "-qq"]
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            subprocess.run([*apt, *command], check=True, stdout=subprocess.DEVNULL)


def trust(home: pathlib.Path, certificates: list[pathlib.Path]) -> None:
    """Chromium on Linux reads what a user trusts from this database."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "-d", f"sql:{database}", "--empty-password"], check=True)
    for number, path in enumerate(certificates):
        # C: as a root; P: as this very certificate, which is what a self-signed leaf wants
        subprocess.run(
            ["certutil", "-A", "-d", f"sql:{database}", "-n", f"trusted {number}", "-t", "CP,,", "-i", str(path)],
            check=True,
        )


class Chromium:
    """Chromium's DevTools protocol over a pair of pipes: JSON texts, each ended by a zero byte."""

    def __init__(self, home: pathlib.Path, flags: list[str]) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()

        def wire() -> None:  # it reads commands from descriptor 3 and answers on 4
            high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands, answers)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            ["chromium", *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={home / 'profile'}", *flags],
            env={**os.environ, "HOME": str(home)},
            close_fds=False,
            preexec_fn=wire,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._buffer = b""
        self._number = 0
        self.session: str | None = None
        self.events: list[Message] = []
        self.on: dict[str, t.Callable[[Message], object]] = {}

    def send(self, method: str, **parameters: t.Any) -> int:
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        return self._number

    def call(self, method: str, **parameters: t.Any) -> Message:
        number = self.send(method, **parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return t.cast(Message, message["result"])
            if "method" in message:
                self.events.append(message)
                if handler := self.on.get(message["method"]):
                    handler(message["params"])

    def _receive(self) -> Message:
        while b"\0" not in self._buffer:
            chunk = os.read(self._answers, 65536)
            if not chunk:
                raise RuntimeError("Chromium ended")
            self._buffer += chunk
        text, _zero, self._buffer = self._buffer.partition(b"\0")
        return t.cast(Message, json.loads(text))

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def open_page(chromium: Chromium, origin: str, served: bool) -> None:
    """A page of that origin: the server's own, or an empty one for which no server is asked."""
    target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
    chromium.session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    if not served:
        answer_for(chromium, origin)
    chromium.call("Network.enable")
    problem = chromium.call("Page.navigate", url=f"{origin}/").get("errorText")
    if problem:
        raise RuntimeError(problem)


def answer_for(chromium: Chromium, origin: str) -> None:
    chromium.on["Fetch.requestPaused"] = lambda request: chromium.send(
        "Fetch.fulfillRequest",
        requestId=request["requestId"],
        responseCode=200,
        responseHeaders=[{"name": "Content-Type", "value": "text/html"}],
        body=base64.b64encode(b"<!doctype html><title>wss</title>").decode(),
    )
    chromium.call("Fetch.enable", patterns=[{"urlPattern": f"{origin}/*"}])


def try_socket(chromium: Chromium, url: str, text: str) -> Message:
    """What the page saw, and what only Chromium knows: the status and the error."""
    answer = chromium.call(
        "Runtime.evaluate", expression=SCRIPT % json.dumps([url, text]), awaitPromise=True, returnByValue=True
    )
    details = answer.get("exceptionDetails")
    seen: Message = answer["result"].get("value") or {"open": False, "echoed": False}
    seen["status"] = None
    seen["error"] = details and details["exception"]["description"]
    for event in chromium.events:
        if event["method"] == "Network.webSocketHandshakeResponseReceived":
            seen["status"] = event["params"]["response"]["status"]
        elif event["method"] == "Network.webSocketFrameError":
            seen["error"] = event["params"]["errorMessage"]
    return seen


def too_late(*_signal: object) -> None:
    raise TimeoutError("no echo and no error within the timeout")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url", help="wss://name[:port]/path")
    parser.add_argument("--address", help="where the URL's name is, instead of asking DNS")
    parser.add_argument(
        "--trust",
        type=pathlib.Path,
        action="append",
        default=[],
        metavar="PEM",
        help="a root, or a self-signed certificate, to trust (may be repeated)",
    )
    parser.add_argument("--origin", help="of the page that opens the socket (default: that of the URL)")
    parser.add_argument(
        "--served",
        action="store_true",
        help="load that page from its server, as HTTP/2 if it has it, and so the socket",
    )
    parser.add_argument("--text", default="hello from a browser")
    parser.add_argument("--timeout", type=int, default=20, metavar="SECONDS")
    arguments = parser.parse_args()

    install_required()
    url = urllib.parse.urlsplit(arguments.url)
    origin = arguments.origin or f"{url.scheme.replace('ws', 'http')}://{url.netloc}"
    flags = [f"--host-resolver-rules=MAP {url.hostname} {arguments.address}"] if arguments.address else []
    with tempfile.TemporaryDirectory(prefix="wss-browser-", ignore_cleanup_errors=True) as folder:
        home = pathlib.Path(folder)
        trust(home, arguments.trust)
        chromium = Chromium(home, flags)
        signal.signal(signal.SIGALRM, too_late)
        signal.alarm(arguments.timeout)
        try:
            open_page(chromium, origin, arguments.served)
            seen = try_socket(chromium, arguments.url, arguments.text)
        except (RuntimeError, TimeoutError) as problem:
            seen = {"open": False, "echoed": False, "error": str(problem)}
        finally:
            signal.alarm(0)
            chromium.close()
    print(json.dumps(seen))
    sys.exit(not seen["echoed"])


if __name__ == "__main__":
    main()
