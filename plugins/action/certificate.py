# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the passphrases to the module, and to no file and no output on the way."""

from __future__ import annotations

from ansible_collections.wss.edge.plugins.plugin_utils.secrets import SecretArguments


class ActionModule(SecretArguments):
    """Runs the module of the same name."""

    SECRETS = ("passphrase", "ca_passphrase")
