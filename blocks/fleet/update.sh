# sh -c FOUND-THEN-THIS sh COMPOSE-FILE SERVICE IMAGE GRACE [COMMIT] <override
# Stops what SERVICE runs, keeps how it ended, and lets SERVICE run IMAGE; nothing is stopped where it does already.
# `found` is the container of SERVICE. After a crash the same command goes on: a stopped container keeps its exit code.
set -eu
compose_file=$1 service=$2 image=$3 grace=$4 commit=${5-}
override=".countersign/$service.image.yml" ended=".countersign/$service.ended"
cat >"$override.new"
mv -f "$override.new" "$override"
if [ -n "$commit" ]; then git checkout --quiet --detach "$commit"; fi

look() { docker inspect --format '{{.Config.Image}} {{.State.Running}} {{.State.ExitCode}}' "$found"; }
seen=
if [ -n "$found" ]; then seen=$(look); fi
case $seen in
'' | "$image "*) ;;
*)
    # What cannot be started stops nothing.
    docker image inspect "$image" >/dev/null 2>&1 || docker pull "$image" >/dev/null
    case $seen in
    *' true '*) echo "$found" >"$ended" ;;
    esac
    docker compose -f "$compose_file" -f "$override" stop -t "$grace" "$service"
    # One that was dead before anybody stopped it says nothing about its stop.
    if grep -q "^$found" "$ended" 2>/dev/null; then
        seen=$(look)
        echo "$found ${seen##* }" >"$ended.new"
        mv -f "$ended.new" "$ended"
    else
        rm -f "$ended"
    fi
    ;;
esac
exec docker compose -f "$compose_file" -f "$override" up -d --no-deps "$service"
