#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Prove WebSocket endpoints with real connections
version_added: "0.1.0"
author: "The wss.edge authors (@wss-edge)"
description:
  - Opens one real WebSocket connection to each target, all targets at the same time. Every connection goes through
    TCP, TLS with verification, the upgrade, an echo or not, a ping, and a clean close. Where clients need a
    certificate, a second connection without one must be refused.
  - Says for each target what was seen and how long it took, and for a failed one in a sentence what is the likely cause
    and what to do.
  - Changes nothing. Fails when any target fails.
requirements:
  - websockets >= 10.4 on the machine that probes (C(python -m pip install websockets) on the controller,
    the package C(python3-websockets) on a host of Debian 12 or later)
  - h2 on the same machine (the package C(python3-h2) of a host), for targets over HTTP/2 only
  - cryptography, without which of a certificate only the fingerprint is told
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
  targets:
    description:
      - What to probe, one connection for each.
      - An empty list is fine and proves nothing.
    type: list
    elements: dict
    required: true
    suboptions:
      site:
        description: Name of the site, for the report.
        type: str
        required: true
      path:
        description: What to ask for, such as C(/wss). It may have a query.
        type: str
        required: true
      address:
        description: IP address or host name to connect to. It need not be what O(targets[].server_name) resolves to.
        type: str
        required: true
      port:
        description: TCP port to connect to.
        type: int
        required: true
      tls:
        description: Whether to speak wss or plain ws.
        type: bool
        default: true
      http2:
        description:
          - Whether to open the WebSocket over HTTP/2 (RFC 8441) rather than over HTTP/1.1. It needs O(targets[].tls).
          - The server must choose HTTP/2 in the TLS handshake and say in its settings that it takes WebSockets over it.
        type: bool
        default: false
      server_name:
        description:
          - Name of the server, as clients know it. It is sent in the TLS handshake (SNI) and as C(Host),
            and the certificate must cover it.
          - An IP address is possible. It is not sent in the TLS handshake.
        type: str
        required: true
      origin:
        description: The C(Origin) to send. Without it none is sent.
        type: str
      headers:
        description:
          - Headers to add to the upgrade request, such as C(Authorization).
          - Set C(no_log) on the task when one of them is a secret.
        type: dict
      subprotocols:
        description: Subprotocols to offer, the preferred one first.
        type: list
        elements: str
      client_certificate:
        description:
          - The certificate that the client shows, where clients need one.
          - Another connection, without it, is then made to see that it is refused; if it is not, the target fails.
        type: dict
        suboptions:
          certificate:
            description:
              - PEM file of the certificate, on the machine that probes. Intermediates may follow in it. C(~) is the
                home of whom the probe runs as.
            type: str
            required: true
          private_key:
            description: PEM file of its private key, without a passphrase, on the same machine.
            type: str
            required: true
          required:
            description: Whether a client without a certificate must be refused.
            type: bool
            default: true
      expect:
        description:
          - With V(echo), a text and a binary message must come back unchanged.
          - With V(open), the connection must merely open, answer a ping and close.
        type: str
        choices: [echo, open]
        default: open
  trust:
    description:
      - Certificates in PEM to verify against and no others, by the name of the site. A self-signed certificate can be
        given itself.
      - A site without them is verified against the certificate store of the machine that probes.
    type: dict
    default: {}
  run_from:
    description: Whether to connect from the controller, in Ansible's own process, or from the host.
    type: str
    choices: [controller, host]
    default: controller
  timeout:
    description: Seconds for one target, from the first packet to the last.
    type: float
    default: 10
  check_dns:
    description:
      - Also look whether O(targets[].server_name) resolves to O(targets[].address) on the machine that probes.
      - It is told in RV(proofs[].dns) and as a note, and is never a failure.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Prove the chat endpoint from the controller, before DNS knows its name
  wss.edge.probe:
    targets:
      - site: chat.example.com
        server_name: chat.example.com
        address: "{{ ansible_host }}"
        port: 443
        path: /wss
        origin: https://www.example.com

- name: Prove an echo backend behind a self-signed certificate, from the host itself
  wss.edge.probe:
    targets:
      - site: localhost
        server_name: localhost
        address: 127.0.0.1
        port: 443
        path: /wss
        expect: echo
    trust:
      localhost: "{{ lookup('ansible.builtin.file', 'localhost.pem') }}"
    run_from: host
    timeout: 5
"""

RETURN = r"""
proofs:
  description: What was seen, one for each target, in the same order. What was not reached is V(null).
  type: list
  elements: dict
  returned: when the targets are well-formed
  contains:
    site:
      description: Name of the site.
      type: str
      returned: always
      sample: chat.example.com
    url:
      description: The URL that a client would use.
      type: str
      returned: always
      sample: wss://chat.example.com/wss
    address:
      description: The address connected to.
      type: str
      returned: always
      sample: 192.0.2.10
    port:
      description: The port connected to.
      type: int
      returned: always
      sample: 443
    http2:
      description: Whether the WebSocket went over HTTP/2.
      type: bool
      returned: always
      sample: false
    ok:
      description: Whether the endpoint is proved.
      type: bool
      returned: always
      sample: true
    phase:
      description:
        - The last phase reached. One of V(resolve), V(tcp), V(tls), V(upgrade), V(echo), V(ping), V(close),
          V(refusal).
      type: str
      returned: always
      sample: close
    problem:
      description: The likely cause of the failure and what to do. Empty when the endpoint is proved.
      type: str
      returned: always
      sample: "Nothing listens on 192.0.2.10 port 443 (connection refused): start the server."
    unreached:
      description:
        - Whether the connection timed out, was refused or was cut before TLS was spoken, as it is where something
          between drops or refuses the port. M(wss.edge.backend_check) sees whether it is so.
      type: bool
      returned: always
      sample: false
    notes:
      description: What is no failure, but worth knowing.
      type: list
      elements: str
      returned: always
      sample: ["The name chat.example.com resolves here to 198.51.100.7, not to 192.0.2.10."]
    tls_version:
      description: TLS version.
      type: str
      returned: always
      sample: TLSv1.3
    cipher:
      description: Cipher suite, as OpenSSL names it.
      type: str
      returned: always
      sample: TLS_AES_256_GCM_SHA384
    group:
      description:
        - Key exchange group, by the words of a site's C(tls.groups). One that these do not have is given by its number.
        - The machine that probes must know the group, too. V(X25519MLKEM768) needs OpenSSL 3.5 or newer on both sides.
      type: str
      returned: always
      sample: X25519MLKEM768
    certificate:
      description: The server's certificate, also when it was refused.
      type: dict
      returned: always
      contains:
        names:
          description: Host names and IP addresses that it covers.
          type: list
          elements: str
          returned: when the library cryptography is there
          sample: [chat.example.com, 192.0.2.10]
        not_before:
          description: When it becomes valid.
          type: str
          returned: when the library cryptography is there
          sample: "2026-11-23T00:00:00Z"
        not_after:
          description: When it expires.
          type: str
          returned: when the library cryptography is there
          sample: "2027-02-21T00:00:00Z"
        days_left:
          description: Whole days until it expires, negative afterwards.
          type: int
          returned: when the library cryptography is there
          sample: 89
        fingerprint_sha256:
          description: SHA-256 of the certificate.
          type: str
          returned: always
          sample: "5c:3f:e1:08:9d:77:42:be:10:6f:aa:93:0b:d4:58:c2:71:e6:2d:85:39:f0:4c:b7:1e:68:a5:92:0d:fb:34:86"
        issuer:
          description: Who issued it.
          type: str
          returned: when the library cryptography is there
          sample: CN=Example CA,O=Example
        self_signed:
          description: Whether it names itself as its issuer.
          type: bool
          returned: when the library cryptography is there
          sample: false
    client_certificate:
      description: File of the certificate that the client had to show.
      type: str
      returned: always
      sample: /etc/pki/wss/client:private_ca/current/fullchain.pem
    refusal:
      description: What a client without it got, an HTTP status or a TLS alert.
      type: str
      returned: always
      sample: "400"
    status:
      description: HTTP status of the answer to the upgrade request. V(101) accepts it, over HTTP/2 V(200).
      type: int
      returned: always
      sample: 101
    subprotocol:
      description: The subprotocol that the backend chose.
      type: str
      returned: always
      sample: graphql-transport-ws
    tcp_ms:
      description: Milliseconds to connect.
      type: float
      returned: always
      sample: 0.4
    tls_ms:
      description: Milliseconds for the TLS handshake.
      type: float
      returned: always
      sample: 3.1
    upgrade_ms:
      description: Milliseconds from the upgrade request to its answer, over HTTP/2 with the exchange of settings.
      type: float
      returned: always
      sample: 1.8
    echo_ms:
      description: Milliseconds until both messages, sent at once, came back.
      type: float
      returned: always
      sample: 0.7
    ping_ms:
      description: Milliseconds from the ping to the pong.
      type: float
      returned: always
      sample: 0.5
    close_ms:
      description: Milliseconds for the close, frame to frame.
      type: float
      returned: always
      sample: 0.5
    refusal_ms:
      description: Milliseconds until a client without a certificate was refused.
      type: float
      returned: always
      sample: 2.9
    dns:
      description: What the server name resolves to on the machine that probes. V(null) unless O(check_dns=true).
      type: dict
      returned: always
      contains:
        addresses:
          description: Addresses that the server name resolves to.
          type: list
          elements: str
          returned: always
          sample: [198.51.100.7]
        matches:
          description: Whether one of them is the probed address.
          type: bool
          returned: always
          sample: false
report:
  description: The proofs as lines for a person.
  type: list
  elements: str
  returned: when the targets are well-formed
  sample:
    - "ok    wss://chat.example.com/wss  at 192.0.2.10:443"
    - "      TLS         TLSv1.3, TLS_AES_256_GCM_SHA384, X25519MLKEM768"
    - "      certificate chat.example.com; 89 days left"
    - "      upgrade     101 in 1.8 ms"
    - "      echo        0.7 ms, ping 0.5 ms, close 0.5 ms"
    - "1 of 1 endpoints proved."
next_steps:
  description: What a person could try by hand, for the first endpoint that is proved.
  type: list
  elements: str
  returned: when the targets are well-formed
  sample:
    - "Try next:"
    - "      browser     new WebSocket(\"wss://chat.example.com/wss\")"
    - "      shell       python3 -m websockets wss://chat.example.com/wss"
ok_count:
  description: How many targets are proved.
  type: int
  returned: when the targets are well-formed
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.probe.prove import ARGUMENTS, ProbeInputError, prove


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        result = prove(module.params)
    except ProbeInputError as error:
        module.fail_json(msg=str(error))
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
