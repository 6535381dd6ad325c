#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: Make, renew and install all keys and certificates of a host in one run
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Each certificate is kept with its key and chain in the folder C(<directory>/<name>/<digest>), as C(privkey.pem),
    C(cert.pem), C(chain.pem) and C(fullchain.pem); C(<directory>/<name>/current) points at the one in force. The
    digest names the public content, so a configuration that refers to it says which certificate it was made for.
  - A folder is written completely before it appears, and C(current) is switched by one rename. When the run is
    killed, the pair in force is the old one or the new one, and the next run finishes.
  - A certificate is renewed when a third of its life is left, when its names, subject or key settings change, and when
    it is damaged or does not match its key. The key stays the same unless the key settings change or it cannot be
    read.
  - The last five folders of a name are kept.
  - Everything is checked before anything is written, and all problems are reported together.
requirements:
  - cryptography 3.3.2 or newer on the host (the package C(python3-cryptography))
options:
  directory:
    description: Where the certificates are kept on the host.
    type: path
    default: /etc/pki/wss
  certificates:
    description: The certificates that the host shall have. Others that are there stay as they are.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the certificate and its folder; letters, digits, C(.), C(_), C(-), colons; no leading dot.
        type: str
        required: true
      provider:
        description:
          - Where the certificate comes from. V(self_signed) makes a key and a certificate that is its own trust anchor.
          - V(files) installs a key, certificate and chain that exist. They must belong together, be in the right order
            and in date, and cover O(certificates[].names). A root at the end is left out.
        type: str
        choices: [self_signed, files]
        default: self_signed
      names:
        description: DNS names, wildcards, and IPv4 or IPv6 addresses that the certificate is for.
        type: list
        elements: str
        default: []
      key:
        description: The private key of V(self_signed). Changing it makes a new key.
        type: dict
        suboptions:
          type:
            description: Kind of key.
            type: str
            choices: [ecdsa, rsa, ed25519]
            default: ecdsa
          curve:
            description: Curve of an ECDSA key.
            type: str
            choices: [secp256r1, secp384r1, secp521r1]
            default: secp256r1
          bits:
            description: Size of an RSA key, 2048 to 8192.
            type: int
            default: 2048
      subject:
        description: Subject of V(self_signed).
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
            description: Common name, at most 64 characters. The default is the first of the names that is short enough.
            type: str
          email:
            description: E-mail address.
            type: str
      valid_days:
        description: Lifetime of V(self_signed) in days, 1 to 825, counted from now. Takes effect when next renewed.
        type: int
        default: 90
      certificate:
        description: With V(files), the PEM file of the certificate; its chain may follow in it. Found as by
          M(ansible.builtin.copy), and may be encrypted with ansible-vault.
        type: path
      private_key:
        description: With V(files), the PEM file of the private key (PKCS#8, PKCS#1 or SEC1), without a passphrase.
        type: path
      chain:
        description: With V(files), the PEM file of the chain, where it is not in the certificate's file.
        type: path
      ca:
        description:
          - With V(files), the PEM file on the controller of the authority that clients trust, which
            RV(certificates[].trust) gives back.
        type: path
      remote_src:
        description: Whether the other files are on the host already, rather than on the controller.
        type: bool
        default: false
      certificate_content:
        description: Set by the action plugin, from O(certificates[].certificate).
        type: str
      chain_content:
        description: Set by the action plugin, from O(certificates[].chain).
        type: str
      ca_content:
        description: Set by the action plugin, from O(certificates[].ca).
        type: str
  private_keys:
    description: Set by the action plugin, from O(certificates[].private_key), by the names of the certificates.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Says what would be made or renewed, and why; nothing is changed, and no key is made.
    support: full
  diff_mode:
    description: Shows the certificate's attributes before and after; never key material.
    support: full
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
notes:
  - Private keys are sent from the controller over the connection itself (pipelining, switched on for this module alone)
    and are never written to a temporary file. Over a connection that cannot do that, use
    O(certificates[].remote_src=true).
  - Folders have the mode 0755, certificates 0644, private keys 0600.
"""

EXAMPLES = r"""
- name: A self-signed certificate, and one that an authority has issued
  wss.edge.certificates:
    certificates:
      - name: chat.example.com
        names: [chat.example.com, "*.chat.example.com", 192.0.2.10]
      - name: www.example.com
        provider: files
        names: [www.example.com]
        certificate: www.example.com/fullchain.pem
        private_key: www.example.com/privkey.pem

- name: Every setting of a self-signed certificate
  wss.edge.certificates:
    certificates:
      - name: old-clients
        names: [old.example.com]
        key: {type: rsa, bits: 3072}
        subject: {country: DE, organization: Example, common_name: old.example.com, email: ops@example.com}
        valid_days: 365
"""

RETURN = r"""
certificates:
  description: What is on the host, one item for each certificate, in the order given. In check mode the certificate
    that is there already; all but the first four keys are null where there is none.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name of the certificate.
      type: str
      returned: success
      sample: chat.example.com
    provider:
      description: Where it comes from.
      type: str
      returned: success
      sample: self_signed
    changed:
      description: Whether this certificate was (in check mode, would be) installed or repaired.
      type: bool
      returned: success
      sample: true
    reason:
      description: Why it changed; empty when it did not.
      type: str
      returned: success
      sample: "a third of its life is left: 29 of 90 days"
    digest:
      description: Name of the folder, 16 hex digits over certificate and chain.
      type: str
      returned: success
      sample: 3f1c8a0be2d94c57
    directory:
      description: Folder of the certificate.
      type: str
      returned: success
      sample: /etc/pki/wss/chat.example.com/3f1c8a0be2d94c57
    paths:
      description: The files in the folder.
      type: dict
      returned: success
      contains:
        privkey:
          description: The private key.
          type: str
          returned: success
          sample: /etc/pki/wss/chat.example.com/3f1c8a0be2d94c57/privkey.pem
        cert:
          description: The certificate alone.
          type: str
          returned: success
          sample: /etc/pki/wss/chat.example.com/3f1c8a0be2d94c57/cert.pem
        chain:
          description: The chain alone; an empty file where there is none.
          type: str
          returned: success
          sample: /etc/pki/wss/chat.example.com/3f1c8a0be2d94c57/chain.pem
        fullchain:
          description: The certificate, then the chain.
          type: str
          returned: success
          sample: /etc/pki/wss/chat.example.com/3f1c8a0be2d94c57/fullchain.pem
    pem:
      description: The certificate and its chain.
      type: str
      returned: success
      sample: "-----BEGIN CERTIFICATE-----\n..."
    names:
      description: DNS names and IP addresses that the certificate is valid for.
      type: list
      elements: str
      returned: success
      sample: [chat.example.com, 192.0.2.10]
    subject:
      description: Subject of the certificate.
      type: str
      returned: success
      sample: C=DE, O=Example, CN=chat.example.com
    issuer:
      description: Who issued the certificate.
      type: str
      returned: success
      sample: C=DE, O=Example, CN=chat.example.com
    trust:
      description:
        - The certificates in PEM that a client must trust; a self-signed certificate itself. Null where clients trust
          the authority already.
      type: str
      returned: success
      sample: null
    self_signed:
      description: Whether it is its own issuer.
      type: bool
      returned: success
      sample: true
    key:
      description: Kind of the key.
      type: str
      returned: success
      sample: ecdsa secp256r1
    not_before:
      description: Start of its validity.
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
problems:
  description: Everything that is wrong with what was asked for, one item for each; the message has the same.
  type: list
  elements: str
  returned: when something is refused
  sample: ["certificate www, certificate: expired on 2026-11-01T00:00:00Z; put a renewed one in its place"]
"""

import datetime
import functools
import pathlib
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils.certificates import given as certificate_given
from ansible_collections.wss.edge.plugins.module_utils.certificates import plan as certificate_plan
from ansible_collections.wss.edge.plugins.module_utils.certificates import report as certificate_report
from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.pki.library import HAS_CRYPTOGRAPHY, MISSING
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import SUBJECT_FIELDS

TEXT = {"type": "str"}
PATH = {"type": "path"}
KEY = {
    "type": {"type": "str", "choices": ["ecdsa", "rsa", "ed25519"], "default": "ecdsa"},
    "curve": {"type": "str", "choices": ["secp256r1", "secp384r1", "secp521r1"], "default": "secp256r1"},
    "bits": {"type": "int", "default": 2048},
}
CERTIFICATE = {
    "name": {"type": "str", "required": True},
    "provider": {"type": "str", "choices": list(certificate_plan.PROVIDERS), "default": "self_signed"},
    "names": {"type": "list", "elements": "str", "default": []},
    "key": {"type": "dict", "options": KEY, "apply_defaults": True, "no_log": False},
    "subject": {"type": "dict", "options": dict.fromkeys(SUBJECT_FIELDS, TEXT), "apply_defaults": True},
    "valid_days": {"type": "int", "default": 90},
    "certificate": PATH,
    "private_key": {"type": "path", "no_log": False},
    "chain": PATH,
    "ca": PATH,
    "remote_src": {"type": "bool", "default": False},
    "certificate_content": TEXT,
    "chain_content": TEXT,
    "ca_content": TEXT,
}
ARGUMENTS = {
    "directory": {"type": "path", "default": "/etc/pki/wss"},
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
    # Apart from the entries, because only as a whole argument are they kept out of the system log.
    "private_keys": {"type": "dict", "default": {}, "no_log": True},
}


def given(entry: dict[str, Any], private_keys: dict[str, str]) -> certificate_given.Given:
    """How to get the contents of the files of the provider files."""
    if entry["remote_src"]:
        keys = ("certificate", "private_key", "chain")
        return {key: pathlib.Path(entry[key]).read_bytes for key in keys if entry[key]}
    contents = {
        "certificate": entry["certificate_content"],
        "private_key": private_keys.get(entry["name"]),
        "chain": entry["chain_content"],
    }
    return {key: text.encode for key, text in contents.items() if text is not None}


def apply(module: AnsibleModule, directory: str, plans: list[certificate_plan.Plan]) -> list[store.Bundle | None]:
    """Install what there is a reason to install; the bundles that are on disk afterwards."""
    made = {plan.wanted.name: certificate_plan.make(plan) for plan in plans if plan.reason}
    try:
        with store.locked(directory):
            store.install(directory, made)
            for plan in plans:
                store.tidy(directory, plan.wanted.name)
    except store.StoreError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"Cannot write {error.filename or directory}: {error.strerror}. Run again when it can be.")
    return [made.get(plan.wanted.name, plan.installed.bundle) for plan in plans]


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    if not HAS_CRYPTOGRAPHY:
        module.fail_json(msg=MISSING)
    directory, entries = module.params["directory"], module.params["certificates"]
    if not directory.startswith("/"):
        module.fail_json(msg=f"directory: {directory!r} must be an absolute path, such as /etc/pki/wss")
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    try:
        plans = certificate_plan.plan_all(
            entries,
            [given(entry, module.params["private_keys"]) for entry in entries],
            functools.partial(store.read, directory),
            now,
        )
    except certificate_given.Refused as refused:
        module.fail_json(msg="\n".join(refused.problems), problems=refused.problems)
    for plan in plans:
        if plan.warning:
            module.warn(plan.warning)

    bundles = [plan.installed.bundle for plan in plans]
    if not module.check_mode:
        bundles = apply(module, directory, plans)
    module.exit_json(
        changed=any(plan.reason for plan in plans),
        certificates=[certificate_report.result(plan, directory, bundle, now) for plan, bundle in zip(plans, bundles)],
        diff=[certificate_report.diff(plan) for plan in plans if plan.reason] if module._diff else [],
    )


if __name__ == "__main__":
    main()
