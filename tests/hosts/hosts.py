# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian hosts with systemd and sshd to test against: podman containers with fixed addresses.

Images and state are kept in ~/.cache/wss-edge/hosts, which all checkouts on a machine share.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import hashlib
import ipaddress
import json
import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import time
import typing as t

STATE = pathlib.Path.home() / ".cache" / "wss-edge" / "hosts"
RUN = pathlib.Path("/run/wss-edge-hosts")
KEY = STATE / "ssh" / "id_ed25519"
HERE = pathlib.Path(__file__).parent
RHEL_LIKE = "rhel-like"

NETWORK = "wss-edge"
SUBNET4 = ipaddress.IPv4Network("10.231.77.0/24")
SUBNET6 = ipaddress.IPv6Network("fd57:5373:ed6e::/64")

# what must be there -> the Debian package that brings it
REQUIRED = {
    "/usr/bin/podman": "podman",
    "/usr/bin/crun": "crun",
    "/usr/bin/mmdebstrap": "mmdebstrap",
    "/usr/bin/ssh-keygen": "openssh-client",
    "/usr/sbin/iptables": "iptables",  # netavark of Debian 12
    "/usr/sbin/nft": "nftables",  # netavark of Debian 13
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}


def output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def lock(name: str = "lock") -> t.Iterator[None]:
    """One process at a time prepares the machine or builds an image of one kind."""
    STATE.mkdir(parents=True, exist_ok=True)
    with open(STATE / name, "a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- the machine ------------------------------------------------------------------------------------------------------


def make_key() -> None:
    with lock():
        if not KEY.exists():
            KEY.parent.mkdir(parents=True, exist_ok=True)
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "wss.edge tests", "-f", str(KEY)]
            subprocess.run(command, check=True)


def become_root() -> None:
    """Hosts with systemd inside want real root; the key stays the user's, so that ssh can read it."""
    make_key()
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", f"HOME={pathlib.Path.home()}", sys.executable, *sys.argv])


def install_required() -> None:
    missing = sorted(package for path, package in REQUIRED.items() if not os.path.exists(path))
    if missing:
        print("hosts: installing", *missing, file=sys.stderr)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", "-qq", *command], check=True, stdout=subprocess.DEVNULL, env=environment)


def write(path: pathlib.Path, text: str) -> None:
    """In one step: another process may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def write_configuration() -> None:
    """Storage, limits and a network of the tests' own: nothing is shared with the user's podman."""
    # podman would ask for more than a machine without CAP_SYS_RESOURCE allows
    ceilings = {"nofile": (resource.RLIMIT_NOFILE, "fs/nr_open"), "nproc": (resource.RLIMIT_NPROC, "kernel/pid_max")}
    limits = []
    for name, (limit, kernel) in ceilings.items():
        hard = resource.getrlimit(limit)[1]
        most = int(pathlib.Path("/proc/sys", kernel).read_text(encoding="ascii"))
        value = most if hard == resource.RLIM_INFINITY else min(hard, most)
        limits.append(f"{name}={value}:{value}")
    write(
        STATE / "containers.conf",
        f"""\
[containers]
default_ulimits = {json.dumps(limits)}
pids_limit = 0
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "{RUN}/libpod"
[network]
network_backend = "netavark"
network_config_dir = "{STATE}/networks"
""",
    )
    write(
        STATE / "storage.conf",
        f"""\
[storage]
driver = "overlay"
graphroot = "{STATE}/storage"
runroot = "{RUN}/storage"
""",
    )
    write(
        STATE / "networks" / f"{NETWORK}.json",
        json.dumps(
            {
                "name": NETWORK,
                "id": hashlib.sha256(NETWORK.encode()).hexdigest(),
                "driver": "bridge",
                "network_interface": "wss-edge0",
                "created": "2026-01-01T00:00:00Z",
                "subnets": [{"subnet": str(net), "gateway": str(net[1])} for net in (SUBNET4, SUBNET6)],
                "ipv6_enabled": True,
                "internal": False,
                "dns_enabled": True,
                "ipam_options": {"driver": "host-local"},
            }
        ),
    )


def namespace() -> list[str]:
    """The prefix that runs a command where /sys/fs/cgroup is plain cgroup2, as crun and systemd want it.

    Where it is not, that is a mount namespace of the tests' own, pinned to a file: the containers and their
    networks live in it, so every call must enter the same one.
    """
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return []
    pin = RUN / "mount-namespace"
    if not os.path.ismount(pin):
        pin.touch()
        subprocess.run(["mount", "--bind", RUN, RUN], check=True)
        subprocess.run(["mount", "--make-private", RUN], check=True)
        change = "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup"
        subprocess.run(["unshare", f"--mount={pin}", "--propagation=private", "sh", "-c", change], check=True)
    return ["nsenter", f"--mount={pin}", f"--wd={os.getcwd()}", "--"]


def podman(*arguments: str, check: bool = False, **options: t.Any) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CONTAINERS_CONF": str(STATE / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(STATE / "storage.conf"),
    }
    return subprocess.run([*namespace(), "podman", *arguments], env=environment, text=True, check=check, **options)


def prepare() -> None:
    with lock():
        install_required()
        RUN.mkdir(parents=True, exist_ok=True)
        write_configuration()
        namespace()


# --- images -----------------------------------------------------------------------------------------------------------


def mirrors() -> tuple[str, str]:
    """Debian's archive and its security archive, from this machine's own apt sources."""
    listing = output("apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)", "Created-By: Packages")
    found = dict(line.split("|", 1) for line in listing.splitlines())
    try:
        return found["Debian"], found["Debian-Security"]
    except KeyError as missing:
        sys.exit(
            f"hosts: apt's sources on this machine name no mirror labelled {missing}; "
            "add Debian's archive and its security archive, and run apt-get update."
        )


def apt_options() -> list[str]:
    """The proxies that this machine's apt uses."""
    names = ("Acquire::http::Proxy", "Acquire::https::Proxy")
    values = {name: output("apt-config", "shell", "value", name) for name in names}
    return [f'{name} "{value.partition("=")[2].strip().strip(chr(39))}"' for name, value in values.items() if value]


def recipe(suite: str) -> tuple[pathlib.Path, str, str]:
    """The program that makes the image, the suite of Debian that it takes, a digest of all its files."""
    program, base, files = HERE / "image.sh", suite, [HERE / "image.sh"]
    if suite == RHEL_LIKE:
        folder = HERE / "rhel_like"
        program, base = folder / "image.sh", "trixie"
        files += sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    digest = hashlib.sha256()
    for path in files:
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        digest.update(b"\0".join([str(path.relative_to(HERE)).encode(), content, b""]))
    return program, base, digest.hexdigest()


def build(suite: str) -> str:
    """The image of a suite; made anew when the recipe changes, and once a week for Debian's updates."""
    week = datetime.date.today().strftime("%G-W%V")
    program, base, files = recipe(suite)
    arguments = [base, *mirrors(), KEY.with_suffix(".pub").read_text(encoding="utf-8").strip(), *apt_options()]
    digest = hashlib.sha256("\0".join([files, week, *arguments]).encode()).hexdigest()
    image = f"localhost/wss-edge-{suite}:{digest[:12]}"
    with lock(f"lock-{suite}"):
        if podman("image", "exists", image).returncode == 0:
            return image
        print(f"hosts: building {image}", file=sys.stderr)
        archive = RUN / f"{suite}.tar"
        try:
            with archive.open("wb") as handle:
                subprocess.run([str(program), *arguments], check=True, stdout=handle)
            podman(
                "import",
                "--quiet",
                "--change",
                'CMD ["/sbin/init"]',
                "--change",
                "STOPSIGNAL=SIGRTMIN+3",
                str(archive),
                image,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        finally:
            archive.unlink(missing_ok=True)
        listing = podman(
            "images",
            "--format",
            "{{.Repository}}:{{.Tag}}",
            f"localhost/wss-edge-{suite}",
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        for old in set(listing.split()) - {image}:
            podman("rmi", old, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # stays while a host runs it
    return image


# --- hosts ------------------------------------------------------------------------------------------------------------


def up(name: str, suite: str, address: str) -> None:
    """A fresh host; one of that name is replaced."""
    number = ipaddress.IPv4Address(address).packed[3]
    if ipaddress.IPv4Address(address) not in SUBNET4 or number in (0, 1, 255):
        sys.exit(f"hosts: {address} cannot be a host of {SUBNET4}; choose {SUBNET4[2]} to {SUBNET4[-2]}.")
    image = build(suite)
    volumes = []
    if suite != RHEL_LIKE:  # which has its packages in the image
        archives = STATE / "apt" / name  # packages fetched by one run serve the next
        archives.mkdir(parents=True, exist_ok=True)
        volumes = ["--volume", f"{archives}:/var/cache/apt/archives"]
    podman(
        "run",
        "--detach",
        "--replace",
        "--name",
        name,
        "--hostname",
        name,
        "--privileged",
        "--systemd=always",
        "--network",
        NETWORK,
        "--ip",
        address,
        "--ip6",
        str(SUBNET6[number]),
        # The same address with another MAC would be unreachable until the neighbours' tables expire.
        "--mac-address",
        f"02:57:53:53:00:{number:02x}",
        *volumes,
        image,
        "/sbin/init",
        check=True,
        stdout=subprocess.DEVNULL,
    )
    wait(name)
    print(f"{name} {address} {SUBNET6[number]}")


def wait(name: str, seconds: int = 60) -> None:
    """Until systemd says that the host is running."""
    deadline = time.monotonic() + seconds
    state = ""
    while (left := deadline - time.monotonic()) > 0:
        command = ["timeout", f"{left:.1f}", "systemctl", "is-system-running", "--wait"]
        state = podman("exec", name, *command, capture_output=True).stdout.strip()
        if state == "running":
            return
        if state == "degraded":
            podman("exec", name, "systemctl", "list-units", "--failed", "--no-legend", stdout=sys.stderr)
            sys.exit(f"hosts: {name} started, but the units above failed.")
        time.sleep(0.2)
    sys.exit(f"hosts: {name} did not start within {seconds} s; last state: {state or 'no answer'}.")


def down(names: list[str]) -> None:
    podman("rm", "--force", "--ignore", "--time", "0", *names, check=True, stdout=subprocess.DEVNULL)


def reboot(name: str) -> None:
    """systemd goes down and comes up again; files and addresses stay, /run and the firewall's rules do not."""
    if podman("container", "exists", name).returncode != 0:
        sys.exit(f"hosts: there is no host {name} to reboot; see them with list, make one with up.")
    podman("restart", "--time", "30", name, check=True, stdout=subprocess.DEVNULL)
    wait(name)


def show() -> None:
    podman("ps", "--all", "--format", "{{.Names}} {{.Image}} {{.Status}}", check=True)


def execute(name: str, command: list[str]) -> None:
    sys.exit(
        podman(
            "exec", "--interactive", *(["--tty"] if sys.stdin.isatty() else []), name, *(command or ["bash", "-l"])
        ).returncode
    )


def purge() -> None:
    """Every host, image and cached package of the tests."""
    podman("rm", "--all", "--force", "--time", "0", check=True, stdout=subprocess.DEVNULL)
    podman("rmi", "--all", "--force", check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(STATE / "apt", ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="hosts", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="build the images of these suites, unless they are there")
    command.add_argument("suite", nargs="+")
    command = commands.add_parser("up", help="start a fresh host")
    command.add_argument("name")
    command.add_argument("suite", help=f"bookworm, trixie, … or {RHEL_LIKE}")
    command.add_argument("address", help=f"an address of {SUBNET4}")
    command = commands.add_parser("down", help="remove hosts")
    command.add_argument("name", nargs="+")
    command = commands.add_parser("reboot", help="stop a host and start it again, with its files and addresses")
    command.add_argument("name")
    command = commands.add_parser("exec", help="run a command (or a shell) in a host, without ssh")
    command.add_argument("name")
    command.add_argument("argv", nargs=argparse.REMAINDER)
    commands.add_parser("list", help="list the hosts")
    commands.add_parser("purge", help="remove all hosts, images and caches")
    arguments = parser.parse_args()

    become_root()
    try:
        prepare()
        run(arguments)
    except subprocess.CalledProcessError as problem:
        sys.exit(f"hosts: {shlex.join(map(str, problem.cmd))} ended with {problem.returncode}; its message is above.")


def run(arguments: argparse.Namespace) -> None:
    if arguments.command == "build":
        print(*(build(suite) for suite in arguments.suite), sep="\n")
    elif arguments.command == "up":
        up(arguments.name, arguments.suite, arguments.address)
    elif arguments.command == "down":
        down(arguments.name)
    elif arguments.command == "reboot":
        reboot(arguments.name)
    elif arguments.command == "exec":
        execute(arguments.name, arguments.argv)
    elif arguments.command == "list":
        show()
    else:
        purge()


if __name__ == "__main__":
    main()
