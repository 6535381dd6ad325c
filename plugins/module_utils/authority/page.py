# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of instructions that is left beside C(root.pem)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PAGE = """\
# Trusting the root «{name}»

`root.pem` is the certificate of a private authority. No device trusts it by itself; each needs it once. It ends on
{not_after}. {limits}

Whoever trusts it believes what the owner of its key signs, so compare its fingerprint first:

    openssl x509 -in root.pem -noout -fingerprint -sha256
    {fingerprint}

Hand out `root.pem` alone. The files `*.key.pem` belong to the authority and to nobody else.

## Computers
| where | how |
|---|---|
| Windows: Edge, Chrome, Firefox | As administrator: `certutil -addstore -f Root root.pem` |
| macOS: Safari, Chrome, Firefox | `sudo security add-trusted-cert -d -r trustRoot \
-k /Library/Keychains/System.keychain root.pem` |
| Linux programs: Debian, Ubuntu | Copy it to `/usr/local/share/ca-certificates/{file}.crt`, then \
`sudo update-ca-certificates` |
| Linux programs: Fedora, RHEL | Copy it to `/etc/pki/ca-trust/source/anchors/{file}.pem`, then `sudo update-ca-trust` |
| Linux: Chrome, Chromium | They do not read the system's store. Settings, Privacy and security, Security, Manage \
certificates, Local certificates, Custom, Installed by you, Trusted certificates: Import |
| Linux: Firefox | It does not read the system's store. Settings, Privacy & Security, View Certificates, Authorities: \
Import, and tick «identify websites» |

Firefox on Windows, macOS and Android takes the system's roots from version 120 on. In an older one, import the root as
on Linux.

## Phones and tablets
- **Android**: copy the file to the device; Settings, Security, Encryption & credentials, Install a certificate, CA
  certificate (the words differ by maker). Chrome and Firefox take it then. Other apps do not, from Android 7 on, unless
  they were built to: their network security configuration must name `<certificates src="user" />`, or bring the root.
- **iPhone, iPad**: send the file by mail or AirDrop, open it, install the profile (Settings, General, VPN & Device
  Management), then switch it on under Settings, General, About, Certificate Trust Settings. Without the second step
  nothing is trusted. Server certificates must be for 825 days at most, which the authority sees to.

## Programs
| program | how |
|---|---|
| curl | `curl --cacert root.pem https://...` |
| Node.js | `NODE_EXTRA_CA_CERTS=/path/to/root.pem`, set before it starts |
| Python | `ssl.create_default_context(cafile="root.pem")`; for requests `REQUESTS_CA_BUNDLE=/path/to/root.pem` (then \
it trusts this root alone) |
| Java 9 and newer | `keytool -importcert -cacerts -alias {file} -file root.pem` (the password is `changeit`) |
| a device of your own | Put `root.pem` into its firmware, with a way to replace it before the root ends |

## Where a private root can never work
- **WeChat and other mini-programs on real devices**: they accept only roots that the system comes with. The switch in
  the developer tools that turns the check off does not reach users.
- **Browsers and phones of people whom you cannot ask** to do one of the above.
- **Android apps** of others that were not built for it.
- **Services of others that connect to you**: voice assistants, webhooks, most clouds for devices.

There, let a public authority sign: provider `request` (this collection makes key and request, the authority signs) or
provider `files` (you have key and certificate already).
"""


def trust_page(name: str, fingerprint: str, not_after: str, permitted: Sequence[str], excluded: Sequence[str]) -> bytes:
    """Markdown."""
    filled = _PAGE.format(
        name=name,
        file="-".join(re.findall("[a-z0-9]+", name.lower())) or "wss-edge-root",
        fingerprint=f"sha256 Fingerprint={fingerprint.upper()}",
        not_after=not_after,
        limits=_limits(permitted, excluded),
    )
    return filled.encode()


def _limits(permitted: Sequence[str], excluded: Sequence[str]) -> str:
    """What clients let it sign for: no constraint is of e-mail addresses and URIs, which are therefore free."""
    if not permitted and not excluded:
        return "It may sign for any name."
    which = f"{', '.join(permitted)} and what is below, and for no others" if permitted else "any"
    if excluded:
        which += f"{', and not for' if permitted else ' but'} {', '.join(excluded)} and what is below"
    return f"Of DNS names and IP addresses it may sign for {which}; e-mail addresses and URIs are not limited."
