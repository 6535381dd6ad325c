# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of certificates, and an authority that signs what is requested in it."""

from __future__ import annotations

import datetime
import functools

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Entry
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import (
    CLOCK_SKEW,
    AuthorityRecipe,
    load_certificates,
    make_authority,
    sign,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings, make_key
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import load_request

NOW = datetime.datetime(2026, 11, 23, 8, 0, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
ENTRY = {
    "name": "chat",
    "provider": "self_signed",
    "names": ["chat.example.com", "192.0.2.10"],
    "key": {"type": "ecdsa", "curve": "secp256r1", "bits": 2048},
    "subject": {"country": None, "organization": None},
    "profile": "server",
    "valid_days": 90,
    "renew_before": None,
    "request": None,
    "certificate": None,
    "private_key": None,
    "chain": None,
    "pkcs12": None,
    "remote_src": False,
}


class Home:
    """A directory of certificates, of which tests use that named chat."""

    def __init__(self, path) -> None:
        self.path = path
        self.chat = path / "chat"

    def decide(self, entry, given=None, now=NOW, **more):
        given = {part: (lambda text=text: text) for part, text in (given or {}).items()}
        wanted = Entry({**ENTRY, **entry}, given, **more)
        return plan.plan_all([wanted], functools.partial(store.read, str(self.path)), now)[0]

    def run(self, entry, given=None, now=NOW, **more):
        """Decide and carry out."""
        decision = self.decide(entry, given, now, **more)
        plan.install(str(self.path), [decision], plan.make_all([decision]))
        return decision

    def read(self, file="cert.pem"):
        return (self.chat / "current" / file).read_bytes()

    @property
    def requested(self):
        """What waits to be signed: key and request, or None."""
        folder = self.chat / "requested"
        if not folder.exists():
            return None
        return (folder / "privkey.pem").read_bytes(), (folder / "request.pem").read_bytes()

    @property
    def keys(self):
        """All keys that can be read somewhere."""
        return {path.read_bytes() for path in self.path.rglob("privkey.pem*") if path.is_file()}


class Authority:
    """A root and an intermediate that signs."""

    def __init__(self, name, days=1000) -> None:
        self.name, self.key, self.root_key = name, make_key(KeySettings()), make_key(KeySettings())
        self.root = make_authority(self.root_key, self.recipe(f"{name} root", 1000))
        self.renew(days)

    def recipe(self, name, days):
        return AuthorityRecipe((("common_name", name),), NOW - 100 * DAY, NOW + days * DAY)

    def renew(self, days):
        root = load_certificates(self.root)[0]
        self.intermediate = make_authority(self.key, self.recipe(self.name, days), root, self.root_key)

    @property
    def pem(self):
        return self.intermediate + self.root

    def sign(self, request, now=NOW, days=90, profile="server"):
        issuer = load_certificates(self.intermediate)[0]
        leaf = sign(load_request(request), issuer, self.key, profile, now - CLOCK_SKEW, now + days * DAY)
        return leaf + self.intermediate


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.fixture(scope="session")
def ours():
    return Authority("ours")


@pytest.fixture(scope="session")
def theirs():
    return Authority("theirs")
