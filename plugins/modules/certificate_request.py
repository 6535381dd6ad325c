#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_request
short_description: Make a certificate request, to be signed by an authority
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Keeps the file of one certificate request (CSR, PKCS#10) in PEM, and returns it so that it can be sent to an
    authority.
  - A request that exists stays when its signature verifies, it belongs to the key, and it says what is asked for.
    Otherwise it is made anew and replaced by one rename; when the run is killed, it is the old one or the new one.
  - A symlink to a file is followed, and stays. A symlink to nowhere, a folder, a device, or a file that holds a private
    key is refused.
requirements:
  - cryptography 3.3.2 or newer on the host (the package C(python3-cryptography))
extends_documentation_fragment:
  - ansible.builtin.files
options:
  path:
    description: File of the request, an absolute path. Its folder must exist.
    type: path
    required: true
  private_key:
    description: File of the private key on the host. In check mode it may be missing.
    type: path
    required: true
  passphrase:
    description: What the private key is protected by.
    type: str
  subject:
    description: Subject, in the order given. A subject or at least one of the O(names) is needed.
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
  names:
    description:
      - What the certificate is to be valid for (subject alternative names), DNS names, wildcards, IPv4 and IPv6
        addresses, e-mail addresses, and URIs such as V(https://www.example.com/).
      - Internationalised names become punycode.
    type: list
    elements: str
    default: []
  key_usage:
    description: Key usage, in openssl's words.
    type: list
    elements: str
    choices:
      - digitalSignature
      - nonRepudiation
      - keyEncipherment
      - dataEncipherment
      - keyAgreement
      - keyCertSign
      - cRLSign
      - encipherOnly
      - decipherOnly
    default: []
  extended_key_usage:
    description: Extended key usage, in openssl's words (V(serverAuth), V(clientAuth), V(codeSigning),
      V(emailProtection), V(timeStamping), V(OCSPSigning)) or dotted numbers.
    type: list
    elements: str
    default: []
  ca:
    description: Basic constraints, V(true) for an authority. Without it the request says nothing of them.
    type: bool
  path_length:
    description: With O(ca=true), how many authorities there may be below it.
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
    description: Shows what the request says before and after.
    support: full
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
notes:
  - The passphrase is sent over the connection itself (pipelining, switched on for this module alone) and is never
    written to a temporary file.
seealso:
  - module: wss.edge.private_key
  - module: wss.edge.certificate
"""

EXAMPLES = r"""
- name: A request, and its text in a variable
  wss.edge.certificate_request:
    path: /etc/ssl/chat.example.com.csr
    private_key: /etc/ssl/private/chat.example.com.pem
    subject: {country: DE, organization: Beispiel GmbH, common_name: chat.example.com}
    names: [chat.example.com, "*.chat.example.com", 192.0.2.10]
  register: made

- name: Mail it to the authority
  community.general.mail:
    to: ca@example.com
    subject: Please sign
    body: "{{ made.request }}"
  when: made is changed
  delegate_to: localhost

- name: A request of a client, with all that it may be used for
  wss.edge.certificate_request:
    path: /etc/ssl/client.csr
    private_key: /etc/ssl/private/client.pem
    passphrase: "{{ vault_client_passphrase }}"
    subject: {common_name: client 7}
    names: [client7@example.com]
    key_usage: [digitalSignature]
    extended_key_usage: [clientAuth]
    ca: false
"""

RETURN = r"""
path:
  description: The file of the request, as it was given. Ansible adds the file's C(owner), C(group), C(mode) and
    C(size).
  type: str
  returned: success
  sample: /etc/ssl/chat.example.com.csr
reason:
  description: Why it changed; empty when it did not.
  type: str
  returned: success
  sample: "names changed: +www.example.com"
request:
  description: The request in PEM; null in check mode when it would be made anew.
  type: str
  returned: success
  sample: "-----BEGIN CERTIFICATE REQUEST-----\n..."
subject:
  description: Its subject.
  type: str
  returned: success
  sample: C=DE, O=Beispiel GmbH, CN=chat.example.com
names:
  description: Its names, in their normal form.
  type: list
  elements: str
  returned: success
  sample: [chat.example.com, xn--bcher-kva.example, 192.0.2.10]
public_key_fingerprint:
  description: SHA-256 of the public key (SubjectPublicKeyInfo); null in check mode when there is no key yet.
  type: str
  returned: success
  sample: 1f:8b:0a:5c
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils import secrets
from ansible_collections.wss.edge.plugins.module_utils.pki import keys as pki_keys
from ansible_collections.wss.edge.plugins.module_utils.pki import library, profiles, subjects
from ansible_collections.wss.edge.plugins.module_utils.pki import requests as pki_requests
from ansible_collections.wss.edge.plugins.module_utils.single_files import access as file_access
from ansible_collections.wss.edge.plugins.module_utils.single_files import keys as file_keys
from ansible_collections.wss.edge.plugins.module_utils.single_files import requests as file_requests
from ansible_collections.wss.edge.plugins.module_utils.single_files import single

TEXTS = {"type": "list", "elements": "str", "default": []}
SUBJECT = {field: {"type": "str"} for field in subjects.SUBJECT_FIELDS}
ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "private_key": {"type": "path", "required": True, "no_log": False},
    "passphrase": {"type": "str", "no_log": True},
    "subject": {"type": "dict", "options": SUBJECT},
    "names": TEXTS,
    "key_usage": {**TEXTS, "choices": list(profiles.KEY_USAGES), "no_log": False},
    "extended_key_usage": {**TEXTS, "no_log": False},
    "ca": {"type": "bool"},
    "path_length": {"type": "int"},
    "mode": {"type": "raw", "default": "0644"},
}


def keep(module: AnsibleModule, passphrase: str | None) -> dict[str, Any]:
    """Plan, apply, report."""
    params = module.params
    missing = module.check_mode and single.look(params["private_key"]).content is None
    key = None if missing else file_keys.read(params["private_key"], passphrase)
    recipe = file_requests.parse(params, key)
    found = single.look(params["path"])
    reason, before = file_requests.plan(found, recipe, key)
    arguments = module.load_file_common_arguments(params, found.path)
    access = file_access.Access(arguments, module.set_fs_attributes_if_different)
    content = None if reason else found.content
    if reason and not module.check_mode:
        _key, content = pki_requests.make_request(recipe)
        single.replace(found, content, access.prepare)
    settled = access.settle() if found.content is not None or not module.check_mode else ""
    return {
        "changed": bool(reason or settled),
        "reason": reason or settled,
        "request": content.decode() if content else None,
        "subject": subjects.subject_text(recipe.subject),
        "names": list(recipe.names),
        "public_key_fingerprint": pki_keys.fingerprint(key.public_key()) if key else None,
        "diff": file_access.diff(
            params["path"],
            {**before, **access.before},
            {**file_requests.shown(recipe), **access.after},
        ),
    }


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, add_file_common_args=True)
    if not library.HAS_CRYPTOGRAPHY:
        module.fail_json(msg=library.MISSING)
    passphrase = secrets.take(module, "passphrase")
    try:
        with single.locked(module.params["path"]):
            result = keep(module, passphrase)
    except (single.FileError, library.PkiError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(path=module.params["path"], **result)


if __name__ == "__main__":
    main()
