#!/bin/bash
# One server after the other: out of rotation, empty, updated, healthy, back. Stops at the first thing that is wrong.
# Usage: roll_out.sh SSH_CONFIG SOCKET_COMMAND IMAGE SERVER=SERVICE=FOLDER=HEALTH…
set -euo pipefail
config=$1 socket=$2 image=$3
shift 3
on() { ssh -F "$config" "$1" bash -s -- "${@:2}"; } # ssh joins words: one with a space comes quoted

out_of_rotation() {
    on balancer "${socket@Q}" "$1" <<'END'
say() { echo "$1" | $socket; }
socket=$1
refused=$(say "set server web/$2 state drain")
[ -z "$refused" ] || { echo "$refused" >&2; exit 1; }
for _ in $(seq 600); do
    say 'show stat web 4 -1' | awk -F, -v s="$2" '$2 == s && $5 == 0 { yes = 1 } END { exit !yes }' && exit
    sleep 0.02
done
exit 1
END
}

updated() {
    on "$1" "$2" "$3" "$image" <<'END'
cd "$2" && mkdir -p .script && echo "services: {$1: {image: \"$3\"}}" >.script/image.yml
docker compose -f docker-compose.prod.yml -f .script/image.yml up -d --no-deps "$1"
END
}

healthy() { timeout 20 bash -c 'until curl -fsS -m 2 -o /dev/null "$0" 2>/dev/null; do sleep 0.02; done' "$1"; }

in_rotation() {
    on balancer "${socket@Q}" "$1" <<'END'
say() { echo "$1" | $socket; }
socket=$1
say "set server web/$2 state ready" >/dev/null
for _ in $(seq 600); do
    say 'show stat web 4 -1' | awk -F, -v s="$2" '$2 == s && $18 == "UP" { yes = 1 } END { exit !yes }' && exit
    sleep 0.02
done
exit 1
END
}

for one in "$@"; do
    IFS='=' read -r server service folder health <<<"$one"
    echo "$server"
    out_of_rotation "$server"
    updated "$server" "$service" "$folder"
    healthy "$health"
    in_rotation "$server"
done
