#!/usr/bin/env bash
# unpack.sh FOLDER: Debian's Apache and what it is linked with, unpacked there and not installed; FOLDER/apache2 runs it.
set -eu
cd "$1"
packages=(apache2-bin libapr1 libaprutil1)
apt-get download "${packages[@]}" || { apt-get update && apt-get download "${packages[@]}"; }
for package in *.deb; do
    dpkg-deb -x "$package" .
done
cat >apache2 <<END
#!/bin/sh
LD_LIBRARY_PATH=$(echo "$PWD"/usr/lib/*-linux-gnu) exec $PWD/usr/sbin/apache2 "\$@"
END
chmod 755 apache2
