# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has Apache itself print what it makes of its configuration."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.wss.edge.plugins.module_utils.server.apache_syntax import Resolved, resolved
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import CheckError, Runner
from ansible_collections.wss.edge.plugins.module_utils.server.records import APACHE_COMMAND, Server


def resolve(server: Server, binary: str, runner: Runner, *, ours: str = "\0", prefix: Sequence[str] = ()) -> Resolved:
    """Ask for the configuration that is on disk.

    :param ours: What the paths of files begin with that are left out.
    :param prefix: What goes before the command.
    :raises CheckError: where Apache does not say it.
    """
    ask = [
        "-t",
        "-c",
        f"LoadModule info_module {server.modules_dir}/mod_info.so",
        "-D",
        "DUMP_MODULES",
        "-D",
        "DUMP_CONFIG",
    ]
    shell = ["/bin/sh", "-c", APACHE_COMMAND, server.variables.format(root=server.config_dir)]
    status, out, err = runner([*prefix, *shell, binary, *ask])
    if status != 0:
        raise CheckError(f"{server.title} does not print its configuration: {(err or out).strip()}")
    return resolved(out, ours)
