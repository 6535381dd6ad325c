# shellcheck shell=bash
# authority.sh DIR: by openssl, a root, an intermediate and certificates: one in PEM, one whose key has a passphrase and
# whose chain is the wrong way round with the root in it, and one in PKCS#12.
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
sign locked locked.example.com intermediate 'subjectAltName=DNS:locked.example.com'
openssl ec -in locked.key -des3 -passout pass:hunter-locked -out locked.des3.key
cat root.pem intermediate.pem >reversed.pem
sign packed packed.example.com intermediate 'subjectAltName=DNS:packed.example.com'
openssl pkcs12 -export -in packed.pem -inkey packed.key -certfile intermediate.pem -passout pass:hunter-packed \
    -out packed.p12
