# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a certificate is valid for, as text: DNS names, wildcards, IP addresses, e-mail addresses, URIs."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Sequence

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, PkiError

if HAS_CRYPTOGRAPHY:
    from cryptography import x509

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#@]*@)?([^/?#@:\[\]]+|\[[^]]*\])(:[0-9]+)?([/?#].*)?", re.DOTALL)


def parse_name(text: str) -> str:
    """The normal form of a name; internationalised ones become punycode."""
    try:
        if "://" in text:
            return _uri(text)
        if "@" in text:
            local, _at, domain = text.rpartition("@")
            return _email(grammar.email(f"{local}@{grammar.host_name(grammar.punycode(domain))}"))
        return grammar.server_name(grammar.punycode(text))
    except ValueError as error:
        raise PkiError(f"{text!r} {error}") from None


def _email(text: str) -> str:
    if email.utils.parseaddr(text) != ("", text):  # the library's own condition
        raise ValueError("is not an e-mail address, such as ops@example.com")
    return text


def _uri(text: str) -> str:
    parts = _URI.fullmatch(text)
    if not parts:
        raise ValueError("is not a URI: scheme://host/path")
    scheme, login, host, port, rest = parts.groups(default="")
    address = grammar.ip_address(host[1:-1] if host.startswith("[") else host)
    if address is None:
        host = grammar.host_name(grammar.punycode(host))
    found = f"{scheme.lower()}://{login}{host}{port}{rest}"
    if not re.fullmatch("[!-~]+", found):
        raise ValueError("is not a URI of ASCII without spaces; encode the others, such as %20")
    return found


def uncovered(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of the wanted names that a certificate with these names is not valid for."""

    def covered(name: str) -> bool:
        domain = name.partition(".")[2]
        return name in names or (f"*.{domain}" in names and is_dns(name))

    return [name for name in wanted if not covered(name)]


def is_dns(name: str) -> bool:
    return not ("@" in name or "://" in name or grammar.ip_address(name))


def general_names(names: Sequence[str]) -> list[x509.GeneralName]:
    """The names, in the normal form, as the library wants them."""
    return [_general_name(name) for name in names]


def _general_name(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    if "@" in name:
        return x509.RFC822Name(name)
    address = grammar.ip_address(name)
    return x509.IPAddress(address) if address else x509.DNSName(name)


def names_of(bearer: x509.Certificate | x509.CertificateSigningRequest) -> tuple[str, ...]:
    """The names in a certificate or a request, in its order; those of other kinds are left out."""
    try:
        found = bearer.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = []
    for name in found:
        if isinstance(name, x509.DNSName):
            names.append(name.value.lower())
        elif isinstance(name, (x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)):
            names.append(str(name.value))
    return tuple(names)
