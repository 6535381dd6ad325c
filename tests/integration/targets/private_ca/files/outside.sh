#!/usr/bin/env bash
# outside.sh FOLDER CA PASSPHRASE: CA/outside.pem, signed with the authority's key for a name that it may not sign for.
set -eu
cd "$1"
printf 'subjectAltName=DNS:www.example.org\nextendedKeyUsage=serverAuth\n' > outside.ext
openssl x509 -req -in outside.csr -CA "$2/intermediate.pem" -CAkey "$2/intermediate.key.pem" -passin "pass:$3" \
  -set_serial 7 -days 30 -extfile outside.ext -out "$2/outside.pem"
cat "$2/intermediate.pem" >> "$2/outside.pem"
