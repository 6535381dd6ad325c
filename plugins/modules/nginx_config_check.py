#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_config_check
version_added: "0.1.0"
short_description: Check an nginx configuration
description:
  - Lets nginx's own checker read the live configuration, or the one that starts at another main file,
    and returns what it says as data.
  - Says in addition which wildcard includes match no file, since nginx calls those successful.
  - Changes nothing. The empty pid file that nginx's checker creates is removed again.
    Log files and temporary folders that the configuration names and that do not exist are created by nginx.
author:
  - The wss.edge authors (@wss-edge)
requirements:
  - nginx 1.3.13 or newer, the first that proxies WebSocket connections
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
      - nginx resolves relative includes against the folder of this path as it is written here, so name a
        file that is meant to be a main file and not a link to one.
      - By default, the live configuration, which is the one that nginx was built to start with.
    type: path
  binary:
    description:
      - The nginx program.
      - By default, the one at V(/usr/sbin/nginx) or in another usual place.
    type: path
  fail_on_invalid:
    description:
      - Fail when the configuration is invalid.
      - Set to V(false) to look at RV(valid) and RV(messages) instead.
    type: bool
    default: true
notes:
  - nginx reads keys and opens logs while it checks, so run this as root.
  - nginx does not notice that a port is held by another program, nor that a name resolves to something else.
"""

EXAMPLES = r"""
- name: Check the live configuration
  wss.edge.nginx_config_check:

- name: Look at warnings, whether or not the configuration is valid
  wss.edge.nginx_config_check:
    fail_on_invalid: false
  register: nginx_check

- name: Show them
  ansible.builtin.debug:
    msg: "{{ nginx_check.messages | selectattr('level', 'equalto', 'warn') }}"

- name: Check another main file with another nginx
  wss.edge.nginx_config_check:
    path: /srv/nginx/nginx.conf
    binary: /opt/nginx/sbin/nginx
"""

RETURN = r"""
valid:
  description: Whether nginx would start with the configuration.
  type: bool
  returned: when nginx was found and is new enough
  sample: true
version:
  description: The version of nginx.
  type: str
  returned: when nginx was found and is new enough
  sample: 1.26.3
messages:
  description: What nginx said, in its order, and the includes that match no file.
  type: list
  elements: dict
  returned: when nginx was found and is new enough
  contains:
    level:
      description: nginx's own levels, such as V(warn) and V(emerg), and V(info) for an include that matches no file.
      type: str
      returned: always
      sample: emerg
    text:
      description: The message.
      type: str
      returned: always
      sample: unknown directive "proxy_pas"
    file:
      description: The file that it is about, null where nginx names none.
      type: str
      returned: always
      sample: /etc/nginx/sites-enabled/default
    line:
      description: The line in that file, null where nginx names none.
      type: int
      returned: always
      sample: 12
  sample:
    - level: warn
      text: conflicting server name "chat.example.com" on 0.0.0.0:443, ignored
      file: null
      line: null
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckError, check
from ansible_collections.wss.edge.plugins.module_utils.server.records import NGINX


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "binary": {"type": "path"},
            "fail_on_invalid": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        result = check(NGINX, module.params["path"], module.run_command, binary=module.params["binary"])
    except CheckError as error:
        module.fail_json(msg=str(error))
    answer = {
        "valid": result.valid,
        "version": result.version,
        "messages": [asdict(message) for message in result.messages],
    }
    if not result.valid and module.params["fail_on_invalid"]:
        module.fail_json(msg=f"The nginx configuration is invalid. {result.first_error()}", **answer)
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
