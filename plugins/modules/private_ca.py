#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: private_ca
short_description: Make and keep a private authority, sign requests, revoke certificates
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Makes an authority once, a root and by default an intermediate that signs, and uses it as it is from then on. Its
    settings cannot be changed once clients trust it; settings that differ are refused.
  - Signs requests for servers, clients, and programs that are both, and writes down each certificate before it gives it
    back. Each request gets a new certificate, every time that it is given. What clients would refuse is not signed, and
    then nothing else is done either.
  - Revokes certificates, and keeps a revocation list that nginx and Apache read. Servers refuse all certificates when
    the list has ended, so let no more than half of O(crl_days) pass between two runs, and hand the new list to the
    servers.
  - Renews the intermediate, with the same key, when a third of its 1825 days is left, and the root's own revocation
    list, which is empty, when half of its 365 days is left. The root is never renewed; from a year before its end a
    warning says so.
  - What is to be renewed and cannot be, because there is no passphrase or the root's key is not there, stays as it is
    until it ends; a warning says when that is.
  - Several runs at once wait for one another. When a run is killed, the next one finishes.
requirements:
  - cryptography 3.3.2 or newer where the authority is (the package C(python3-cryptography))
options:
  directory:
    description:
      - Folder of the authority; C(~) is expanded. It holds C(root.pem) and C(intermediate.pem), their keys
        C(root.key.pem) and C(intermediate.key.pem) under the passphrase, C(ca.pem) (intermediate and root), C(crl.pem)
        (the revocation lists of both), C(records.jsonl) (all that was signed and revoked) and C(trust.md) (how to make
        clients trust the root).
      - Keep a copy of the folder. Where an intermediate signs, C(root.key.pem) may be kept elsewhere once the authority
        is made; a warning says when it is to be put back, which is about twice a year.
    type: path
    required: true
  passphrase:
    description:
      - Protects the keys; at least 8 characters for a new authority. Needed when something is made, signed or revoked.
        Without it, nothing is renewed.
    type: str
  subject:
    description: Subject of the root. The intermediate has the same, with C(intermediate) after the common name.
    type: dict
    suboptions:
      country:
        description: Two letters (ISO 3166).
        type: str
      state:
        description: State or province.
        type: str
      locality:
        description: Locality.
        type: str
      organization:
        description: Organization.
        type: str
      organizational_unit:
        description: Organizational unit.
        type: str
      common_name:
        description: Common name, at most 64 characters. Where none is given, C(wss.edge private CA).
        type: str
      email:
        description: E-mail address.
        type: str
  key:
    description: Kind of the keys of root and intermediate. Where it is not given, an ECDSA key on secp384r1.
    type: dict
    suboptions:
      type:
        description: Kind of key. Browsers do not know V(ed25519).
        type: str
        choices: [ecdsa, rsa, ed25519]
        default: ecdsa
      curve:
        description: Curve of an ECDSA key.
        type: str
        choices: [secp256r1, secp384r1, secp521r1]
        default: secp384r1
      bits:
        description: Size of an RSA key, 2048 to 8192.
        type: int
        default: 4096
  valid_days:
    description: Days that the root lives, 365 to 9125. Where it is not given, 3650.
    type: int
  intermediate:
    description: Whether an intermediate signs, so that the root's key is used for little else. Where it is not given,
      V(true).
    type: bool
  path_length:
    description: How many authorities may stand between the root and a certificate. Where it is not given, 1 with an
      intermediate and 0 without.
    type: int
  permitted:
    description:
      - DNS domains (with all below them) and IP networks that the authority may sign for, such as V(example.com) and
        V(192.0.2.0/24). Clients enforce it. Where it is not given, or empty, everything is permitted.
      - Where only domains are given, no IP address is permitted; where only networks are given, no domain.
    type: list
    elements: str
  excluded:
    description: DNS domains and IP networks that the authority must not sign for.
    type: list
    elements: str
  crl_days:
    description: Days that the list of revoked certificates holds, 1 to 365. It is renewed when half of them is left.
    type: int
    default: 90
  revoke:
    description: Certificates of this authority that are revoked. What is revoked stays revoked.
    type: list
    elements: dict
    default: []
    suboptions:
      serial:
        description: Serial number in hex, as openssl shows it; colons may be in it.
        type: str
        required: true
      reason:
        description: Why (RFC 5280).
        type: str
        choices:
          - unspecified
          - key_compromise
          - ca_compromise
          - affiliation_changed
          - superseded
          - cessation_of_operation
          - privilege_withdrawn
        default: unspecified
  requests:
    description: Requests that are signed. One that is refused stops all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the certificate is called in RV(certificates) and in the records.
        type: str
        required: true
      request:
        description: The request in PEM, at most 65536 bytes. Its subject is taken over.
        type: str
        required: true
      names:
        description: The names that the certificate shall have; a request for others, or for fewer, is refused. DNS
          names, wildcards, IP addresses, e-mail addresses and URIs. Empty for a client without any, whose common name
          counts as a DNS name if it looks like one.
        type: list
        elements: str
        required: true
      profile:
        description: What the certificate is for; V(peer) is server and client.
        type: str
        choices: [server, client, peer]
        default: server
      valid_days:
        description: Days that it lives, 1 to 825. It never lives longer than its issuer.
        type: int
        default: 90
attributes:
  check_mode:
    description: Says what would be made, signed, renewed or revoked, and why. Needs no passphrase.
    support: full
  diff_mode:
    description: Shows what the authority is made by, what it signs and revokes; never key material.
    support: full
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
notes:
  - Settings that are left out stay as they are.
  - Over a local connection, and without becoming another user, the work is done in Ansible's own process, which the
    passphrase never leaves. Otherwise the passphrase is sent over the connection itself (pipelining, switched on for
    this module alone) and is never written to a temporary file.
  - Keys have the mode 0600, as have the records; everything else can be read by everybody.
"""

EXAMPLES = r"""
- name: An authority on the control node, for one domain
  wss.edge.private_ca:
    directory: ~/wss-edge/ca
    passphrase: "{{ vaulted_passphrase }}"
    subject: {organization: Example, common_name: Example private CA}
    permitted: [example.com]
  delegate_to: localhost
  run_once: true

- name: A certificate for a client, and one that is no longer to be trusted
  wss.edge.private_ca:
    directory: ~/wss-edge/ca
    passphrase: "{{ vaulted_passphrase }}"
    requests:
      - name: sensor-17
        request: "{{ lookup('ansible.builtin.file', 'sensor-17.csr') }}"
        names: [sensor-17.example.com]
        profile: client
        valid_days: 365
    revoke:
      - serial: 5B2A90C1D3E4F56718293A4B5C6D7E8F90A1B2C3
        reason: key_compromise
  delegate_to: localhost
  register: signed

- name: Hand it out
  ansible.builtin.copy:
    content: "{{ signed.certificates['sensor-17'] }}"
    dest: sensor-17.pem
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
directory:
  description: Folder of the authority.
  type: str
  returned: success
  sample: /root/wss-edge/ca
paths:
  description: Its public files, and its records.
  type: dict
  returned: success
  contains:
    root:
      description: What clients must trust.
      type: str
      returned: success
      sample: /root/wss-edge/ca/root.pem
    authority:
      description: The intermediate and the root.
      type: str
      returned: success
      sample: /root/wss-edge/ca/ca.pem
    crl:
      description: The revocation lists.
      type: str
      returned: success
      sample: /root/wss-edge/ca/crl.pem
    records:
      description: What was signed and revoked, one line of JSON each.
      type: str
      returned: success
      sample: /root/wss-edge/ca/records.jsonl
    trust:
      description: How to make clients trust the root.
      type: str
      returned: success
      sample: /root/wss-edge/ca/trust.md
reasons:
  description: What was done (in check mode, would be done) and why; empty when nothing was.
  type: list
  elements: str
  returned: success
  sample: ["revocation list: half of its life is left: 44 of 90 days"]
authority:
  description: The intermediate and the root in PEM, which servers check clients against. Null where there is no
    authority yet, in check mode.
  type: str
  returned: success
  sample: "-----BEGIN CERTIFICATE-----\n..."
root:
  description: The root in PEM, which clients must trust. Null where there is none yet.
  type: str
  returned: success
  sample: "-----BEGIN CERTIFICATE-----\n..."
crl:
  description: The revocation lists of intermediate and root in PEM. Null where there are none yet.
  type: str
  returned: success
  sample: "-----BEGIN X509 CRL-----\n..."
crl_not_after:
  description: When the first of the revocation lists ends. Null where there are none yet.
  type: str
  returned: success
  sample: "2027-02-21T08:00:00Z"
revoked:
  description: Serial numbers in hex of all certificates that are revoked and have not ended, which
    M(wss.edge.certificates) replaces where they serve. In check mode also those that would be revoked.
  type: list
  elements: str
  returned: success
  sample: [5B2A90C1D3E4F56718293A4B5C6D7E8F90A1B2C3]
root_certificate:
  description: What the root says. Null where there is none yet.
  type: dict
  returned: success
  contains: &about
    subject:
      description: Subject.
      type: str
      returned: success
      sample: O=Example, CN=Example private CA
    key:
      description: Kind of the key.
      type: str
      returned: success
      sample: ecdsa secp384r1
    serial:
      description: Serial number in hex, as openssl shows it.
      type: str
      returned: success
      sample: 5B2A90C1D3E4F56718293A4B5C6D7E8F90A1B2C3
    fingerprint_sha256:
      description: SHA-256 fingerprint.
      type: str
      returned: success
      sample: 1f:8b:0a:5c
    not_before:
      description: Start of its validity.
      type: str
      returned: success
      sample: "2026-11-23T07:55:00Z"
    not_after:
      description: End of its validity.
      type: str
      returned: success
      sample: "2036-11-20T08:00:00Z"
    days_left:
      description: Whole days until then.
      type: int
      returned: success
      sample: 3650
intermediate_certificate:
  description: What the intermediate says. Null where there is none.
  type: dict
  returned: success
  contains: *about
certificates:
  description: The certificates that were made of O(requests), by their names; each is followed by the intermediate.
    Empty in check mode.
  type: dict
  returned: success
  sample: {sensor-17: "-----BEGIN CERTIFICATE-----\n..."}
issued:
  description: What these certificates say, in the order of O(requests).
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Its name among the requests.
      type: str
      returned: success
      sample: sensor-17
    serial:
      description: Serial number in hex, which O(revoke) takes.
      type: str
      returned: success
      sample: 5B2A90C1D3E4F56718293A4B5C6D7E8F90A1B2C3
    subject:
      description: Subject.
      type: str
      returned: success
      sample: CN=sensor-17.example.com
    names:
      description: Names that it is valid for.
      type: list
      elements: str
      returned: success
      sample: [sensor-17.example.com]
    profile:
      description: What it is for.
      type: str
      returned: success
      sample: client
    not_before:
      description: Start of its validity.
      type: str
      returned: success
      sample: "2026-11-23T07:55:00Z"
    not_after:
      description: End of its validity.
      type: str
      returned: success
      sample: "2027-11-23T08:00:00Z"
    fingerprint_sha256:
      description: SHA-256 fingerprint.
      type: str
      returned: success
      sample: 1f:8b:0a:5c
problems:
  description: Everything that is wrong with what was asked for, one item for each; the message has the same.
  type: list
  elements: str
  returned: when something is refused
  sample: ["request www: asks for b.example.com, which is none of its names (a.example.com)"]
"""

import datetime

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils import secrets
from ansible_collections.wss.edge.plugins.module_utils.authority import engine
from ansible_collections.wss.edge.plugins.module_utils.authority.settings import ARGUMENTS, AuthorityError


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    options = {**module.params, "passphrase": secrets.take(module, "passphrase")}
    try:
        result = engine.run(options, now, module.check_mode, module._diff)
    except AuthorityError as error:
        module.fail_json(msg=str(error), problems=error.problems)
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
