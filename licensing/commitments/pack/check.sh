#!/bin/sh
# Checks with sha256sum and openssl alone that no file of this pack was changed and that the public log holds what is in it.
set -eu
export LC_ALL=C
cd "$(dirname "$0")"

refuse() { echo "REFUSED: $1" >&2; exit 1; }

bytes() { # what the hexadecimal digits in $1 spell
    for pair in $(printf '%s' "$1" | sed 's/../& /g'); do
        printf "\\$(printf '%03o' "0x$pair")"
    done
}

sha256() { openssl dgst -sha256 -r | cut -c1-64; }

listed() { # the names in the manifests
    cut -c67- manifest.sha256
    [ ! -e after ] || { echo after/manifest.sha256; cut -c67- after/manifest.sha256; }
}

kind_of() { # which kind of entry the log must hold of the file $1
    case $1 in
        manifest.sha256) echo evidence-pack ;;
        promise.json) echo commitment ;;
        letter.pdf | after/letters/*.pdf) echo letter-sealed ;;
        events/case-*.json | after/events/case-*.json) echo case-event ;;
        events/promise-*.json | after/events/promise-*.json) echo commitment-event ;;
        after/events/proceeding-*.json) echo proceeding-event ;;
        after/verifications/*/*) echo report ;;
        after/verifications/*.json) echo verification-done ;;
        *) echo none ;;
    esac
}

prove() { # that the log holds an entry of the kind $2 with the SHA-256 of the file $1 (RFC 9162 2.1)
    [ -e "log/$1.entry" ] && [ -e "log/$1.path" ] || refuse "no proof that the log holds $1"
    entry=$(cat "log/$1.entry")
    digest=$(sha256 < "$1")
    case $entry in
        '{"at":"'*'","digest":"'"$digest"'","kind":"'"$2"'","subject":"'*) ;;
        *) refuse "the entry of the log is about something else than $1" ;;
    esac
    node=$({ bytes 00; cat "log/$1.entry"; } | sha256)
    while read -r side neighbour; do
        case $side in
            left) node=$({ bytes 01; bytes "$neighbour"; bytes "$node"; } | sha256) ;;
            right) node=$({ bytes 01; bytes "$node"; bytes "$neighbour"; } | sha256) ;;
            *) refuse "the path of $1 is damaged" ;;
        esac
    done < "log/$1.path"
    [ "$node" = "$head" ] || refuse "the path of $1 does not lead to the head of the log"
}

about() { # that the file $1 is about this promise, or about its case
    case $2 in
        commitment-event | verification-done) grep -q "\"commitment_id\":$promise[,}]" "$1" || refuse "$1 is about another promise" ;;
        case-event) grep -q "\"case_id\":$case[,}]" "$1" || refuse "$1 is about another case" ;;
        proceeding-event) # the first event of a proceeding names the promise, all name the proceeding
            first=${1%-*}-0001.json
            grep -q "\"commitment_id\":$promise[,}]" "$first" || refuse "$1 is about another promise"
            [ "$(sed 's/.*"proceeding_id":\([0-9]*\).*/\1/' "$1")" = "$(sed 's/.*"proceeding_id":\([0-9]*\).*/\1/' "$first")" ] ||
                refuse "$1 is about another proceeding" ;;
    esac
}

# 1. No file was changed, none is missing, none was added.
sha256sum --check --quiet --strict manifest.sha256 || refuse "a file was changed"
[ ! -e after ] || sha256sum --check --quiet --strict after/manifest.sha256 || refuse "a file was changed"
[ -z "$(find . ! -type f ! -type d)" ] || refuse "there is something else than files and folders"
for name in $(find . -type f ! -path './log/*' | sed 's|^\./||'); do
    [ "$name" = manifest.sha256 ] || listed | grep -qxF "$name" || refuse "$name was added"
done
for name in letter.pdf notice.txt statement.txt facts.json promise.json root.pem; do
    listed | grep -qxF "$name" || refuse "$name is missing"
done
echo "No file was changed since the manifests were made."

# 2. The promise in the register names the three texts, and the text that was shown is the one that was signed.
for name in notice.txt statement.txt facts.json; do
    grep -q "\"${name%.*}_sha256\":\"$(sha256 < "$name")\"" promise.json || refuse "another $name was promised"
done
grep -qF "$(sha256 < notice.txt)" statement.txt || refuse "another notice was signed"
echo "Notice, statement and facts are those of the promise."

# 3. The log signed its head, with a key that the root certified for the log.
openssl verify -no_check_time -CAfile root.pem log/log.pem > /dev/null || refuse "the root did not certify the key of the log"
openssl x509 -in log/log.pem -noout -ext extendedKeyUsage | grep -q '2\.25\.75592094667703313560090500738561417037' ||
    refuse "the key was not certified for the log"
openssl pkeyutl -verify -certin -inkey log/log.pem -rawin -in log/checkpoint.txt -sigfile log/checkpoint.sig > /dev/null ||
    refuse "the log did not sign this head"
head=$(sed -n 3p log/checkpoint.txt | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
echo "The log signed the head that is in log/checkpoint.txt."

# 4. Under this head stand the manifest, the promise, its letter, and every event.
promise=$(sed -n 's/.*"id":\([0-9]*\),.*/\1/p' promise.json)
case=$(sed -n 's/.*"case_id":\([0-9]*\),.*/\1/p' promise.json)
prove manifest.sha256 evidence-pack
grep -q "\"subject\":\"$promise\"}$" log/manifest.sha256.entry || refuse "the manifest is that of another promise"
for name in $(listed); do
    kind=$(kind_of "$name")
    case $kind in
        none) ;;
        report) grep -q "\"sha256\":\"$(sha256 < "$name")\"" "$(dirname "$name").json" || refuse "the report does not name $name" ;;
        *) prove "$name" "$kind"; about "$name" "$kind" ;;
    esac
done
echo "The log holds the manifest, the promise, the letters and every event."

# 5. Whose log it is: only you can tell. Compare both lines with what the authority publishes.
origin=$(sed -n 1p log/checkpoint.txt)
key=01$(openssl x509 -in log/log.pem -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')
name=$({ printf '%s\n' "$origin"; bytes "$key"; } | sha256 | cut -c1-8)
echo "Key of the log: $origin+$name+$(bytes "$key" | openssl base64 -A)"
echo "Root: $(openssl x509 -in root.pem -outform DER | sha256 | sed 's/..../& /g; s/ $//')"
