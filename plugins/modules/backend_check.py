#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backend_check
short_description: Look at the backends as the proxy does
version_added: "0.1.0"
author: "The wss.edge authors (@wss-edge)"
description:
  - Connects from the host to every backend of a model, all at the same time, with the TLS settings, the C(Host) and the
    path that the proxy uses, asks for a WebSocket, and closes the connection.
  - Says of each that does not take it what it does, and what to do. A backend that several endpoints have in the same
    way is asked once.
  - That a URL says V(ws) where TLS is spoken, or V(wss) where it is not, is said only where TLS or HTTP came back.
  - Of a probe from the controller that did not reach its site, looks whether the host does, by the same address or,
    where that is not the host's own, by the loopback one. If so, says which firewall is active there, and what to do.
  - Of an endpoint that is answered with V(502) or V(503) though its backend takes a WebSocket, says whether SELinux
    keeps the proxy from connecting.
  - Changes nothing, and does not fail for what it finds.
requirements:
  - cryptography, without which the names and dates of a certificate that is not trusted are not told
  - Python 3.13 or newer to tell that the chain of a certificate is longer than the model allows
attributes:
  check_mode:
    support: full
    description: Nothing is changed in any case, so the module does the same in check mode.
  diff_mode:
    support: none
    description: There is nothing to differ.
  platform:
    support: full
    platforms: posix
    description: The operating systems that the module runs on.
options:
  model:
    description: The C(model) that M(wss.edge.sites) returns.
    type: dict
    required: true
  trust:
    description:
      - Where the host has the authorities and revocation lists that the model names.
      - By default, where the release of that model has them (see M(wss.edge.release)).
    type: dict
    default: {}
    suboptions:
      ca:
        description:
          - PEM files of authorities, by the word or the controller's file that the model has. A relative path is below
            the server's folder.
          - V(system) without one is what the host's OpenSSL trusts.
        type: dict
        default: {}
      crl:
        description: PEM files of revocation lists, by the same.
        type: dict
        default: {}
  certificates:
    description:
      - The certificates of the host, of which the proxy presents some to backends, as M(wss.edge.certificates) returns
        them. Each has C(name), and C(directory), where C(fullchain.pem) and C(privkey.pem) are.
      - One that is not among them is looked for in C(/etc/pki/wss/<name>/current).
    type: list
    elements: dict
    default: []
  proofs:
    description: The C(proofs) that M(wss.edge.probe) returned, to see from the host why some of them failed.
    type: list
    elements: dict
    default: []
  timeout:
    description:
      - Seconds for one connection. Up to three are made to a backend, one after another, where the first alone does not
        tell what is wrong.
    type: float
    default: 5
"""

EXAMPLES = r"""
- name: Read the sites
  wss.edge.sites:
  register: wss

- name: Look at their backends
  wss.edge.backend_check:
    model: "{{ wss.model }}"
  register: backends

- name: Say what is wrong with them
  ansible.builtin.debug:
    msg: "{{ backends.report }}"
"""

RETURN = r"""
backends:
  description: What was found, one for each backend of each endpoint, in the order of the model.
  type: list
  elements: dict
  returned: success
  contains:
    site:
      description: Name of the site.
      type: str
      returned: always
      sample: chat.example.com
    path:
      description: Path of the endpoint.
      type: str
      returned: always
      sample: /wss
    address:
      description: The backend's address, as the model has it.
      type: str
      returned: always
      sample: backend1.example.com:9443
    url:
      description: The same as a URL.
      type: str
      returned: always
      sample: wss://backend1.example.com:9443
    state:
      description:
        - V(ok) if it takes the upgrade; for an endpoint that is not probed, if it gives any answer.
        - V(down) if it does not answer, so that the proxy goes on to the next backend.
        - V(wrong) if it answers, and the proxy or its clients cannot use the answer.
      type: str
      returned: always
      sample: wrong
    text:
      description: What it does and, unless that is right, what to do.
      type: str
      returned: always
      sample: "its certificate expired on 2026-11-20T00:00:00Z: renew it, and reload the backend."
report:
  description:
    - Sentences on what keeps the probe from the site, or the proxy from its backends, as far as the host can see it.
    - Then one for each backend that is not V(ok), and a last one that counts.
  type: list
  elements: str
  returned: success
  sample:
    - "Site chat.example.com: on the host itself the server answers (192.0.2.10 port 443), so something between the
      controller and 192.0.2.10 port 443 drops or refuses the connection: the host's own firewall, a router or a cloud's
      security group."
    - "On the host, nftables is active, and wss_firewall is none: set wss_firewall: auto, which opens the port in
      nftables, or open it there yourself. If the port is open there, look at the routers between, and at the rules of
      the host's cloud. If the controller is not meant to reach the port, set wss_probe_from: host."
    - "Site chat.example.com, endpoint /wss, backend ws://127.0.0.1:9000 is wrong: the URL begins with ws://, but port
      9000 speaks TLS: write wss://127.0.0.1:9000, and in backend_tls who has signed its certificate."
    - 1 of 2 backends answer the host as they should.
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.firewall.kinds import AUTO, active, runner_on
from ansible_collections.wss.edge.plugins.module_utils.probe import between, selinux
from ansible_collections.wss.edge.plugins.module_utils.probe.backend_check import ARGUMENTS, check, report
from ansible_collections.wss.edge.plugins.module_utils.probe.backends import OnHost
from ansible_collections.wss.edge.plugins.module_utils.server.family import UnknownFamily, family
from ansible_collections.wss.edge.plugins.module_utils.server.records import servers


def _on_host(paths: Mapping[str, str] | None, model: Mapping[str, Any]) -> dict[str, str]:
    """The paths, of which relative ones are below the server's folder."""
    return {
        name: path if os.path.isabs(path) else os.path.join(servers(family())[model["server"]].config_dir, path)
        for name, path in (paths or {}).items()
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    asked, timeout = module.params, module.params["timeout"]
    # Its headers may be logins, which are nothing for the system's log; but every name in it would be blotted out.
    model = asked.pop("model")
    module.no_log_values.clear()
    if not 0 < timeout < 3600:
        module.fail_json(msg=f"timeout is {timeout}: give seconds, more than 0 and less than 3600.")
    folders = {each["name"]: each["directory"] for each in asked["certificates"] if each.get("directory")}
    try:
        ca, crl = (_on_host(asked["trust"].get(kind), model) for kind in ("ca", "crl"))
    except UnknownFamily as error:
        module.fail_json(msg=str(error))
    found = check(model, OnHost(ca, crl, folders), timeout)
    told = selinux.sentences(model, asked["proofs"], found)
    if model["probe_from"] == "controller":
        runner = runner_on(module.run_command)
        told += between.sentences(asked["proofs"], model["firewall"], lambda: active(AUTO, runner), timeout)
    module.exit_json(changed=False, backends=found, report=[*told, *report(found)])


if __name__ == "__main__":
    main()
