#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: server_facts
short_description: Say what a host and its server are like
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Tells in one run what the other parts of the collection need to know of a host. Which packages are missing, the
    server's version, the key exchange groups that its TLS library knows, whether it runs, which listening addresses the
    user's own sites have, what the collection has released there, and what the other server has if that runs, too.
  - Nothing is guessed. The TLS library is asked, and the server's own checker prints the configuration.
options:
  server:
    description: The server; with V(none), applications that terminate TLS themselves.
    type: str
    choices: [nginx, apache, none]
    default: nginx
  packages:
    description: Packages that shall be there beside the server's own, by the names of the host's distribution.
    type: list
    elements: str
    default: []
  groups:
    description: Key exchange groups, by OpenSSL's names, of which the return value says which the host knows.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Changes nothing at any time.
  diff_mode:
    support: none
    description: Changes nothing at any time.
  platform:
    support: full
    platforms: debian, rhel
    description: Hosts of the families of Debian and of Red Hat.
"""

EXAMPLES = r"""
- name: Look at the host
  wss.edge.server_facts:
    packages: [python3-cryptography]
    groups: [X25519MLKEM768, X25519]
  register: host
"""

RETURN = r"""
facts:
  description: What was found.
  type: dict
  returned: success
  contains:
    family:
      description: Of which distributions the host is one, by the words of Ansible's C(ansible_os_family).
      type: str
      sample: Debian
    service:
      description: The name of the server's service in this family, or null with O(server=none).
      type: str
      sample: nginx
    packages:
      description: The server's own packages in this family.
      type: list
      elements: str
      sample: [nginx]
    first_start:
      description:
        - What the server's service runs before its first start, as options of M(ansible.builtin.command), or null. The
          configuration that was installed cannot be checked until that has run.
      type: dict
      sample: {cmd: /usr/libexec/httpd-ssl-gencerts, creates: /etc/pki/tls/certs/localhost.crt}
    systemd:
      description: Whether systemd is the host's service manager.
      type: bool
      sample: true
    selinux:
      description: Whether SELinux is V(enforcing), V(permissive) or V(disabled).
      type: str
      sample: enforcing
    http_ports:
      description: Where SELinux enforces, the TCP ports that it lets a web server listen on.
      type: list
      elements: int
      sample: [80, 81, 443, 488, 8008, 8009, 8443, 9000]
    ipv6:
      description: Whether the host has IPv6.
      type: bool
      sample: true
    local_ports:
      description: How many connections from the host one address and port can have at once.
      type: int
      sample: 28232
    resolvers:
      description: Addresses of the name servers that the host asks.
      type: list
      elements: str
      sample: [192.0.2.53]
    hosts:
      description: Names that C(/etc/hosts) has, which no name server needs to know.
      type: list
      elements: str
      sample: [localhost, chat.example.com]
    missing_packages:
      description: Those of the server's packages, and of those asked for, that are not installed.
      type: list
      elements: str
      sample: [nginx]
    server:
      description:
        - The installed server, or null, and what its checker finds wrong with the configuration on the disk, if
          anything. Of Apache also the modules that others than the collection load, and which of them processes
          connections.
      type: dict
      sample:
        binary: /usr/sbin/nginx
        version: 1.26.3
        version_info: [1, 26, 3]
        tls_library: OpenSSL 3.5.4 30 Sep 2025
        groups: [X25519MLKEM768, X25519]
        running: true
        enabled: true
        problem: null
    own_files:
      description: Files in the server's configuration folder that are neither its package's, unaltered, nor ours.
      type: list
      elements: str
      sample: [/etc/nginx/conf.d/shop.conf]
    foreign:
      description:
        - What the live configuration has that is not the collection's.
        - Of nginx the servers, the worker limits that other files than the main one set, and hash sizes that are set.
        - Of Apache the virtual hosts, the addresses of C(Listen) directives, and the limits of its processes by name.
      type: dict
      sample:
        servers:
          - names: [_]
            listens: [{address: 0.0.0.0, port: 80, ssl: false}]
            file: /etc/nginx/sites-enabled/default
            line: 21
        listens: []
        limits: []
        directives: []
    release:
      description:
        - The digest of the release that serves, whether its files are unaltered, whether a reload is due, and the
          certificates, targets and trusted certificates that belong to it. With O(server=none), of what was delivered
          to the applications.
      type: dict
      sample: {current: 0123456789abcdef, intact: true, pending: false, record: {}}
    other:
      description:
        - The other server that the collection knows, if it runs on this host, or null. The sockets that it listens on
          now, its release and the sites of that, and the user's own sites; its package's unaltered one is none.
      type: dict
      sample:
        server: apache
        title: Apache
        listens: [{address: "::", port: 80}]
        release: {current: null, intact: false, pending: false, record: {}}
        sites: [{names: [shop.example.com], file: /etc/apache2/sites-enabled/shop.conf, line: 1}]
        ours: []
    beside:
      description:
        - The ports of the collection's other sites on this host, which has them by another name in the inventory, by
          who listens on them (C(nginx), C(apache), or C(none) for applications).
      type: dict
      sample: {apache: [80, 8443]}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckError
from ansible_collections.wss.edge.plugins.module_utils.server.facts import host_facts
from ansible_collections.wss.edge.plugins.module_utils.server.family import UnknownFamily, family
from ansible_collections.wss.edge.plugins.module_utils.server.nginx_syntax import NginxSyntaxError
from ansible_collections.wss.edge.plugins.module_utils.server.records import SERVERS, servers
from ansible_collections.wss.edge.plugins.module_utils.server.tls_library import TlsLibraryError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "server": {"type": "str", "choices": [*SERVERS, "none"], "default": "nginx"},
            "packages": {"type": "list", "elements": "str", "default": []},
            "groups": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        server = servers(family()).get(module.params["server"])
        facts = host_facts(server, module.params["packages"], module.params["groups"], module.run_command)
    except NginxSyntaxError as error:
        module.fail_json(msg=f"The configuration of nginx cannot be read: {error}")
    except (CheckError, TlsLibraryError, UnknownFamily) as error:
        module.fail_json(msg=str(error))
    found = facts["server"]
    if server and found and found["running"] and found["problem"]:
        module.warn(
            f"The configuration of {server.title} on this host is invalid, and has been since before this run: "
            f"{found['problem']}. What serves goes on, but could not be reloaded nor started again."
        )
    module.exit_json(changed=False, facts=facts)


if __name__ == "__main__":
    main()
