#!/usr/bin/env bash
# requests.sh FOLDER: NAME.key and NAME.csr for each of the requests, and a client that another authority has signed.
set -eu
cd "$1"
request() { # name names
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" \
    ${2:+-addext "subjectAltName=$2"}
}
request server 'DNS:www.example.com,DNS:*.w.example.com,IP:127.0.0.1'
request client ''
request peer DNS:peer.example.com
request lost DNS:lost.example.com
request outside DNS:www.example.org
request alice.example.net ''
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -subj /CN=stranger -days 30 \
  -addext extendedKeyUsage=clientAuth
