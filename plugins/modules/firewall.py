#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall
short_description: Find the firewall that guards a host, and open ports in it
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Finds the firewall that is active on the host, and says which of the ports are not open in it and which are open
    but not wanted any more.
  - In nftables and iptables, opens and closes them. In firewalld and ufw it changes nothing; what it returns is for
    M(ansible.posix.firewalld) and M(community.general.ufw), which the role P(wss.edge.firewall#role) runs with it.
  - Only what the collection has opened itself is ever closed. It is known by its mark in the firewall, in nftables and
    iptables the chain C(wss_edge), in firewalld the priority 7443 of a rich rule, in ufw the comment C(wss.edge).
  - No firewall is installed, started or stopped, and no policy nor any other rule is changed.
options:
  kind:
    description:
      - The firewall. V(auto) is the first of firewalld, ufw, nftables and iptables that is active, or none.
      - firewalld is active when its service runs, ufw when it says so, and nftables and iptables when a chain that all
        packets to the host come through refuses by its policy or by its last rules.
      - One that is named and not active is an error.
    type: str
    choices: [auto, none, firewalld, ufw, nftables, iptables]
    default: auto
  rules:
    description: All that the collection shall have open. Not for O(state=absent).
    type: list
    elements: dict
    default: []
    suboptions:
      port:
        description: A TCP port.
        type: int
        required: true
      source:
        description: The network that may come in, by default everybody.
        type: str
  state:
    description: With V(absent), everything that the collection has opened is closed, in each firewall that is
      installed, active or not.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Says what it would do.
  diff_mode:
    support: full
    description: Shows the changes of nftables' and iptables' live rules and files.
  platform:
    support: full
    platforms: posix
    description: Hosts with one of these firewalls, or none.
"""

EXAMPLES = r"""
- name: Let everybody in on port 443, and one network on port 8443
  wss.edge.firewall:
    kind: nftables
    rules:
      - port: 443
      - port: 8443
        source: 192.0.2.0/24

- name: See which firewall is active
  wss.edge.firewall:
  check_mode: true
  register: look
"""

RETURN = r"""
active:
  description: The firewall that is active, or V(none).
  type: str
  returned: when O(state=present)
  sample: ufw
before:
  description: What the collection had open before.
  type: list
  elements: dict
  returned: success
  sample: [{port: 443, source: null}]
open:
  description:
    - What was not open, or not for good, each with its firewall and what the module of that needs.
    - With C(again), it was open in part, as now but not for good, or in another zone.
  type: list
  elements: dict
  returned: success
  sample: [{firewall: ufw, what: port 443 in ufw for everybody, port: 443, source: null, clients: any, again: false}]
close:
  description: What the collection had opened and is not wanted any more, in the same way.
  type: list
  elements: dict
  returned: success
  sample:
    - firewall: firewalld
      what: port 8443 in firewalld for everybody
      port: 8443
      source: null
      zone: public
      rich_rule: rule priority="7443" port port="8443" protocol="tcp" accept
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.firewall import kinds
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule

RULE = {"port": {"type": "int", "required": True}, "source": {"type": "str"}}


def run(module: AnsibleModule) -> None:
    """Plan, apply, and tell."""
    asked, runner, result = module.params, kinds.runner_on(module.run_command), {}
    if asked["state"] == "absent":
        work = kinds.to_leave(runner)
    else:
        result["active"] = kinds.active(asked["kind"], runner)
        work = kinds.to_have(result["active"], [Rule(**rule) for rule in asked["rules"]], runner)
    if not module.check_mode:
        for chain in work.chains:
            chain.apply()
    for warning in work.warnings:
        module.warn(warning)
    module.exit_json(
        changed=any(chain.changed for chain in work.chains),
        before=[rule._asdict() for rule in work.before],
        open=work.opening,
        close=work.closing,
        diff=[chain.diff for chain in work.chains if chain.changed],
        **result,
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        {
            "kind": {"type": "str", "choices": [kinds.AUTO, kinds.NONE, *kinds.KINDS], "default": kinds.AUTO},
            "rules": {"type": "list", "elements": "dict", "default": [], "options": RULE},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        run(module)
    except FirewallError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
