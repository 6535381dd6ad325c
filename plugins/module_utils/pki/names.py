# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a certificate is valid for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.model import grammar
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY

if HAS_CRYPTOGRAPHY:
    from cryptography import x509


def uncovered(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those of the wanted names that a certificate with these names is not valid for."""

    def covered(name: str) -> bool:
        domain = name.partition(".")[2]
        return name in names or (f"*.{domain}" in names and not grammar.ip_address(name))

    return [name for name in wanted if not covered(name)]


def general_names(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        address = grammar.ip_address(name)
        found.append(x509.IPAddress(address) if address else x509.DNSName(name))
    return found


def names_of(certificate: Any) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return (*dns, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))
