"""What `doctor` tries of each host: its SSH key, Docker and Compose, clock and disk, and what else runs there."""

from collections.abc import Iterator
from datetime import timedelta

from blocks.fleet import Fleet, Machine, Server
from policy.diagnosis import (
    Finding,
    judge_clock,
    judge_company,
    judge_compose,
    judge_disk,
    judge_engine,
    judge_tools,
    not_tried,
)
from policy.health import judge_health
from policy.judgement import Judgement, passed
from policy.limits import Limits
from policy.next_step import Serving, judge_serving, next_step_of_tools
from tasks.attempt import attempt, attempt_advised
from tasks.run import utc_now

_BY_HAND = "try it as the worker's user: `ssh -p {port} -i {key_file} {user}@{host} true`"


_OVER_SSH = (
    "clock",
    "Docker",
    "Compose",
    "programs and folder",
    "nothing of Prefect",
    "disk",
    "what it runs",
    "Compose file",
)


def try_server(fleet: Fleet, server: Server, limits: Limits) -> Iterator[Finding]:
    """Everything of one server; without SSH only its own health can be tried."""
    seen: list[tuple[Machine, timedelta]] = []

    def greet() -> Judgement:
        before = utc_now()
        machine = fleet.read_machine(server)
        after = utc_now()
        seen.append((machine, machine.clock - (before + (after - before) / 2)))
        return passed(f"{fleet.user}@{server.host}:{server.port} is let in, and its key is the known one")

    words = {**server.model_dump(), **fleet.model_dump(include={"user", "key_file", "known_hosts"})}
    ssh = attempt(server.name, "SSH", greet, _BY_HAND.format(**words))
    yield ssh
    if seen:
        yield from _try_machine(server, *seen[0], limits=limits)
        yield from _try_service(fleet, server, limits, compose=judge_compose(seen[0][0].compose))
    else:
        yield from (not_tried(server.name, tried, see=ssh) for tried in _OVER_SSH)
    yield attempt(
        server.name,
        "own health",
        lambda: judge_health(fleet.read_health(server)),
        f"open {server.health} from the worker: past the balancer the port has to be reachable, and the answer healthy",
    )


def _try_machine(server: Server, machine: Machine, ahead: timedelta, *, limits: Limits) -> Iterator[Finding]:
    name = server.name
    yield Finding(
        name,
        "clock",
        judge_clock(ahead, limit=limits.clock),
        "let chrony or systemd-timesyncd set the clock there: `timedatectl set-ntp true`",
    )
    yield Finding(
        name,
        "Docker",
        judge_engine(machine.docker),
        "start Docker there, and put the user into the group that may speak to it: `usermod -aG docker USER`",
    )
    yield Finding(
        name, "Compose", judge_compose(machine.compose), "install Compose v2 there: the package docker-compose-plugin"
    )
    yield Finding(
        name,
        "programs and folder",
        judge_tools(machine.missing, writable=machine.writable),
        next_step_of_tools(machine.missing, directory=server.directory),
    )
    yield Finding(
        name,
        "nothing of Prefect",
        judge_company(machine.processes),
        "move it to a machine that no release restarts: with the server it would die in the middle of one",
    )


def _try_service(fleet: Fleet, server: Server, limits: Limits, *, compose: Judgement) -> Iterator[Finding]:
    name = server.name

    def serves() -> tuple[Judgement, str]:
        state, words = fleet.read_state(server), fleet.hand_look_commands(server)
        return judge_serving(
            Serving(
                state.sentence,
                held=state.held,
                there=state.container is not None,
                running=state.running,
                by_digest=state.image_digest is not None,
                exit_code=state.exit_code,
                look_at_hold=words["hold"],
                look_at_log=words["log"],
                start=fleet.hand_start_commands()[name],
            )
        )

    def reads_compose_file() -> Judgement:
        fleet.check_configuration(server)
        return passed(f"Compose reads {fleet.compose_file}")

    yield attempt(
        name,
        "disk",
        lambda: judge_disk(fleet.read_disk(server), limit=limits.disk),
        "free some of it: `docker system df`, then `docker image prune` for images that no container uses",
    )
    by_digest = f"let Compose have one container of {server.service} there, of an image pulled by its digest"
    yield attempt_advised(name, "what it runs", serves, by_digest)
    file = "Compose file"
    mend = f"mend {fleet.compose_file} in {server.directory}"
    found = Finding(name, "Compose", compose)
    yield (attempt(name, file, reads_compose_file, mend) if found.is_well else not_tried(name, file, see=found))
