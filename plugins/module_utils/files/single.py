# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes as soon as module_utils/authority imports from module_utils/single_files, which this was."""

from __future__ import annotations

from ansible_collections.wss.edge.plugins.module_utils.single_files.single import FileError, look, replace

__all__ = ("FileError", "look", "replace")
