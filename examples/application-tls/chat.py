# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends every WebSocket message back, over TLS of its own: chat.py PORT CERTIFICATE KEY. SIGHUP: both are read anew."""

import asyncio
import signal
import ssl
import sys

import websockets


class Certificate:
    """What new connections are shown; those that are open keep theirs."""

    def __init__(self, certificate, key):
        self.files = certificate, key
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.sni_callback = self.choose
        self.read()

    def read(self):
        """Read the files; where that fails, the certificate before stays."""
        now = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        now.load_cert_chain(*self.files)
        self.now = now

    def choose(self, connection, _name, _context):
        """Is called in each handshake."""
        connection.context = self.now


async def echo(connection, *_path):
    """Answer one client until it leaves."""
    async for message in connection:
        await connection.send(message)


async def main(port, certificate, key):
    """Serve until the process is told to end."""
    shown, end, loop = Certificate(certificate, key), asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, shown.read)
    loop.add_signal_handler(signal.SIGTERM, end.set)
    async with websockets.serve(echo, None, int(port), ssl=shown.context):
        await end.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
