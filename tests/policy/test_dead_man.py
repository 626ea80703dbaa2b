"""When a message must wait outside the worker machine, and what it says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policy.dead_man import (
    PUSHES,
    SILENT,
    count_steps,
    ended,
    in_hand,
    last_words,
    least_time,
    mark,
    push_is_due,
    servers_differ,
)
from policy.judgement import Verdict
from policy.metrics import Ending
from policy.plans import ServerState, World
from policy.record import Event, Row
from tests.policy import releases
from tests.policy.rows import BEGAN, FIRST, NEW, OLD, SECOND, built, numbered, row, touched, under_way, way_back

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


def said(rows: tuple[Row, ...], **changes: str) -> list[str]:
    seen_at, release = BEGAN, releases.release(**changes)
    return last_words(release, MIXED, COMMANDS, rows, seen_at=seen_at, zone=releases.ZONE).splitlines()


def test_the_last_words_say_who_is_where_and_what_to_type_for_whom_and_whose_they_are() -> None:
    lines = said(under_way())

    assert lines[:7] == [
        f":rotating_light: *The machine that released {releases.release().what} {SILENT}.*",
        "As it last saw them, Tue 24 Nov, 10:00:00 PST:",
        f"• {FIRST}: {NEW[:19]}, in rotation",
        f"   to put it back: `{COMMANDS[FIRST]}`",
        f"• {SECOND}: {OLD[:19]}, in rotation",
        "   not changed by this release: leave it",
        f"Begun then, and not seen to be done: {FIRST} drained.",
    ]
    assert lines[-1] == mark(releases.release())


def test_what_is_done_is_not_said_to_be_begun() -> None:
    assert not [line for line in said(under_way(replace(touched(), event=Event.CONFIRMED))) if line.startswith("Begun")]


@pytest.mark.parametrize(
    ("rows", "typed"),
    [
        ((row(Event.OPENED), built(), way_back()), [FIRST]),
        ((row(Event.OPENED), built(), way_back(), touched(SECOND, item="4.2.2")), [FIRST, SECOND]),
        ((row(Event.OPENED),), [FIRST, SECOND]),
    ],
    ids=["what is elsewhere than before", "and what it touched", "all of them where the way back is not known"],
)
def test_a_roll_back_by_itself_names_what_the_release_before_it_changed(
    rows: tuple[Row, ...], typed: list[str]
) -> None:
    lines = said(numbered(rows), undoes="20261124-170000-aaaaaaaa")

    assert [name for name in (FIRST, SECOND) if f"   to put it back: `{COMMANDS[name]}`" in lines] == typed


@pytest.mark.parametrize(
    ("seconds", "news", "due"),
    [(14, True, False), (15, True, True), (15, False, False), (59, False, False), (60, False, True)],
)
def test_a_servers_step_moves_the_message_on_sooner_and_never_too_often_for_slack(
    seconds: int, *, news: bool, due: bool
) -> None:
    assert push_is_due(timedelta(seconds=seconds), news=news, dead_man=timedelta(minutes=5)) is due


def test_each_step_of_a_server_is_news_and_nothing_else_is() -> None:
    before = under_way()

    assert count_steps(before) == 1
    assert count_steps(under_way(replace(touched(), event=Event.CONFIRMED))) == 2
    assert count_steps(under_way(row(Event.JUDGED, item="2.1.5", subject=FIRST), row(Event.APPROVED))) == 1


@pytest.mark.parametrize(("taken_over", "who"), [(True, "Another process took it over"), (False, "Its machine is")])
def test_whoever_reads_the_last_words_is_told_to_type_nothing_and_why(*, taken_over: bool, who: str) -> None:
    text = in_hand(releases.release(), taken_over=taken_over, at=BEGAN, zone=releases.ZONE)

    assert text.splitlines()[0].endswith("is looked after: type nothing.*")
    assert who in text
    assert "(Tue 24 Nov, 10:00:00 PST)" in text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Ending.ROLLED_BACK, ("type nothing.*", "Rolled back: every server that it touched runs a1a1a1a again: why")),
        (Ending.SIGNED_OFF, ("type nothing.*", "Signed off: why.")),
        (Ending.STOPPED, ("type nothing.*", "Stopped: why.")),
        (Ending.STAYED, ("type nothing.*", "without a sign-off: why.")),
        (Ending.STUCK, ("needs hands since Tue 24 Nov, 10:00:00 PST.* Why.", "Type what the page *needs hands*")),
    ],
)
def test_and_in_the_end_how_it_ended(outcome: Ending, words: tuple[str, ...]) -> None:
    sealed = row(Event.SEALED, outcome=outcome.value, sentence="why")

    text = ended(releases.release(), sealed, zone=releases.ZONE)

    assert [one for one in words if one not in text] == []
    assert mark(releases.release()) not in text


@pytest.mark.parametrize(("last_chance", "heartbeat", "least"), [(60, 10, 87.5), (60, 0, 75), (2, 1, 3.75), (0, 0, 0)])
def test_even_a_late_push_finds_the_message_before_it_deletable(
    last_chance: float, heartbeat: float, least: float
) -> None:
    time = least_time(last_chance=timedelta(seconds=last_chance), heartbeat=timedelta(seconds=heartbeat))

    assert time == timedelta(seconds=least)
    assert time - time / PUSHES - timedelta(seconds=heartbeat) == timedelta(seconds=last_chance)


def test_two_releases_have_two_marks() -> None:
    assert mark(releases.release()) != mark(releases.release(key="20261125-180000-1f2e3d4c"))
