# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits on size that CONTRIBUTING.md names. Complexity is ruff's business (C901)."""

from __future__ import annotations

import ast
import pathlib

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}


def too_long(sizes: dict[str, int], limit: int) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size > limit}


def function_sizes(source: str, where: str = "") -> dict[str, int]:
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return {f"{where}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1 for node in functions}


def code_size(source: str) -> int:
    """The lines below a module's documentation."""
    documentation = [
        node.end_lineno
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") in DOCUMENTATION for target in node.targets)
    ]
    return len(source.splitlines()) - max(documentation, default=0)


def files(*patterns: str) -> dict[str, str]:
    paths = [path for pattern in patterns for path in TOP.glob(pattern) if path.is_file()]
    assert paths, f"nothing matches {patterns}"
    return {str(path.relative_to(TOP)): path.read_text(encoding="utf-8") for path in paths}


def test_a_function_has_at_most_50_lines():
    found = {}
    for name, source in files("plugins/**/*.py", "tests/*.py").items():
        found.update(function_sizes(source, name))
    assert too_long(found, 50) == {}


def test_a_module_has_at_most_150_lines_below_its_documentation():
    assert too_long({name: code_size(source) for name, source in files("plugins/modules/*.py").items()}, 150) == {}


@pytest.mark.parametrize(
    ("limit", "patterns"),
    [
        (60, ["roles/*/tasks/**/*.yml", "roles/*/handlers/**/*.yml", "molecule/*.yml", "molecule/*/*.yml"]),
        (120, ["roles/*/templates/**/*", "plugins/**/*.j2"]),
    ],
    ids=["task file", "template"],
)
def test_a_file_has_at_most(limit, patterns):
    sizes = {name: len(text.splitlines()) for name, text in files(*patterns).items()}
    assert too_long(sizes, limit) == {}


def test_the_measures_measure():
    source = "def a():\n    pass\n\n\nclass B:\n    async def c(self):\n        x = 1\n        return x\n"
    assert function_sizes(source) == {":1 a": 2, ":6 c": 3}
    assert code_size('DOCUMENTATION = r"""\none\ntwo\n"""\nRETURN = """\nthree\n"""\n\nimport os\n') == 2
