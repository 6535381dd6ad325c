# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before the authority is looked at, and which names an authority may sign for."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.authority import settings

OPTIONS = {
    "directory": "/ca",
    "passphrase": None,
    "subject": None,
    "key": None,
    "valid_days": None,
    "intermediate": None,
    "path_length": None,
    "permitted": None,
    "excluded": None,
    "crl_days": 90,
    "revoke": [],
    "requests": [],
}
REQUEST = {"name": "a", "request": "", "names": [], "profile": "server", "valid_days": 90}
REFUSED = [
    ({"directory": "ca"}, 'directory: "ca" must be an absolute path, or begin with ~'),
    ({"valid_days": 364}, "valid_days: 364 must be 365 to 9125"),
    ({"crl_days": 0}, "crl_days: 0 must be 1 to 365"),
    ({"key": {"type": "rsa", "curve": "", "bits": 1024}}, "key.bits: 1024 must be 2048 to 8192"),
    ({"intermediate": True, "path_length": 0}, "path_length: 0 must be 1 or more"),
    ({"path_length": -1}, "path_length: -1 must be 1 or more"),
    ({"intermediate": False, "path_length": 1}, "path_length: 1 must be 0 where intermediate is false"),
    ({"subject": {"country": "DEU"}}, "subject.country: 'DEU' must be"),
    ({"permitted": ["a b"]}, 'permitted: "a b" is not a DNS name'),
    ({"excluded": ["192.0.2.1/24"]}, 'excluded: "192.0.2.1/24" is neither a DNS domain nor an IP network'),
    ({"revoke": [{"serial": "xyz", "reason": "superseded"}]}, 'revoke, serial: "xyz" is not a serial number'),
    ({"requests": [REQUEST, REQUEST]}, "request a: is there twice"),
    ({"requests": [{**REQUEST, "valid_days": 826}]}, "request a, valid_days: 826 must be 1 to 825"),
]


@pytest.mark.parametrize(("changes", "why"), REFUSED)
def test_what_cannot_be_is_refused(changes, why):
    with pytest.raises(settings.AuthorityError) as refused:
        settings.check({**OPTIONS, **changes})
    (problem,) = refused.value.problems
    assert problem.startswith(why)


def test_all_is_refused_together():
    with pytest.raises(settings.AuthorityError) as refused:
        settings.check({**OPTIONS, "directory": "ca", "crl_days": 400})
    assert len(refused.value.problems) == 2
    assert str(refused.value) == "\n".join(refused.value.problems)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"key": {"type": "ecdsa", "curve": "secp256r1", "bits": 1}},
        {"intermediate": False, "path_length": 0},
        {"path_length": 3},
        {"subject": {"country": "DE", "email": None}},
        {"permitted": ["Example.com", "192.0.2.0/24", "2001:db8::/32"]},
    ],
)
def test_what_can_be_is_accepted(changes):
    settings.check({**OPTIONS, **changes})


@pytest.mark.parametrize("passphrase", ["1234567", "x" * 1024, ""])
def test_a_passphrase_of_another_length_is_refused_and_not_told(passphrase):
    with pytest.raises(settings.AuthorityError) as refused:
        settings.check_passphrase(passphrase)
    assert f"this has {len(passphrase)}" in str(refused.value)
    assert not passphrase or passphrase not in str(refused.value)


def test_a_passphrase_is_counted_in_bytes():
    settings.check_passphrase("üüüü")
