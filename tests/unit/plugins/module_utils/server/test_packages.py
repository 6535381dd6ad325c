# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg and rpm say of packages and their files."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import packages

# Each as it was printed; both end with 1 when they do not know one of the packages.
DPKG = "nginx installed\nnginx-common config-files\nadduser installed\n"
RPM = "nginx installed\npackage none is not installed\nadduser installed\npackage nginx-common is not installed\n"
DPKG_FILES = """
 /etc/nginx/conf.d/old.conf 3ff0a4ea8f5a4ff5b5b4c1a4b0ef8eb1 obsolete
 /etc/nginx/nginx.conf e2cd72d6a6e0dd1ea84b9d9ba2b1bd12

"""
# A folder has neither digest nor target.
RPM_FILES = """\
/etc/httpd\x20
/etc/httpd/logs ../../var/log/httpd
/etc/httpd/conf.d/README 8db6d7c2e1b5a3ce4e5ec0cd8b3f8d9d1f1f0c0a0f5a6c0f8b0f4bd3ce7bd0f1
"""


@pytest.fixture(params=["Debian", "RedHat"])
def family(request, monkeypatch):
    """The host's family."""
    monkeypatch.setattr(packages, "family", lambda: request.param)
    return request.param


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        ([], []),
        (["nginx", "adduser"], []),
        (["none", "nginx", "nginx-common"], ["none", "nginx-common"]),  # of the last one, the settings may be left
    ],
)
def test_missing_packages(family, wanted, missing):
    said = {"Debian": DPKG, "RedHat": RPM}[family]
    asked: list[str] = []
    assert packages.missing(wanted, lambda command: (asked.extend(command) or 1, said, "")) == missing
    assert asked[0] == {"Debian": "dpkg-query", "RedHat": "rpm"}[family]


def test_files_of_packages(family):
    said, expected = {
        "Debian": (DPKG_FILES, {"/etc/nginx/conf.d/old.conf": "3ff0a4ea", "/etc/nginx/nginx.conf": "e2cd72d6"}),
        "RedHat": (RPM_FILES, {"/etc/httpd/logs": "../../va", "/etc/httpd/conf.d/README": "8db6d7c2"}),
    }[family]
    asked: list[str] = []
    found = packages.conffiles(["httpd", "mod_ssl"], lambda command: (asked.extend(command) or 0, said, ""))
    assert {path: digest[:8] for path, digest in found.items()} == expected
    assert asked[-2:] == ["httpd*", "mod_ssl*"]
