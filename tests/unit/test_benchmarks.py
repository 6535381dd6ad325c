# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic of benchmarks/certificates, on figures that were made up."""

from __future__ import annotations

import importlib.util
import itertools
import pathlib
import xml.etree.ElementTree as ET

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "benchmarks/certificates"
SECONDS = {("bulk", "first"): 4.0, ("bulk", "unchanged"): 2.0, ("loop", "first"): 120.0, ("loop", "unchanged"): 60.0}


@pytest.fixture(scope="module")
def report():
    spec = importlib.util.spec_from_file_location("report_of_certificates", FOLDER / "report.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def results():
    runs = [
        {"tool": tool, "key": key, "when": when, "certificates": 1000 if tool == "bulk" else 100}
        | {"wall_seconds": SECONDS[tool, when], "controller_cpu_seconds": 1.0, "host_cpu_seconds": 3.0}
        for key, (tool, when) in itertools.product(("ecdsa", "rsa"), SECONDS)
    ]
    machine = {"processor": "one", "processors": 2, "memory_mib": 4096, "kernel": "6.1", "load_before": 0.0}
    described = {"started": "2026-01-01T00:00:00Z", "machine": machine, "controller": {"a": "1"}, "host": {"b": "2"}}
    return {**described, "runs": runs, "peak_memory_mib": {"ecdsa": 30.2, "rsa": 41.0}}


def test_the_ratio_is_by_the_certificate(report, results):
    assert report.ratio(results["runs"], "rsa", "first") == pytest.approx((120 / 100) / (4 / 1000))
    assert report.ratio(results["runs"], "ecdsa", "unchanged") == pytest.approx(300)


def test_processors_are_busy_by_what_the_host_used(report, results):
    assert report.busy(results["runs"][0], 2) == pytest.approx(3 / (4 * 2))


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1,234"), (312.4, "312"), (27.38, "27.4"), (1.5, "1.50"), (0.0312, "0.0312"), (0, "0")]
)
def test_three_figures(report, value, text):
    assert report.short(value) == text


def test_the_table_says_what_was_compared(report, results):
    text = report.table(results)
    assert "| wss.edge.certificates | RSA-2048, first | 1,000 | 4.00 | 4.00 | 1.00 | 3.00 | 38% |" in text
    assert "- RSA-2048, first run: **300 times** as fast, by the certificate (1,000 beside 100)" in text
    assert "ECDSA P-256 30 MiB, RSA-2048 41 MiB" in text


def test_the_plot_gives_each_power_of_ten_the_same_width(report, results):
    svg = ET.fromstring(report.plot(results))
    bars = [float(shape.get("width")) for shape in svg.findall(".//{*}rect") if shape.get("x")]
    assert len(bars) == len(results["runs"])
    bulk, loop, bulk_again, loop_again = bars[:4]  # 4 and 1,200 ms; 2 and 600
    assert loop - bulk == pytest.approx(loop_again - bulk_again, abs=0.2)
    assert 4 * (loop - bulk) == pytest.approx(560 * 2.477, abs=1)  # of four powers, 560 wide
