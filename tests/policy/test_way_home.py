"""What decides between forward, hold and back, for each row of the table."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.broken_hold import BROKEN
from policy.database_rows import MIGRATION_ITEM, migration_in_flight, migrations_begun
from policy.judgement import Verdict
from policy.limits import Limits
from policy.plans import Back, Cause, Forward, Migrating, Nothing, Plan, ServerState, Stuck, Wait, Watching, Why, World
from policy.record import Event, Row
from policy.way_home import FORWARD_ITEMS, plan_way_home, read_way_back, touched_servers
from tests.policy.rows import (
    BEGAN,
    FIRST,
    NEW,
    OLD,
    SECOND,
    THIRD,
    built,
    numbered,
    row,
    touched,
    under_way,
    way_back,
)

LIMITS = Limits()
NOW = BEGAN + timedelta(minutes=10)


def server(name: str = FIRST, digest: str | None = OLD, health: Verdict = Verdict.PASSED) -> ServerState:
    return ServerState(name=name, reachable=True, digest=digest, health=health, in_rotation=True)


def away(name: str) -> ServerState:
    return ServerState(name=name, reachable=False, digest=None, health=Verdict.UNKNOWN, in_rotation=None)


MIXED = World((server(FIRST, NEW), server(SECOND)))
ILL = World((server(FIRST, NEW, Verdict.FAILED), server(SECOND)))
ALL_NEW = World((server(FIRST, NEW), server(SECOND, NEW)))
ALL_OLD = World((server(FIRST), server(SECOND)))
BOTH_TOUCHED = under_way(touched(SECOND, item="2.1.5"))
VERIFIED = under_way(touched(SECOND, item="2.1.5"), row(Event.LIVE), row(Event.VERIFIED))
MIGRATING = under_way(row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", step="migrated"))
MIGRATED = under_way(
    row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", step="migrated"),
    row(Event.CONFIRMED, item=MIGRATION_ITEM, subject="database", step="migrated"),
)


def plan(
    cause: Cause, rows: Sequence[Row] = BOTH_TOUCHED, world: World = MIXED, *, silent_for: timedelta = timedelta(0)
) -> Plan:
    return plan_way_home(rows, world, Why(cause, "it was seen", NOW - silent_for), now=NOW, limits=LIMITS)


@pytest.mark.parametrize(
    "rows",
    [
        numbered([]),
        numbered([row(Event.OPENED), row(Event.JUDGED, item="1.4.3", verdict="failed")]),
        numbered([row(Event.OPENED), built()]),
        numbered([row(Event.OPENED), built(), way_back()]),
        numbered([row(Event.OPENED), row(Event.INTENDED, item="1.4.5", subject=FIRST, step="way back kept")]),
    ],
    ids=["no row", "a check", "built", "way back recorded", "only kept"],
)
@pytest.mark.parametrize("cause", [Cause.CHECKS_FAILED, Cause.STEP_FAILED, Cause.DIED, Cause.CANCELLED])
def test_before_the_first_change_nothing_is_touched(rows: tuple[Row, ...], cause: Cause) -> None:
    assert plan(cause, rows) == Nothing("no server was touched")


def test_what_was_touched_without_a_way_back_needs_hands() -> None:
    assert plan(Cause.DIED, numbered([row(Event.OPENED), touched()])) == Stuck(
        "web-server-1 may have been changed, and the record holds no way back"
    )


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        pytest.param(Cause.RED_FLAG, "red flag: it was seen", id="a measured red flag"),
        pytest.param(Cause.REFUSED, "approval refused: it was seen", id="approval: roll back"),
        pytest.param(Cause.EXPIRED, "no approval in time: it was seen", id="approval: no answer in time"),
        pytest.param(Cause.STEP_FAILED, "a step failed: it was seen", id="a step failed"),
        pytest.param(Cause.CHECKS_FAILED, "a check failed: it was seen", id="ill after the last server"),
        pytest.param(Cause.CANCELLED, "the run was cancelled: it was seen", id="cancelled"),
        pytest.param(Cause.DELETED, "the run was deleted in Prefect: it was seen", id="deleted"),
        pytest.param(Cause.UNSEALED, "the run ended without sealing its record: it was seen", id="not begun"),
        pytest.param(Cause.PRE_EMPTED, "a roll-back or a hotfix needs the environment: it was seen", id="pre-empted"),
        pytest.param(Cause.ROLLBACK_ASKED, "a person asked for the roll-back: it was seen", id="asked"),
    ],
)
def test_what_was_touched_goes_back(cause: Cause, sentence: str) -> None:
    assert plan(cause) == Back(servers=(FIRST, SECOND), out_of_reach=(), sentence=sentence)


BROKE = "Omar Reyes broke the hold of b2b2b2b: we repair by hand tonight"
BROKEN_HOLD = under_way(touched(SECOND, item="2.1.5"), replace(row(Event.TOOK_OVER), facts={BROKEN: BROKE}))


@pytest.mark.parametrize("cause", [Cause.DIED, Cause.UNSEALED, Cause.RED_FLAG, Cause.ROLLBACK_ASKED])
@pytest.mark.parametrize("world", [MIXED, ILL])
def test_a_release_whose_hold_a_person_broke_is_left_to_people(cause: Cause, world: World) -> None:
    assert plan(cause, BROKEN_HOLD, world) == Stuck(BROKE)


def test_whoever_took_over_since_because_the_roll_back_was_asked_for_puts_it_back() -> None:
    assert isinstance(plan(Cause.ROLLBACK_ASKED, numbered((*BROKEN_HOLD, row(Event.TOOK_OVER)))), Back)


def test_a_broken_hold_offers_no_image_that_the_schema_no_longer_fits() -> None:
    took = row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", step="applied", takes_away="Patient.nickname")

    assert plan(Cause.DIED, numbered((took, *BROKEN_HOLD))) == Stuck(BROKE, image_fits=False)


def test_people_who_decide_to_stay_are_obeyed() -> None:
    assert plan(Cause.STAY, world=ALL_NEW) == Nothing("production stays as it is: it was seen")


def test_a_dead_process_between_healthy_servers_gives_people_time() -> None:
    waits = plan(Cause.DIED, silent_for=timedelta(minutes=4))

    assert waits == Wait(
        NOW + timedelta(minutes=6),
        "the servers differ, and none is ill",
    )


def test_whoever_took_the_dead_one_over_does_not_wait_again() -> None:
    back = plan_way_home(BOTH_TOUCHED, MIXED, Why(Cause.DIED, "it was seen"), now=NOW, limits=LIMITS)

    assert isinstance(back, Back)


@pytest.mark.parametrize(
    ("world", "silent_for"),
    [
        pytest.param(MIXED, LIMITS.choice, id="nobody chose in time"),
        pytest.param(ILL, timedelta(minutes=1), id="something is unhealthy"),
        pytest.param(ALL_OLD, timedelta(minutes=1), id="nothing was changed yet"),
    ],
)
def test_a_dead_process_goes_back(world: World, silent_for: timedelta) -> None:
    assert isinstance(plan(Cause.DIED, world=world, silent_for=silent_for), Back)


def test_an_old_server_out_of_rotation_is_not_as_it_was() -> None:
    world = World((replace(server(FIRST), in_rotation=False), server(SECOND)))

    assert isinstance(plan(Cause.DIED, world=world), Wait)


def test_without_a_balancer_old_servers_are_as_they_were() -> None:
    servers = tuple(replace(server(name), in_rotation=None) for name in (FIRST, SECOND))

    assert isinstance(plan(Cause.DIED, world=World(servers, balanced=False)), Back)
    assert isinstance(plan(Cause.DIED, world=World(servers)), Wait)


@pytest.mark.parametrize("cause", [Cause.DIED, Cause.STEP_FAILED, Cause.CANCELLED, Cause.DELETED])
def test_what_was_verified_everywhere_is_signed_off(cause: Cause) -> None:
    assert isinstance(plan(cause, VERIFIED, ALL_NEW), Forward)


@pytest.mark.parametrize("cause", [Cause.RED_FLAG, Cause.ROLLBACK_ASKED, Cause.PRE_EMPTED])
def test_what_was_verified_goes_back_for_a_reason(cause: Cause) -> None:
    assert isinstance(plan(cause, VERIFIED, ALL_NEW), Back)


@pytest.mark.parametrize(
    ("world", "sentence"),
    [
        (
            World((server(FIRST, NEW), server(SECOND, THIRD))),
            "somebody is repairing by hand: web-server-2 runs sha256:c3c3c3c3c3c3,"
            " which is neither the old nor the new version; nothing is touched",
        ),
        (
            World((replace(server(FIRST, NEW), held=True), server(SECOND))),
            "somebody is repairing by hand: web-server-1 holds a file HOLD; nothing is touched",
        ),
    ],
    ids=["a third state", "a file HOLD"],
)
@pytest.mark.parametrize("cause", [Cause.RED_FLAG, Cause.DIED, Cause.ROLLBACK_ASKED])
def test_whoever_repairs_by_hand_is_left_alone(world: World, sentence: str, cause: Cause) -> None:
    assert plan(cause, world=world) == Stuck(sentence)


@pytest.mark.parametrize("cause", [Cause.RED_FLAG, Cause.DIED, Cause.ROLLBACK_ASKED])
def test_a_migration_in_flight_is_only_watched(cause: Cause) -> None:
    found = plan(cause, MIGRATING)

    assert isinstance(found, Watching)
    assert "it is watched and nothing else is touched" in found.sentence


@pytest.mark.parametrize("migrating", [Migrating.UNKNOWN, Migrating.RUNNING])
def test_a_migration_that_somebody_is_at_or_of_which_nothing_is_known_is_only_watched(migrating: Migrating) -> None:
    world = replace(MIXED, migrating=migrating)

    assert plan(Cause.RED_FLAG, MIGRATING, world=world) == Watching(
        f"a migration may be in flight ({migrating}); it is watched and nothing else is touched"
    )


def test_a_migration_that_never_finished_is_for_people() -> None:
    found = plan(Cause.STEP_FAILED, MIGRATING, world=replace(MIXED, migrating=Migrating.FAILED))

    assert isinstance(found, Stuck)
    assert "later ones are blocked (P3009)" in found.sentence


def test_a_migration_that_never_finished_and_may_have_dropped_something_offers_no_image_of_before() -> None:
    begun = row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", takes_away="Patient.nickname dropped")

    found = plan(Cause.STEP_FAILED, under_way(begun), world=replace(MIXED, migrating=Migrating.FAILED))

    assert isinstance(found, Stuck)
    assert not found.image_fits
    assert "the previous image needs what is gone: Patient.nickname dropped" in found.sentence


@pytest.mark.parametrize("migrating", [Migrating.NOTHING, Migrating.DONE])
def test_a_migration_that_was_not_begun_or_is_done_closes_no_way_back_by_itself(migrating: Migrating) -> None:
    assert isinstance(plan(Cause.RED_FLAG, MIGRATING, world=replace(MIXED, migrating=migrating)), Back)


def test_a_migration_that_ended_holds_nothing_up() -> None:
    assert not migration_in_flight(MIGRATED)
    assert isinstance(plan(Cause.RED_FLAG, MIGRATED), Back)


BEGUN_ALONE = row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", step="applied", migrations="nickname")
DONE_ALONE = row(Event.CONFIRMED, item=MIGRATION_ITEM, subject="database", step="applied")
ALONE = "nickname: applied, and production was not seen to be well with it; no server was touched"


@pytest.mark.parametrize(
    ("rows", "migrating", "kind", "sentence"),
    [
        pytest.param([], Migrating.UNKNOWN, Nothing, "no server was touched", id="not begun"),
        pytest.param([BEGUN_ALONE], Migrating.NOTHING, Nothing, "no server was touched", id="left nothing behind"),
        pytest.param([BEGUN_ALONE], Migrating.RUNNING, Watching, "a migration may be in flight", id="under way"),
        pytest.param([BEGUN_ALONE], Migrating.UNKNOWN, Watching, "a migration may be in flight", id="nobody knows"),
        pytest.param([BEGUN_ALONE], Migrating.FAILED, Stuck, "began and never finished", id="half done"),
        pytest.param([BEGUN_ALONE], Migrating.DONE, Stuck, ALONE, id="done, and nobody looked"),
        pytest.param([BEGUN_ALONE, DONE_ALONE], Migrating.DONE, Stuck, ALONE, id="not verified"),
        pytest.param(
            [BEGUN_ALONE, DONE_ALONE, row(Event.VERIFIED)],
            Migrating.DONE,
            Forward,
            "nickname: applied and verified; what is left is to sign off",
            id="verified",
        ),
        pytest.param(
            [way_back(), BEGUN_ALONE, DONE_ALONE],
            Migrating.DONE,
            Nothing,
            "no server was touched; applied and kept: nickname",
            id="before the first server of a release",
        ),
        pytest.param(
            [way_back(), BEGUN_ALONE, DONE_ALONE, replace(BEGUN_ALONE, facts={"migrations": "later"})],
            Migrating.NOTHING,
            Nothing,
            "no server was touched; applied and kept: nickname",
            id="the second left nothing behind",
        ),
    ],
)
def test_a_migration_alone_ends_verified_or_with_people(
    rows: Sequence[Row], migrating: Migrating, kind: type[Plan], sentence: str
) -> None:
    found = plan(Cause.DIED, numbered(rows), replace(ALL_OLD, migrating=migrating))

    assert migrations_begun(rows) is any(row.item == MIGRATION_ITEM for row in rows)
    assert isinstance(found, kind)
    assert sentence in found.sentence


def test_people_who_keep_a_migration_alone_are_heard() -> None:
    found = plan(Cause.STAY, numbered([BEGUN_ALONE, DONE_ALONE]), ALL_OLD)

    assert found == Nothing("no server was touched; applied and kept: nickname")


def test_a_migration_alone_that_took_something_away_is_for_people() -> None:
    took = replace(BEGUN_ALONE, facts={**BEGUN_ALONE.facts, "takes_away": "Patient.phone dropped"})

    found = plan(Cause.CHECKS_FAILED, numbered([took, DONE_ALONE]), ALL_OLD)

    assert isinstance(found, Stuck)
    assert ALONE in found.sentence
    assert isinstance(plan(Cause.DIED, numbered([took, DONE_ALONE, row(Event.VERIFIED)]), ALL_OLD), Forward)


def test_d5_an_image_that_needs_what_a_migration_dropped_is_not_put_back() -> None:
    """D5."""
    dropping = under_way(
        row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", takes_away="Patient.nickname dropped"),
        row(Event.CONFIRMED, item=MIGRATION_ITEM, subject="database"),
    )

    assert plan(Cause.RED_FLAG, dropping) == Stuck(
        "the previous image needs what is gone: Patient.nickname dropped; rolling the image back will break it."
        " Safer: leave the new version, and fix forward with the deployment `hotfix`",
        image_fits=False,
    )


DROPPED_AFTER_THE_LAST = (
    row(Event.INTENDED, item=MIGRATION_ITEM, subject="database", takes_away="Patient.nickname dropped"),
    row(Event.CONFIRMED, item=MIGRATION_ITEM, subject="database"),
)


def test_a_verified_release_that_dropped_something_is_signed_off_after_a_crash_not_given_to_people() -> None:
    rows = under_way(
        touched(SECOND, item="2.1.5"), *DROPPED_AFTER_THE_LAST, row(Event.LIVE), row(Event.VERIFIED)
    )  # fmt: skip

    assert isinstance(plan(Cause.DIED, rows, ALL_NEW), Forward)
    assert isinstance(plan(Cause.STAY, rows, ALL_NEW), Nothing)


def test_people_are_not_waited_for_where_the_only_choice_would_break_production() -> None:
    rows = under_way(touched(SECOND, item="2.1.5"), *DROPPED_AFTER_THE_LAST)

    assert isinstance(plan(Cause.DIED, rows, ALL_NEW, silent_for=timedelta(minutes=1)), Stuck)


def test_d5_a_finished_release_that_dropped_something_is_not_undone_by_its_image() -> None:
    recorded = row(Event.WAY_BACK, digests={FIRST: OLD, SECOND: OLD}, taken_away="Patient.nickname dropped")
    undoing = numbered([row(Event.OPENED), built(), recorded])

    found = plan(Cause.ROLLBACK_ASKED, undoing, ALL_NEW)

    assert isinstance(found, Stuck)
    assert found.sentence.startswith("the previous image needs what is gone: Patient.nickname dropped")
    assert not found.image_fits


def test_a_drop_that_the_database_never_carried_out_closes_nothing() -> None:
    rows = under_way(DROPPED_AFTER_THE_LAST[0])

    assert isinstance(plan(Cause.RED_FLAG, rows, replace(MIXED, migrating=Migrating.NOTHING)), Back)


def test_a_server_that_cannot_be_reached_is_named_and_the_others_go_back() -> None:
    back = plan(Cause.RED_FLAG, world=World((server(FIRST, NEW), away(SECOND))))

    assert back == Back(servers=(FIRST,), out_of_reach=(SECOND,), sentence="red flag: it was seen")


def test_a_server_that_nobody_shows_is_out_of_reach() -> None:
    back = plan(Cause.RED_FLAG, world=World((server(FIRST, NEW),)))

    assert back == Back(servers=(FIRST,), out_of_reach=(SECOND,), sentence="red flag: it was seen")


@pytest.mark.parametrize(
    ("world", "order"),
    [
        (World((server(FIRST, NEW), server(SECOND, NEW, Verdict.FAILED))), (SECOND, FIRST)),
        (World((server(FIRST), server(SECOND, NEW))), (SECOND, FIRST)),
        (World((server(FIRST, None, Verdict.FAILED), server(SECOND, NEW))), (FIRST, SECOND)),
    ],
    ids=["the ill one first", "the changed one first", "one without a container"],
)
def test_the_worst_server_goes_back_first(world: World, order: tuple[str, ...]) -> None:
    back = plan(Cause.RED_FLAG, world=world)

    assert isinstance(back, Back)
    assert back.servers == order


def test_a_finished_release_is_not_brought_home_again() -> None:
    ended = (*BOTH_TOUCHED, row(Event.SEALED, sentence="b2b2b2b is live"))

    assert plan(Cause.ROLLBACK_ASKED, ended) == Nothing("the release had already ended: b2b2b2b is live")


def test_a_person_may_undo_a_release_under_a_record_of_its_own() -> None:
    undoing = numbered([row(Event.OPENED), built(), way_back()])

    assert plan(Cause.ROLLBACK_ASKED, undoing, ALL_NEW) == Back(
        servers=(FIRST, SECOND), out_of_reach=(), sentence="a person asked for the roll-back: it was seen"
    )


@pytest.mark.parametrize(
    ("world", "servers", "out_of_reach"),
    [
        (ALL_OLD, (), ()),
        (MIXED, (FIRST,), ()),
        (World((server(FIRST), server(SECOND, None, Verdict.FAILED))), (SECOND,), ()),
        (World((away(FIRST), server(SECOND, NEW))), (SECOND,), (FIRST,)),
    ],
    ids=["all are back already", "one is", "one has no container", "one is out of reach"],
)
def test_a_roll_back_puts_back_every_server_that_does_not_run_what_it_ran_before(
    world: World, servers: tuple[str, ...], out_of_reach: tuple[str, ...]
) -> None:
    back = plan(Cause.ROLLBACK_ASKED, numbered([row(Event.OPENED), built(), way_back()]), world)

    if not servers:
        assert back == Nothing("no server was touched")
    else:
        assert isinstance(back, Back)
        assert (back.servers, back.out_of_reach) == (servers, out_of_reach)


CAME = "web-server-3"


@pytest.mark.parametrize(
    ("since", "came_since"),
    [
        pytest.param(server(CAME, OLD), (), id="on the version before"),
        pytest.param(server(CAME, NEW), (CAME,), id="on the version that goes back"),
        pytest.param(server(CAME, THIRD), (CAME,), id="on another one"),
        pytest.param(server(CAME, None, Verdict.FAILED), (CAME,), id="without a container"),
        pytest.param(away(CAME), (CAME,), id="out of reach"),
    ],
)
def test_a_server_that_came_since_is_back_already_or_for_people(
    since: ServerState, came_since: tuple[str, ...]
) -> None:
    undoing = numbered([row(Event.OPENED), built(), way_back()])

    back = plan(Cause.ROLLBACK_ASKED, undoing, World((*ALL_NEW.servers, since)))

    assert isinstance(back, Back)
    assert (back.servers, back.out_of_reach, back.came_since) == ((FIRST, SECOND), (), came_since)


def test_where_the_servers_had_different_versions_before_nobody_knows_what_one_had_that_came_since() -> None:
    undoing = numbered([row(Event.OPENED), built(), way_back({FIRST: OLD, SECOND: THIRD})])

    back = plan(Cause.ROLLBACK_ASKED, undoing, World((*ALL_NEW.servers, server(CAME, OLD))))

    assert isinstance(back, Back)
    assert back.came_since == (CAME,)


def test_a_roll_back_that_died_between_the_servers_puts_back_the_others_too() -> None:
    begun = numbered([row(Event.OPENED), built(), way_back(), touched(FIRST, item="4.2.2", step="put back")])

    back = plan(Cause.ROLLBACK_ASKED, begun, World((server(FIRST), server(SECOND, NEW))))

    assert isinstance(back, Back)
    assert set(back.servers) == {FIRST, SECOND}


def test_a_release_that_is_rolled_back_in_the_middle_leaves_alone_what_it_never_touched() -> None:
    back = plan(Cause.ROLLBACK_ASKED, under_way(), World((server(FIRST, NEW), away(SECOND))))

    assert back == Back((FIRST,), (), "a person asked for the roll-back: it was seen")


def test_the_way_back_is_what_was_recorded_last() -> None:
    recorded = read_way_back(under_way())

    assert recorded is not None
    assert (recorded.old, recorded.new) == ({FIRST: OLD, SECOND: OLD}, NEW)
    assert read_way_back(numbered([row(Event.OPENED), built()])) is None
    without_build = read_way_back(numbered([way_back()]))
    assert without_build is not None
    assert without_build.new is None


def test_servers_are_named_once_in_the_order_they_were_touched() -> None:
    rows = under_way(touched(SECOND, item="2.1.5"), touched(FIRST, step="updated"))

    assert touched_servers(rows) == (FIRST, SECOND)


some_rows = st.lists(
    st.sampled_from(
        (
            row(Event.OPENED),
            row(Event.TOOK_OVER, holder=2),
            built(),
            way_back(),
            touched(FIRST),
            touched(SECOND, item="2.1.5"),
            touched(SECOND, item="4.2.2", step="put back"),
            row(Event.CONFIRMED, item="2.1.2", subject=FIRST, step="drained"),
            row(Event.INTENDED, item=MIGRATION_ITEM),
            row(Event.CONFIRMED, item=MIGRATION_ITEM),
            row(Event.RED_FLAG, sentence="4.1 % errors"),
            row(Event.APPROVED),
            row(Event.LIVE),
            row(Event.VERIFIED),
            row(Event.GOING_HOME),
            row(Event.SEALED),
        )
    ),
    max_size=12,
).map(numbered)
some_worlds = st.sets(st.sampled_from((FIRST, SECOND, "web-server-3"))).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                ServerState,
                name=st.just(name),
                reachable=st.booleans(),
                digest=st.sampled_from((None, OLD, NEW, THIRD)),
                health=st.sampled_from((Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN)),
                in_rotation=st.sampled_from((None, True, False)),
                held=st.booleans(),
            )
            for name in sorted(names)
        )
    ).map(World)
)
some_whys = st.builds(
    Why,
    st.sampled_from(Cause),
    st.just("it was seen"),
    st.none() | st.timedeltas(timedelta(0), timedelta(hours=1)).map(lambda ago: NOW - ago),
)


@given(rows=some_rows, world=some_worlds, why=some_whys)
def test_every_release_has_a_way_home(rows: tuple[Row, ...], world: World, why: Why) -> None:
    decided = plan_way_home(rows, world, why, now=NOW, limits=LIMITS)

    assert decided.sentence
    if not isinstance(decided, Back):
        return
    named, went = set(touched_servers(rows)), {*decided.servers, *decided.out_of_reach}
    assert len(went) == len((*decided.servers, *decided.out_of_reach))
    forward = any(one.event is Event.INTENDED and one.item in FORWARD_ITEMS for one in rows)
    if why.cause is Cause.ROLLBACK_ASKED and not forward:
        assert named <= went
        assert {one.name for one in world.servers if one.reachable and one.digest != OLD} <= went | {"web-server-3"}
    else:
        assert went == named
        assert named, "nothing was touched"
    assert not any(one.held or one.digest == THIRD for one in world.servers)
    reachable = {one.name for one in world.servers if one.reachable}
    assert set(decided.servers) <= reachable
    assert not set(decided.out_of_reach) & reachable


@given(rows=some_rows, world=some_worlds, why=some_whys)
def test_nobody_waits_while_somebody_is_ill(rows: tuple[Row, ...], world: World, why: Why) -> None:
    decided = plan_way_home(rows, world, why, now=NOW, limits=LIMITS)

    if isinstance(decided, Wait):
        assert why.cause is Cause.DIED
        assert decided.until > NOW
        assert not any(one.reachable and one.health is Verdict.FAILED for one in world.servers)


DIED = Why(Cause.DIED, "silent for 50 s", since=NOW)
VERIFIED = under_way(touched(SECOND, item="2.1.5"), row(Event.LIVE), row(Event.VERIFIED))


@pytest.mark.parametrize(
    "decided",
    [
        pytest.param(row(Event.RED_FLAG, sentence="8 % errors"), id="a red flag"),
        pytest.param(row(Event.GOING_HOME, plan="Back"), id="the planner"),
        pytest.param(row(Event.ANSWERED, outcome="roll back"), id="a person"),
    ],
)
def test_a_release_that_was_sent_home_goes_home_at_once_after_a_crash(decided: Row) -> None:
    rows = numbered((*VERIFIED, decided))

    assert isinstance(plan_way_home(rows, MIXED, DIED, now=NOW, limits=LIMITS), Back)


def test_an_answer_that_was_not_valid_sends_nobody_home() -> None:
    rows = under_way(row(Event.ANSWERED, decision="roll back", outcome="not valid"))

    assert isinstance(plan_way_home(rows, MIXED, DIED, now=NOW, limits=LIMITS), Wait)


@pytest.mark.parametrize(
    ("world", "plan"),
    [
        pytest.param(ALL_NEW, Forward, id="the world agrees"),
        pytest.param(World((server(FIRST, NEW), away(SECOND))), Stuck, id="one is out of reach"),
        pytest.param(MIXED, Wait, id="one was put back by hand"),
    ],
)
def test_a_verified_release_is_signed_off_only_if_the_world_still_agrees(world: World, plan: type[Plan]) -> None:
    assert isinstance(plan_way_home(VERIFIED, world, DIED, now=NOW, limits=LIMITS), plan)


@pytest.mark.parametrize("digest", [OLD, NEW])
def test_who_gets_no_requests_goes_back_first_so_that_it_carries_those_of_the_next(digest: str) -> None:
    drained = replace(server(SECOND, digest), in_rotation=False)

    back = plan(Cause.CANCELLED, world=World((server(FIRST, NEW), drained)))

    assert isinstance(back, Back)
    assert back.servers == (SECOND, FIRST)


def test_a_cause_that_is_all_that_is_known_is_said_once() -> None:
    assert Why(Cause.CANCELLED, "the run was cancelled").said == "the run was cancelled"
    assert (
        Why(Cause.UNSEALED, f"{Cause.UNSEALED}: no key of this host").said == f"{Cause.UNSEALED}: no key of this host"
    )
    assert Why(Cause.RED_FLAG, "5.2% errors").said == "red flag: 5.2% errors"
