# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role certificates, templated by Ansible."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARS = yaml.safe_load((Path(__file__).parents[3] / "roles/certificates/vars/main.yml").read_text(encoding="utf-8"))


def test_passphrases_go_by_the_names_in_the_model():
    sites = {
        "A.Example.com": {"provider": "files", "passphrase": "one"},
        "b.example.com": None,
        "2001:DB8:0::1": {"passphrase": "three"},
        "d.example.com": {"passphrase": None},
        "e.example.com": {"provider": "self_signed"},
    }
    names = ["a.example.com", "b.example.com", "2001:db8::1", "d.example.com", "e.example.com", "f.example.com"]
    variables = {
        "wss_sites": [
            *({"name": name, "certificate": certificate} for name, certificate in sites.items()),
            {"name": "f.example.com"},
        ],
        "sites_result": {"model": {"sites": [{"name": name} for name in names]}},
    }
    templar = Templar(DataLoader(), variables=variables)
    found = templar.template(trust_as_template(VARS["certificates_passphrases"]))
    assert found == {"a.example.com": "one", "2001:db8::1": "three"}
