# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine, as if it were another one: what is done over it is done by modules."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = r"""
name: elsewhere
short_description: This machine, as if it were another one
description: The connection local by another name.
author: The wss.edge authors (@wss-edge)
extends_documentation_fragment: connection_pipelining
"""


class Connection(Local):
    """Only its name is another."""

    transport = "elsewhere"
