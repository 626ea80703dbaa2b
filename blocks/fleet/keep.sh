# sh -c THIS sh KEPT-FOLDER SERVICE COMPOSE-FILE IMAGE [WITH-SOURCE] <roll-back.sh
# Keeps what runs now; what was kept before stays as it is.
set -eu
kept=$1 service=$2 compose_file=$3 image=$4 with_source=${5-}
if [ -d "$kept" ]; then exit 0; fi
rm -rf "$kept.new"
umask 077
mkdir -p "$kept.new"
cp -p "$compose_file" "$kept.new/compose.yml"
if [ -e .env ]; then cp -p .env "$kept.new/env"; fi
printf '%s\n' "$service" >"$kept.new/service"
printf '%s\n' "$compose_file" >"$kept.new/compose-file"
printf '%s\n' "$image" >"$kept.new/image"
printf 'services: {%s: {image: "%s"}}\n' "$service" "$image" >"$kept.new/image.yml"
if [ -n "$with_source" ]; then git rev-parse HEAD >"$kept.new/checkout"; fi
cat >"$kept.new/roll-back.sh"
chmod 700 "$kept.new/roll-back.sh"
mv "$kept.new" "$kept"
