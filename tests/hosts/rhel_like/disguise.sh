#!/usr/bin/env bash
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Turns a Debian root filesystem into an RHEL-like one: rpm, dnf and a local repository, no apt and no dpkg.
# usage: disguise.sh ROOT, as the last hook of image.sh
set -euo pipefail
cd "$1"
here=$(dirname "$(realpath "$0")")

ln -sf bash usr/bin/sh # as in that family

# The repository: the spec files here, and debian.spec, which repackage.py writes.
mkdir -p build opt/rhel-like
cp -a "$here"/*.spec "$here"/*.py "$here/files" build/
chroot . python3 -B /build/repackage.py /build
for spec in build/*.spec; do
    chroot . rpmbuild -bb --quiet --define "content /build/files" --define "debs /build/debs" \
        --define "_rpmdir /opt/rhel-like" --define "_topdir /build/rpmbuild" --define "_unitdir /usr/lib/systemd/system" \
        --define "debug_package %{nil}" --define "_build_id_links none" --define "__os_install_post %{nil}" \
        --define "_binary_payload w1.zstdio" "/$spec"
done
chroot . createrepo_c --quiet /opt/rhel-like
rm -r build

# sshd's unit is called otherwise.
rm -f etc/systemd/system/{ssh.service,sshd.service,multi-user.target.wants/ssh.service} usr/lib/systemd/system/ssh.socket
mv usr/lib/systemd/system/{ssh,sshd}.service
sed -i '/^Alias=/d' usr/lib/systemd/system/sshd.service
chroot . systemctl --quiet enable sshd.service

# Users and folders of the family.
chroot . groupmod --new-name nobody nogroup
chroot . groupadd --system wheel
mkdir -p etc/sysconfig

# Away with what tells Debian.
rm -rf etc/{init.d,rc?.d,debian_version,issue,issue.net,os-release} usr/lib/os-release etc/ssl usr/lib/ssl \
    etc/ca-certificates* usr/share/ca-certificates usr/local/share/ca-certificates usr/sbin/update-ca-certificates
# Its own files come from packages.
rm -f etc/yum.repos.d/* etc/dnf/dnf.conf
mkdir -p etc/dnf/vars etc/yum.repos.d
echo 10 > etc/dnf/vars/releasever
printf '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n' \
    > etc/dnf/dnf.conf
for plugin in local system-upgrade; do
    printf '[main]\nenabled=0\n' > "etc/dnf/plugins/$plugin.conf"
done
chroot . rpm --initdb
chroot . dnf --quiet --assumeyes --repofrompath=local,/opt/rhel-like --nogpgcheck install \
    rhel-like-base rhel-like-release ca-certificates curl iproute openssl procps-ng python3 sudo
chroot . dnf --quiet clean all

rm -rf etc/{apt,dpkg,alternatives.apt} usr/bin/{apt,dpkg}* usr/{lib,share}/{apt,dpkg} var/{lib,cache}/{apt,dpkg} var/lib/dpkg \
    usr/lib/python3/dist-packages/{apt,apt_pkg,aptsources,python_apt}* usr/sbin/{dpkg-preconfigure,dpkg-reconfigure,invoke-rc.d,update-rc.d} \
    usr/lib/systemd/system/{apt-,dpkg-}* etc/systemd/system/timers.target.wants/{apt-,dpkg-}*
