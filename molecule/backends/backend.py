"""A backend that says who it is and then echoes: backend.py NAME PORT [PEM [ADDRESS]], over TLS where PEM is a file."""

import asyncio
import contextlib
import signal
import ssl
import sys

import websockets


async def main(name, port, pem=None, address="127.0.0.1"):
    async def greet(connection, *_path):  # which websockets 8 of Debian 11 gives
        with contextlib.suppress(websockets.ConnectionClosed):
            await connection.send(name)
            async for message in connection:
                await connection.send(message)

    context = None
    if pem:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    async with websockets.serve(greet, address, int(port), ssl=context):
        await end.wait()


asyncio.run(main(*sys.argv[1:]))
