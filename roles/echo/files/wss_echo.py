# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends every WebSocket message back, as it came. A demo backend: wss_echo.py ADDRESS:PORT|unix:PATH ..."""

import asyncio
import contextlib
import signal
import sys

import websockets


async def echo(connection, *_path):
    """Answer one client until it leaves."""
    try:
        async for message in connection:
            await connection.send(message)
    except websockets.ConnectionClosed:
        pass  # a client may leave without a close frame


def listen(place):
    """A server at an address and port, or at a socket."""
    if place.startswith("unix:"):
        return websockets.unix_serve(echo, place[len("unix:") :])
    address, _colon, port = place.rpartition(":")
    return websockets.serve(echo, address.strip("[]"), int(port))


async def serve(places):
    """Serve until the process is told to end."""
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    async with contextlib.AsyncExitStack() as servers:
        for place in places:
            await servers.enter_async_context(listen(place))
        await end.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
