"""What whoever is on call is told: which server is where, what happens by itself, and what to type."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from policy.clock import exact_clock
from policy.judgement import Judgement
from policy.plans import World
from policy.release import Release
from policy.wording import as_sentences, short, short_digest


def page_wait(release: Release, until: datetime, sentence: str, *, zone: str) -> str:
    """A process died between healthy servers: people have a little time."""
    return "\n".join(
        (
            f":rotating_light: *The process that released {release.what} died.* {as_sentences(sentence)}",
            "To go on: in Prefect, *Retry* the run. To go back now: start the deployment `rollback` with the release"
            f" `{release.key}`.",
            f"Without either it is rolled back at {exact_clock(until, zone)}.",
        )
    )


def page_stuck(
    release: Release, sentence: str, world: World, commands: Mapping[str, str], *, changed: Collection[str]
) -> str:
    """Nobody but a person can go on: which server is where, and what to type for those that were changed."""
    said = f":rotating_light: *{release.what} needs hands.* {as_sentences(sentence)}"
    return "\n".join((said, *where_and_by_hand(world, commands, changed=changed)))


def page_watching(
    release: Release, sentence: str, world: World, back: Mapping[str, str], start: Mapping[str, str]
) -> str:
    """A roll-back of the database whose one transaction may be under way: what to look at, and what to type then."""
    asked = "SELECT migration_name, rolled_back_at FROM _prisma_migrations ORDER BY started_at DESC LIMIT 5;"
    names = ", ".join(release.takes_back)
    return "\n".join(
        (
            f":rotating_light: *{release.what}: the application is stopped, and the database is watched.*"
            f" {as_sentences(sentence)}",
            "Once the database answers and nobody is at it any more, recovery goes on by itself.",
            f"To look yourself for {names}: `{asked}`",
            *where_and_by_hand(world, {}),
            "If rolled_back_at is set, put the version before back:",
            *(f"• {name}: `{command}`" for name, command in back.items()),
            "If it is empty and nothing holds the database, start the application as it was:",
            *(f"• {name}: `{command}`" for name, command in start.items()),
        )
    )


def page_migration_watched(release: Release, sentence: str, world: World) -> str:
    """A migration that may be under way while the process that began it is gone: what to look at meanwhile."""
    asked = (
        "SELECT migration_name, finished_at, rolled_back_at FROM _prisma_migrations ORDER BY started_at DESC LIMIT 5;"
    )
    return "\n".join(
        (
            f":rotating_light: *{release.what}: the database is watched.* {as_sentences(sentence)}",
            "Once the database answers and nobody is at it any more, recovery goes on by itself.",
            f"To look yourself: `{asked}` A row without either time was begun and never finished.",
            *where_and_by_hand(world, {}),
        )
    )


def where_and_by_hand(world: World, commands: Mapping[str, str], *, changed: Collection[str] = ()) -> tuple[str, ...]:
    """Say for each server where it is and the one line that puts it back by hand; what was not changed needs none."""
    lines = []
    for server in world.servers:
        runs = short_digest(server.digest) if server.digest else "no container"
        where = runs if server.reachable else "does not answer"
        rotation = f", {'in' if server.in_rotation else 'out of'} rotation" if world.balanced else ""
        lines.append(f"• {server.name}: {where}{rotation}")
        if server.name in commands:
            back = f"to put it back: `{commands[server.name]}`"
            lines.append(f"   {back if server.name in changed else 'not changed by this release: leave it'}")
    return tuple(lines)


def page_not_well(release: Release, verification: Sequence[Judgement], *, report: str = "") -> str:
    """A roll-back after which production could not be seen to be well."""
    wrong = "; ".join(judgement.sentence for judgement in verification if not judgement.verdict.lets_pass)
    return "\n".join(
        (
            f":rotating_light: *{release.what} was rolled back, and production is not seen to be well.*"
            f" {as_sentences(wrong)}",
            f"Every server that was touched runs {short(release.previous_commit)} again; what is left needs a person.",
            *((f"The incident report is at {report}",) if report else ()),
        )
    )


def page_record_unreadable(what: str, fault: str, commands: Mapping[str, str]) -> str:
    """A release whose process died and whose record says no more what was done: people put the servers right."""
    return "\n".join(
        (
            f":rotating_light: *{what} needs hands: its process died and its record cannot be read.*"
            f" {as_sentences(fault)}",
            "Nothing is rolled back by itself, for nobody knows what was done.",
            *(f"• {name}: to put it back: `{command}`" for name, command in commands.items()),
            "Then free the environment with the deployment `break-hold`.",
        )
    )


def page_only_in_memory(release: Release, fault: str) -> str:
    """A way home of which one process alone knows the rows: neither the store nor the worker's spool takes them."""
    return "\n".join(
        (
            f":rotating_light: *The record of {release.what} lies in the memory of one process only.*"
            f" {as_sentences(f'the store does not answer and the spool takes no row: {fault}')}",
            "The roll-back goes on. Free the spool's disk and bring the store back.",
            "What that process has not written when it ends is not in the record: recovery looks at the servers"
            " again, and `.countersign/journal` in each server's directory says what was done there.",
        )
    )
