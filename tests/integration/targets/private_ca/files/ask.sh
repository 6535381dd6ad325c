#!/usr/bin/env bash
# ask.sh CA FOLDER [CLIENT]: what nginx answers to that client.
set -u
certificate=()
[ -z "${3-}" ] || certificate=(--cert "$3" --key "$2/$(basename "$3" .pem).key")
curl --silent --show-error --cacert "$1/root.pem" "${certificate[@]}" --resolve www.example.com:18443:127.0.0.1 \
  --write-out ' %{http_code}' https://www.example.com:18443/
