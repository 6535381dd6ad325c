# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contexts of the servers' templates."""

from __future__ import annotations

from ansible_collections.wss.edge.plugins.module_utils.release.host import HostError
from ansible_collections.wss.edge.plugins.module_utils.release.nginx_context import nginx_context

__all__ = ["HostError", "nginx_context"]
