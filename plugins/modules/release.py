#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Put a complete, checked configuration of the sites into a server
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Renders the model on the controller, ships one payload, lays it over the live configuration where only the server's
    own checker sees it, switches by one rename, reloads, and sees that the server took it.
  - A configuration that the server refuses, or an address that another program holds, fails before anything changes.
    A reload that the server refuses is undone. Live connections stay open.
  - Nothing is done, and the server is not reloaded, when the release that serves has the same bytes.
options:
  server:
    description: The server.
    type: str
    choices: [nginx, apache]
    default: nginx
  replaces:
    description:
      - The server that takes its place again, with O(state=restored).
      - With O(state=present) it is found by its ports and returned as RV(replaces).
    type: str
    choices: [nginx, apache]
  running:
    description: With O(state=restored), whether the server shall run afterwards.
    type: bool
    default: true
  state:
    description:
      - V(present) releases the model.
      - V(restored) goes back to an earlier release, or to a server without any.
      - V(absent) takes away everything that the collection put into the server's configuration.
    type: str
    choices: [present, restored, absent]
    default: present
  model:
    description: The model, as M(wss.edge.sites) returns it. Required with O(state=present).
    type: dict
  certificates:
    description: The certificates of the model's sites, as M(wss.edge.certificates) returns them.
    type: list
    elements: dict
    default: []
  trusted:
    description:
      - The authorities (C(ca)) and the revocation lists (C(crl)) that the server needs, as M(wss.edge.sites) returns
        them, the word V(private_ca) and PEM files on the controller. These are found as by M(ansible.builtin.copy), and
        may be encrypted with ansible-vault.
      - They become files of the release, so that a list that has changed is a new release and one reload.
    type: dict
    default: {}
  authority:
    description: What V(private_ca) means among the authorities, as M(wss.edge.private_ca) returns it.
    type: str
  crl:
    description: What V(private_ca) means among the revocation lists, as M(wss.edge.private_ca) returns it.
    type: str
  facts:
    description: The host, as M(wss.edge.server_facts) returns it. Required with O(state=present).
    type: dict
  targets:
    description: What the probe shall prove of this release, kept beside it for the day it is gone back to.
    type: list
    elements: dict
    default: []
  release:
    description: With O(state=restored), the digest of the release to go back to. Without one, none serves afterwards.
    type: str
  payload:
    description: What the action plugin renders from the other options. Not for users.
    type: dict
attributes:
  check_mode:
    support: full
    description: Renders and checks, and stops before the switch. Works where the server is not installed yet.
  diff_mode:
    support: full
    description: A unified diff of the rendered files. They hold no key material.
  platform:
    support: full
    platforms: debian, rhel
    description: Hosts of the families of Debian and of Red Hat.
  action:
    support: full
    description: The files are rendered on the controller.
"""

EXAMPLES = r"""
- name: Read the sites
  wss.edge.sites:
  register: wss

- name: Look at the host
  wss.edge.server_facts:
    groups: "{{ wss.model.sites | selectattr('tls') | map(attribute='tls.groups') | flatten | unique }}"
  register: host

- name: Make the certificates
  wss.edge.certificates:
    certificates: "{{ wss.certificates }}"
  register: made

- name: Release
  wss.edge.release:
    model: "{{ wss.model }}"
    certificates: "{{ made.certificates }}"
    trusted: "{{ wss.trusted }}"
    facts: "{{ host.facts }}"
    targets: "{{ wss.targets }}"

- name: Take everything away again
  wss.edge.release:
    state: absent
"""

RETURN = r"""
release:
  description: The digest of the release that serves now, or would; null when there is none.
  type: str
  returned: success
  sample: 0123456789abcdef
previous:
  description: The digest of the release that served before, or null.
  type: str
  returned: success
  sample: fedcba9876543210
reasons:
  description: Why something changed.
  type: list
  elements: str
  returned: success
  sample: [the sites have changed]
replaces:
  description: The server that was stopped, for good, to make way for this one, or null.
  type: str
  returned: success
  sample: nginx
reloaded:
  description: Whether the server was reloaded, or started.
  type: bool
  returned: success
  sample: true
checked:
  description: When the configuration was checked. V(staged), before anything changed, V(live), right after, or V(none).
  type: str
  returned: success
  sample: staged
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.release.transition import ARGUMENTS, Refused, Transition
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckError
from ansible_collections.wss.edge.plugins.module_utils.server.family import UnknownFamily, family
from ansible_collections.wss.edge.plugins.module_utils.server.records import servers


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    # Its headers may be logins, which are nothing for the system's log; but every name in it would be blotted out.
    payload = module.params.pop("payload")
    module.no_log_values.clear()
    try:
        known = servers(family())
        server, other = known[module.params["server"]], known.get(module.params["replaces"])
        transition = Transition(server, module.run_command, module.tmpdir, other, module.params["running"])
        if module.params["state"] == "present":
            plan = transition.to_payload(payload)
        else:
            plan = transition.back_to(module.params["release"], module.params["state"])
        result = plan.result()
        if not module.check_mode:
            result.update(plan.apply())
    except (Refused, CheckError, UnknownFamily) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings", []):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
