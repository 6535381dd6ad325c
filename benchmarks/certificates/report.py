# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures say: pure functions from what run.py has measured to a table and a plot."""

from __future__ import annotations

import math
import typing as t

Run = t.Mapping[str, t.Any]
TOOLS = {"bulk": "wss.edge.certificates", "loop": "community.crypto, in loops"}
TITLES = {"ecdsa": "ECDSA P-256", "rsa": "RSA-2048"}
COLOURS = {"bulk": "#1b7f4d", "loop": "#8a8f98"}


def per_certificate(run: Run) -> float:
    return run["wall_seconds"] / run["certificates"]


def busy(run: Run, processors: int) -> float:
    """The share of all processors that the host's work had during the run."""
    return run["host_cpu_seconds"] / (run["wall_seconds"] * processors)


def find(runs: t.Sequence[Run], **wanted: str) -> Run:
    return next(run for run in runs if all(run[key] == value for key, value in wanted.items()))


def ratio(runs: t.Sequence[Run], key: str, when: str) -> float:
    """How many times the wall time for a certificate is in loops."""
    loop, bulk = (find(runs, tool=tool, key=key, when=when) for tool in ("loop", "bulk"))
    return per_certificate(loop) / per_certificate(bulk)


def short(value: float) -> str:
    """Three figures, and no more decimals than that."""
    decimals = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:,.{max(decimals, 0)}f}"


def table(results: t.Mapping[str, t.Any]) -> str:
    """Markdown."""
    runs, machine = results["runs"], results["machine"]
    lines = [
        "# Keys and self-signed certificates, made and checked",
        "",
        f"{results['started']}, {machine['processor']}, {machine['processors']} processors, "
        f"{machine['memory_mib']:,} MiB, Linux {machine['kernel']}, load before {machine['load_before']}",
        "",
        *(
            f"- {where}: {', '.join(f'{name} {version}' for name, version in results[where].items())}"
            for where in ("controller", "host")
        ),
        "",
        "| | run | certificates | wall, s | a certificate, ms | CPU controller, s | CPU host, s | processors busy |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for run in runs:
        figures = [
            f"{run['certificates']:,}",
            short(run["wall_seconds"]),
            short(per_certificate(run) * 1000),
            short(run["controller_cpu_seconds"]),
            short(run["host_cpu_seconds"]),
            f"{busy(run, machine['processors']):.0%}",
        ]
        lines.append(f"| {TOOLS[run['tool']]} | {TITLES[run['key']]}, {run['when']} | {' | '.join(figures)} |")
    lines += ["", *(verdict(runs, key, when) for key in TITLES for when in ("first", "unchanged"))]
    peaks = ", ".join(f"{TITLES[key]} {peak:,.0f} MiB" for key, peak in results["peak_memory_mib"].items())
    lines += [f"- Peak memory of the module with its workers, {runs[0]['certificates']:,} certificates: {peaks}", ""]
    return "\n".join(lines)


def verdict(runs: t.Sequence[Run], key: str, when: str) -> str:
    bulk, loop = (find(runs, tool=tool, key=key, when=when)["certificates"] for tool in ("bulk", "loop"))
    counted = "" if bulk == loop else f", by the certificate ({bulk:,} beside {loop:,})"
    return f"- {TITLES[key]}, {when} run: **{short(ratio(runs, key, when))} times** as fast{counted}"


def plot(results: t.Mapping[str, t.Any]) -> str:
    """SVG: the wall time for a certificate, on a logarithmic axis."""
    runs = results["runs"]
    groups = [(key, when) for key in TITLES for when in ("first", "unchanged")]
    times = [per_certificate(run) * 1000 for run in runs]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    left, width, thick = 170, 560, 16
    height = 60 + len(groups) * 54

    def place(milliseconds: float) -> float:
        return left + width * (math.log10(milliseconds) - low) / max(high - low, 1)

    shapes = ['<text x="10" y="22" class="t">Wall time for one certificate, in ms (logarithmic)</text>']
    for power in range(low, high + 1):
        x = place(10.0**power)
        shapes.append(f'<line x1="{x:.1f}" y1="36" x2="{x:.1f}" y2="{height - 22}" stroke="#ddd"/>')
        shapes.append(f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle">{10.0**power:g}</text>')
    for number, (key, when) in enumerate(groups):
        top = 44 + number * 54
        shapes.append(f'<text x="10" y="{top + 21}">{TITLES[key]}, {when}</text>')
        for row, tool in enumerate(TOOLS):
            value = per_certificate(find(runs, tool=tool, key=key, when=when)) * 1000
            y, end = top + row * (thick + 2), place(value)
            size = f'x="{left}" y="{y}" width="{end - left:.1f}" height="{thick}"'
            shapes.append(f'<rect {size} fill="{COLOURS[tool]}"/>')
            shapes.append(f'<text x="{end + 5:.1f}" y="{y + 13}">{short(value)} ({TOOLS[tool]})</text>')
    style = "text{font:12px sans-serif;fill:#222}.t{font-size:14px;font-weight:bold}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 210} {height}">'
    return "\n".join(
        [head, f"<style>{style}</style>", '<rect width="100%" height="100%" fill="#fff"/>', *shapes, "</svg>", ""]
    )
