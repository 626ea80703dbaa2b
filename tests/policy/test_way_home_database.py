"""How a roll-back of the database ends, wherever its process failed or died."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Verdict
from policy.limits import Limits
from policy.plans import Back, Cause, Migrating, Nothing, Plan, Restart, ServerState, Stuck, Watching, Why, World
from policy.record import Event, Row
from policy.way_home import plan_way_home, touched_servers
from policy.way_home_database import DATABASE_ITEM, EMPTIED, STOPPED, TAKEN_BACK, judge_ready
from tests.policy.rows import BEGAN, FIRST, NEW, OLD, SECOND, THIRD, built, numbered, row, way_back

NOW = BEGAN + timedelta(minutes=5)
OPENED = (row(Event.OPENED, release={"takes_back": ["20261126090000_nickname"]}), built(), way_back())
ASKED = (row(Event.ASKED, item=DATABASE_ITEM), row(Event.APPROVED, item=DATABASE_ITEM))


def step(subject: str, name: str) -> tuple[Row, Row]:
    return (
        row(Event.INTENDED, item=DATABASE_ITEM, subject=subject, step=name),
        row(Event.CONFIRMED, item=DATABASE_ITEM, subject=subject, step=name),
    )


FIRST_STOPPED = (*step(FIRST, EMPTIED), *step(FIRST, STOPPED))
BOTH_STOPPED = (*FIRST_STOPPED, *step(SECOND, EMPTIED), *step(SECOND, STOPPED))
DOWN = step("database", TAKEN_BACK)
PUT_BACK = (
    row(Event.INTENDED, item="4.2.2", subject=FIRST, step="put back"),
    row(Event.CONFIRMED, item="4.2.2", subject=FIRST, step="put back"),
)


def server(name: str, digest: str | None = NEW, *, reachable: bool = True, held: bool = False) -> ServerState:
    return ServerState(
        name, reachable=reachable, digest=digest, health=Verdict.FAILED, in_rotation=False, held=held
    )  # fmt: skip


STANDING = World((server(FIRST), server(SECOND)), migrating=Migrating.NOTHING)


def plan(rows: Sequence[Row], world: World = STANDING, cause: Cause = Cause.ROLLBACK_ASKED) -> Plan:
    return plan_way_home(numbered((*OPENED, *rows)), world, Why(cause, "it was seen"), now=NOW, limits=Limits())


@pytest.mark.parametrize("cause", [Cause.CHECKS_FAILED, Cause.REFUSED, Cause.EXPIRED, Cause.ROLLBACK_ASKED])
@pytest.mark.parametrize("rows", [(), ASKED], ids=["before anybody was asked", "approved"])
def test_before_the_application_was_stopped_nothing_is_brought_home(rows: Sequence[Row], cause: Cause) -> None:
    assert plan(rows, cause=cause) == Nothing("neither the application nor the database was touched")


@pytest.mark.parametrize(
    ("rows", "servers"),
    [
        pytest.param(FIRST_STOPPED[:1], (FIRST,), id="the first is being emptied"),
        pytest.param(FIRST_STOPPED, (FIRST,), id="the first is stopped"),
        pytest.param(BOTH_STOPPED, (FIRST, SECOND), id="both are stopped"),
        pytest.param((*BOTH_STOPPED, DOWN[0]), (FIRST, SECOND), id="meant, and nothing was carried out"),
    ],
)
@pytest.mark.parametrize("cause", [Cause.STEP_FAILED, Cause.RED_FLAG, Cause.ROLLBACK_ASKED])
def test_before_the_database_was_changed_the_application_starts_again_as_it_was(
    rows: Sequence[Row], servers: tuple[str, ...], cause: Cause
) -> None:
    found = plan(rows, cause=cause)

    assert isinstance(found, Restart)
    assert found.servers == servers
    assert "the database was not taken back" in found.sentence


@pytest.mark.parametrize("migrating", [Migrating.RUNNING, Migrating.UNKNOWN])
def test_while_the_database_may_be_at_it_nothing_is_touched(migrating: Migrating) -> None:
    found = plan((*BOTH_STOPPED, DOWN[0]), replace(STANDING, migrating=migrating))

    assert isinstance(found, Watching)
    assert "nothing is touched" in found.sentence


@pytest.mark.parametrize("rows", [(*BOTH_STOPPED, DOWN[0]), (*BOTH_STOPPED, *DOWN), (*BOTH_STOPPED, *DOWN, *PUT_BACK)])
def test_after_it_the_version_before_is_put_back_on_every_server(rows: Sequence[Row]) -> None:
    assert plan(rows, replace(STANDING, migrating=Migrating.DONE)) == Back(
        servers=(FIRST, SECOND), out_of_reach=(), sentence="a person asked for the roll-back: it was seen"
    )


@pytest.mark.parametrize(
    ("world", "sentence"),
    [
        pytest.param(
            replace(STANDING, migrating=Migrating.FAILED), "some of the migrations are taken back", id="half of them"
        ),
        pytest.param(World((server(FIRST, held=True), server(SECOND))), "web-server-1 holds a file HOLD", id="by hand"),
        pytest.param(World((server(FIRST, THIRD), server(SECOND))), "neither the old nor the new", id="a third one"),
    ],
)
def test_what_nobody_can_tell_is_for_people(world: World, sentence: str) -> None:
    rows = (*BOTH_STOPPED, DOWN[0]) if world.migrating is Migrating.FAILED else BOTH_STOPPED

    found = plan(rows, world)

    assert isinstance(found, Stuck)
    assert sentence in found.sentence


def test_servers_that_differ_are_not_started_on_a_schema_that_stayed() -> None:
    found = plan((*BOTH_STOPPED, DOWN[0]), replace(STANDING, servers=(server(FIRST, OLD), server(SECOND, NEW))))

    assert isinstance(found, Stuck)
    assert "different versions" in found.sentence


def test_who_does_not_answer_is_named() -> None:
    world = World((server(FIRST), server(SECOND, None, reachable=False)), migrating=Migrating.DONE)

    assert plan((*BOTH_STOPPED, *DOWN), world) == Back(
        (FIRST,), (SECOND,), "a person asked for the roll-back: it was seen"
    )


def test_a_stopped_server_counts_as_touched_so_that_slack_speaks_up_when_the_machine_dies() -> None:
    assert touched_servers(numbered((*OPENED, *BOTH_STOPPED, *DOWN))) == (FIRST, SECOND)


JOURNEY = (*ASKED, *BOTH_STOPPED, *DOWN, *PUT_BACK)


some_servers = st.tuples(
    *(
        st.builds(
            ServerState,
            name=st.just(name),
            reachable=st.booleans(),
            digest=st.sampled_from((OLD, NEW, THIRD, None)),
            health=st.just(Verdict.UNKNOWN),
            in_rotation=st.booleans(),
            held=st.booleans(),
        )
        for name in (FIRST, SECOND)
    )
)
some_worlds = st.builds(World, some_servers, balanced=st.booleans(), migrating=st.sampled_from(Migrating))


@given(upto=st.integers(0, len(JOURNEY)), world=some_worlds, cause=st.sampled_from(Cause))
def test_production_ends_on_one_version_that_fits_the_schema_or_people_know(
    upto: int, world: World, cause: Cause
) -> None:
    servers, migrating = world.servers, world.migrating
    rows = JOURNEY[:upto]
    begun = any(one.step == TAKEN_BACK for one in rows)

    found = plan(rows, world, cause)

    assert found.sentence
    match found:
        case Nothing():
            assert not begun
            assert not touched_servers(numbered(rows))
        case Restart():
            assert not begun or migrating is Migrating.NOTHING
            assert len({one.digest for one in servers if one.reachable}) <= 1
            assert {*found.servers, *found.out_of_reach} == set(touched_servers(numbered(rows)))
        case Back():
            assert begun
            assert migrating is Migrating.DONE
            assert {*found.servers, *found.out_of_reach} == {FIRST, SECOND}
        case Watching():
            assert begun
            assert migrating in (Migrating.RUNNING, Migrating.UNKNOWN)
        case _:
            assert isinstance(found, Stuck)
    if isinstance(found, Restart | Back):
        assert not any(one.held or one.digest == THIRD for one in servers)


KNOWN = (OLD, NEW)


@pytest.mark.parametrize(
    ("servers", "kept", "sentence"),
    [
        pytest.param((server(FIRST), server(SECOND)), (FIRST, SECOND), "", id="both new"),
        pytest.param((server(FIRST, OLD), server(SECOND, OLD)), (FIRST, SECOND), "", id="rolled back before"),
        pytest.param((server(FIRST, OLD), server(SECOND)), (FIRST, SECOND), "different versions", id="they differ"),
        pytest.param((server(FIRST), server(SECOND)), (FIRST,), "web-server-2 keeps no way back", id="not kept"),
        pytest.param((server(FIRST, THIRD), server(SECOND)), (FIRST, SECOND), "neither the version", id="a third"),
        pytest.param((server(FIRST, held=True), server(SECOND)), (FIRST, SECOND), "a file HOLD", id="by hand"),
        pytest.param(
            (server(FIRST, None, reachable=False), server(SECOND)), (SECOND,), "does not answer", id="out of reach"
        ),
    ],
)
def test_it_only_begins_where_every_server_can_stop_and_come_back(
    servers: tuple[ServerState, ...], kept: tuple[str, ...], sentence: str
) -> None:
    judgement = judge_ready(servers, known=KNOWN, kept=kept)

    assert judgement.verdict is (Verdict.FAILED if sentence else Verdict.PASSED)
    assert sentence in judgement.sentence
