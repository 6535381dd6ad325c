#!/usr/bin/python
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: private_key
short_description: Make a private key, or put its passphrase, format and mode right
version_added: "0.1.0"
author: The wss.edge authors (@wss-edge)
description:
  - Keeps the file of one private key, RSA, ECDSA or Ed25519, in PEM. Reads what C(openssl genrsa -des3) and
    C(openssl genpkey -aes256) write.
  - A good key stays the same key. When its passphrase or format is to change, the file is written anew with it, and
    replaced by one rename; when the run is killed, it is the old one or the new one.
  - A passphrase that is wrong or missing is an error, and the file stays as it is.
  - A key is replaced by another only where O(regenerate) says so, and the file that was there is kept beside it.
  - A symlink to a file is followed, and stays. A symlink to nowhere, a folder or a device is refused.
requirements:
  - cryptography 3.3.2 or newer on the host (the package C(python3-cryptography))
extends_documentation_fragment:
  - ansible.builtin.files
options:
  path:
    description: File of the key, an absolute path. Its folder must exist.
    type: path
    required: true
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
  format:
    description:
      - V(pkcs8), or V(traditional), which is PKCS#1 for RSA and SEC1 for ECDSA.
      - Without it a key that exists keeps its format, and a new one is V(pkcs8).
    type: str
    choices: [pkcs8, traditional]
  passphrase:
    description:
      - What the key shall be protected by. Without it, or when it is empty, by none, so that a server can read the key
        when it starts.
      - A key that is under it already is not encrypted anew.
    type: str
  current_passphrase:
    description: What the key may be protected by now, where that is not O(passphrase).
    type: str
  regenerate:
    description:
      - When a new key takes the place of one that exists.
      - V(never) makes a key only where there is no file; whatever else is wrong is an error.
      - V(when_damaged) also where the file holds no key that works.
      - V(when_different) also where it is of another type, curve or size.
      - V(always) makes a new one in every run.
      - A key under an unknown passphrase is never taken for damaged, only V(always) replaces it.
    type: str
    choices: [never, when_damaged, when_different, always]
    default: never
  mode:
    description: Mode of the file, as M(ansible.builtin.file) takes it.
    type: raw
    default: "0600"
attributes:
  check_mode:
    description: Says what would be done, and why; nothing is changed, and no key is made.
    support: full
  diff_mode:
    description: Shows type, passphrase or none, format, owner and mode before and after; never key material.
    support: full
  platform:
    description: Where the module runs.
    platforms: linux
    support: full
notes:
  - Passphrases are sent over the connection itself (pipelining, switched on for this module alone) and are never
    written to a temporary file. Keep them in ansible-vault.
seealso:
  - module: wss.edge.certificate_request
  - module: wss.edge.certificates
    description: Makes the keys and certificates of all sites of a host in one run.
"""

EXAMPLES = r"""
- name: A key for a server
  wss.edge.private_key:
    path: /etc/ssl/private/chat.example.com.pem

- name: Take the passphrase off a key that openssl genrsa -des3 made, for a server that must start without being asked
  wss.edge.private_key:
    path: /etc/ssl/private/www.example.com.pem
    type: rsa
    bits: 2048
    current_passphrase: "{{ vault_www_passphrase }}"

- name: A key under a passphrase, which a group may read
  wss.edge.private_key:
    path: /etc/ssl/private/signing.pem
    curve: secp384r1
    passphrase: "{{ vault_signing_passphrase }}"
    group: ssl-cert
    mode: "0640"
"""

RETURN = r"""
path:
  description: The file of the key, as it was given. Ansible adds the file's C(owner), C(group), C(mode) and C(size).
  type: str
  returned: success
  sample: /etc/ssl/private/chat.example.com.pem
reason:
  description: Why it changed; empty when it did not.
  type: str
  returned: success
  sample: it was under a passphrase
type:
  description: Kind of key.
  type: str
  returned: success
  sample: ecdsa
size_bits:
  description: Size of the key; null in check mode when a key would be made.
  type: int
  returned: success
  sample: 256
curve:
  description: Curve of an ECDSA key; null for another kind.
  type: str
  returned: success
  sample: secp256r1
public_key_fingerprint:
  description: SHA-256 of the public key (SubjectPublicKeyInfo); null in check mode when a key would be made.
  type: str
  returned: success
  sample: 1f:8b:0a:5c
backup_file:
  description: Copy of the file that was replaced, with mode 0600.
  type: str
  returned: when a key was replaced
  sample: /etc/ssl/private/chat.example.com.pem.replaced-20261123T080000Z
"""

import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wss.edge.plugins.module_utils import secrets
from ansible_collections.wss.edge.plugins.module_utils.pki import keys as pki_keys
from ansible_collections.wss.edge.plugins.module_utils.pki import library
from ansible_collections.wss.edge.plugins.module_utils.single_files import access as file_access
from ansible_collections.wss.edge.plugins.module_utils.single_files import keys as file_keys
from ansible_collections.wss.edge.plugins.module_utils.single_files import single

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "type": {"type": "str", "choices": ["ecdsa", "rsa", "ed25519"], "default": "ecdsa"},
    "curve": {"type": "str", "choices": ["secp256r1", "secp384r1", "secp521r1"], "default": "secp256r1"},
    "bits": {"type": "int", "default": 2048},
    "format": {"type": "str", "choices": list(file_keys.FORMS)},
    "passphrase": {"type": "str", "no_log": True},
    "current_passphrase": {"type": "str", "no_log": True},
    "regenerate": {"type": "str", "choices": list(file_keys.REGENERATE), "default": file_keys.NEVER},
    "mode": {"type": "raw", "default": "0600"},
}


def wanted_of(module: AnsibleModule) -> file_keys.Wanted:
    new, current = (
        (secrets.take(module, each) or "").encode() or None for each in ("passphrase", "current_passphrase")
    )
    params = module.params
    settings = pki_keys.KeySettings(params["type"], params["curve"], params["bits"])
    return file_keys.Wanted(settings, params["format"], new, current, params["regenerate"])


def about(key: pki_keys.PrivateKey | None, settings: pki_keys.KeySettings) -> dict[str, Any]:
    """What is told of a key; of one that is not made, what is known."""
    public = key.public_key() if key else None
    return {
        "type": settings.type,
        "size_bits": pki_keys.key_size(public) if public else None,
        "curve": settings.curve if settings.type == "ecdsa" else None,
        "public_key_fingerprint": pki_keys.fingerprint(public) if public else None,
    }


def keep(module: AnsibleModule, wanted: file_keys.Wanted) -> dict[str, Any]:
    """Plan, apply, report."""
    found = single.look(module.params["path"])
    plan = file_keys.plan(found.content, wanted)
    arguments = module.load_file_common_arguments(module.params, found.path)
    access = file_access.Access(arguments, module.set_fs_attributes_if_different)
    key, kept = plan.key, {}
    if plan.reason and not module.check_mode:
        key, content = plan.make(wanted)
        if plan.loses:
            kept["backup_file"] = single.keep_copy(found, datetime.datetime.now(datetime.timezone.utc))
        single.replace(found, content, access.prepare)
    settled = access.settle() if found.content is not None or not module.check_mode else ""
    reason = plan.reason or settled
    return {
        "changed": bool(reason),
        "reason": reason,
        **about(key, wanted.settings),
        **kept,
        "diff": file_access.diff(
            module.params["path"],
            {"key": plan.before, **access.before},
            {"key": plan.after(wanted), **access.after},
        ),
    }


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, add_file_common_args=True)
    if not library.HAS_CRYPTOGRAPHY:
        module.fail_json(msg=library.MISSING)
    path = module.params["path"]
    wanted = wanted_of(module)
    try:
        with single.locked(path):
            result = keep(module, wanted)
    except single.FileError as error:
        module.fail_json(msg=str(error))
    except library.PkiError as error:
        module.fail_json(msg=f"{path}: {error}")
    module.exit_json(path=path, **result)


if __name__ == "__main__":
    main()
