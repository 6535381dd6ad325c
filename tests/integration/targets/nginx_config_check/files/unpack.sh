#!/usr/bin/env bash
# unpack.sh FOLDER: Debian's nginx, unpacked there and not installed.
set -eu
cd "$1"
apt-get download nginx || { apt-get update && apt-get download nginx; }
dpkg-deb -x nginx_*.deb .
