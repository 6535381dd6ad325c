#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: apache_config_check
version_added: "0.1.0"
short_description: Check an Apache configuration
description:
  - Lets Apache's own checker read the live configuration, or another one, and returns what it says as data, with the
    modules that the configuration loads.
  - Says in addition what Apache calls successful and is often a mistake. That is an include that matches no file or
    reads a whole folder, an C(IfModule) section that is skipped because its module is not loaded, and a C(ServerRoot)
    that leads away from the configuration that is checked.
  - Changes nothing. The run and lock directories of Debian's Apache, which the check needs, are made for its duration
    where they are not there.
author:
  - The wss.edge authors (@wss-edge)
requirements:
  - Apache 2.4.5 or newer, the first that proxies WebSocket connections
attributes:
  check_mode:
    description: Can run in check mode, and does the same there as always.
    support: full
  diff_mode:
    description: Can return a difference; there is none, since nothing is changed.
    support: none
  platform:
    description: Where the module runs.
    platforms: posix
    support: full
options:
  path:
    description:
      - The main configuration file to check.
      - By default, the live configuration, which is the one that Apache was built to start with.
    type: path
  root:
    description:
      - The server root, the folder that relative includes are resolved against.
      - By default, the folder of O(path).
      - Without O(path), the main file is the one in this folder with the name that Apache was built with, such as
        C(apache2.conf). That is how Debian starts a second Apache from V(/etc/apache2-NAME).
    type: path
  binary:
    description:
      - The Apache program.
      - By default, the one at V(/usr/sbin/apache2), V(/usr/sbin/httpd) or in another usual place.
    type: path
  fail_on_invalid:
    description:
      - Fail when the configuration is invalid.
      - Set to V(false) to look at RV(valid) and RV(messages) instead.
    type: bool
    default: true
notes:
  - The file C(envvars) in the server root, where there is one, is run by the shell as C(apache2ctl) does. Debian's
    configuration is full of variables that are set there.
  - Run this as root, as Apache is started.
  - Apache's checker looks whether certificates and keys are there, but opens neither them nor logs nor ports. It does
    not notice that a key belongs to another certificate, that a cipher or TLS group is unknown, or that a port is held
    by another program. With the first two, a reload ends a running Apache.
"""

EXAMPLES = r"""
- name: Check the live configuration
  wss.edge.apache_config_check:
  register: apache_check

- name: Make sure that WebSocket connections can be proxied
  ansible.builtin.assert:
    that: "['proxy_module', 'proxy_http_module'] is subset(apache_check.modules)"

- name: Check a tree before it goes live
  wss.edge.apache_config_check:
    root: /srv/new/apache2

- name: Check a main file whose includes are relative to another folder
  wss.edge.apache_config_check:
    path: /srv/httpd/conf/httpd.conf
    root: /srv/httpd
    binary: /opt/httpd/bin/httpd
"""

RETURN = r"""
valid:
  description: Whether Apache calls the configuration valid.
  type: bool
  returned: when Apache was found and is new enough
  sample: true
version:
  description: The version of Apache.
  type: str
  returned: when Apache was found and is new enough
  sample: 2.4.71
binary:
  description: The program that checked.
  type: str
  returned: when Apache was found and is new enough
  sample: /usr/sbin/apache2
main_file:
  description: The main file of the configuration that was checked.
  type: str
  returned: when Apache was found and is new enough
  sample: /etc/apache2/apache2.conf
modules:
  description: The modules that the configuration loads and those that are built in, empty unless it is valid.
  type: list
  elements: str
  returned: when Apache was found and is new enough
  sample: [core_module, so_module, http_module, mpm_event_module, proxy_module, ssl_module]
mpm:
  description: The module that processes connections, null unless the configuration is valid.
  type: str
  returned: when Apache was found and is new enough
  sample: event
messages:
  description: What Apache said, in its order, and what it calls successful and is often a mistake.
  type: list
  elements: dict
  returned: when Apache was found and is new enough
  contains:
    level:
      description:
        - Apache's own levels, such as V(warn) and V(crit).
        - Where it says none, V(emerg) for what makes the configuration invalid, and else V(warn).
        - V(info) for what it calls successful and is often a mistake.
      type: str
      returned: always
      sample: emerg
    text:
      description: The message.
      type: str
      returned: always
      sample: >-
        Invalid command 'ProxyPas', perhaps misspelled or defined by a module not included in the server configuration
    file:
      description: The file that it is about, null where Apache names none.
      type: str
      returned: always
      sample: /etc/apache2/sites-enabled/000-default.conf
    line:
      description: The line in that file, null where Apache names none.
      type: int
      returned: always
      sample: 12
  sample:
    - level: info
      text: "mod_ssl.c is not loaded: the section is skipped"
      file: /etc/apache2/ports.conf
      line: 7
"""

import os
from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.server import apache_syntax
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import (
    CheckError,
    check_installed,
    installed,
)
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "root": {"type": "path"},
            "binary": {"type": "path"},
            "fail_on_invalid": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    path, root = (module.params[name] and os.path.abspath(module.params[name]) for name in ("path", "root"))
    try:
        found = installed(APACHE, module.run_command, module.params["binary"])
        if root and not path:
            path = os.path.join(root, os.path.basename(found.main_file))
        result = check_installed(APACHE, found, path, module.run_command, root=root)
    except CheckError as error:
        module.fail_json(msg=str(error))
    modules = apache_syntax.modules(result.dump)
    answer = {
        "valid": result.valid,
        "version": result.version,
        "binary": found.binary,
        "main_file": path or found.main_file,
        "modules": modules,
        "mpm": apache_syntax.mpm(modules),
        "messages": [asdict(message) for message in result.messages],
    }
    if not result.valid and module.params["fail_on_invalid"]:
        module.fail_json(msg=f"The Apache configuration is invalid. {result.first_error()}", **answer)
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
