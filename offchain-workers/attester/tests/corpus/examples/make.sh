#!/usr/bin/env bash
# Makes an endorsement key's public area (template L-1), its certificate, and that of its manufacturer. The
# secret keys are thrown away.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/root.key" -out manufacturer.pem -days 36500 \
	-subj '/CN=manufacturer' -addext 'basicConstraints=critical,CA:TRUE' \
	-addext 'keyUsage=critical,keyCertSign' 2>"$work/log"
openssl genrsa -out "$work/key" 2048 2>"$work/log"
openssl req -new -key "$work/key" -subj '/CN=device' -out "$work/request"
printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,keyEncipherment' \
	'extendedKeyUsage=2.23.133.8.1' >"$work/extensions"
openssl x509 -req -in "$work/request" -CA manufacturer.pem -CAkey "$work/root.key" -set_serial 1 \
	-days 36500 -sha256 -extfile "$work/extensions" -outform DER -out certificate.der 2>"$work/log"

modulus=$(openssl rsa -in "$work/key" -noout -modulus | cut -d= -f2)
template='0001 000b 000300b2 0020 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa
	0006 0080 0043 0010 0800 00000000 0100'
printf '%s' "$template$modulus" | tr -d ' \t\n' | xxd -r -p >endorsement-key.tpmt-public
