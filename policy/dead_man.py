"""The dead man's switch: when a message must wait outside the worker machine, and what it says in the end."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from policy.messages import clock, where_and_by_hand
from policy.plans import World
from policy.record import Row
from policy.release import Release
from policy.way_home import touched_servers

PUSHES = 5  # within its time: so the message that is deleted is still far from its own


def least_time(*, last_chance: timedelta, heartbeat: timedelta) -> timedelta:
    """Return the shortest time of the switch with which each push still finds the message before it deletable.

    A push is due after a fifth of it and comes up to a heartbeat late; within `last_chance` of its time a
    scheduled message can no longer be deleted.
    """
    return (last_chance + heartbeat) * PUSHES / (PUSHES - 1)


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


def last_words(release: Release, world: World, commands: Mapping[str, str], *, seen_at: datetime, zone: str) -> str:
    """Who is where and what to type by hand, for the hour when nobody else can say it."""
    return "\n".join(
        (
            f":rotating_light: *The machine that released {release.what} has fallen silent, and servers differ.*",
            f"As it last saw them, {clock(seen_at, zone)}:",
            *where_and_by_hand(world, commands),
            "If recovery still runs it says so here; if nothing is said, type these, the server that is ill first.",
            mark(release),
        )
    )
