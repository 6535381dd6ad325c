#!/usr/bin/env bash
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Writes an RHEL-like root filesystem to standard output, as tar: an imitation of that family's layout for tests,
# made of Debian's binaries under rpm and dnf.
# usage: image.sh SUITE MIRROR SECURITY_MIRROR PUBLIC_KEY [APT_OPTION...]
set -euo pipefail
here=$(dirname "$(realpath "$0")")
INCLUDE="rpm dnf createrepo-c" HOOK="$here/disguise.sh" exec "$here/../image.sh" "$@"
