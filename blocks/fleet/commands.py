"""The words of every command that runs on a host. Pure: nothing here runs anything."""

import shlex
from collections.abc import Mapping
from datetime import timedelta

FOLDER = ".countersign"
SOURCE = f"{FOLDER}/source"
NOTHING_KEPT = 3
Words = tuple[str, ...]

_IN_FOLDER = 'cd -- "$1" && shift && exec "$@"'
# A caller that dies between the command and what it gives it leaves a part of that behind, or nothing.
_GIVEN_WHOLE = (
    'size=$1 && shift && given=$(cat; printf .) && if [ "$(printf %s "$given" | wc -c)" -ne "$((size + 1))" ]; then'
    ' echo "only a part of what was to be given arrived; nothing was done" >&2; exit 78; fi;'
    ' printf %s "${given%.}" | "$@"'
)
_INSTALLED = 'mkdir -p "$1" && cat >"$1/$2.new" && mv -f "$1/$2.new" "$1/$2"'
_FIRST_LINES = 'if [ -e "$1" ]; then cat "$1"; fi'
_BOTH_STREAMS = 'exec "$@" 2>&1'
_DISK = 'df -P "$1" | tail -n 1'
_AS_KEPT = (
    'cmp -s "$1/compose.yml" "$2" || exit 1; if [ -e "$3" ]; then cmp -s "$1/image.yml" "$3" || exit 1; fi;'
    ' if [ -e "$1/env" ]; then cmp -s "$1/env" .env || exit 1; elif [ -e .env ]; then exit 1; fi'
)
# What lies beside the checkout counts only whole: a host that went down in the middle has some of its files.
_SOURCE = (
    'git rev-parse HEAD || exit; if test -e "$1/.git" && left=$(git -C "$1" status --porcelain) && test -z "$left";'
    ' then git -C "$1" rev-parse --verify --quiet HEAD || echo nothing; else echo nothing; fi;'
    " git status --porcelain --untracked-files=no"
)
_KEPT = (
    '[ -d "$1" ] || exit 3; cd -- "$1" && cat image && sha256sum compose.yml image.yml'
    " && if [ -e env ]; then sha256sum env; fi"
)
_LABEL = "label=com.docker.compose"
# Compose writes on each container where its project lies, and the engine answers in a fraction of Compose's time.
# Compose itself is asked where that names none or several: a project that was started from another path or renamed.
_FOUND = (
    f'found=$(docker ps -a -q --no-trunc --filter "{_LABEL}.project.working_dir=$PWD"'
    f' --filter "{_LABEL}.service=$2" --filter "{_LABEL}.oneoff=False") || exit;'
    ' test 1 = $(printf "%s\n" "$found" | grep -c .) || found=$(docker compose -f "$1" ps -a -q "$2") || exit;'
)
_STATE = (
    f"if test -e HOLD || test -e .countersign/HOLD; then echo held; else echo free; fi; {_FOUND}"
    ' test -z "$found" || docker inspect $found'
)


def inside(directory: str, words: Words) -> Words:
    """Run the words with `directory` as the working directory."""
    return ("sh", "-c", _IN_FOLDER, "sh", directory, *words)


def fenced(directory: str, number: int, words: Words = (), *, limit: timedelta | None = None) -> Words:
    """Run the words in `directory` for holder `number` only, and end them there after `limit`."""
    bounded = ("timeout", "-k", "10", f"{limit.total_seconds():.0f}", *words) if limit and words else words
    return ("sh", f"{directory}/{FOLDER}/fenced.sh", str(number), *bounded)


def given_whole(words: Words, given: bytes) -> Words:
    """Run the words with `given` on standard input once all of it is there; with a part of it nothing happens."""
    return ("sh", "-c", _GIVEN_WHOLE, "sh", str(len(given)), *words) if given else words


def install(directory: str, script: bytes) -> Words:
    """Put the fence's script, given on standard input, into `directory`: an empty one would let everything through."""
    folder = f"{directory}/{FOLDER}"
    words = ("sh", "-c", _INSTALLED, "sh", folder, "fenced.sh")
    return given_whole(words, script)


def read_number(directory: str) -> Words:
    """Print the fence's number; nothing where no fence was ever raised."""
    return ("sh", "-c", _FIRST_LINES, "sh", f"{directory}/{FOLDER}/number")


def override_file(service: str) -> str:
    """The Compose file that names the image of `service` by digest, from the server's directory."""
    return f"{FOLDER}/{service}.image.yml"


def override(service: str, image: str) -> bytes:
    """The content of that file."""
    return f'services: {{{service}: {{image: "{image}"}}}}\n'.encode()


def kept_folder(service: str, key: str) -> str:
    """Where the way back of `service` is kept under `key`, from the server's directory."""
    return f"{FOLDER}/kept/{key}/{service}"


def compose(compose_file: str, *words: str) -> Words:
    """A Compose command that needs no image."""
    return ("docker", "compose", "-f", compose_file, *words)


def state(compose_file: str, service: str) -> Words:
    """Print `held` if a person keeps the server for a repair by hand, else `free`; then what the engine knows of each
    container of `service`, running or not."""
    return ("sh", "-c", _STATE, "docker", compose_file, service)


def up(compose_file: str, service: str) -> Words:
    """Let `service`, and nothing else, run the image of its override file."""
    return compose(compose_file, "-f", override_file(service), "up", "-d", "--no-deps", service)


def update(script: str, compose_file: str, service: str, image: str, grace: timedelta, *, commit: str = "") -> Words:
    """Stop what `service` runs and let it run `image`, whose override file comes on standard input.

    With a commit the checkout in use goes there first: its Compose file counts from then on.
    """
    seconds = f"{grace.total_seconds():.0f}"
    words = (compose_file, service, image, seconds, *((commit,) if commit else ()))
    return ("sh", "-c", f"{_FOUND}\n{script}", "docker", *words)


def read_ended(service: str) -> Words:
    """Print the container that the last update of `service` stopped, and its exit code; nothing if it stopped none."""
    return ("sh", "-c", _FIRST_LINES, "sh", f"{FOLDER}/{service}.ended")


def read_source() -> Words:
    """Print where the checkout stands, where the one beside it stands, and each tracked file that was changed."""
    return ("sh", "-c", _SOURCE, "git", SOURCE)


def fetch_source(script: str, commit: str) -> Words:
    """Lay the files of `commit` out beside the checkout in use."""
    return ("sh", "-c", script, "git", commit, SOURCE)


def build(script: str, service: str, compose_file: str) -> Words:
    """Build the image of `service` from what is laid out; its name and arguments come on standard input."""
    return ("sh", "-c", script, "docker", service, compose_file, SOURCE)


def built_image(service: str, key: str) -> str:
    """The name of the image that was built of `service` for `key`, so that people and prune know it."""
    return f"countersign/{service.lower()}:{key}"


def build_override(service: str, key: str, arguments: Mapping[str, str]) -> bytes:
    """The Compose file that names what is built, and gives the build its arguments."""
    given = ", ".join(f'{name}: "{value}"' for name, value in arguments.items())
    build = f", build: {{args: {{{given}}}}}" if given else ""
    return f'services: {{{service}: {{image: "{built_image(service, key)}"{build}}}}}\n'.encode()


def stop(compose_file: str, service: str, grace: timedelta) -> Words:
    """Stop `service`; what has not ended after `grace` is killed."""
    return compose(compose_file, "stop", "-t", f"{grace.total_seconds():.0f}", service)


def start(compose_file: str, service: str) -> Words:
    """Start `service` as it was stopped."""
    return compose(compose_file, "start", service)


def check_configuration(compose_file: str) -> Words:
    """Fail if Compose cannot read the file."""
    return compose(compose_file, "config", "--quiet")


def inspect_image(image: str) -> Words:
    """Print what the engine knows of an image it holds."""
    return ("docker", "image", "inspect", image)


def pull(image: str) -> Words:
    """Fetch an image from its registry."""
    return ("docker", "pull", image)


def log_tail(container: str, lines: int) -> Words:
    """Print the last lines of a container's log, both of its streams."""
    return ("sh", "-c", _BOTH_STREAMS, "sh", "docker", "logs", "--tail", str(lines), container)


def disk_in_use(path: str) -> Words:
    """Print one line of `df -P` about the disk of `path`."""
    return ("sh", "-c", _DISK, "df", path)


def keep(script: str, folder: str, service: str, compose_file: str, image: str, *, with_source: bool) -> Words:
    """Keep in `folder` the way back of `service`; the roll-back script comes on standard input.

    `with_source` keeps where the checkout stands, too, for a release that moves it.
    """
    return ("sh", "-c", script, "sh", folder, service, compose_file, image, *(("with source",) if with_source else ()))


def read_kept(folder: str) -> Words:
    """Print the kept image and the hashes of the kept files."""
    return ("sh", "-c", _KEPT, "sh", folder)


def is_as_kept(folder: str, compose_file: str, override: str) -> Words:
    """Succeed if the files in use are those that `folder` keeps; a server without override needs none."""
    return ("sh", "-c", _AS_KEPT, "sh", folder, compose_file, override)


def roll_back(folder: str) -> Words:
    """Put back what `folder` keeps."""
    return ("sh", f"{folder}/roll-back.sh")


def typed_by_hand(line: str, *, user: str, host: str, port: int) -> str:
    """Return what a person types on a machine of their own to have a shell on a host carry out `line`."""
    return shlex.join(("ssh", "-p", str(port), f"{user}@{host}", line))
