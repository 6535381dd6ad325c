# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys, with openssl as the oracle."""

from __future__ import annotations

import base64
import traceback

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import load_certificates
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import (
    KeySettings,
    belongs_to,
    describe_key,
    dump_key,
    fingerprint,
    is_encrypted,
    key_size,
    load_key,
    load_pkcs12,
    make_key,
)
from ansible_collections.wss.edge.plugins.module_utils.pki.library import PassphraseMissing, PassphraseWrong, PkiError

KEYS = [
    KeySettings("ecdsa"),
    KeySettings("ecdsa", curve="secp384r1"),
    KeySettings("ecdsa", curve="secp521r1"),
    KeySettings("rsa", bits=2048),
    KeySettings("rsa", bits=3072),
    KeySettings("ed25519"),
]
SIZES = [256, 384, 521, 2048, 3072, 256]
SECRET = "a passphrase: é".encode()


def private(key):
    """Everything that a key is."""
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


@pytest.mark.parametrize(("settings", "size"), list(zip(KEYS, SIZES)), ids=str)
@pytest.mark.parametrize("passphrase", [None, SECRET], ids=["plain", "protected"])
@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
def test_openssl_reads_what_it_writes(openssl, settings, size, passphrase, form):
    key = make_key(settings)
    if (settings.type, form) == ("ed25519", "traditional"):
        with pytest.raises(PkiError, match="no traditional format; use pkcs8"):
            dump_key(key, passphrase, form)
        return
    text = dump_key(key, passphrase, form)
    label = {"pkcs8": b"ENCRYPTED " if passphrase else b"", "traditional": {"rsa": b"RSA ", "ecdsa": b"EC "}}
    kind = label[form] if form == "pkcs8" else label[form][settings.type]
    assert text.startswith(b"-----BEGIN " + kind + b"PRIVATE KEY-----\n")
    assert is_encrypted(text) == (passphrase is not None)
    openssl.write("pass", (passphrase or b"none") + b"\n")
    openssl.write("made.key", text)
    openssl("pkey -in made.key -passin file:pass -check -noout")
    openssl("pkey -in made.key -passin file:pass -pubout -outform DER -out public.der")
    assert fingerprint(key.public_key()) in openssl("dgst -sha256 -c public.der")
    assert (describe_key(key.public_key()), key_size(key.public_key())) == (str(settings), size)
    again = load_key(text, passphrase)
    assert private(again) == private(key)


@pytest.mark.parametrize("passphrase", [b"", b"x" * 1024])
def test_refuses_passphrases_that_not_every_library_takes(passphrase):
    with pytest.raises(PkiError, match="must have 1 to 1023 bytes"):
        dump_key(make_key(KEYS[0]), passphrase)


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out KEY", "rsa 2048"),  # PKCS#8
        ("genpkey -algorithm ED25519 -out KEY", "ed25519"),
        ("ecparam -name secp384r1 -genkey -out KEY", "ecdsa secp384r1"),  # SEC1, after its parameters
        ("rsa -in leaf.key -out KEY", "rsa 2048"),  # PKCS#1 by OpenSSL 1.1.1, PKCS#8 by 3
    ],
)
def test_reads_the_keys_that_openssl_writes(openssl, authority, command, kind):
    openssl.write("leaf.key", authority.read("leaf.key"))
    openssl(command.replace("KEY", "some.key"))
    key = load_key(openssl.read("some.key"))
    assert describe_key(key.public_key()) == kind
    openssl.write("again.key", dump_key(key))
    assert openssl("pkey -in again.key -pubout") == openssl("pkey -in some.key -pubout")


def pkcs1(openssl):
    header = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\n"
    return header + b"AAAA\n-----END RSA PRIVATE KEY-----\n"


def pkcs8(openssl):
    openssl("pkey -in leaf.key -aes256 -passout pass:secret -out locked.key")
    return openssl.read("locked.key")


def dsa_key(openssl):
    openssl("genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa.par")
    openssl("genpkey -paramfile dsa.par -out dsa.key")
    return openssl.read("dsa.key")


def numbers_changed(openssl):
    """An RSA key that can be read and signs nonsense: its primes are those of another."""
    good, other = (rsa.generate_private_key(65537, 2048).private_numbers() for _key in "ab")
    mixed = rsa.RSAPrivateNumbers(good.p, good.q, other.d, other.dmp1, other.dmq1, good.iqmp, good.public_numbers)
    return pem("RSA PRIVATE KEY", der_of(mixed))


def der_of(numbers):
    def integer(value):
        return tagged(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    def tagged(tag, content):
        length = len(content)
        size = bytes([length]) if length < 128 else bytes([0x82]) + length.to_bytes(2, "big")
        return bytes([tag]) + size + content

    public = numbers.public_numbers
    values = [0, public.n, public.e, numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp]
    return tagged(0x30, b"".join(integer(value) for value in values))


def pem(label, der):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda openssl: b"", "no private key in PEM"),
        (lambda openssl: openssl.read("leaf.pem"), "no private key in PEM"),
        (lambda openssl: openssl.read("leaf.key")[:400], "no private key in PEM"),
        (lambda openssl: openssl.read("leaf.key").replace(b"\nMII", b"\nAAA", 1), "damaged"),
        (lambda openssl: openssl.read("leaf.key")[:800] + openssl.read("leaf.key")[864:], "damaged"),
        (pkcs1, "passphrase"),
        (pkcs8, "passphrase"),
        (dsa_key, "type that TLS servers do not use"),
        (numbers_changed, "damaged"),
    ],
    ids=["empty", "a certificate", "truncated", "overwritten", "a line lost", "3DES", "PKCS#8", "dsa", "numbers"],
)
@pytest.mark.parametrize("validate", [True, False])
def test_refuses_keys_that_it_cannot_use(authority, make, message, validate):
    text = make(authority)
    with pytest.raises(PkiError, match=message) as caught:
        load_key(text, validate=validate)
    assert not [line for line in text.decode().split() if len(line) > 20 and line in str(caught.value)]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


PROTECTED = {
    "genrsa -des3": "genrsa -des3 -passout pass:secret -out KEY 2048",
    "traditional DES3": "pkey -in authority.key -des3 -traditional -passout pass:secret -out KEY",
    "traditional AES": "pkey -in authority.key -aes256 -traditional -passout pass:secret -out KEY",
    "SEC1": "pkey -in ec.key -des3 -traditional -passout pass:secret -out KEY",
    "genpkey -aes256": "genpkey -aes256 -pass pass:secret -algorithm ED25519 -out KEY",
    "3DES in PKCS#8": "pkcs8 -topk8 -in authority.key -v1 PBE-SHA1-3DES -passout pass:secret -out KEY",
    "scrypt": "pkcs8 -topk8 -in authority.key -scrypt -passout pass:secret -out KEY",
}


@pytest.mark.parametrize("command", PROTECTED.values(), ids=list(PROTECTED))
class TestProtected:
    @pytest.fixture
    def text(self, openssl, authority, command):
        openssl.write("authority.key", authority.read("leaf.key"))
        openssl.write("ec.key", authority.read("intermediate.key"))
        openssl(command.replace("KEY", "locked.key"))
        return openssl.read("locked.key")

    @pytest.mark.parametrize("validate", [True, False])
    def test_opens(self, openssl, text, validate):
        assert is_encrypted(text)
        openssl.write("open.key", dump_key(load_key(text, b"secret", validate)))
        assert openssl("pkey -in open.key -pubout") == openssl("pkey -in locked.key -passin pass:secret -pubout")

    @pytest.mark.parametrize(
        ("passphrase", "error"),
        [
            (None, PassphraseMissing),
            (b"", PassphraseMissing),
            (b"Secret", PassphraseWrong),
            (b"secret ", PassphraseWrong),
            (b"x" * 5000, PassphraseWrong),
        ],
        ids=["none", "empty", "another", "a blank more", "too long"],
    )
    def test_does_not_open(self, text, passphrase, error):
        with pytest.raises(error) as caught:
            load_key(text, passphrase)
        nothing_leaks(caught.value, text, passphrase or b"")

    def test_is_damaged(self, text):
        lines = text.splitlines(keepends=True)
        with pytest.raises(PkiError):
            load_key(b"".join([*lines[:-3], *lines[-2:]]), b"secret")


def nothing_leaks(error, text, passphrase):
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__.tb_next))
    assert error.__suppress_context__ or error.__context__ is None
    assert not [line for line in text.decode("ascii", "replace").split() if len(line) > 20 and line in str(error)]
    assert not passphrase or passphrase.decode() not in str(error)
    assert "Could not deserialize" not in shown
    assert "Bad decrypt" not in shown


def test_a_passphrase_that_is_not_needed_is_ignored():
    key = make_key(KEYS[0])
    for form in ("pkcs8", "traditional"):
        assert private(load_key(dump_key(key, form=form), b"whatever")) == private(key)


def test_the_first_key_of_a_file_counts():
    first, second = make_key(KEYS[0]), make_key(KEYS[0])
    assert not is_encrypted(dump_key(first) + dump_key(second, SECRET))
    assert private(load_key(dump_key(first) + dump_key(second, SECRET))) == private(first)
    assert not is_encrypted(b"")


def test_which_certificate_is_a_keys(authority):
    key = load_key(authority.read("leaf.key"))
    leaf, other = (load_certificates(authority.read(f"{name}.pem"))[0] for name in ("leaf", "other"))
    assert belongs_to(key, leaf)
    assert not belongs_to(key, other)


def test_describes_keys_that_it_cannot_make():
    assert describe_key(dsa.generate_private_key(1024).public_key()) == "dsa"
    assert describe_key(ec.generate_private_key(ec.SECP256K1()).public_key()) == "ecdsa secp256k1"
    assert describe_key(rsa.generate_private_key(65537, 1024).public_key()) == "rsa 1024"


PKCS12 = {
    "as openssl does": ("-passout pass:secret", b"secret"),
    "empty passphrase": ("-passout pass:", None),
    "empty passphrase, one given": ("-passout pass:", b"secret"),
    "plain": ("-keypbe NONE -certpbe NONE -passout pass:", None),
    "3DES": ("-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -passout pass:secret", b"secret"),
}


@pytest.mark.parametrize(("options", "passphrase"), PKCS12.values(), ids=list(PKCS12))
def test_reads_pkcs12(authority, openssl, options, passphrase):
    for name in ("leaf.key", "leaf.pem"):
        openssl.write(name, authority.read(name))
    openssl.write("chain.pem", authority.read("intermediate.pem", "root.pem"))
    openssl(f"pkcs12 -export -inkey leaf.key -in leaf.pem -certfile chain.pem -out all.p12 {options}")
    key, certificates = load_pkcs12(openssl.read("all.p12"), passphrase)
    expected = load_certificates(authority.read("leaf.pem", "intermediate.pem", "root.pem"))
    assert private(key) == private(load_key(authority.read("leaf.key")))
    assert certificates[0] == expected[0]
    assert {each.serial_number for each in certificates} == {each.serial_number for each in expected}


def test_refuses_pkcs12(authority, openssl):
    for name in ("leaf.key", "leaf.pem", "other.pem"):
        openssl.write(name, authority.read(name))
    openssl("pkcs12 -export -inkey leaf.key -in leaf.pem -out all.p12 -passout pass:secret")
    openssl("pkcs12 -export -nokeys -in leaf.pem -out keyless.p12 -passout pass:secret")
    whole = openssl.read("all.p12")
    for data, passphrase, error, message in (
        (b"", None, PkiError, "is no PKCS#12 file"),
        (authority.read("leaf.key"), None, PkiError, "is no PKCS#12 file"),
        (whole, None, PassphraseMissing, "cannot be read without a passphrase.*openssl pkcs12 -legacy"),
        (whole, b"wrong", PassphraseWrong, "with the passphrase given.*openssl pkcs12 -legacy"),
        (whole[:-20], b"secret", PassphraseWrong, "damaged"),
        (openssl.read("keyless.p12"), b"secret", PkiError, "holds no private key"),
    ):
        with pytest.raises(error, match=message) as caught:
            load_pkcs12(data, passphrase)
        nothing_leaks(caught.value, data, passphrase or b"")


def test_a_key_without_certificates_in_pkcs12(authority, openssl):
    openssl.write("leaf.key", authority.read("leaf.key"))
    openssl("pkcs12 -export -nocerts -inkey leaf.key -out key.p12 -passout pass:secret")
    key, certificates = load_pkcs12(openssl.read("key.p12"), b"secret")
    assert (private(key), certificates) == (private(load_key(authority.read("leaf.key"))), [])
