"""A name server on 127.0.0.1 that gives the address in a file for every name, for a second: dns.py FILE."""

import pathlib
import socket
import socketserver
import sys

A, NOTHING = b"\0\1", b""


class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        asked, sock = self.request
        end = asked.index(b"\0", 12) + 5  # the name, its type and its class
        found = NOTHING
        if asked[end - 4 : end - 2] == A:
            address = pathlib.Path(sys.argv[1]).read_text().strip()
            found = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(address)
        head = asked[:2] + b"\x81\x80\0\1" + (b"\0\1" if found else b"\0\0") + b"\0\0\0\0"
        sock.sendto(head + asked[12:end] + found, self.client_address)


socketserver.UDPServer(("127.0.0.1", 53), Answer).serve_forever()
