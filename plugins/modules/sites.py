#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sites
short_description: Validate the variables of a host and turn them into one model
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Reads every variable of the host whose name starts with C(wss_), and gives back one typed, defaulted and
    cross-checked model.
  - The variables, their types and their defaults are those of the role P(wss.edge.wss#role).
  - Fails before any host is touched, with a sentence for each value that is refused.
options:
  part:
    description:
      - V(all) needs O(wss.edge.wss#role:main:wss_sites); V(authority) reads the variables C(wss_ca_*) alone, for hosts
        that have no sites.
    type: str
    choices: [all, authority]
    default: all
attributes:
  check_mode:
    support: full
    description: Changes nothing at any time.
  diff_mode:
    support: none
    description: Changes nothing at any time.
  platform:
    support: full
    platforms: all
    description: Runs on the controller.
"""

EXAMPLES = r"""
- name: Read the sites
  wss.edge.sites:
  register: wss

- name: Show which backends there are
  ansible.builtin.debug:
    msg: "{{ wss.model.sites | map(attribute='endpoints') | flatten | map(attribute='backends') | flatten
          | map(attribute='address') }}"
"""

RETURN = r"""
model:
  description: The model, with every default filled in and without any passphrase.
  type: dict
  returned: when O(part=all)
  sample:
    server: nginx
    max_connections: 4000
    probe_from: controller
    probe_timeout: 10.0
    address: 192.0.2.10
    echo: []
    authority: null
    sites: []
authority:
  description: The private authority, as M(wss.edge.private_ca) takes it, and its host. Null where no site needs it.
  type: dict
  returned: success
  sample: {host: localhost, directory: ~/wss-edge/ca, valid_days: 3650, intermediate: true}
certificates:
  description: The certificates that the host needs, as M(wss.edge.certificates) takes them.
  type: list
  elements: dict
  returned: when O(part=all)
  sample: [{name: chat.example.com, names: [chat.example.com], provider: self_signed, valid_days: 90}]
probe_certificate:
  description: The certificate that the probe on the controller shows, as M(wss.edge.certificates) takes it. Null where
    it shows none.
  type: dict
  returned: when O(part=all)
  sample: {name: host1, names: [], profile: client, provider: private_ca, subject: {common_name: probe host1}}
trusted:
  description: The authorities and revocation lists that the server needs, as M(wss.edge.release) takes them.
  type: dict
  returned: when O(part=all)
  contains:
    ca:
      description: V(private_ca), and files on the controller.
      type: list
      elements: str
      returned: when O(part=all)
      sample: [private_ca, ~/partners/root.pem]
    crl:
      description: V(private_ca), and files on the controller.
      type: list
      elements: str
      returned: when O(part=all)
      sample: [private_ca]
targets:
  description: What there is to prove, as M(wss.edge.probe) takes it.
  type: list
  elements: dict
  returned: when O(part=all)
  sample: [{site: chat.example.com, address: 192.0.2.10, port: 443, tls: true, path: /wss, expect: open}]
"""
