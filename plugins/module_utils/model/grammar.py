# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name, path, address, URL, header or origin may look like.

Every function takes text and returns its normal form, or raises C(ValueError) that says what is allowed.
None of the accepted forms has a character that a server's configuration would interpret.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple, Union

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
# RFC 3986 pchar and "/", less the characters that a server's configuration interprets: $ ' ;
PATH = re.compile(r"/[A-Za-z0-9._~!&()*+,=:@/-]*", re.ASCII)
QUERY = re.compile(r"[A-Za-z0-9._~!&()*+,=:@/%?-]*", re.ASCII)
FILE = re.compile(r"/[A-Za-z0-9._@+:=,/-]*", re.ASCII)
HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
HEADER_VALUE = re.compile(r"[A-Za-z0-9 !#%&()*+,./:;<=>?@\[\]^_`|~-]{0,1024}", re.ASCII)
TOKEN = re.compile(r"[A-Za-z0-9!#%&*+.^_`|~-]{1,128}", re.ASCII)
COOKIE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)
SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@\\:-]{0,127}", re.ASCII)
CIPHER = re.compile(r"[A-Z0-9-]{3,64}", re.ASCII)
GROUP = re.compile(r"[A-Za-z0-9_-]{2,32}", re.ASCII)

# X.520's upper bounds of the fields of a subject
SUBJECT = {
    "country": 2,
    "state": 128,
    "locality": 128,
    "organization": 64,
    "organizational_unit": 64,
    "common_name": 64,
    "email": 255,
}
# Python's codec follows IDNA 2003, which maps these to other names than today's browsers and registries do.
IDNA_MAPPED = frozenset("ß\u1e9e\u03c2\u200c\u200d")

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


class Listen(NamedTuple):
    """An address to listen on; C(address) is V(*) for every address of the host, IPv6 without brackets."""

    address: str
    port: int


class Backend(NamedTuple):
    """Where to connect: C(host:port) or C(unix:/path) as a server's configuration writes it, and the URL's path."""

    scheme: str
    address: str
    path: str

    @property
    def host(self) -> str:
        """The host alone, IPv6 without brackets; nothing of a socket."""
        return "" if self.scheme == "unix" else self.address.rpartition(":")[0].strip("[]")

    @property
    def speaks_tls(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme in ("wss", "https")


def ip_address(text: str) -> IPAddress | None:
    """The IP address that the text is, or None; zone identifiers are none."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def is_loopback(text: str) -> bool:
    """Whether the text is a loopback address of IPv4 or IPv6."""
    address = ip_address(text)
    return address is not None and address.is_loopback


def host_name(text: str) -> str:
    """A DNS name in lower case, such as V(chat.example.com) or V(localhost)."""
    if not text.isascii():
        raise ValueError(f"is not ASCII; write {punycode(text)}")
    name = text.lower()
    labels = name.split(".")
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError("is not a DNS name: letters, digits, hyphens and dots")
    if labels[-1].isdigit():
        raise ValueError("is neither a DNS name nor an IP address")
    return name


def punycode(text: str) -> str:
    """A DNS name in ASCII, unless clients would disagree on it; names of ASCII stay."""
    if text.isascii():
        return text
    if set(text) & IDNA_MAPPED:
        raise ValueError("has a letter that has no punycode for all clients; write the name that begins with xn--")
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("is not a DNS name: letters, digits, hyphens and dots") from None


def server_name(text: str) -> str:
    """A DNS name, a wildcard for one whole first label, or an IP address without brackets."""
    address = ip_address(text)
    if address:
        return str(address)
    if text.startswith("*."):
        rest = host_name(text[2:])
        if "." not in rest:
            raise ValueError("is too wide for a wildcard: *.example.com, with at least two labels after the star")
        return f"*.{rest}"
    return host_name(text)


def name_constraint(text: str) -> str:
    """A DNS domain, or an IP network such as V(192.0.2.0/24)."""
    if "/" not in text:
        return host_name(text)
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("is neither a DNS domain nor an IP network, such as example.com or 192.0.2.0/24") from None


def serial(text: str) -> str:
    """A certificate's serial number, hex in capitals, an even number of digits."""
    digits = text.replace(":", "").upper()
    if not re.fullmatch(r"[0-9A-F]{1,40}", digits):
        raise ValueError("is not a serial number: up to 40 hex digits, as openssl x509 -serial shows them")
    return digits.zfill(len(digits) + len(digits) % 2)


def controller_file(text: str) -> str:
    """A path on the controller that does not depend on where Ansible is started."""
    if not text.startswith(("/", "~")) or not text.isprintable():
        raise ValueError("is not an absolute path, nor one that begins with ~")
    return text


def port(text: str) -> int:
    """A TCP port, 1 to 65535."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError("is not a port, 1 to 65535")
    return int(text)


def listen(text: str) -> Listen:
    """V(443), V(192.0.2.10:5555) or V([2001:db8::1]:443)."""
    if text.isdigit():
        return Listen("*", port(text))
    address, colon, tail = text.rpartition(":")
    bracketed = address.startswith("[") and address.endswith("]")
    ip = ip_address(address[1:-1] if bracketed else address)
    if not colon or ip is None or bracketed != (ip.version == 6):
        raise ValueError("is not a listening address: 443, 192.0.2.10:443 or [2001:db8::1]:443")
    return Listen(str(ip), port(tail))


def subject_value(field: str, text: str) -> str:
    """The value of a field of a subject."""
    longest = SUBJECT[field]
    if field == "email":
        return email(text)
    if field == "country":
        if not re.fullmatch(r"[A-Za-z]{2}", text, re.ASCII):
            raise ValueError("must be a country code of two letters, such as CN or DE")
    elif not text.isprintable():
        raise ValueError(f"must be 1 to {longest} printable characters")
    elif field == "common_name":  # the one whose bytes cryptography counts
        if not 1 <= len(text.encode()) <= longest:
            raise ValueError(f"must be 1 to {longest} bytes; a letter beyond ASCII takes two to four")
    elif not 1 <= len(text) <= longest:
        raise ValueError(f"must be 1 to {longest} printable characters")
    return text


def email(text: str) -> str:
    """An e-mail address of ASCII, as certificates have it."""
    return _whole_match(re.compile(r"[!-?A-~]{1,64}@[!-?A-~]{1,190}", re.ASCII), text, "an e-mail address of ASCII")


def overlap(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether two sockets, each an address and a port, take connections to the same address; equal ones do."""
    same_family = (":" in one[0]) == (":" in other[0])
    return (
        one[1] == other[1] and same_family and (one[0] == other[0] or {one[0], other[0]} & {"0.0.0.0", "::"} != set())
    )


def identifier(text: str) -> str:
    """The text with nothing but letters, digits and underscores; different texts stay different."""
    return re.sub(r"[^A-Za-z0-9]", lambda found: "__" if found[0] == "." else f"_{ord(found[0]):x}_", text)


def host_port(host: str, number: int) -> str:
    """C(host:port), with brackets around an IPv6 address."""
    return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"


def path(text: str) -> str:
    """The absolute path of a URL, without query, empty segments or dot segments."""
    if not PATH.fullmatch(text):
        raise ValueError(
            "is not a path: it starts with / and has letters, digits and any of . _ ~ ! & ( ) * + , = : @ / -"
        )
    if "//" in text or {".", ".."} & set(text.split("/")):
        raise ValueError("has an empty segment or one of dots, which servers remove")
    return text


def target(text: str) -> str:
    """A path with an optional query, as the first line of a request has it."""
    before, mark, query = text.partition("?")
    if mark and not QUERY.fullmatch(query):
        raise ValueError("has a query with characters other than letters, digits and . _ ~ ! & ( ) * + , = : @ / % ? -")
    return path(before) + mark + query


def file(text: str) -> str:
    """The absolute path of a file or folder on the host."""
    if not FILE.fullmatch(text) or ".." in text.split("/"):
        raise ValueError("is not an absolute path of letters, digits and any of . _ @ + : = , / -")
    return text


def backend(text: str) -> Backend:
    """C(scheme://host[:port][/path]), or C(unix:/path/to/socket)."""
    if text.startswith("unix:"):
        return Backend("unix", f"unix:{_socket(text[len('unix:') :])}", "")
    scheme, separator, rest = text.partition("://")
    ports = {"ws": 80, "http": 80, "wss": 443, "https": 443}
    if not separator or scheme not in ports:
        raise ValueError("is not a backend: ws://host:port, wss://host:port or unix:/path/to/socket")
    authority, slash, tail = rest.partition("/")
    host, number = _authority(authority, ports[scheme])
    return Backend(scheme, host_port(host, number), path(f"/{tail}") if slash else "")


def _socket(text: str) -> str:
    if ":" in text:
        raise ValueError("is not unix:/path/to/socket; a path behind the socket is not supported")
    return file(text)


def _authority(text: str, default_port: int) -> tuple[str, int]:
    if "@" in text:
        raise ValueError("has a login, which belongs into headers")
    if text.startswith("["):
        inside, bracket, tail = text[1:].partition("]")
        ip = ip_address(inside)
        if not bracket or ip is None or ip.version != 6 or (tail and not tail.startswith(":")):
            raise ValueError("has no valid IPv6 address in its brackets")
        return str(ip), port(tail[1:]) if tail else default_port
    host, colon, tail = text.partition(":")
    if colon and ":" in tail:
        raise ValueError("needs brackets around its IPv6 address: ws://[::1]:8282")
    address = ip_address(host)
    return str(address) if address else host_name(host), port(tail) if colon else default_port


def origin(text: str) -> str:
    """C(scheme://host[:port]) as a browser sends it: lower case, no default port, no path."""
    scheme, separator, authority = text.partition("://")
    defaults = {"http": 80, "https": 443}
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        raise ValueError("is not an origin: https://www.example.com, without a path")
    host, number = _authority(authority, defaults.get(scheme, 0))
    shown = f"[{host}]" if ":" in host else host
    normal = f"{scheme}://{shown}" + ("" if number == defaults.get(scheme, 0) else f":{number}")
    if normal != text:
        raise ValueError(f"is not what a browser sends; write {normal}")
    return text


def _whole_match(pattern: re.Pattern[str], text: str, allowed: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"is not {allowed}")
    return text


def header_name(text: str) -> str:
    """The name of an HTTP header."""
    return _whole_match(HEADER_NAME, text, "the name of a header: letters, digits and hyphens")


def cookie_name(text: str) -> str:
    """The name of a cookie, as nginx's variables can have it."""
    return _whole_match(COOKIE_NAME, text, "the name of a cookie: letters, digits and underscores")


def header_value(text: str) -> str:
    """The value of an HTTP header."""
    allowed = "a header value of ASCII without quotes, backslash, braces, $ and line breaks"
    return _whole_match(HEADER_VALUE, text, allowed)


def subprotocol(text: str) -> str:
    """A WebSocket subprotocol (an HTTP token)."""
    return _whole_match(TOKEN, text, "a subprotocol: letters, digits and any of ! # % & * + . ^ _ ` | ~ -")


def user(text: str) -> str:
    """A user of the host."""
    return _whole_match(USER, text, "the name of a user: small letters, digits, hyphens and underscores")


def service(text: str) -> str:
    """A service of the host, such as V(chat) or V(chat@1.service)."""
    return _whole_match(SERVICE, text, "the name of a service: letters, digits and any of . _ @ : -")


def cipher(text: str) -> str:
    """OpenSSL's name of a TLS 1.2 cipher suite, such as V(ECDHE-RSA-AES128-GCM-SHA256)."""
    return _whole_match(CIPHER, text, "OpenSSL's name of a cipher suite: capitals, digits and hyphens")


def group(text: str) -> str:
    """OpenSSL's name of a key exchange group, such as V(X25519) or V(secp384r1)."""
    return _whole_match(GROUP, text, "OpenSSL's name of a group: letters, digits, hyphens and underscores")
