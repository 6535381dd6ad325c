# shellcheck shell=bash
# authority.sh DIR: by openssl, a root, an intermediate and a certificate for chat.example.com with its key.
set -eu
mkdir -p "$1"
cd "$1"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
sign() { # NAME SUBJECT ISSUER EXTENSIONS
    key "$1"
    printf '%s\n' "$4" >"$1.ext"
    openssl req -new -key "$1.key" -subj "/CN=$2" |
        openssl x509 -req -days 90 -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -extfile "$1.ext" -out "$1.pem"
}
key root
openssl req -x509 -key root.key -days 365 -subj '/CN=Test root' -out root.pem \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
sign intermediate 'Test intermediate' root 'basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign'
sign chat chat.example.com intermediate 'subjectAltName=DNS:chat.example.com,DNS:www.example.com
extendedKeyUsage=serverAuth'
