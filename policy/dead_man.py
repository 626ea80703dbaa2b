"""The dead man's switch: when a message must wait outside the worker machine, what it says, and who answers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from policy.clock import exact_clock
from policy.endings import ending_of, say_ending
from policy.metrics import Ending
from policy.on_call_pages import where_and_by_hand
from policy.plans import World
from policy.record import Event, Row
from policy.release import Release
from policy.way_home import UPDATE_ITEMS, servers_to_put_back, touched_servers
from policy.way_home_database import DATABASE_ITEM
from policy.wording import as_sentences, listed

PUSHES = 5  # within its time: so the message that is deleted is still far from its own
# Slack takes 30 scheduled messages for one channel in five minutes; so twenty of them are ours at most.
APART = timedelta(seconds=15)
SILENT = "has fallen silent, and servers differ"
_STEPS = UPDATE_ITEMS | {DATABASE_ITEM}


def least_time(*, last_chance: timedelta, heartbeat: timedelta) -> timedelta:
    """Return the shortest time of the switch with which each push still finds the message before it deletable.

    A push is due after a fifth of it and comes up to a heartbeat late; within `last_chance` of its time a
    scheduled message can no longer be deleted.
    """
    return (last_chance + heartbeat) * PUSHES / (PUSHES - 1)


def push_is_due(since: timedelta, *, news: bool, dead_man: timedelta) -> bool:
    """Whether the message is moved on so long after the last push, `news` being a server's step recorded since."""
    pause = dead_man / PUSHES
    return since >= (min(APART, pause) if news else pause)


def count_steps(rows: Sequence[Row]) -> int:
    """Count what the record says was begun or done on a server: each of it makes the last message an old one."""
    return sum(row.item in _STEPS and row.event in (Event.INTENDED, Event.CONFIRMED) for row in rows)


def servers_differ(rows: Sequence[Row], world: World) -> bool:
    """Whether this release touched servers and they are not known to be one version again, all in rotation."""
    if not touched_servers(rows):
        return False
    digests = {server.digest for server in world.servers}
    out_of_rotation = world.balanced and any(not server.in_rotation for server in world.servers)
    return len(digests) > 1 or None in digests or out_of_rotation


def mark(release: Release) -> str:
    """Return what the message of this release is known by: a scheduled message of Slack's carries no key."""
    return f"(dead man's switch of release {release.key})"


def last_words(
    release: Release,
    world: World,
    commands: Mapping[str, str],
    rows: Sequence[Row],
    *,
    seen_at: datetime,
    zone: str,
) -> str:
    """Who is where and what to type by hand, for the hour when nobody else can say it."""
    begun = listed(f"{row.subject} {row.step}" for row in _unfinished(rows))
    return "\n".join(
        (
            f":rotating_light: *The machine that released {release.what} {SILENT}.*",
            f"As it last saw them, {exact_clock(seen_at, zone)}:",
            *where_and_by_hand(world, commands, changed=servers_to_put_back(rows, world, release)),
            *((f"Begun then, and not seen to be done: {begun}.",) if begun else ()),
            "First look in this channel, just above and below: whoever takes the release over, as recovery does, says"
            " so here, and how it ended.",
            "If nothing is said, look what the servers run and type these, the server that is ill first.",
            mark(release),
        )
    )


def in_hand(release: Release, *, taken_over: bool, at: datetime, zone: str) -> str:
    """The last words were posted, or can be kept from it no more, and somebody looks after the release."""
    who = "Another process took it over" if taken_over else "Its machine is heard again"
    return "\n".join(
        (
            f":ok_hand: *{release.what} is looked after: type nothing.*",
            f"{who} ({exact_clock(at, zone)}); the message that the machine {SILENT}, is out of date."
            " How it ends is said here.",
        )
    )


def ended(release: Release, sealed: Row, *, zone: str) -> str:
    """How a release ended of which the last words were posted, or can be kept from it no more."""
    moment, what = exact_clock(sealed.at, zone), release.what
    if ending_of(sealed) is Ending.STUCK:
        return (
            f":rotating_light: *{what} needs hands since {moment}.* {as_sentences(str(sealed.facts['sentence']))}"
            " Type what the page *needs hands* in this channel says; the message that the machine"
            f" {SILENT}, is out of date."
        )
    how = as_sentences(say_ending(release, sealed))
    return f":white_check_mark: *{what} ended at {moment}: type nothing.* {how}"


def _unfinished(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return what was begun on servers and is not known to be done, one row a server."""
    newest = {row.subject: row for row in rows if row.item in _STEPS}
    return tuple(row for row in newest.values() if row.event is Event.INTENDED)
