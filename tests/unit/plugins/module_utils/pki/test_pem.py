# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken out of a PEM file, and how long that takes."""

from __future__ import annotations

import time

import pytest

from ansible_collections.wss.edge.plugins.module_utils.pki.pem import pem_blocks


def block(label, body="MA==\n"):
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n"


ONE, TWO, KEY = block("CERTIFICATE"), block("CERTIFICATE", "MB==\n"), block("RSA PRIVATE KEY")


@pytest.mark.parametrize(
    ("text", "ending", "blocks"),
    [
        ("", "CERTIFICATE", []),
        (f"text\n{ONE}more\n{KEY}{TWO}", "CERTIFICATE", [ONE, TWO]),
        (f"{ONE}{KEY}", "PRIVATE KEY", [KEY]),
        (f"{ONE}{KEY}", "", [ONE, KEY]),
        (ONE.replace("\n", "\r\n"), "CERTIFICATE", [ONE.replace("\n", "\r\n").rstrip() + "\n"]),
        ("-----BEGIN CERTIFICATE-----\nMA==\n", "CERTIFICATE", []),
        (f"-----BEGIN CERTIFICATE-----\nMA==\n{ONE}", "CERTIFICATE", [f"-----BEGIN CERTIFICATE-----\nMA==\n{ONE}"]),
        (f"-----BEGIN PRIVATE KEY-----\nMA==\n{ONE}", "CERTIFICATE", [ONE]),
        (f"-----END CERTIFICATE-----\n{ONE}", "CERTIFICATE", [ONE]),
        (block("A", ONE), "CERTIFICATE", []),
        (f"é{ONE}", "CERTIFICATE", [ONE]),
    ],
    ids=["nothing", "between", "key", "any", "crlf", "no end", "cut", "cut other", "end first", "inside", "not ascii"],
)
def test_takes_whole_blocks(text, ending, blocks):
    assert [each.decode() for each in pem_blocks(text.encode(), ending)] == blocks


@pytest.mark.parametrize(
    "piece",
    ["-----BEGIN CERTIFICATE REQUEST-----\n", "-----END A-----\n-----BEGIN A-----\n", "-----BEGIN ", "A"],
)
def test_takes_time_in_proportion(piece):
    text = (piece * (2_000_000 // len(piece))).encode()
    start = time.process_time()
    pem_blocks(text, "CERTIFICATE REQUEST")
    assert time.process_time() - start < 3
