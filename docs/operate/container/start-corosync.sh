#!/bin/sh
# Corosync of one container among those that NODES names, in one order everywhere: NODES="alpha beta gamma". A name that
# has no address yet joins when it gets one. One that gets another address, as a pod does that is started again, leaves the
# list for one interval and then comes back: Corosync changes no address, it only removes and adds nodes.
set -eu

: "${NODES:?expected the names of all nodes, such as \"alpha beta gamma\"}"
KEY=${KEY:-/run/secrets/corosync-key}
SSPD_UID=${SSPD_UID:-4803}
TOKEN=${TOKEN:-1000}
INTERVAL=${INTERVAL:-5}
CONF=${CONF:-/run/corosync/corosync.conf}

address_of() {
    getent ahostsv4 "$1" | { read -r address _ || true; echo "${address:-}"; }
}

# The address that a node has in the configuration so far.
known_of() {
    if [ -e "$CONF" ]; then sed -n "/nodeid: $1\$/,/}/s/.*ring0_addr: //p" "$CONF"; fi
}

# In such a way that a signal is noticed at once.
pause() {
    sleep "$INTERVAL" &
    wait $! || true
}

configuration() {
    cat <<END
totem {
  version: 2
  cluster_name: sspd
  transport: knet
  crypto_cipher: aes256
  crypto_hash: sha256
  keyfile: $KEY
  token: $TOKEN
  token_coefficient: 100
}
logging {
  to_stderr: yes
  to_syslog: no
}
uidgid {
  uid: $SSPD_UID
}
nodelist {
END
    id=0
    for node in $NODES; do
        id=$((id + 1))
        address=$(address_of "$node")
        known=$(known_of "$id")
        # A name server that fails removes nobody.
        : "${address:=$known}"
        if [ -z "$address" ] || [ "$address" != "${known:-$address}" ]; then continue; fi
        printf '  node {\n    nodeid: %s\n    name: %s\n    ring0_addr: %s\n  }\n' "$id" "${node%%.*}" "$address"
    done
    echo '}'
}

[ -r "$KEY" ] || { echo "start-corosync: expected a key in $KEY, got none; corosync-keygen makes one" >&2; exit 1; }
trap 'exit 0' TERM INT
mkdir -p "${CONF%/*}"
name=$(hostname)
# Without its own address it does not know which node it is.
until configuration > "$CONF.new" && mv "$CONF.new" "$CONF" && grep -q "name: $name\$" "$CONF"; do
    echo "start-corosync: waiting for an address of $name among $NODES" >&2
    pause
done

corosync -f -c "$CONF" &
corosync=$!
trap 'kill "$corosync" 2> /dev/null || true' TERM INT
while kill -0 "$corosync" 2> /dev/null; do
    pause
    configuration > "$CONF.new"
    if ! cmp -s "$CONF" "$CONF.new"; then
        mv "$CONF.new" "$CONF"
        corosync-cfgtool -R || true
    fi
done
wait "$corosync"
