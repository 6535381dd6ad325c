# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of certificates."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki.library import PkiError
from ansible_collections.wss.edge.plugins.module_utils.pki.names import parse_name, uncovered


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Chat.Example.com", "chat.example.com"),
        ("*.Example.com", "*.example.com"),
        ("localhost", "localhost"),
        ("192.0.2.10", "192.0.2.10"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.Bücher.example", "*.xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("ΟΔΟΣ.example", "xn--pxavbq.example"),
        ("münchen。example", "xn--mnchen-3ya.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("Ops@Example.com", "Ops@example.com"),
        ("ops@bücher.example", "ops@xn--bcher-kva.example"),
        ("HTTPS://Example.com/A?b=c#d", "https://example.com/A?b=c#d"),
        ("spiffe://example.com/ns/prod", "spiffe://example.com/ns/prod"),
        ("https://user@bücher.example:8443/", "https://user@xn--bcher-kva.example:8443/"),
        ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
        ("https://192.0.2.1", "https://192.0.2.1"),
    ],
)
def test_normal_form(text, normal):
    assert parse_name(text) == normal
    assert parse_name(normal) == normal


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "DNS name"),
        ("a b.example.com", "DNS name"),
        ("*.com", "too wide"),
        ("a.*.example.com", "DNS name"),
        ("192.0.2.300", "neither a DNS name nor an IP address"),
        ("192.0.2.0/24", "DNS name"),
        ("fe80::1%eth0", "DNS name"),
        ("straße.example", "begins with xn--"),
        ("STRAẞE.example", "begins with xn--"),
        ("οδός.example", "begins with xn--"),
        ("a\u200db.example", "begins with xn--"),
        ("ü..example", "DNS name"),
        ("ü" * 64 + ".example", "DNS name"),
        ("öps@example.com", "e-mail address of ASCII"),
        ("@example.com", "e-mail address of ASCII"),
        ("a,b@example.com", "is not an e-mail address, such as"),
        ("ops(us)@example.com", "is not an e-mail address, such as"),
        ("ops@", "DNS name"),
        ("ops@192.0.2.1", "neither a DNS name"),
        ("https://", "is not a URI"),
        ("1a://example.com", "is not a URI"),
        ("https://a b/", "DNS name"),
        ("https://[::1/", "is not a URI"),
        ("https://[zz]/", "DNS name"),
        ("https://example.com/ü", "encode the others, such as %20"),
        ("https://example.com/a b", "encode the others"),
        ("https://example.com/a\nb", "encode the others"),
    ],
)
def test_refuses(text, message):
    with pytest.raises(PkiError, match=message) as caught:
        parse_name(text)
    assert str(caught.value).startswith(repr(text))


@pytest.mark.parametrize(
    ("wanted", "names", "expected"),
    [
        (["a.example.com"], ["a.example.com"], []),
        (["a.example.com"], ["*.example.com"], []),
        (["example.com"], ["*.example.com"], ["example.com"]),
        (["a.b.example.com"], ["*.example.com"], ["a.b.example.com"]),
        (["*.example.com"], ["*.example.com"], []),
        (["*.a.example.com"], ["*.example.com", "*.*.example.com"], ["*.a.example.com"]),
        (["*.example.com"], ["a.example.com"], ["*.example.com"]),
        (["192.0.2.1"], ["*.0.2.1"], ["192.0.2.1"]),
        (["192.0.2.1"], ["192.0.2.1"], []),
        (["localhost", "b"], ["localhost"], ["b"]),
        (
            ["ops@a.example.com", "https://a.example.com"],
            ["*.example.com"],
            ["ops@a.example.com", "https://a.example.com"],
        ),
        (["ops@a.example.com"], ["ops@a.example.com"], []),
        ([], [], []),
    ],
)
def test_names_that_a_certificate_does_not_cover(wanted, names, expected):
    assert uncovered(wanted, names) == expected
