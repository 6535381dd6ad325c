# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests run in: the Pythons of this machine, and virtual environments in .cache/venv."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
CACHE = TOP / ".cache"
# Each ansible-core runs on the first of these Pythons that is there.
CONTROLLERS = {"newest": ("3.13", "3.14", "3.12"), "oldest": ("3.11", "3.12", "3.13")}


def find_pythons() -> dict[str, str]:
    """Those that can make a virtual environment, by version: on PATH first, then pyenv's."""
    found = {}
    for minor in range(9, 15):
        folders = [*os.environ["PATH"].split(":"), *pathlib.Path.home().glob(f".pyenv/versions/3.{minor}.*/bin")]
        for path in filter(pathlib.Path.exists, (pathlib.Path(folder, f"python3.{minor}") for folder in folders)):
            question = [path, "-c", "import ensurepip, sys; print(sys.executable)"]
            answer = subprocess.run(question, capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                found[f"3.{minor}"] = answer.stdout.strip()
                break
    return found


def put_on_path(pythons: dict[str, str]) -> None:
    """ansible-test looks for python3.x; a version manager's stand-ins that lead nowhere may come first on PATH."""
    folder = CACHE / "python"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, path in pythons.items():
        (folder / f"python{version}").symlink_to(path)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


def provide_pip(venv: pathlib.Path) -> None:
    """ansible-test would fetch a script that installs pip from a server of its own; with this one, PyPI is enough."""
    source = next(venv.glob("lib/*/site-packages/ansible_test/_internal/python_requirements.py"))
    version = re.findall(r"pip='([\d.]+)'", source.read_text())[0]
    script = pathlib.Path.home() / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        steps = [["ensurepip"], ["pip", "install", "--quiet", f"pip=={version}"]]
        runs = "".join(f"subprocess.check_call([sys.executable, '-m', *{step}])\n" for step in steps)
        script.write_text(f"import subprocess, sys\n{runs}")


def make_venv(name: str, python: str, *requirements: str) -> pathlib.Path:
    venv = CACHE / "venv" / name
    files = [TOP / f"requirements/{file}.txt" for file in requirements]
    subprocess.run([TOP / "requirements/venv", venv, python, *files], check=True)
    return venv


def make_controllers(pythons: dict[str, str]) -> dict[str, str]:
    """The ansible-cores to test, each with its Python's version. The first one's environment has the tools too."""
    controllers: dict[str, str] = {}
    for name, choice in CONTROLLERS.items():
        version = next(filter(pythons.get, choice), None)
        if version is None:
            print(f"Not tested: the {name} ansible-core; Python {', '.join(choice)}: none is here.")
            continue
        requirements = ["wss", "unit"] + ["tools"] * (not controllers) + ["oldest"] * (name == "oldest")
        provide_pip(make_venv(name, pythons[version], *requirements))
        controllers[name] = version
    return controllers
