# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes debian.spec: Debian's packages as RPMs, under the names that the RHEL family has for the known ones.

usage, in a Debian root: repackage.py FOLDER; fetches the packages into FOLDER/debs, unpacks them in FOLDER/unpacked.
Whatever a package is called, it provides debian(NAME); what the base has already, the package rhel-like-base does.
"""

from __future__ import annotations

import fnmatch
import pathlib
import re
import subprocess
import sys

# Debian's name: the family's. These are in the base image, and in the RPM database for those who ask.
BASE = {
    "curl": "curl",
    "iproute2": "iproute",
    "openssl": "openssl",
    "procps": "procps-ng",
    "python3-minimal": "python3",
    "sudo": "sudo",
}
# These are in the repository, with all that they need.
REPOSITORY = {
    "firewalld": "firewalld",
    "libapr1t64": "apr",
    "libaprutil1t64": "apr-util",
    "libnftables1": "libnftables1",
    "python3-cffi-backend": "python3-cffi",
    "python3-cryptography": "python3-cryptography",
    "python3-h2": "python3-h2",
    "python3-websockets": "python3-websockets",
}
# These have spec files of their own, which say what of them goes where.
OWN_SPEC = ["apache2-bin", "apache2-data", "apache2-utils", "iptables", "nftables", "nginx", "nginx-common"]
# Links that Debian's alternatives make: package: (link, its target).
LINKS = {
    "firewalld": (
        "usr/share/polkit-1/actions/org.fedoraproject.FirewallD1.policy",
        "org.fedoraproject.FirewallD1.server.policy.choice",
    ),
}
# What the family's packages ask of the base by other names.
VIRTUAL = ["/bin/sh", "/bin/bash", "/usr/bin/sh", "/usr/bin/bash", "/usr/bin/python3", "bash", "coreutils", "dnf"]
VIRTUAL += ["glibc", "openssh-server", "python3-dnf", "shadow-utils", "systemd", "tar", "util-linux", "which"]

DROPPED = ["etc/apparmor.d/*", "etc/cron*", "etc/default/*", "etc/dpkg/*", "etc/init.d/*", "etc/ssl/*", "usr/lib/ssl/*"]
DROPPED += ["usr/share/bash-completion/*", "usr/share/bug/*", "usr/share/doc/*", "usr/share/lintian/*"]
DROPPED += ["usr/share/locale/*", "usr/share/man/*"]

HEAD = """\
Name: rhel-like-base
Version: 10
Release: 1.rhellike
Summary: What the base of this imitation has from Debian
License: as in Debian
BuildArch: x86_64
{provides}

%description
%{{summary}}.
%files

%install
cp -a {unpacked}/*/. %{{buildroot}}/
"""
PACKAGE = """
%package -n {name}
Version: {version}
Summary: Debian's {debian}, for tests
AutoReqProv: no
{relations}
%description -n {name}
%{{summary}}.
{post}%files -n {name}
{files}
"""
POST = """\
%post -n {name}
[ "$1" != 1 ] || systemctl --no-reload --quiet preset {units} || :
"""


def output(*command: str, cwd: pathlib.Path | None = None) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=cwd).stdout


def field(deb: pathlib.Path, name: str) -> str:
    return output("dpkg-deb", "--field", str(deb), name).strip()


def names(deb: pathlib.Path, relation: str) -> set[str]:
    """Of the packages in a field like Depends, the first of alternatives."""
    return {re.split(r"[ (:|]", item.strip())[0] for item in field(deb, relation).split(",")} - {""}


def version(text: str) -> str:
    """Debian's without epoch and revision, in the letters that RPM allows."""
    return re.sub(r"[-+~]", ".", text.rpartition(":")[2].rpartition("-")[0] or text.rpartition(":")[2])


def unpack(deb: pathlib.Path, target: pathlib.Path) -> list[str]:
    """The paths that are kept."""
    subprocess.run(["dpkg-deb", "--extract", deb, target], check=True)
    kept = []
    for path in sorted(target.rglob("*"), reverse=True):
        relative = str(path.relative_to(target))
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif any(fnmatch.fnmatch(relative, pattern) for pattern in DROPPED):
            path.unlink()
        else:
            kept.append(relative)
    return kept


def package(deb: pathlib.Path, name: str, unpacked: pathlib.Path, known: set[str]) -> str:
    debian = field(deb, "Package")
    relations = [f"Provides: debian({name})" for name in sorted({debian, *names(deb, "Provides")})]
    relations += [f"Requires: debian({need})" for need in sorted(names(deb, "Depends") & known)]
    files = unpack(deb, unpacked / debian)
    for link, target in [LINKS[debian]] if debian in LINKS else []:
        (unpacked / debian / link).symlink_to(target)
        files.append(link)
    units = [pathlib.Path(path).name for path in files if re.search(r"systemd/system/[^/@]+\.service$", path)]
    return PACKAGE.format(
        name=name,
        version=version(field(deb, "Version")),
        debian=debian,
        relations="\n".join(relations),
        post=POST.format(name=name, units=" ".join(units)) if units else "",
        files="\n".join(f'{"%config(noreplace) " * path.startswith("etc/")}"/{path}"' for path in files),
    )


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    debs, unpacked = folder / "debs", folder / "unpacked"
    debs.mkdir()
    unpacked.mkdir()
    installed = output("dpkg-query", "--show", "--showformat=${Package}\\n").split()
    wanted = [*REPOSITORY, "iptables", "nftables"]
    simulated = output("apt-get", "--simulate", "--no-install-recommends", "install", *wanted)
    missing = {line.split()[1] for line in simulated.splitlines() if line.startswith("Inst ")}
    repackaged = missing - {*OWN_SPEC}
    output("apt-get", "-qq", "--option=APT::Sandbox::User=root", "download", *BASE, *repackaged, *OWN_SPEC, cwd=debs)
    provides = [*VIRTUAL, *(f"debian({name})" for name in installed if name not in BASE)]
    spec = [HEAD.format(provides="\n".join(f"Provides: {name}" for name in provides), unpacked=unpacked)]
    found = {debian: next(debs.glob(f"{debian}_*.deb")) for debian in sorted({*BASE, *repackaged})}
    known = {*repackaged}.union(*(names(found[debian], "Provides") for debian in repackaged))
    for debian, deb in found.items():
        spec.append(package(deb, {**BASE, **REPOSITORY}.get(debian, debian), unpacked, known))
    (folder / "debian.spec").write_text("".join(spec), encoding="utf-8")


if __name__ == "__main__":
    main()
