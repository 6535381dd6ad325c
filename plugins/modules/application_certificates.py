#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: application_certificates
short_description: Give applications that terminate TLS themselves their certificates
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Copies the certificates of all sites of the host to where their applications read them, in one run. Each file
    belongs to the application's user and that user's group, with the mode 0400, and is replaced by one rename.
  - Where a file has another content than before, the application's service is reloaded or restarted, or the command
    run, once for all of its sites; then it is waited, for 30 seconds at most, until the new certificate is served. When
    nothing has changed nobody is told, but a service that does not run is started. What a killed run has left is
    finished by the next one.
  - A file in the way that is not the collection's stays beside the new one, as C(<path>.replaced-<time>), and is put
    back when the certificate is taken away. A symlink is refused, and one on the way where others than root can replace
    it.
  - What cannot be (no such user, service, program or folder, a port that another TLS terminator has) is refused before
    anything changes.
options:
  state:
    description:
      - V(present) delivers the certificates of the model; files of sites that are no longer in it are taken away.
      - V(restored) delivers those of an earlier release, or, without one, takes the files away. An application that has
        none any more is told, if its own files are back, or if its service ran before the first delivery or is that of
        another site, too; else its service is stopped.
      - V(absent) takes away everything that was delivered. The applications are not told.
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
  targets:
    description: What the probe shall prove, as M(wss.edge.sites) returns it. Kept for the day it is gone back to.
    type: list
    elements: dict
    default: []
  release:
    description: With O(state=restored), the RV(previous) release to go back to. Without one, nothing is delivered.
    type: str
attributes:
  check_mode:
    support: full
    description: Says what would be delivered and who would be told. What is still missing on the host is a warning.
  diff_mode:
    support: full
    description: Owner and mode of each file and where it is from, never what is in it.
  platform:
    support: full
    platforms: debian, rhel
    description: Hosts of the families of Debian and of Red Hat.
"""

EXAMPLES = r"""
- name: Read the sites
  wss.edge.sites:
  register: wss

- name: Make the certificates
  wss.edge.certificates:
    certificates: "{{ wss.certificates }}"
  register: made

- name: Deliver them
  wss.edge.application_certificates:
    model: "{{ wss.model }}"
    certificates: "{{ made.certificates }}"
    targets: "{{ wss.targets }}"
  register: delivered

- name: Go back to those before
  wss.edge.application_certificates:
    state: restored
    release: "{{ delivered.previous }}"
"""

RETURN = r"""
release:
  description: The digest of what is delivered now, or would be; null when nothing is.
  type: str
  returned: success
  sample: 0123456789abcdef
previous:
  description: The digest of what was delivered before, or null.
  type: str
  returned: success
  sample: fedcba9876543210
reasons:
  description: Why something changed.
  type: list
  elements: str
  returned: success
  sample: ["site chat.example.com: /srv/chat/tls/cert.pem is another one"]
told:
  description: The commands by which the applications were told, or stopped.
  type: list
  elements: str
  returned: success
  sample: [systemctl reload chat]
lacking:
  description: What applications lack whose files are taken away.
  type: list
  elements: str
  returned: success
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.application.delivery import Delivery, Refused
from ansible_collections.wss.edge.plugins.module_utils.application.files import FileProblem
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Ledger

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "restored", "absent"], "default": "present"},
    "model": {"type": "dict", "no_log": True},
    "certificates": {"type": "list", "elements": "dict", "default": []},
    "targets": {"type": "list", "elements": "dict", "default": [], "no_log": True},
    "release": {"type": "str"},
}


def planned(module: AnsibleModule, delivery: Delivery) -> Delivery:
    """The change that is asked for."""
    asked = module.params
    # Headers may be logins, which are nothing for the system's log; but every name would be blotted out with them.
    model, targets = asked.pop("model"), asked.pop("targets")
    module.no_log_values.clear()
    if asked["state"] == "present":
        return delivery.to_model(model, asked["certificates"], targets, module.check_mode)
    return delivery.back_to(asked["release"]) if asked["state"] == "restored" else delivery.to_nothing()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, required_if=[("state", "present", ["model"])])
    try:
        delivery = planned(module, Delivery(module.run_command, Ledger()))
        result = delivery.result()
        if result["changed"] and not module.check_mode:
            delivery.apply()
    except (Refused, FileProblem) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"Cannot write {error.filename}: {error.strerror}. Run again when it can be.")
    for warning in delivery.warnings:
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
