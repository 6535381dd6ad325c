# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done for the file of a key, and what is refused; openssl reads what comes of it."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.pki.keys import KeySettings
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PassphraseMissing, PassphraseWrong, PkiError
from ansible_collections.wss.edge.plugins.module_utils.single_files import keys

EC, EC384, RSA, ED = KeySettings(), KeySettings(curve="secp384r1"), KeySettings("rsa"), KeySettings("ed25519")
SECRET, OTHER = b"a secret that no output has", b"another"


def wanted(settings=EC, **more):
    return keys.Wanted(settings, **more)


def file(settings=EC, **more):
    """The content of a file that is made anew."""
    return keys.plan(None, wanted(settings, **more)).make(wanted(settings, **more))[1]


@pytest.mark.parametrize(
    ("settings", "form", "label", "text"),
    [
        (EC, None, "PRIVATE KEY", "NIST CURVE: P-256"),
        (EC384, "pkcs8", "PRIVATE KEY", "NIST CURVE: P-384"),
        (KeySettings(curve="secp521r1"), "traditional", "EC PRIVATE KEY", "NIST CURVE: P-521"),
        (RSA, "pkcs8", "PRIVATE KEY", "2048 bit"),
        (RSA, "traditional", "RSA PRIVATE KEY", "2048 bit"),
        (ED, None, "PRIVATE KEY", "ED25519 Private-Key"),
    ],
)
@pytest.mark.parametrize("passphrase", [None, SECRET])
def test_openssl_reads_every_kind(openssl, tmp_path, settings, form, label, text, passphrase):
    (tmp_path / "secret").write_bytes(SECRET)
    content = file(settings, form=form, passphrase=passphrase)
    encrypted = "ENCRYPTED " if passphrase and form != "traditional" else ""
    assert content.startswith(f"-----BEGIN {encrypted}{label}-----\n".encode())
    assert text in openssl("pkey -noout -text -passin file:secret", content).decode()
    again = keys.plan(content, wanted(settings, form=form, passphrase=passphrase))
    assert again.reason == ""


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({}, {"passphrase": SECRET}, "it had no passphrase"),
        ({"passphrase": SECRET}, {"current_passphrase": SECRET}, "it was under a passphrase"),
        (
            {"passphrase": SECRET},
            {"current_passphrase": SECRET, "passphrase": OTHER},
            "it was under another passphrase",
        ),
        ({}, {"form": "traditional"}, "its format was pkcs8"),
        (
            {"form": "traditional", "passphrase": SECRET},
            {"form": "pkcs8", "current_passphrase": SECRET},
            "it was under a passphrase; its format was traditional",
        ),
        ({"form": "traditional"}, {}, ""),
        ({"passphrase": SECRET}, {"passphrase": SECRET, "current_passphrase": OTHER}, ""),
        ({}, {"current_passphrase": SECRET}, ""),
    ],
)
def test_the_same_key_is_written_anew(before, after, reason):
    content = file(**before)
    plan = keys.plan(content, wanted(**after))
    assert (plan.reason, plan.loses) == (reason, False)
    key, new = plan.make(wanted(**after))
    assert keys.plan(new, wanted(**after)).reason == ""
    assert key.private_numbers() == keys.load(content, wanted(**{**before, **after}))[0].private_numbers()


def test_a_new_format_stays_under_the_passphrase():
    content = file(passphrase=SECRET)
    plan = keys.plan(content, wanted(passphrase=SECRET, form="traditional"))
    assert plan.reason == "its format was pkcs8"
    new = plan.make(wanted(passphrase=SECRET, form="traditional"))[1]
    assert b"Proc-Type: 4,ENCRYPTED" in new
    assert keys.plan(new, wanted(passphrase=SECRET)).form == "traditional"


DAMAGED = b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("content", "regenerate", "reason"),
    [
        (b"", "when_damaged", "it holds no private key in PEM"),
        (DAMAGED, "when_damaged", "it is damaged or of an unknown format"),
        (DAMAGED, "when_different", "it is damaged or of an unknown format"),
        (DAMAGED, "always", "regenerate is always"),
        ("of EC384", "when_different", "key settings changed: ecdsa secp384r1 -> ecdsa secp256r1"),
        ("of EC", "always", "regenerate is always"),
        ("under SECRET", "always", "regenerate is always"),
        ("of EC", "when_damaged", ""),
        ("of EC", "when_different", ""),
    ],
)
def test_when_another_key_takes_its_place(content, regenerate, reason):
    made = {"of EC384": lambda: file(EC384), "of EC": file, "under SECRET": lambda: file(passphrase=SECRET)}
    found = made[content]() if content in made else content
    plan = keys.plan(found, wanted(regenerate=regenerate))
    assert (plan.reason, plan.loses, plan.key is None) == (reason, bool(reason), bool(reason))


@pytest.mark.parametrize(
    ("content", "options", "kind", "words"),
    [
        (DAMAGED, {}, PkiError, "damaged.*; set regenerate to when_damaged to replace it, and a copy"),
        ("of EC384", {}, PkiError, "is ecdsa secp384r1 and ecdsa secp256r1 is wanted; .* when_different"),
        ("of EC384", {"regenerate": "when_damaged"}, PkiError, "is ecdsa secp384r1 and ecdsa secp256r1 is wanted"),
        ("under SECRET", {}, PassphraseMissing, "is protected by a passphrase; set current_passphrase to it"),
        ("under SECRET", {"regenerate": "when_different"}, PassphraseMissing, "is protected by a passphrase"),
        ("under SECRET", {"passphrase": OTHER}, PassphraseWrong, "protected by another passphrase than those given"),
        (
            "under SECRET",
            {"current_passphrase": OTHER, "regenerate": "when_damaged"},
            PassphraseWrong,
            "or regenerate to always to replace it",
        ),
        ("with a certificate", {"passphrase": OTHER}, PkiError, "it had no passphrase.*: CERTIFICATE; move the key"),
        ("twice", {"passphrase": OTHER}, PkiError, "more than one key alone; move"),
    ],
)
def test_what_the_user_has_to_decide(content, options, kind, words):
    made = {
        "of EC384": lambda: file(EC384),
        "under SECRET": lambda: file(passphrase=SECRET),
        "with a certificate": lambda: file() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "twice": lambda: file() + file(),
    }
    found = made[content]() if content in made else content
    with pytest.raises(PkiError, match=words) as caught:
        keys.plan(found, wanted(**options))
    assert caught.type is kind
    assert SECRET.decode() not in str(caught.value)


def test_a_file_with_its_certificate_is_read_as_it_is():
    assert keys.plan(file() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", wanted()).reason == ""


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (wanted(KeySettings("rsa", bits=2047)), "bits: 2047 must be 2048 to 8192"),
        (wanted(KeySettings("rsa", bits=8193)), "bits: 8193 must be 2048 to 8192"),
        (wanted(ED, form="traditional"), "format: ed25519 keys have no traditional format"),
        (wanted(passphrase=b"x" * 1024), "passphrase: must have at most 1023 bytes"),
    ],
)
def test_what_no_key_can_be(bad, words):
    with pytest.raises(PkiError, match=words):
        keys.plan(None, bad)


@pytest.mark.parametrize(
    ("command", "settings", "form"),
    [
        ("genrsa -des3 -passout pass:over 2048", RSA, "pkcs8"),
        ("genrsa -traditional -des3 -passout pass:over 2048", RSA, "traditional"),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes256 -pass pass:over", RSA, "pkcs8"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -aes256 -pass pass:over", EC384, "pkcs8"),
        ("genpkey -algorithm ED25519 -aes256 -pass pass:over", ED, "pkcs8"),
        ("ecparam -name prime256v1 -genkey", EC, "traditional"),
        ("ecparam -name prime256v1 -genkey -noout", EC, "traditional"),
    ],
)
def test_what_openssl_writes_is_read_and_freed(openssl, command, settings, form):
    if "-traditional" in command and openssl("version").startswith(b"OpenSSL 1"):
        command = command.replace("-traditional ", "")
    content = openssl(command)
    found = wanted(settings, current_passphrase=b"over")
    plan = keys.plan(content, found)
    assert plan.form == form or openssl("version").startswith(b"OpenSSL 1")
    assert plan.reason == ("it was under a passphrase" if "over" in command else "")
    free = plan.make(found)[1]
    assert b"Key is valid" in openssl("pkey -check -noout", free) or settings == ED
    assert openssl("pkey -pubout", free) == openssl("pkey -pubout -passin pass:over", content)


def test_nothing_shows_a_secret():
    it = wanted(passphrase=SECRET, current_passphrase=OTHER)
    plan = keys.plan(None, it)
    assert SECRET.decode() not in f"{it} {plan} {plan.after(it)}"
    assert plan.after(it) == "ecdsa secp256r1 (new), pkcs8, under a passphrase"
