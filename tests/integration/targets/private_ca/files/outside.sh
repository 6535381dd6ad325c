#!/usr/bin/env bash
# outside.sh FOLDER CA PASSPHRASE: CA/outside.pem and CA/alice.example.net.pem, a server and a client that are signed
# with the authority's key for names that it may not sign for.
set -eu
cd "$1"
printf 'subjectAltName=DNS:www.example.org\nextendedKeyUsage=serverAuth\n' > outside.ext
printf 'extendedKeyUsage=clientAuth\n' > alice.example.net.ext
for name in outside alice.example.net; do
  openssl x509 -req -in $name.csr -CA "$2/intermediate.pem" -CAkey "$2/intermediate.key.pem" -passin "pass:$3" \
    -set_serial 7 -days 30 -extfile $name.ext -out "$2/$name.pem"
  cat "$2/intermediate.pem" >> "$2/$name.pem"
done
