#!/bin/sh
# sh fenced.sh NUMBER            raises the fence to NUMBER
# sh fenced.sh NUMBER COMMAND…   runs COMMAND in the folder above, for the newest holder only
#
# 74 the number cannot be kept    75 another command is still running
# 76 a newer holder took over     77 a person repairs by hand (a file HOLD is there)
set -u
number=$1
shift
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 74
cd "$here/.." || exit 74

case $number in '' | *[!0-9]*) echo "fence: '$number' is not a number" >&2; exit 74 ;; esac
exec 9>>"$here/lock" || exit 74
flock -w 20 9 || { echo "fence: another command is still running after 20 s" >&2; exit 75; }

kept=0
if [ -e "$here/number" ]; then kept=$(cat "$here/number"); fi
case $kept in '' | *[!0-9]*) echo "fence: $here/number holds '$kept', not a number" >&2; exit 74 ;; esac
if [ "$number" -lt "$kept" ]; then
    echo "fence: number $number is refused, $kept took over" >&2
    exit 76
fi
if [ "$number" -gt "$kept" ]; then
    echo "$number" >"$here/number.new" && mv -f "$here/number.new" "$here/number" || exit 74
fi

note() { printf '%s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$number" "$(printf '%s ' "$@" | tr '\n' ' ')" >>"$here/journal"; }

if [ $# -eq 0 ]; then
    note raised
    exit 0
fi
for hold in HOLD "$here/HOLD"; do
    if [ -e "$hold" ]; then
        echo "fence: $hold is there: $(head -n 1 "$hold")" >&2
        exit 77
    fi
done
note "$@"
# The lock stays with this shell: what the command leaves running must not keep it.
"$@" 9>&-
status=$?
note "exit $status"
exit $status
