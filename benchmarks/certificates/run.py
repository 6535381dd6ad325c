# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates by wss.edge, and by community.crypto: README.md says what is measured, and how."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
import typing as t

import report

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / "tests"))
import environments  # noqa: E402  the path is set above

HOSTS = TOP / "tests/hosts/hosts.py"
SSH_KEY = pathlib.Path.home() / ".cache/wss-edge/hosts/ssh/id_ed25519"
SSH_OPTIONS = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
KEYS: dict[str, dict[str, t.Any]] = {
    "ecdsa": {"type": "ecdsa", "curve": "secp256r1"},
    "rsa": {"type": "rsa", "bits": 2048},
}
PLAYBOOKS = {"bulk": "bulk.yml", "loop": "loop.playbook"}
LOOPED_AGAIN = 100  # nothing to do is found for each alike
# Every key with its certificate, by openssl: how many pairs there are that belong together.
PAIRS = """
pairs=0
for key in {folder}/*/current/privkey.pem {folder}/*.key; do
  case $key in */privkey.pem) certificate=${{key%privkey.pem}}cert.pem ;; *) certificate=${{key%.key}}.crt ;; esac
  [ -e "$key" ] && [ "$(openssl pkey -in "$key" -pubout)" = "$(openssl x509 -in "$certificate" -noout -pubkey)" ] &&
    pairs=$((pairs + 1))
done
echo $pairs
"""
VERSIONS = """
. /etc/os-release; echo "$PRETTY_NAME"
python3 -c 'import platform, cryptography; print(platform.python_version(), cryptography.__version__)'
openssl version
"""


def output(*command: str | pathlib.Path) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Bench:
    """A host, the controller's environment, and what has been measured."""

    def __init__(self, venv: pathlib.Path, name: str, address: str, work: pathlib.Path) -> None:
        self.venv, self.address, self.work = venv, address, work
        self.runs: list[dict[str, t.Any]] = []
        subprocess.run([sys.executable, HOSTS, "up", name, "trixie", address], check=True)
        self.on_host(
            "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; apt-get -qq install python3-cryptography"
        )
        collections = TOP / "build/collections"
        (work / "ansible.cfg").write_text(
            f"[defaults]\ncollections_path = {collections}\n[connection]\npipelining = true\n"
        )
        variables = {
            "ansible_host": address,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(SSH_KEY),
            "ansible_ssh_common_args": SSH_OPTIONS,
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        (work / "hosts.json").write_text(json.dumps({"all": {"hosts": {"host": variables}}}))

    def on_host(self, command: str) -> str:
        ssh = ["ssh", "-i", SSH_KEY, *SSH_OPTIONS.split(), f"root@{self.address}", command]
        return output(*ssh)

    def host_cpu(self) -> float:
        """Of the whole host since it started, its sshd with it."""
        return int(self.on_host("grep usage_usec /sys/fs/cgroup/cpu.stat").split()[1]) / 1e6

    def play(self, tool: str, folder: str, certificates: list[dict[str, t.Any]], *options: str) -> dict[str, float]:
        """Run a playbook and measure it; a connection of its own each time."""
        variables = self.work / "variables.json"
        variables.write_text(json.dumps({"directory": folder, "certificates": certificates}))
        program = self.venv / "bin/ansible-playbook"
        command = [program, "-i", self.work / "hosts.json", "-e", f"@{variables}", *options, HERE / PLAYBOOKS[tool]]
        host = self.host_cpu()
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="wss-") as control:
            environment = {
                **os.environ,
                "ANSIBLE_CONFIG": str(self.work / "ansible.cfg"),
                "ANSIBLE_SSH_CONTROL_PATH_DIR": control,
            }
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
            wall = time.monotonic() - start
            then = resource.getrusage(resource.RUSAGE_CHILDREN)
        changed = re.search(r"ok=[1-9]\d* +changed=(\d+) +unreachable=0 +failed=0", done.stdout)
        if done.returncode or not changed:
            sys.exit(f"{done.stdout[-3000:]}\n{shlex.join(map(str, command))} failed; see above.")
        cpu = then.ru_utime + then.ru_stime - own.ru_utime - own.ru_stime
        seconds = {"wall_seconds": wall, "controller_cpu_seconds": cpu, "host_cpu_seconds": self.host_cpu() - host}
        return {**{name: round(value, 3) for name, value in seconds.items()}, "changed": int(changed[1])}

    def run(self, tool: str, key: str, when: str, certificates: list[dict[str, t.Any]]) -> None:
        folder = f"/root/{tool}-{key}"
        measured = self.play(tool, folder, certificates)
        changed = measured.pop("changed")
        pairs = int(self.on_host(PAIRS.format(folder=folder))) if when == "first" else len(certificates)
        if pairs != len(certificates) or bool(changed) != (when == "first"):
            sys.exit(f"{tool}, {key}, {when}: {pairs} good pairs of {len(certificates)}, changed is {changed}.")
        run = {"tool": tool, "key": key, "when": when, "certificates": len(certificates), **measured}
        print(f"{key} {when} {tool}: {report.short(report.per_certificate(run) * 1000)} ms a certificate", flush=True)
        self.runs.append(run)

    def peak_memory(self, key: str, certificates: list[dict[str, t.Any]]) -> float:
        """By another run, which is not timed, into another folder; in MiB."""
        folder = f"/root/memory-{key}"
        self.play("bulk", folder, certificates, "-e", "ansible_python_interpreter=/root/memory.py")
        return max(int(peak) for peak in self.on_host("cat /root/peak.txt; rm /root/peak.txt").split()) / 1024


def wanted(key: str, count: int) -> list[dict[str, t.Any]]:
    names = [f"{key}{number}.example.com" for number in range(count)]
    return [{"name": name, "names": [name], "key": KEYS[key]} for name in names]


def describe(bench: Bench) -> dict[str, t.Any]:
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    system, libraries, openssl = bench.on_host(VERSIONS).splitlines()
    python, cryptography = libraries.split()
    versions = "import importlib.metadata as m; print(*map(m.version, ('ansible-core', 'ansible')))"
    core, package = output(bench.venv / "bin/python", "-c", versions).split()
    [crypto] = bench.venv.glob("lib/*/site-packages/ansible_collections/community/crypto/MANIFEST.json")
    return {
        "started": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": {
            "processor": (re.findall(r"model name\s*: (.*)", cpuinfo) or [platform.machine()])[0],
            "processors": os.cpu_count(),
            "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
            "kernel": platform.release(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "controller": {
            "Python": output(bench.venv / "bin/python", "-c", "import platform; print(platform.python_version())"),
            "ansible-core": core,
            "ansible": package,
            "community.crypto": json.loads(crypto.read_text())["collection_info"]["version"],
            "wss.edge": output("git", "-C", TOP, "describe", "--always", "--dirty"),
        },
        "host": {"system": system, "Python": python, "cryptography": cryptography, "openssl": openssl.split()[1]},
    }


def measure(bench: Bench, count: int, loop: int) -> dict[str, t.Any]:
    results = {**describe(bench), "runs": bench.runs, "peak_memory_mib": {}}
    program = "#!/usr/bin/python3\n" + (HERE / "memory.py").read_text()
    bench.on_host(f"printf %s {shlex.quote(program)} >memory.py; chmod +x memory.py")
    for key in KEYS:
        certificates = wanted(key, count)
        bench.run("bulk", key, "first", certificates)
        bench.run("bulk", key, "unchanged", certificates)
        bench.run("loop", key, "first", certificates[:loop])
        bench.run("loop", key, "unchanged", certificates[: min(loop, LOOPED_AGAIN)])
        results["peak_memory_mib"][key] = round(bench.peak_memory(key, certificates), 1)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description="Keys and certificates by wss.edge and by community.crypto.")
    parser.add_argument("--count", type=int, default=1000, help="certificates of each kind (1000)")
    parser.add_argument("--loop", type=int, help="how many of them community.crypto makes (all)")
    parser.add_argument("--host", nargs=2, default=["bench13", "10.231.77.120"], metavar=("NAME", "ADDRESS"))
    parser.add_argument("--output", type=pathlib.Path, default=HERE, help="the folder of results.json, .md and .svg")
    options = parser.parse_args()
    pythons = environments.find_pythons()
    python = next(filter(None, map(pythons.get, environments.CONTROLLERS["newest"])))
    venv = environments.make_venv("bench", python, "wss", "bench")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(venv, *options.host, pathlib.Path(work))
        results = measure(bench, options.count, min(options.loop or options.count, options.count))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (options.output / "results.md").write_text(report.table(results))
    (options.output / "results.svg").write_text(report.plot(results))
    subprocess.run([sys.executable, HOSTS, "down", options.host[0]], check=True)
    print(report.table(results))


if __name__ == "__main__":
    main()
