#!/usr/bin/env bash
# secret.sh FOLDER WAY CONNECTIONS: runs secret.yml as talkative as can be, keeping all temporary files, and looks for
# the passphrase in the list of processes, and for it and lines of the keys in what was left.
set -euo pipefail
cd "$1"
secret=Vaulted-Horse-71
rm -rf traces log processes
echo vault-secret > vault-password
echo "vaulted_passphrase: $secret" > vaulted.yml
ansible-vault encrypt --vault-password-file vault-password vaulted.yml
export ANSIBLE_DEBUG=1 ANSIBLE_KEEP_REMOTE_FILES=1 ANSIBLE_PIPELINING=0 ANSIBLE_CONNECTION_PLUGINS="$3"
export ANSIBLE_LOCAL_TEMP=$PWD/traces/local ANSIBLE_REMOTE_TEMP=$PWD/traces/remote ANSIBLE_LOG_PATH=$PWD/traces/log
printf '%s\n' "$secret" secret.yml > looked-for
while sleep 0.1; do
  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null | grep -a -o -F -f looked-for >> processes || true
done &
watcher=$!
trap 'kill $watcher' EXIT
ansible-playbook -i localhost, --vault-password-file vault-password --diff -vvvvv secret.yml > log 2>&1
grep -q -x secret.yml processes
if grep -v -x secret.yml processes; then exit 1; fi
grep -q 'there was none' log
grep -q 'does not open' log
for key in root intermediate; do
  openssl pkey -in "secret-$2/$key.key.pem" -passin "pass:$secret" | grep -v -- ----- > lines
  grep -v -- ----- "secret-$2/$key.key.pem" >> lines
  test "$(wc -l < lines)" -gt 6
  if grep -r -F -f lines log traces; then exit 1; fi
done
if grep -r "$secret" log traces; then exit 1; fi
if grep -r 'BEGIN PRIVATE KEY' "secret-$2" log traces; then exit 1; fi
