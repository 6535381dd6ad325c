# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server cannot do is refused, and is in the documentation."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.wss.edge.plugins.module_utils.model import later, schema
from ansible_collections.wss.edge.plugins.module_utils.model.problems import At, Problems
from ansible_collections.wss.edge.plugins.module_utils.model.servers import APPLICATIONS, DIFFERENCES

ROOT = Path(__file__).parents[5]
OPTIONS = yaml.safe_load((ROOT / "roles/wss/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


def documentation() -> Any:
    spec = importlib.util.spec_from_file_location("docs_servers", ROOT / "docs/servers.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


DOCUMENTATION = documentation()


def refused(server: str, endpoint: dict[str, Any], **changes: Any) -> list[str]:
    whole = {"name": "chat", "endpoints": [{"path": "/wss", "backend": "ws://127.0.0.1:8282", **endpoint}], **changes}
    problems = Problems()
    values = schema.apply(OPTIONS, {"wss_sites": [whole], "wss_server": server}, At(), problems)
    later.refuse(values, problems)
    return problems.found


LIMIT = (
    "site chat, endpoint /wss, max_connections_per_client: 3 is not possible with wss_server: apache: none of Apache's"
    " own modules counts the connections of one client (see https://httpd.apache.org/docs/2.4/mod/) (allowed: 0)"
)
HTTP2 = (
    "site chat, http2_websockets: true is not possible with wss_server: nginx: nginx opens a WebSocket by the protocol"
    " switch of HTTP/1.1 alone (see https://nginx.org/en/docs/http/websocket.html) (allowed: false)"
)


@pytest.mark.parametrize(
    ("server", "endpoint", "changes", "expected"),
    [
        ("apache", {}, {}, []),
        ("apache", {"max_connections_per_client": 3}, {}, [LIMIT]),
        ("nginx", {"max_connections_per_client": 3}, {}, []),
        ("nginx", {}, {"http2_websockets": True}, [HTTP2]),
        ("apache", {}, {"http2_websockets": True}, []),
        ("apache", {}, {"certificate": {"provider": "acme"}}, [
            'site chat, certificate.provider: "acme" belongs to a later version'
            " (allowed: self_signed, private_ca, request, files)",
        ]),
    ],
)  # fmt: skip
def test_what_a_server_cannot_do(
    server: str, endpoint: dict[str, Any], changes: dict[str, Any], expected: list[str]
) -> None:
    assert refused(server, endpoint, **changes) == expected


def smallest(key: str) -> Any:
    """The value of a key that the user has not written."""
    problems = Problems()
    sites = [{"name": "chat", "endpoints": [{"path": "/wss"}]}]
    values: Any = schema.apply(OPTIONS, {"wss_sites": sites}, At(), problems)
    assert problems.found == []
    for part in key.split("."):
        values = values[part]
        values = values[0] if part in schema.OWNERS else values
    return values


def test_each_difference_is_of_a_key_that_there_is_and_allows_its_default() -> None:
    assert len({(row.server, row.key) for row in DIFFERENCES}) == len(DIFFERENCES)
    for row in DIFFERENCES:
        pages = ("https://httpd.apache.org/docs/2.4/", "https://nginx.org/en/docs/", APPLICATIONS)
        assert row.documentation.startswith(pages)
        if row.allowed is not None:
            assert smallest(row.key) in row.allowed, row.key
    options = dict(DOCUMENTATION.keys(OPTIONS))
    told = {row.key for row in DIFFERENCES if row.allowed is None} | set(later.LATER)
    assert told <= set(options)


def test_the_documentation_is_what_its_script_makes() -> None:
    made = DOCUMENTATION.page()
    assert DOCUMENTATION.PAGE.read_text(encoding="utf-8") == made, "run python3 docs/servers.py"
    for row in DIFFERENCES:
        assert row.documentation == APPLICATIONS or f"[{row.text}]({row.documentation})" in made


def test_a_site_without_a_server_has_no_setting_of_one() -> None:
    refusals = {row.key for row in DIFFERENCES if row.server == "none"}
    assert "wss_sites.endpoints.origins" in refusals
    assert "wss_sites.certificate.valid_days" not in refusals
