#!/usr/bin/env bash
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Writes a Debian root filesystem with systemd and sshd to standard output, as tar.
# usage: image.sh SUITE MIRROR SECURITY_MIRROR PUBLIC_KEY [APT_OPTION...]
# In the environment: INCLUDE (more packages), HOOK (a program that changes the finished root, its argument).
set -euo pipefail

suite=$1 mirror=$2 security=$3 public_key=$4
shift 4

sources=("deb $mirror $suite main")
case $suite in
    testing | unstable | sid | forky) ;;
    *) sources+=("deb $mirror $suite-updates main" "deb $security $suite-security main") ;;
esac

packages=(
    systemd systemd-sysv dbus libpam-systemd openssh-server sudo
    python3 python3-apt ca-certificates curl
    iproute2 procps
    netbase # nft and firewalld read /etc/protocols
    mount # no longer a part of every testing, but of every host
)
read -ra more <<< "${INCLUDE-}"
packages+=("${more[@]}")

# What a container cannot or need not run: hardware, consoles, kernel file systems.
masked=(
    systemd-logind.service dbus-org.freedesktop.login1.service getty.target console-getty.service
    systemd-udevd.service systemd-modules-load.service
    sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount sys-fs-fuse-connections.mount
    proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount systemd-binfmt.service
)

customize=$(mktemp)
trap 'rm -f "$customize"' EXIT
cat > "$customize" << HOOK
set -eu
cd "\$1"
install -d -m 700 root/.ssh
printf '%s\n' '$public_key' > root/.ssh/authorized_keys
rm -f etc/ssh/ssh_host_*_key* # every host makes its own
: > etc/machine-id
: > etc/hostname
for unit in ${masked[*]}; do ln -sf /dev/null "etc/systemd/system/\$unit"; done
cat > etc/systemd/system/ssh-host-keys.service << UNIT
[Unit]
Description=SSH host keys at first boot
Before=ssh.service sshd.service ssh.socket

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
UNIT
chroot . systemctl enable --quiet ssh.service ssh-host-keys.service
HOOK

options=()
for option in 'Acquire::Check-Valid-Until "false"' 'Acquire::Languages "none"' "$@"; do
    options+=("--aptopt=$option")
done
for path in /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale; do
    options+=("--dpkgopt=path-exclude=$path/*")
done

# The package lists stay, so that a host installs its first package without fetching them.
mmdebstrap --quiet --mode=root --variant=apt --format=tar \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --include="$(IFS=,; echo "${packages[*]}")" "${options[@]}" \
    --skip=cleanup/apt/lists,cleanup/reproducible \
    --customize-hook="sh $customize \"\$1\"" \
    ${HOOK:+"--customize-hook=$HOOK" --skip=cleanup/apt,cleanup/mmdebstrap} \
    "$suite" - "${sources[@]}"
