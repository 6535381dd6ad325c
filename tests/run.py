# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 tests/run.py [PART...]`: runs these parts of the tests, or all. Ends with how many passed and failed.

A part is one of PARTS, or the name of a step of it, as in what is printed: `molecule-sites`. With WSS_HOSTS=wss, as
`make test-all` has it, each scenario runs on every host, and the modules on every Python.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

from environments import CACHE, TOP, find_pythons, make_controllers, make_venv, put_on_path

PARTS = ("lint", "unit", "sanity", "archive", "integration", "molecule")
WHOLE = os.environ.get("WSS_HOSTS") == "wss"
# With the libraries of tests/unit/requirements.txt. Debian 12's and 13's are those of test hosts, too.
MODULES_RUN_ON = ("3.9", "3.10", "3.11", "3.12", "3.13") if WHOLE else ("3.9", "3.11", "3.13")
PACKAGES = ("git", "openssh-client", "openssl", "python3-venv", "shellcheck")
# What differs between versions of cryptography; the oldest Python runs everything.
CRYPTOGRAPHIC = " ".join(
    f"tests/unit/plugins/module_utils/{name}"
    for name in ("authority/", "certificates/", "pki/", "single_files/", "test_requirements.py")
)
MODULES_NEED = TOP / "tests/unit/requirements.txt"
ARCHIVE = ".cache/archive/wss-edge-*.tar.gz"
# What one host fails before its tests must not hide what the others pass.
SCENARIO = (
    "mkdir -p .cache/molecule; rm -f {report}.failed; molecule test --destroy never -s {name} ||"
    " {{ touch {report}.failed; ls {report}-*.xml || molecule verify -s {name}; }}; [ ! -e {report}.failed ]"
)
OWN_HOSTS = f"molecule destroy -s {{name}} && {SCENARIO}; code=$?; molecule destroy -s {{name}}; exit $code"
# The importer says what it objects to, and succeeds.
IMPORT = f"python -m galaxy_importer.main {ARCHIVE} | awk '{{print}} /ERROR|WARNING/ {{bad = 1}} END {{exit bad}}'"


@dataclasses.dataclass
class Step:
    part: str
    name: str
    command: str
    reports: str = ""  # the JUnit files it writes, a pattern below .cache
    alone: bool = False  # it starts services, or other work would slow it


def ansible_test(part: str, name: str, controller: str, arguments: str, prepare: str = "true") -> Step:
    """ansible-test wants a tree named after the collection, in git: each step has its own, with the archive's files."""
    tree = f"{name}/ansible_collections/wss/edge"
    command = (
        f"rm -rf .cache/{name} && mkdir -p .cache/{tree} && tar -xzf {ARCHIVE} -C .cache/{tree} && cd .cache/{tree}"
        f" && git init -q && echo /tests/output >.git/info/exclude && {prepare}"
        f" && {CACHE}/venv/{controller}/bin/ansible-test {arguments} --color no"
    )
    return Step(part, name, command, f"{tree}/tests/output/junit/*.xml")


def integration(name: str, controller: str, python: str, arguments: str) -> Step:
    """The target `interpreter` sees that the modules run on this Python, with the cryptography named for it."""
    pin = re.search(rf'cryptography==(\S+); python_version == "{python}"', MODULES_NEED.read_text())
    versions = f"{python}[.][0-9]+ {pin[1] if pin else ''}"
    prepare = f"echo 'modules_run_on: {versions}' >tests/integration/integration_config.yml"
    step = ansible_test("integration", name, controller, f"integration {arguments}", prepare)
    return dataclasses.replace(step, reports="")  # they would count each task


def modules_on(python: str, controllers: dict[str, str]) -> list[Step]:
    """A controller's own Python is that of its unit tests; the first one's runs all targets."""
    of_python = {version: name for name, version in controllers.items()}
    main = next(iter(controllers))
    if python == controllers[main]:
        step = integration("integration", main, python, f"--controller origin:python={python}")
        return [dataclasses.replace(step, alone=True)]
    name = of_python.get(python, main)
    origin = f"--controller origin:python={controllers[name]}"
    servers = "--exclude nginx_config_check --exclude apache_config_check"
    target = f"{origin} --target controller:python=venv/{python} {servers}"
    steps = [integration(f"integration-{python}", name, python, target)]
    if python not in of_python:
        units = f"units {origin} --target-python venv/{python}"
        some = "" if python == MODULES_RUN_ON[0] else CRYPTOGRAPHIC
        steps += [ansible_test("unit", f"unit-{python}", main, f"{units} {some}")]
    return steps


def plan(controllers: dict[str, str], pythons: dict[str, str]) -> list[Step]:
    main = next(iter(controllers))
    path = f"PATH={CACHE}/venv/{main}/bin:$PATH"
    steps = []
    for name in controllers:
        steps.append(ansible_test("sanity", f"sanity-{name}", name, "sanity --junit --venv"))
        coverage = "--cov" if name == main else ""
        pytest = f"{CACHE}/venv/{name}/bin/pytest -q {coverage} --junit-xml .cache/unit-{name}.xml"
        steps.append(Step("unit", f"unit-{name}", pytest, f"unit-{name}.xml"))
    for python in MODULES_RUN_ON:
        if python not in pythons:
            print(f"Not tested: modules on Python {python}, which is not here.")
        else:
            steps += modules_on(python, controllers)
    return [
        *steps,
        Step("lint", "ansible-lint", f"{path} ansible-lint"),
        Step("lint", "mypy", f"{path} mypy"),
        Step("lint", "ruff", f"{path} ruff check && {path} ruff format --check"),
        Step("lint", "yamllint", f"{path} yamllint --strict ."),
        Step("lint", "changelog", f"{path} antsibull-changelog lint"),
        Step("archive", "importer", f"PATH={CACHE}/venv/importer/bin:$PATH; set -o pipefail; {IMPORT}"),
        *molecule(path),
    ]


def molecule(path: str) -> list[Step]:
    """The scenarios share the hosts that the first step makes, but those that say otherwise and make their own.

    On every host, a scenario would find what the one before it left: there each has fresh ones.
    """
    settings = {file.parent.name: file.read_text() for file in TOP.glob("molecule/*/molecule.yml")}
    run = f"export {path} MOLECULE_GLOB='molecule/*/molecule.yml';"
    fresh = "molecule destroy && molecule create"
    # What a killed run has left is not a fresh host.
    steps = [Step("molecule", "hosts", f"rm -rf .cache/molecule/*/; {run} {fresh}", alone=True)]
    for name, text in sorted(settings.items()):
        shares = "shared_state: false" not in text
        command = (SCENARIO if shares else OWN_HOSTS).format(name=name, report=f".cache/molecule/{name}")
        again = f"{fresh} &&" if shares and WHOLE else ""
        report = f"molecule/{name}-*.xml"
        steps.append(Step("molecule", f"molecule-{name}", f"{run} {again} {command}", report, alone=shares))
    steps.append(Step("molecule", "platforms", f"{path} python tests/platforms.py", alone=True))
    return [*steps, Step("molecule", "no-hosts", f"{run} molecule destroy", alone=True)]


@dataclasses.dataclass
class Outcome:
    """Of a step: how many tests passed and were skipped, and the others, each with the end of what it said."""

    passed: int
    skipped: int
    failed: list[str]


def words_of(case: ET.Element, failure: ET.Element) -> str:
    said = [line for line in (failure.text or failure.get("message") or "").splitlines() if line.startswith("E ")]
    return "\n".join([f"{case.get('classname')}.{case.get('name')}", *(said or [failure.get("message") or ""])[:4]])


def read_reports(step: Step, good: bool) -> Outcome:
    """By the reports that the step wrote; a step without reports is one test."""
    if not step.reports:
        return Outcome(int(good), 0, [] if good else ["see above"])
    seen = Outcome(0, 0, [])
    for file in sorted(CACHE.glob(step.reports)):
        for case in ET.parse(file).iter("testcase"):
            outcome = {child.tag: child for child in case}
            failures = [child for tag, child in outcome.items() if tag in ("failure", "error")]
            seen.failed += [f"{file.stem}: {words_of(case, failure)}" for failure in failures[:1]]
            seen.skipped += "skipped" in outcome
            seen.passed += not failures and "skipped" not in outcome
    if not seen.failed and not (good and seen.passed):
        seen.failed.append("see above")
    return seen


def run(step: Step) -> Outcome:
    for old in CACHE.glob(step.reports or "-"):
        old.unlink()
    start = time.monotonic()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(["bash", "-c", step.command], cwd=TOP, env=environment, check=False, **streams)
    log = CACHE / "log" / f"{step.name}.txt"
    log.parent.mkdir(exist_ok=True)
    log.write_text(done.stdout)
    seen = read_reports(step, done.returncode == 0)
    counts = f"{seen.passed} passed, {len(seen.failed)} failed, {seen.skipped} skipped"
    verdict = f"{step.name}: {counts}, {time.monotonic() - start:.0f} s"
    if seen.failed:
        tail = "\n".join(done.stdout.splitlines()[-60:])
        verdict = f"---- {step.name}: the end of {log.relative_to(TOP)}\n{tail}\n---- {verdict}"
        seen.failed = [f"FAILED {step.name}: {words}" for words in seen.failed]
    print(verdict, flush=True)
    return seen


def set_up() -> tuple[dict[str, str], dict[str, str]]:
    subprocess.run([TOP / "requirements/packages", *PACKAGES], check=True)
    pythons = find_pythons()
    put_on_path(pythons)
    controllers = make_controllers(pythons)
    first = next(iter(controllers))
    make_venv("importer", pythons[controllers[first]], "importer")
    shutil.rmtree(CACHE / "archive", ignore_errors=True)
    galaxy = [CACHE / f"venv/{first}/bin/ansible-galaxy", "collection"]
    subprocess.run([*galaxy, "build", "--output-path", CACHE / "archive"], cwd=TOP, check=True)
    return controllers, pythons


def test(parts: list[str]) -> Outcome:
    try:
        steps = [step for step in plan(*set_up()) if {step.part, step.name} & set(parts)]
    except subprocess.CalledProcessError as error:
        return Outcome(0, 0, [f"FAILED set-up: {error}"])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(run, [step for step in steps if not step.alone]))
    seen += [run(step) for step in steps if step.alone]
    failed = [words for outcome in seen for words in outcome.failed]
    return Outcome(sum(outcome.passed for outcome in seen), sum(outcome.skipped for outcome in seen), failed)


def main(parts: list[str]) -> int:
    CACHE.mkdir(exist_ok=True)
    seen = test(parts)
    # The failures again, by name: whoever sees only the end of the output must know what to mend.
    result = "\n".join([*seen.failed[:20], f"{seen.passed} passed, {len(seen.failed)} failed"])
    (CACHE / "result.txt").write_text(f"{result}\n")
    print(result)
    return 1 if seen.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PARTS)))
