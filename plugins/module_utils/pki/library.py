# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library that does the work, if it is there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

MINIMUM = (3, 3)

try:
    from cryptography import __version__

    VERSION = tuple(int(number) for number in __version__.split(".")[:2])
except ImportError:
    VERSION = (0, 0)

HAS_CRYPTOGRAPHY = VERSION >= MINIMUM
MISSING = "The Python library cryptography is missing, or older than 3.3: install the package python3-cryptography."


class PkiError(Exception):
    """What is wrong, for a person to read. Never holds key material."""


class PassphraseMissing(PkiError):
    """A passphrase is needed, and there is none."""


class PassphraseWrong(PkiError):
    """With this passphrase it cannot be read."""


@contextlib.contextmanager
def reading(refusal: str) -> Iterator[None]:
    """Turns what the library raises over damaged bytes into a PkiError: that differs by version, down to KeyError.

    Its own words are left out: they say little, and nobody promises what they quote.
    """
    try:
        yield
    except PkiError:
        raise
    except Exception:
        raise PkiError(refusal) from None


def readable(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate, its subject and issuer read, which the library otherwise does as late as they are asked for."""
    _names = certificate.subject, certificate.issuer
    return certificate
