#!/bin/sh
# Puts back what this folder keeps: Compose file, environment and image of one service, and starts it.
# By hand, on the server:   sh roll-back.sh
# Take the server out of the load balancer first and put it back when it is healthy.
set -eu
kept=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
service=$(cat "$kept/service")
compose_file=$(cat "$kept/compose-file")
cd "$kept/../../../.."

# A release that moved the checkout is put back with it; what git says against it keeps no image from going back.
if [ -e "$kept/checkout" ]; then
    git checkout --quiet --detach "$(cat "$kept/checkout")" || echo "the checkout stays where it is" >&2
fi
cp -p "$kept/compose.yml" "$compose_file.new"
mv -f "$compose_file.new" "$compose_file"
if [ -e "$kept/env" ]; then
    cp -p "$kept/env" .env.new
    mv -f .env.new .env
elif [ -e .env ]; then
    mv -f .env "$kept/env-that-was-not-there-before"
fi
cp -p "$kept/image.yml" ".countersign/$service.image.yml.new"
mv -f ".countersign/$service.image.yml.new" ".countersign/$service.image.yml"
exec docker compose -f "$compose_file" -f ".countersign/$service.image.yml" up -d --no-deps "$service"
