#!/usr/bin/env bash
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Turns a Debian root filesystem into an RHEL-like one: rpm, dnf and a local repository, no apt and no dpkg.
# usage: disguise.sh ROOT, as the last hook of image.sh
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cd "$1"

ln -sf bash usr/bin/sh # as in that family; the spec files count on it

# The repository: the spec files here, and debian.spec, which repackage.py writes.
mkdir -p build opt/rhel-like
cp -a "$here"/*.spec "$here"/*.py "$here/files" build/
chown -R --no-dereference 0:0 build # whoever has checked them out
chmod -R u=rwX,go=rX build
chroot . python3 -B /build/repackage.py /build
for spec in build/*.spec; do
    chroot . rpmbuild -bb --quiet --define "content /build/files" --define "debs /build/debs" \
        --define "_topdir /build/rpmbuild" --define "_rpmdir /opt/rhel-like" --define "_buildhost localhost" \
        --define "debug_package %{nil}" --define "_build_id_links none" --define "__os_install_post %{nil}" \
        --define "_binary_payload w1.zstdio" "/$spec"
done
chroot . createrepo_c --quiet /opt/rhel-like
rm -r build

# sshd's unit and some groups are called otherwise.
rm -f etc/systemd/system/{ssh.service,sshd.service,multi-user.target.wants/ssh.service} usr/lib/systemd/system/ssh.socket
mv usr/lib/systemd/system/{ssh,sshd}.service
sed -i '/^Alias=/d' usr/lib/systemd/system/sshd.service
chroot . systemctl --quiet enable sshd.service
chroot . groupmod --new-name nobody nogroup
chroot . groupadd --system wheel

# Debian's files make room for those of the family, which packages bring.
rm -rf etc/{dnf/dnf.conf,dnf/plugins,init.d,rc?.d,debian_version,issue,issue.net,os-release} usr/lib/os-release \
    etc/ssl usr/lib/ssl etc/ca-certificates* usr/{,local/}share/ca-certificates usr/sbin/update-ca-certificates
chroot . rpm --initdb
# rpm cannot run scripts in a root that is no mount point; these packages need none.
chroot . dnf --quiet --assumeyes --releasever=10 --repofrompath=local,/opt/rhel-like --nogpgcheck \
    --setopt=tsflags=noscripts install \
    rhel-like-release rhel-like-base ca-certificates curl iproute openssl procps-ng python3 sudo > /dev/null
chroot . dnf --quiet clean all

rm -rf etc/{apt,dpkg,cron.daily,logrotate.d}/*{apt,dpkg}* etc/{apt,dpkg} usr/{bin,sbin}/{apt,dpkg}* \
    usr/{lib,libexec,share}/{apt,dpkg} var/{cache,lib,log}/{apt,dpkg}* usr/sbin/{invoke-rc.d,update-rc.d} \
    usr/lib/python3/dist-packages/{apt,aptsources,python_apt}* usr/share/keyrings/debian-* \
    {etc,usr/lib}/systemd/system/{,*.wants/}{apt,dpkg}-*
