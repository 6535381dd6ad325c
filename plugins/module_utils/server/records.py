# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that terminate TLS, as data: what differs between them and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """What must be known of a server to install, check and configure it."""

    name: str
    title: str
    binaries: tuple[str, ...]
    """Where the program may be; the first that exists is used."""
    packages: dict[str, tuple[str, ...]]
    """What to install, by Ansible's os_family."""
    config_dir: str
    main_file: str
    pid_file: str
    check_args: tuple[str, ...]
    """Check the configuration, print errors and warnings only."""
    dump_args: tuple[str, ...]
    """The same, and print the whole configuration when it is valid."""
    dump_since: tuple[int, ...]
    version_args: tuple[str, ...]
    version_pattern: str
    message_pattern: str
    """One message of the check: level, text and, where it says so, file and line."""
    minimum_version: tuple[int, ...]
    minimum_reason: str


NGINX = Server(
    name="nginx",
    title="nginx",
    binaries=(
        "/usr/sbin/nginx",
        "/usr/local/sbin/nginx",
        "/usr/bin/nginx",
        "/usr/local/nginx/sbin/nginx",
        "/usr/local/openresty/nginx/sbin/nginx",
    ),
    packages={"Debian": ("nginx",)},
    config_dir="/etc/nginx",
    main_file="/etc/nginx/nginx.conf",
    pid_file="/run/nginx.pid",
    check_args=("-t", "-q"),
    dump_args=("-T", "-q"),
    dump_since=(1, 9, 2),
    version_args=("-V",),
    version_pattern=r"\b(?:(?:free)?nginx|openresty)/(?P<version>\d+(?:\.\d+)+)",
    # "nginx: [emerg] ..." or, where the error log is stderr, "2026/11/23 03:52:36 [emerg] 22527#22527: ...".
    message_pattern=(
        r"^(?:nginx: |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )\[(?P<level>\w+)\] (?:\d+#\d+: )?"
        r"(?P<text>.*?)(?: in (?P<file>/(?:(?! in /).)*):(?P<line>\d+))?$"
    ),
    minimum_version=(1, 3, 13),
    minimum_reason="the first that proxies WebSocket connections",
)

SERVERS = {server.name: server for server in (NGINX,)}
