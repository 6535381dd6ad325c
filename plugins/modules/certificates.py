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
    C(cert.pem), C(chain.pem) and C(fullchain.pem), beside C(request.pem) and C(trust.pem) where the certificate was
    requested or its authority is named, and C(keypair.pem) (certificate, key and chain in one file) with the profiles
    V(client) and V(peer); C(<directory>/<name>/current) points at the one in force. The digest names the public
    content, so a configuration that refers to it says which certificate it was made for.
  - A folder is written completely before it appears, and C(current) is switched by one rename. When the run is
    killed, the pair in force is the old one or the new one, and the next run finishes.
  - A certificate is renewed when a third of its life is left (see O(certificates[].renew_before)), when its names,
    subject, profile or key settings change, when it is revoked (see O(revoked)), and when it is damaged or does not
    match its key. The key stays the same unless the key settings change, the certificate is revoked, or the key cannot
    be read. One that would end no later is not made.
  - What an authority is still to sign is kept in C(<directory>/<name>/requested), as C(privkey.pem) and
    C(request.pem); until it is signed, what is installed serves on.
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
          - V(private_ca) makes a key and a request, which RV(requests) returns; M(wss.edge.private_ca) signs it, and
            with O(signed) the certificate is installed.
          - V(request) makes a key and a request, which is written to O(certificates[].request) on the controller for
            somebody to have it signed. A self-signed certificate stands in where there is none that can serve. Once the
            certificate is at O(certificates[].certificate), it is checked and installed.
          - V(files) installs a key, certificate and chain that exist. They must belong together, be in date, and cover
            O(certificates[].names). They are put into the right order; a root is left out.
        type: str
        choices: [self_signed, private_ca, request, files]
        default: self_signed
      names:
        description: DNS names, wildcards, and IPv4 or IPv6 addresses that the certificate is for. There may be none
          with V(files), and where a client has a common name (see O(certificates[].subject)).
        type: list
        elements: str
        default: []
      key:
        description: The private key, unless it comes from V(files). Changing it makes a new key.
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
        description: Subject that is asked for. With V(request) an authority may have given another.
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
        description: Lifetime in days, 1 to 825, counted from now, of V(self_signed) and V(private_ca), and of what
          stands in with V(request). Takes effect when next renewed.
        type: int
        default: 90
      profile:
        description: What the certificate is used for, in TLS. One of V(files) or V(request) must allow it.
        type: str
        choices: [server, client, peer]
        default: server
      renew_before:
        description: How many days before its end a certificate is renewed, or with V(request) requested anew; less
          than O(certificates[].valid_days), but for V(request). The default is a third of its life. Not with V(files),
          of which a warning says when 14 days are left.
        type: int
      request:
        description: With V(request), the path on the controller where the request is written, when it differs.
        type: path
      certificate:
        description:
          - With V(files), the PEM file of the certificate; its chain may be in it, too. Found as by
            M(ansible.builtin.copy), and may be encrypted with ansible-vault.
          - With V(request), the path on the controller where the signed certificate will be.
        type: path
      private_key:
        description: With V(files), the PEM file of the private key (PKCS#8, PKCS#1 or SEC1), perhaps under a passphrase
          (see O(passphrases)).
        type: path
      chain:
        description: With V(files) and V(request), the PEM file of the chain, where it is not in the certificate's file.
        type: path
      pkcs12:
        description: With V(files), a PKCS#12 file of key, certificate and chain, instead of the three.
        type: path
      ca:
        description:
          - With V(files) and V(request), the PEM file on the controller of the authority that clients trust, which
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
  authority:
    description: The private authority in PEM, root and intermediates, as M(wss.edge.private_ca) returns it. Required
      where the provider is V(private_ca), but for check mode.
    type: str
    default: ""
  signed:
    description: What the private authority has signed of RV(requests), in PEM, by the names of the certificates.
    type: dict
    default: {}
  revoked:
    description: Serial numbers in hex of what the private authority has revoked, as M(wss.edge.private_ca) returns
      them. One of V(private_ca) that is among them is replaced, with a new key.
    type: list
    elements: str
    default: []
  passphrases:
    description: Passphrases of keys and PKCS#12 files, by the names of the certificates. The key is kept without one,
      so that the server can start by itself.
    type: dict
    default: {}
  private_keys:
    description: Set by the action plugin, from O(certificates[].private_key) and O(certificates[].pkcs12), by the names
      of the certificates.
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
  - Private keys and passphrases are sent from the controller over the connection itself (pipelining, switched on for
    this module alone) and are never written to a temporary file. Over a connection that cannot do that, use
    O(certificates[].remote_src=true).
  - Folders have the mode 0755, certificates 0644, private keys and what has one in it 0600.
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

- name: A certificate that somebody else signs, and one whose key is under a passphrase
  wss.edge.certificates:
    certificates:
      - name: shop.example.com
        provider: request
        names: [shop.example.com]
        request: "~/certificates/{{ inventory_hostname }}/shop.csr"
        certificate: "~/certificates/{{ inventory_hostname }}/shop.pem"
      - name: old.example.com
        provider: files
        names: [old.example.com]
        pkcs12: old.example.com.p12
    passphrases:
      old.example.com: "{{ vaulted_passphrase }}"

- name: A certificate by which a client proves who it is
  wss.edge.certificates:
    certificates:
      - name: sensor-17
        provider: private_ca
        profile: client
        subject: {common_name: sensor 17}
    authority: "{{ my_ca.authority }}"

- name: Install what the private authority has signed of the requests that a run before this has returned
  wss.edge.certificates:
    certificates:
      - name: chat.example.com
        provider: private_ca
        names: [chat.example.com]
    authority: "{{ my_ca.authority }}"
    signed: "{{ my_ca.certificates }}"
    revoked: "{{ my_ca.revoked }}"
"""

RETURN = r"""
certificates:
  description: What is on the host, one item for each certificate, in the order given. In check mode the certificate
    that is there already; all but the first six keys are null where there is none.
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
      description: Whether this certificate was (in check mode, would be) installed, repaired or requested.
      type: bool
      returned: success
      sample: true
    reason:
      description: Why it changed, or waits to be signed; empty when neither.
      type: str
      returned: success
      sample: "a third of its life is left: 29 of 90 days"
    waiting:
      description: Whether it waits to be signed by an authority.
      type: bool
      returned: success
      sample: false
    request:
      description: The request that waits to be signed; null where there is none, in check mode if it were to be made.
      type: str
      returned: success
      sample: null
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
        keypair:
          description: The certificate, its key and the chain, for clients that want them in one file.
          type: str
          returned: with the profiles V(client) and V(peer)
          sample: /etc/pki/wss/client:private_ca/3f1c8a0be2d94c57/keypair.pem
    pem:
      description: The certificate and its chain.
      type: str
      returned: success
      sample: "-----BEGIN CERTIFICATE-----\n..."
    names:
      description: The names that the certificate is valid for.
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
requests:
  description: What the private authority has to sign, as M(wss.edge.private_ca) takes it. In check mode only what has
    been requested before.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name of the certificate.
      type: str
      returned: success
      sample: chat.example.com
    request:
      description: The request in PEM.
      type: str
      returned: success
      sample: "-----BEGIN CERTIFICATE REQUEST-----\n..."
    names:
      description: The names that it is for.
      type: list
      elements: str
      returned: success
      sample: [chat.example.com]
    profile:
      description: What it is used for.
      type: str
      returned: success
      sample: server
    valid_days:
      description: Lifetime in days.
      type: int
      returned: success
      sample: 90
problems:
  description: Everything that is wrong with what was asked for, one item for each; the message has the same.
  type: list
  elements: str
  returned: when something is refused
  sample: ["certificate www, certificate: expired on 2026-11-01T00:00:00Z; put a renewed one in its place"]
"""

import base64
import datetime
import functools
import pathlib
from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils import secrets
from ansible_collections.wss.edge.plugins.module_utils.certificates import plan as certificate_plan
from ansible_collections.wss.edge.plugins.module_utils.certificates import report, store
from ansible_collections.wss.edge.plugins.module_utils.certificates.providers import private_ca
from ansible_collections.wss.edge.plugins.module_utils.certificates.types import Entry, Plan, Refused
from ansible_collections.wss.edge.plugins.module_utils.certificates.wanted import serials
from ansible_collections.wss.edge.plugins.module_utils.pki import library
from ansible_collections.wss.edge.plugins.module_utils.pki.profiles import PROFILES
from ansible_collections.wss.edge.plugins.module_utils.pki.subjects import SUBJECT_FIELDS

Secrets = tuple[dict[str, str], dict[str, bytes]]  # keys or PKCS#12, and passphrases, by the certificates' names

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
    "profile": {"type": "str", "choices": list(PROFILES), "default": "server"},
    "valid_days": {"type": "int", "default": 90},
    "renew_before": {"type": "int"},
    "request": PATH,
    "certificate": PATH,
    "private_key": {"type": "path", "no_log": False},
    "chain": PATH,
    "pkcs12": PATH,
    "ca": PATH,
    "remote_src": {"type": "bool", "default": False},
    "certificate_content": TEXT,
    "chain_content": TEXT,
    "ca_content": TEXT,
}
ARGUMENTS = {
    "directory": {"type": "path", "default": "/etc/pki/wss"},
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
    "authority": {"type": "str", "default": ""},
    "signed": {"type": "dict", "default": {}},
    "revoked": {"type": "list", "elements": "str", "default": []},
    # Apart from the entries, because only as a whole argument are they kept out of the system log.
    "private_keys": {"type": "dict", "default": {}, "no_log": True},
    "passphrases": {"type": "dict", "default": {}, "no_log": True},
}


def take_secrets(module: AnsibleModule) -> Secrets:
    """The secret options, which are then none any more; keys are still blotted out, wherever they were to appear."""
    private_keys, passphrases = module.params.pop("private_keys"), secrets.take(module, "passphrases")
    return private_keys, {name: str(value).encode() for name, value in passphrases.items() if value is not None}


def given(entry: dict[str, Any], signed: dict[str, str], secret: str | None) -> dict[str, Callable[[], bytes]]:
    """How to get what comes to a certificate from elsewhere."""
    if entry["provider"] == "private_ca":
        answer = signed.get(entry["name"])
        return {"certificate": str(answer).encode} if answer else {}
    if entry["provider"] == "files" and entry["remote_src"]:
        parts = ("certificate", "private_key", "chain", "pkcs12")
        return {part: pathlib.Path(entry[part]).read_bytes for part in parts if entry[part]}
    contents = {
        "certificate": entry["certificate_content"],
        "private_key": None if entry["pkcs12"] else secret,
        "chain": entry["chain_content"],
    }
    found = {part: text.encode for part, text in contents.items() if text is not None}
    if entry["pkcs12"] and secret is not None:
        found["pkcs12"] = functools.partial(base64.b64decode, secret)
    return found


def wanted(module: AnsibleModule, taken: Secrets) -> list[Entry]:
    """The certificates that are asked for, with what comes from elsewhere."""
    params, (private_keys, passphrases) = module.params, taken
    entries, authority = params["certificates"], params["authority"].encode()
    strangers = set(params["signed"]) - {entry["name"] for entry in entries}
    if strangers:
        module.fail_json(msg=f"signed: {', '.join(sorted(strangers))} is among no certificates that are asked for")
    needed = [entry["name"] for entry in entries if entry["provider"] == "private_ca"]
    if needed and not authority and not module.check_mode:
        module.fail_json(msg=f"authority: is empty; {', '.join(needed)} with provider private_ca needs its PEM")
    try:
        roots = private_ca.roots(authority)
    except library.PkiError as error:
        module.fail_json(msg=f"authority: {error}")
    revoked = serials(params["revoked"])
    found = []
    for entry in entries:
        name = entry["name"]
        trust = roots if entry["provider"] == "private_ca" else (entry["ca_content"] or "").encode()
        answers = given(entry, params["signed"], private_keys.get(name))
        found.append(Entry(entry, answers, passphrases.get(name), trust, authority, revoked))
    return found


def apply(module: AnsibleModule, directory: str, plans: list[Plan]) -> list[certificate_plan.Made]:
    """Make and install what there is a reason to install; what that was."""
    try:
        made = certificate_plan.make_all(plans)
        with store.locked(directory):
            certificate_plan.install(directory, plans, made)
    except store.StoreError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"Cannot write {error.filename or directory}: {error.strerror}. Run again when it can be.")
    return made


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    if not library.HAS_CRYPTOGRAPHY:
        module.fail_json(msg=library.MISSING)
    taken, directory = take_secrets(module), module.params["directory"]
    if not directory.startswith("/"):
        module.fail_json(msg=f"directory: {directory!r} must be an absolute path, such as /etc/pki/wss")
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    try:
        plans = certificate_plan.plan_all(wanted(module, taken), functools.partial(store.read, directory), now)
    except Refused as refused:
        module.fail_json(msg="\n".join(refused.problems), problems=refused.problems)
    for warning in filter(None, (plan.warning for plan in plans)):
        module.warn(warning)

    made = [certificate_plan.Made()] * len(plans) if module.check_mode else apply(module, directory, plans)
    module.exit_json(
        changed=any(plan.changed for plan in plans),
        certificates=[report.result(plan, each, directory, now) for plan, each in zip(plans, made)],
        requests=report.to_sign(plans, made),
        diff=[report.diff(plan) for plan in plans if plan.changed] if module._diff else [],
    )


if __name__ == "__main__":
    main()
