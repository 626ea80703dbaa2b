"""What a host is like before anything is released to it: clock, Docker, programs, and what else runs there."""

from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.errors import Unreachable
from blocks.fleet.commands import Words

# What the scripts on a host call, beside `sh` and `docker`.
PROGRAMS = ("flock", "timeout", "sha256sum", "cmp", "df")
_READ = (
    'echo "time $(date +%s)";'
    " echo \"docker $(docker version --format '{{.Server.Version}}' 2>&1 | tail -n 1)\";"
    ' echo "compose $(docker compose version --short 2>&1 | tail -n 1)";'
    ' if test -w .; then echo "writable yes"; fi;'
    ' for name in "$@"; do command -v "$name" >/dev/null 2>&1 || echo "missing $name"; done;'
    " ps -eo args | sed 's/^/process /'"
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a host said of itself; `docker` and `compose` are a version, or the last words of what refused."""

    clock: datetime
    docker: str
    compose: str
    writable: bool
    missing: tuple[str, ...]
    processes: tuple[str, ...]


def read_words() -> Words:
    """Print everything of a Machine, one fact a line."""
    return ("sh", "-c", _READ, "host", *PROGRAMS)


def read_machine(server: str, text: str) -> Machine:
    """Read what those words printed; raise Unreachable where the host did not say its time."""
    facts: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        facts.setdefault(name, []).append(value)
    (time,) = facts.get("time") or [""]
    if not time.isdecimal():
        raise Unreachable(f"{server}: `date +%s` printed no time: {time!r}")
    return Machine(
        clock=datetime.fromtimestamp(int(time), UTC),
        docker=facts.get("docker", [""])[0],
        compose=facts.get("compose", [""])[0],
        writable="writable" in facts,
        missing=tuple(facts.get("missing", ())),
        processes=tuple(facts.get("process", ())[1:]),
    )
