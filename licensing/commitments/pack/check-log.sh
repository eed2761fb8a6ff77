#!/bin/sh
# Checks with sha256sum and openssl alone that no file of this pack was changed and that the public log holds its manifest.
set -eu
cd "$(dirname "$0")"

bytes() {
    for pair in $(printf '%s' "$1" | sed 's/../& /g'); do
        printf "\\$(printf '%03o' "0x$pair")"
    done
}
sha256() {
    openssl dgst -sha256 -r | cut -c1-64
}

sha256sum --check --quiet manifest.sha256
echo "1. no file was changed since the manifest was made"

digest=$(sha256 < manifest.sha256)
case $(cat log/entry.json) in
    *"\"digest\":\"$digest\",\"kind\":\"evidence-pack\""*) ;;
    *) echo "the entry of the log is about another manifest" >&2; exit 1 ;;
esac
node=$({ bytes 00; cat log/entry.json; } | sha256)
while read -r side neighbour; do
    case $side in
        left) node=$({ bytes 01; bytes "$neighbour"; bytes "$node"; } | sha256) ;;
        right) node=$({ bytes 01; bytes "$node"; bytes "$neighbour"; } | sha256) ;;
        *) echo "the path is damaged" >&2; exit 1 ;;
    esac
done < log/path.txt
root=$(sed -n 3p log/checkpoint.txt | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
[ "$node" = "$root" ] || { echo "the path does not lead to the head of the log" >&2; exit 1; }
echo "2. the manifest stands in the tree of log/checkpoint.txt"

openssl pkeyutl -verify -pubin -inkey log/log-key.pem -rawin -in log/checkpoint.txt -sigfile log/checkpoint.sig > /dev/null
echo "3. the log signed this checkpoint; compare the key with the published one:"
openssl pkey -pubin -in log/log-key.pem -outform DER | sha256
