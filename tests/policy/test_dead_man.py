"""When a message must wait outside the worker machine, and what it says."""

from datetime import timedelta

import pytest

from policy.dead_man import PUSHES, last_words, least_time, mark, servers_differ
from policy.judgement import Verdict
from policy.plans import ServerState, World
from tests.policy import releases
from tests.policy.rows import BEGAN, FIRST, NEW, OLD, SECOND, built, numbered, under_way, way_back

COMMANDS = {FIRST: "ssh one 'sh roll-back.sh'", SECOND: "ssh two 'sh roll-back.sh'"}


def server(name: str, digest: str | None, *, in_rotation: bool | None = True) -> ServerState:
    reachable = digest is not None
    return ServerState(name, reachable, digest, Verdict.PASSED if reachable else Verdict.UNKNOWN, in_rotation)


def world(*servers: ServerState, balanced: bool = True) -> World:
    return World(servers, balanced)


ONE_VERSION = world(server(FIRST, NEW), server(SECOND, NEW))
MIXED = world(server(FIRST, NEW), server(SECOND, OLD))


@pytest.mark.parametrize(
    ("seen", "differ"),
    [
        (MIXED, True),
        (ONE_VERSION, False),
        (world(server(FIRST, None), server(SECOND, OLD)), True),
        (world(server(FIRST, None), server(SECOND, None)), True),
        (world(server(FIRST, OLD, in_rotation=False), server(SECOND, OLD)), True),
        (world(server(FIRST, OLD, in_rotation=None), server(SECOND, OLD)), True),
        (world(server(FIRST, OLD, in_rotation=None), server(SECOND, OLD, in_rotation=None), balanced=False), False),
    ],
    ids=["mixed", "one version", "one silent", "all silent", "one out of rotation", "rotation unknown", "no balancer"],
)
def test_servers_differ_unless_they_are_known_to_be_one_version_in_rotation(seen: World, *, differ: bool) -> None:
    assert servers_differ(under_way(), seen) is differ


def test_what_a_release_has_not_touched_yet_is_not_its_doing() -> None:
    assert not servers_differ(numbered((built(), way_back())), MIXED)


def test_the_last_words_say_who_is_where_and_what_to_type_and_whose_they_are() -> None:
    release = releases.release()

    text = last_words(release, MIXED, COMMANDS, seen_at=BEGAN, zone=releases.ZONE)

    assert text.splitlines()[:6] == [
        f":rotating_light: *The machine that released {release.what} has fallen silent, and servers differ.*",
        "As it last saw them, Tue 24 Nov, 10:00 PST:",
        f"• {FIRST}: {NEW[:19]}, in rotation",
        f"   to put it back: `{COMMANDS[FIRST]}`",
        f"• {SECOND}: {OLD[:19]}, in rotation",
        f"   to put it back: `{COMMANDS[SECOND]}`",
    ]
    assert text.endswith(mark(release))


@pytest.mark.parametrize(("last_chance", "heartbeat", "least"), [(60, 10, 87.5), (60, 0, 75), (2, 1, 3.75), (0, 0, 0)])
def test_even_a_late_push_finds_the_message_before_it_deletable(
    last_chance: float, heartbeat: float, least: float
) -> None:
    time = least_time(last_chance=timedelta(seconds=last_chance), heartbeat=timedelta(seconds=heartbeat))

    assert time == timedelta(seconds=least)
    assert time - time / PUSHES - timedelta(seconds=heartbeat) == timedelta(seconds=last_chance)


def test_two_releases_have_two_marks() -> None:
    assert mark(releases.release()) != mark(releases.release(key="20261125-180000-1f2e3d4c"))
