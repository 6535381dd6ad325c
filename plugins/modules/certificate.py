#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Make a certificate, self-signed or signed by an authority's key, or check one that the user has
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Keeps the file of one certificate in PEM, followed by its chain where it has one, as servers want it.
  - A certificate that exists stays while it is what is asked for and has enough of its life left. Otherwise it is made
    anew and replaced by one rename; when the run is killed, it is the old one or the new one. The reason is returned.
  - From a request it takes the key, the subject and the names. What the certificate may be used for is said by
    O(profile) alone.
  - A symlink to a file is followed, and stays. A symlink to nowhere, a folder, a device, or a file that holds a private
    key is refused.
requirements:
  - cryptography 3.3.2 or newer on the host (the package C(python3-cryptography))
extends_documentation_fragment:
  - ansible.builtin.files
options:
  path:
    description: File of the certificate, an absolute path. Its folder must exist.
    type: path
    required: true
  provider:
    description:
      - Where the certificate comes from. V(self_signed) signs with its own O(private_key).
      - V(ca) signs with the key of an authority, O(ca_private_key).
      - V(files) takes the O(certificate) and O(chain) that the user has. They must belong to the O(private_key) and
        together, be in date, be made for what O(profile) says, and cover the O(names). Their order is repaired, and a
        root is left out.
    type: str
    choices: [self_signed, ca, files]
    default: self_signed
  request:
    description: File of the request (CSR) on the host, for V(ca) and V(self_signed), which needs one with a subject. In
      check mode it may be missing, as may every file that the certificate is made from.
    type: path
  names:
    description:
      - For V(self_signed) without a O(request), what the certificate is valid for, as
        O(wss.edge.certificate_request#module:names).
      - For V(files), what it must cover.
    type: list
    elements: str
  subject:
    description: For V(self_signed) without a O(request), the subject, in the order given. Without it, the first of the
      O(names) that has at most 64 characters is the common name.
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
        description: Common name, at most 64 characters.
        type: str
      email:
        description: E-mail address.
        type: str
  private_key:
    description: File of the certificate's private key on the host, for V(self_signed) and V(files).
    type: path
  passphrase:
    description: What O(private_key) is protected by.
    type: str
  ca_certificate:
    description: File of the authority's certificate on the host, for V(ca). What is above it may follow in the file;
      all but the root is written behind the certificate.
    type: path
  ca_private_key:
    description: File of the authority's private key on the host, for V(ca).
    type: path
  ca_passphrase:
    description: What O(ca_private_key) is protected by.
    type: str
  certificate:
    description: File of the certificate that the user has, on the host, for V(files).
    type: path
  chain:
    description: File of its chain on the host, for V(files), where it is not in the file of the certificate.
    type: path
  profile:
    description: What the certificate is for; a V(server), a V(client), or a V(peer), which is both.
    type: str
    choices: [server, client, peer]
    default: server
  valid_days:
    description:
      - For how many days it is made, 1 to 36500, counted from now. Takes effect when it is next made. It starts five
        minutes in the past, and ends no later than its authority.
      - Some clients refuse certificates of more than 825 days.
    type: int
    default: 90
  not_before:
    description: When it starts, a time in UTC, from the year 1950 to 9999. Fractions of a second are dropped. A
      certificate that starts at another time is made anew.
    type: str
  not_after:
    description: When it ends, a time in UTC, instead of after O(valid_days). A certificate that ends at another time is
      made anew.
    type: str
  renew_before:
    description: How many days before its end it is made anew. Without it, when a third of its life is left.
    type: int
  mode:
    description: Mode of the file, as M(ansible.builtin.file) takes it.
    type: raw
    default: "0644"
attributes:
  check_mode:
    description: Says what would be done, and why; nothing is changed.
    support: full
  diff_mode:
    description: Shows the certificate's attributes before and after.
    support: full
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
notes:
  - Passphrases are sent over the connection itself (pipelining, switched on for this module alone) and are never
    written to a temporary file.
seealso:
  - module: wss.edge.private_key
  - module: wss.edge.certificate_request
  - module: wss.edge.certificates
    description: Makes, renews and installs the keys and certificates of all sites of a host in one run.
"""

EXAMPLES = r"""
- name: A self-signed certificate for a year
  wss.edge.certificate:
    path: /etc/ssl/chat.example.com.crt
    private_key: /etc/ssl/private/chat.example.com.pem
    subject: {common_name: chat.example.com}
    names: [chat.example.com, 192.0.2.10]
    valid_days: 365

- name: Sign a request with the key of an authority
  wss.edge.certificate:
    path: /etc/ssl/chat.example.com.crt
    provider: ca
    request: /etc/ssl/chat.example.com.csr
    ca_certificate: /etc/ssl/authority.crt
    ca_private_key: /etc/ssl/private/authority.pem
    ca_passphrase: "{{ vault_authority_passphrase }}"

- name: Check what an authority has sent, and put it in order
  wss.edge.certificate:
    path: /etc/ssl/www.example.com.crt
    provider: files
    certificate: /root/www_example_com.crt
    chain: /root/bundle.crt
    private_key: /etc/ssl/private/www.example.com.pem
    names: [www.example.com, example.com]
"""

RETURN = r"""
path:
  description: The file of the certificate, as it was given. Ansible adds the file's C(owner), C(group), C(mode) and
    C(size).
  type: str
  returned: success
  sample: /etc/ssl/chat.example.com.crt
reason:
  description: Why it changed; empty when it did not.
  type: str
  returned: success
  sample: "a third of its life is left: 29 of 90 days"
not_before:
  description: Start of its validity. This and what follows are of the certificate that is there, in check mode of the
    one that is there already; null where there is none.
  type: str
  returned: success
  sample: "2026-11-23T07:55:00Z"
not_after:
  description: End of its validity.
  type: str
  returned: success
  sample: "2027-02-21T08:00:00Z"
days_left:
  description: Whole days until then.
  type: int
  returned: success
  sample: 90
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
names:
  description: What the certificate is valid for.
  type: list
  elements: str
  returned: success
  sample: [chat.example.com, 192.0.2.10]
subject:
  description: Subject of the certificate.
  type: str
  returned: success
  sample: CN=chat.example.com
issuer:
  description: Who issued the certificate.
  type: str
  returned: success
  sample: CN=chat.example.com
certificate:
  description: The certificate and its chain in PEM.
  type: str
  returned: success
  sample: "-----BEGIN CERTIFICATE-----\n..."
"""

import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils import secrets
from ansible_collections.wss.edge.plugins.module_utils.pki import library, profiles, subjects
from ansible_collections.wss.edge.plugins.module_utils.single_files import access as file_access
from ansible_collections.wss.edge.plugins.module_utils.single_files import certificates as file_certificates
from ansible_collections.wss.edge.plugins.module_utils.single_files import single, sources

TEXT = {"type": "str"}
PATH = {"type": "path"}
ARGUMENTS = {
    "path": {**PATH, "required": True},
    "provider": {**TEXT, "choices": list(sources.OPTIONS), "default": "self_signed"},
    "request": PATH,
    "names": {"type": "list", "elements": "str"},
    "subject": {"type": "dict", "options": dict.fromkeys(subjects.SUBJECT_FIELDS, TEXT)},
    "private_key": {**PATH, "no_log": False},
    "passphrase": {**TEXT, "no_log": True},
    "ca_certificate": PATH,
    "ca_private_key": {**PATH, "no_log": False},
    "ca_passphrase": {**TEXT, "no_log": True},
    "certificate": PATH,
    "chain": PATH,
    "profile": {**TEXT, "choices": list(profiles.PROFILES), "default": "server"},
    "valid_days": {"type": "int", "default": 90},
    "not_before": TEXT,
    "not_after": TEXT,
    "renew_before": {"type": "int"},
    "mode": {"type": "raw", "default": "0644"},
}
REQUIRED = [
    ("provider", "self_signed", ["private_key"]),
    ("provider", "ca", ["request", "ca_certificate", "ca_private_key"]),
    ("provider", "files", ["certificate", "private_key"]),
]


def keep(module: AnsibleModule, passphrases: dict[str, Any], now: datetime.datetime) -> dict[str, Any]:
    """Plan, apply, report."""
    params = {**module.params, **passphrases}
    found = single.look(params["path"])
    plan = sources.plan(params, found, now, may_be_missing=module.check_mode)
    if plan.warning:
        module.warn(plan.warning)
    arguments = module.load_file_common_arguments(params, found.path)
    access = file_access.Access(arguments, module.set_fs_attributes_if_different)
    content = found.content
    if plan.reason and not module.check_mode:
        content = plan.make()
        single.replace(found, content, access.prepare)
    settled = access.settle() if content is not None else ""
    return {
        "changed": bool(plan.reason or settled),
        "reason": plan.reason or settled,
        **file_certificates.about(content, now),
        "diff": file_access.diff(
            params["path"],
            {**file_certificates.shown(plan.facts), **access.before},
            {**plan.after, **access.after},
        ),
    }


def main() -> None:
    module = AnsibleModule(
        ARGUMENTS,
        supports_check_mode=True,
        add_file_common_args=True,
        required_if=REQUIRED,
        mutually_exclusive=[("request", "names"), ("request", "subject")],
    )
    if not library.HAS_CRYPTOGRAPHY:
        module.fail_json(msg=library.MISSING)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    passphrases = {option: secrets.take(module, option) for option in ("passphrase", "ca_passphrase")}
    try:
        with single.locked(module.params["path"]):
            result = keep(module, passphrases, now)
    except (single.FileError, library.PkiError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(path=module.params["path"], **result)


if __name__ == "__main__":
    main()
