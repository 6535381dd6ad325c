# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of what ran where, from reports that were made up."""

from __future__ import annotations

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
PASSES = '<testcase name="test_a[debian11]"/><testcase name="test_b[debian11]"/>'
FAILS = '<testcase name="test_c[debian11]"><failure message="no"/></testcase>'
SKIPS = '<testcase name="test_d[debian11]"><skipped message="no such thing here"/></testcase>'


@pytest.fixture
def platforms(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(TESTS))
    import platforms

    monkeypatch.setattr(platforms, "REPORTS", tmp_path)
    yield platforms
    for name in ("platforms", "environments"):
        sys.modules.pop(name, None)


def report(cases: str, suite: str = "bullseye", **versions: str) -> str:
    properties = "".join(
        f'<property name="{name}" value="{value}"/>' for name, value in {"suite": suite, **versions}.items()
    )
    head = f'<testsuite timestamp="2026-11-23T18:00:00+00:00"><properties>{properties}</properties>'
    return f"<testsuites>{head}{cases}</testsuite></testsuites>"


@pytest.mark.parametrize(
    ("text", "expected", "in_ci", "said"),
    [
        (report(PASSES), True, False, "2"),
        (report(PASSES), True, True, "**2**"),
        (report(PASSES + FAILS), True, False, "2, 1 failed"),
        (report(PASSES + SKIPS), True, False, "2, 1 left out"),
        (None, True, True, "did not run"),
        (None, False, False, "-"),
    ],
)
def test_a_cell(platforms, text, expected, in_ci, said):
    assert platforms.cell(platforms.read(text) if text else None, expected, in_ci) == said


def test_the_page(platforms, tmp_path):
    (tmp_path / "default-debian11.xml").write_text(report(PASSES + SKIPS, nginx="1.18.0"))
    (tmp_path / "apache-apache12.xml").write_text(report(PASSES + FAILS, suite="bookworm", Apache="2.4.71"))
    (tmp_path / "sites.failed").touch()
    scenarios = [platforms.Scenario(TESTS.parent / "molecule" / name) for name in ("apache", "default", "sites")]
    page = platforms.page(scenarios)
    assert "| Debian 11 | - | 1.18.0 | - | - | - | - |\n" in page
    nginx, apache = page.partition("## nginx")[2].partition("## Apache")[::2]
    dash, not_run = "| - ", "| did not run "
    assert f"| apache {dash * 5}| 2026-11-23 |" in nginx
    assert f"| default | **2, 1 left out** {not_run * 4}| 2026-11-23 |" in nginx
    assert f"| apache {not_run}| 2, 1 failed {not_run * 3}| 2026-11-23 |" in apache
    assert f"| sites {not_run * 5}|  |" in apache
    assert "- apache: failed on apache12: `test_c`\n" in page
    assert "- default: left out on debian11: `test_d`: no such thing here\n" in page
    assert "- sites: something else than a test failed" in page


def test_the_hosts_are_those_of_the_limit(platforms):
    scenario = platforms.Scenario(TESTS.parent / "molecule/default")
    assert len(scenario.expected) == 10
    assert scenario.in_ci == scenario.expected
    scenario = platforms.Scenario(TESTS.parent / "molecule/apache")
    assert {name.startswith("apache") for name in scenario.expected} == {True}
    assert scenario.in_ci < scenario.expected
