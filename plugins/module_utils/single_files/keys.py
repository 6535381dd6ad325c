# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for the file of a private key, and why. Decides; touches nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.wss.edge.plugins.module_utils.pki import keys as pki_keys
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PassphraseMissing, PassphraseWrong, PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks
from ansible_collections.wss.edge.plugins.module_utils.single_files import single

if TYPE_CHECKING:
    from ansible_collections.wss.edge.plugins.module_utils.pki.keys import PrivateKey

FORMS = ("pkcs8", "traditional")
NEVER, WHEN_DAMAGED, WHEN_DIFFERENT, ALWAYS = REGENERATE = ("never", "when_damaged", "when_different", "always")


@dataclass(frozen=True)
class Wanted:
    settings: pki_keys.KeySettings
    form: str | None = None  # None: as it is; pkcs8 for a new one
    passphrase: bytes | None = field(default=None, repr=False)
    current_passphrase: bytes | None = field(default=None, repr=False)
    regenerate: str = NEVER

    def check(self) -> None:
        """Refuse what no key can be."""
        settings = self.settings
        if settings.type == "rsa" and not pki_keys.MIN_RSA_BITS <= settings.bits <= pki_keys.MAX_RSA_BITS:
            raise PkiError(f"bits: {settings.bits} must be {pki_keys.MIN_RSA_BITS} to {pki_keys.MAX_RSA_BITS}")
        if settings.type == "ed25519" and self.form == "traditional":
            raise PkiError("format: ed25519 keys have no traditional format; set format to pkcs8")
        if len(self.passphrase or b"") > pki_keys.MAX_PASSPHRASE_BYTES:
            raise PkiError(f"passphrase: must have at most {pki_keys.MAX_PASSPHRASE_BYTES} bytes")


@dataclass(frozen=True)
class Plan:
    """With a reason: write C(key), or a new one where there is none here."""

    reason: str = ""
    key: PrivateKey | None = field(default=None, repr=False)
    form: str = FORMS[0]
    before: str = ""  # what the file is now; of one that goes, it is kept

    @property
    def loses(self) -> bool:
        """Whether what is there now will no longer be in the file."""
        return bool(self.reason and self.before and not self.key)

    def make(self, wanted: Wanted) -> tuple[PrivateKey, bytes]:
        """The key, and the file of it."""
        key = self.key or pki_keys.make_key(wanted.settings)
        return key, pki_keys.dump_key(key, wanted.passphrase, self.form)

    def after(self, wanted: Wanted) -> str:
        """What the file will be."""
        return _shown(str(wanted.settings) if self.key else f"{wanted.settings} (new)", self.form, wanted.passphrase)


def _shown(key: str, form: str, passphrase: bytes | None) -> str:
    return f"{key}, {form}, {'under a' if passphrase else 'no'} passphrase"


def plan(content: bytes | None, wanted: Wanted) -> Plan:
    """What to do where this is the content of the file; what the user has to decide is raised as PkiError."""
    wanted.check()
    new = wanted.form or FORMS[0]
    if content is None:
        return Plan(single.NONE, None, new)
    if wanted.regenerate == ALWAYS:
        return Plan("regenerate is always", None, new, before="not read")
    try:
        key, under = load(content, wanted)
    except (PassphraseMissing, PassphraseWrong):
        raise
    except PkiError as error:
        if wanted.regenerate == NEVER:
            raise PkiError(f"{error}; set regenerate to when_damaged to replace it, and a copy will be kept") from None
        return Plan(f"it {error}", None, new, before="no usable key")
    found = pki_keys.describe_key(key.public_key())
    if found != str(wanted.settings):
        change = f"{found} -> {wanted.settings}"
        if wanted.regenerate == WHEN_DIFFERENT:
            before = _shown(found, form_of(content), under)
            return Plan(f"key settings changed: {change}", None, new, before)
        raise PkiError(
            f"is {found} and {wanted.settings} is wanted; set type, curve and bits to what it is, or regenerate to "
            "when_different to replace it, and a copy will be kept"
        )
    return _rewrite(content, key, under, wanted)


def read(path: str, passphrase: str | None) -> PrivateKey:
    """The key of a request or a certificate."""
    try:
        return pki_keys.load_key(single.look(path).text, (passphrase or "").encode() or None)
    except PkiError as error:
        raise PkiError(f"{path}: {error}") from None


def load(content: bytes, wanted: Wanted) -> tuple[PrivateKey, bytes | None]:
    """The key in a file, and the passphrase that it is under."""
    if not pki_keys.is_encrypted(content):
        return pki_keys.load_key(content), None
    known = [each for each in (wanted.passphrase, wanted.current_passphrase) if each]
    if not known:
        raise PassphraseMissing("is protected by a passphrase; set current_passphrase to it")
    for passphrase in known:
        try:
            return pki_keys.load_key(content, passphrase), passphrase
        except PassphraseWrong:
            continue
    raise PassphraseWrong(
        "is protected by another passphrase than those given, or is damaged; set current_passphrase to the right one, "
        "or regenerate to always to replace it, and a copy will be kept"
    )


def _rewrite(content: bytes, key: PrivateKey, under: bytes | None, wanted: Wanted) -> Plan:
    """The same key in the format and under the passphrase that are wanted."""
    reasons = []
    if under != wanted.passphrase:
        if under is None:
            reasons.append("it had no passphrase")
        else:
            reasons.append(f"it was under {'another' if wanted.passphrase else 'a'} passphrase")
    form = form_of(content)
    before = _shown(str(wanted.settings), form, under)
    if wanted.form and form != wanted.form:
        reasons.append(f"its format was {form}")
    if not reasons:
        return Plan("", key, form, before)
    labels = [block.splitlines()[0].strip(b"-").decode() for block in pem_blocks(content, "")]
    others = [label[len("BEGIN ") :] for label in labels if not label.endswith((" PRIVATE KEY", "EC PARAMETERS"))]
    if others or len(pem_blocks(content, "PRIVATE KEY")) > 1:
        raise PkiError(
            f"must be written anew ({'; '.join(reasons)}), and holds more than one key alone"
            f"{': ' if others else ''}{', '.join(others)}; move the key into a file of its own"
        )
    return Plan("; ".join(reasons), key, wanted.form or form, before)


def form_of(content: bytes) -> str:
    """The format of the key in a file."""
    begin = pem_blocks(content, "PRIVATE KEY")[0].splitlines()[0]
    return "pkcs8" if begin in (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN ENCRYPTED PRIVATE KEY-----") else FORMS[1]
