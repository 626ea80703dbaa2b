# sh -c THIS sh SERVICE COMPOSE-FILE FOLDER <override
# Builds the image of SERVICE from the files in FOLDER, as the Compose file there says; else as the one in use says.
set -eu
service=$1 compose_file=$2 folder=$3
override=".countersign/$service.build.yml"
cat >"$override.new"
mv -f "$override.new" "$override"
file=$folder/$compose_file
if [ ! -e "$file" ]; then file=$compose_file; fi
set -- --project-directory "$folder" -f "$file" -f "$override" build "$service"
if [ -e .env ]; then set -- --env-file "$PWD/.env" "$@"; fi
exec docker compose "$@"
