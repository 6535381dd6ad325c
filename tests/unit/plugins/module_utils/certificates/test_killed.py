# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of it, killed from outside while it works: what is in force fits together, and the next run finishes."""

from __future__ import annotations

import functools
import os
import random
import signal
import time

import pytest

pytest.importorskip("cryptography")

from ansible_collections.wss.edge.plugins.module_utils.certificates import plan, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Entry
from ansible_collections.wss.edge.plugins.module_utils.pki.certificates import load_certificates
from ansible_collections.wss.edge.plugins.module_utils.pki.keys import belongs_to, load_key
from ansible_collections.wss.edge.plugins.module_utils.pki.requests import load_request

from .conftest import ENTRY, NOW

PROVIDERS = ("self_signed", "request", "private_ca")


def entries(renewal):
    """Of each provider some, with other names after each renewal."""
    paths = {"request": "x.csr", "certificate": "x.pem"}
    names = [f"name{renewal}.example.com"]
    of_all = [
        {**ENTRY, **paths, "name": f"{provider}{number}", "provider": provider, "names": names}
        for provider in PROVIDERS
        for number in range(8)
    ]
    return [Entry({**each, "profile": ("server", "peer")[place % 2]}) for place, each in enumerate(of_all)]


def work(directory, renewal, made_all=lambda: None):
    plans = plan.plan_all(entries(renewal), functools.partial(store.read, directory), NOW)
    made = plan.make_all(plans)
    made_all()
    with store.locked(directory):
        plan.install(directory, plans, made)
    return plans


def start(directory, renewal):
    """A process that works; it is beginning to write when this returns."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            work(directory, renewal, lambda: os.write(writer, b"."))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 1) == b"."
    os.close(reader)
    return child


def test_killed_at_any_time_what_is_there_fits_together(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "MANY", 10)  # by several processes
    directory, chance = str(tmp_path), random.Random(1)
    work(directory, 0)
    served = {entry.options["name"] for entry in entries(0) if (tmp_path / entry.options["name"] / "current").exists()}
    assert len(served) == 16  # all but those that the private CA has not signed
    finished = 0
    for renewal in range(1, 41):
        first = tmp_path / "self_signed0" / "current"
        before = os.readlink(first)
        child = start(directory, renewal)
        if renewal % 2:  # the others while they write what is to be switched to
            wait_until(lambda first=first, before=before: os.readlink(first) != before)
        time.sleep(chance.uniform(0.0, 0.01))
        os.kill(child, signal.SIGKILL)
        finished += os.waitpid(child, 0)[1] == 0
        for entry in entries(renewal):
            check(tmp_path / entry.options["name"], entry.options["name"] in served)
    assert finished < 40
    work(directory, 99)
    assert not [each for each in work(directory, 99) if each.changed]
    assert not list(tmp_path.rglob(".*"))


def wait_until(true):
    for _attempt in range(100000):
        if true():
            return
        time.sleep(0.0001)


def check(folder, served):
    if served:
        key = load_key((folder / "current" / "privkey.pem").read_bytes())
        assert belongs_to(key, load_certificates((folder / "current" / "fullchain.pem").read_bytes())[0])
        keypair = folder / "current" / "keypair.pem"
        if keypair.exists():
            assert belongs_to(load_key(keypair.read_bytes()), load_certificates(keypair.read_bytes())[0])
    if (folder / "requested").exists():
        key = load_key((folder / "requested" / "privkey.pem").read_bytes())
        assert belongs_to(key, load_request((folder / "requested" / "request.pem").read_bytes()))
