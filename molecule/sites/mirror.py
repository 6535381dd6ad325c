"""A backend that shows what reaches it: each request's head, as a WebSocket message or as the body of a response."""

import asyncio
import base64
import hashlib
import sys

ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def text_frame(payload):
    """An unmasked text message of less than 64 KiB."""
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


async def answer(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if headers.get(b"Upgrade", b"").lower() == b"websocket":
        digest = hashlib.sha1(headers[b"Sec-WebSocket-Key"] + ACCEPT).digest()
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n" + text_frame(head))
        await writer.drain()
        await reader.read(1024)  # the client's close frame
        writer.write(b"\x88\x02\x03\xe8")
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
    await writer.drain()
    writer.close()


async def main(address, port):
    async with await asyncio.start_server(answer, address, port) as server:
        await server.serve_forever()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
