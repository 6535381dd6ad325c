# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both families have both servers, and nothing of the other family's."""

from __future__ import annotations

import dataclasses
import subprocess

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import apache_config, config_check
from ansible_collections.wss.edge.plugins.module_utils.server.family import DEBIAN, REDHAT
from ansible_collections.wss.edge.plugins.module_utils.server.records import SERVERS, servers

ALL = [
    (DEBIAN, "nginx", "nginx", ("nginx",), "/etc/nginx/nginx.conf"),
    (DEBIAN, "apache", "apache2", ("apache2",), "/etc/apache2/apache2.conf"),
    (REDHAT, "nginx", "nginx", ("nginx",), "/etc/nginx/nginx.conf"),
    (REDHAT, "apache", "httpd", ("httpd", "mod_ssl", "mod_http2"), "/etc/httpd/conf/httpd.conf"),
]


@pytest.mark.parametrize(("family", "name", "service", "packages", "main_file"), ALL)
def test_what_each_is_called(family, name, service, packages, main_file):
    server = servers(family)[name]
    assert (server.service, server.packages, server.main_file) == (service, packages, main_file)
    assert main_file.startswith(f"{server.config_dir}/")
    assert all(package.startswith(server.file_packages) for package in packages)


@pytest.mark.parametrize("name", ["nginx", "apache"])
def test_what_is_the_same_in_all_families(name):
    for same in ("name", "title", "programs", "binaries"):
        assert getattr(servers(REDHAT)[name], same) == getattr(SERVERS[name], same)


def test_nothing_of_debians_is_in_red_hats_apache():
    values = dataclasses.asdict(servers(REDHAT)["apache"])
    kept = ("programs", "binaries", "trial", "wrapper")  # which look for either
    assert not [key for key, value in values.items() if "apache2" in str(value) and key not in kept]
    assert "envvars" not in str(values)


@pytest.mark.parametrize(
    ("family", "file", "name"), [(DEBIAN, "envvars", "APACHE_ARGUMENTS"), (REDHAT, "sysconfig", "OPTIONS")]
)
def test_the_check_takes_the_arguments_that_the_service_has(tmp_path, family, file, name):
    program = tmp_path / "httpd"
    program.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Server version: Apache/2.4.66 || echo "$@" >&2\n')
    program.chmod(0o755)
    (tmp_path / file).write_text(f"{name}='-D MINE'\n")
    server = dataclasses.replace(
        servers(family)["apache"],
        variables=str(tmp_path / file),
        modules_dir="/modules",
        binaries=(str(program),),
        config_dir=str(tmp_path),
    )
    commands = []

    def run(command):
        commands.append(command)
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    assert config_check.check(server, None, run).messages[0].text == "-t -D MINE"
    apache_config.resolve(server, str(program), run)
    assert "LoadModule info_module /modules/mod_info.so" in commands[-1]
