# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel and semanage say of SELinux. No host of the tests has it: see docs/rhel.md."""

from __future__ import annotations

import pytest

from ansible_collections.wss.edge.plugins.module_utils.server import selinux

# The form is semanage's own: '%-30s %-8s ' and the ports.
PORTS = """\
http_cache_port_t              tcp      8080, 8118, 8123, 10001-10003
http_cache_port_t              udp      3130
http_port_t                    tcp      5555, 80, 81, 443
pegasus_http_port_t            tcp      5988
unreserved_port_t              tcp      61001-65535, 1024-32767
"""


@pytest.mark.parametrize(("text", "mode"), [("1", "enforcing"), ("0", "permissive"), (None, "disabled")])
def test_mode(tmp_path, monkeypatch, text, mode):
    monkeypatch.setattr(selinux, "ENFORCE", tmp_path / "enforce")
    if text is not None:
        (tmp_path / "enforce").write_text(text)
    assert selinux.mode() == mode


def test_ports_of_web_servers(monkeypatch):
    monkeypatch.setattr(selinux, "SEMANAGE", "/bin/sh")
    asked = []
    ports = selinux.http_ports(lambda command: (asked.extend(command) or 0, PORTS, ""))
    assert ports == [80, 81, 443, 5555, 8080, 8118, 8123, 10001, 10002, 10003]
    assert asked == ["/bin/sh", "port", "--list", "--noheading"]


def test_without_the_tools_no_port_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(selinux, "SEMANAGE", str(tmp_path / "semanage"))
    assert selinux.http_ports(lambda _command: pytest.fail("ran a program that is not there")) == []
