"""Production is at rest, or it is said what is open, whose it is, and who brings it to its end."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.at_rest import AtWork, End, Holder, judge_hold, judge_newest, judge_one_version, judge_rotation
from policy.judgement import Judgement, Verdict
from policy.metrics import Ending
from policy.plans import ServerState
from policy.record import Event, Unreadable
from tests.policy.rows import FIRST, NEW, OLD, SECOND, THIRD, row

LIMIT = timedelta(minutes=1)
BEAT = datetime(2026, 11, 24, 18, 4, 5, tzinfo=UTC)
ZONE = "Europe/Madrid"
SAID = "Tomas Lima is releasing b2b2b2b for 4 min so far (hold 22)"
OPEN = row(Event.INTENDED, item="2.1.2", subject=FIRST)
UNREADABLE = Unreadable("row 5 was altered after it was written")
BUILT_THERE = ("sha256:" + "d4" * 32, "sha256:" + "e5" * 32)
PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def a_hold(*, released: bool = False, dead: bool = False, given_up: str = "") -> Holder:
    return Holder(
        number=22,
        by="Tomas Lima",
        what="b2b2b2b",
        release="20261124-180000-1f2e3d4c",
        sentence=SAID,
        released=released,
        dead=dead,
        given_up=given_up,
        last_beat=BEAT,
        silent_for=timedelta(minutes=4) if dead else timedelta(seconds=3),
    )


FREE, LIVING, DEAD = a_hold(released=True), a_hold(), a_hold(dead=True)
RESTING, RELEASING, LEFT = AtWork(FREE), AtWork(LIVING), AtWork(DEAD)
UNTOLD = AtWork(not_known="the store does not answer")


def sealed(outcome: Ending, sentence: str = "well") -> End:
    return row(Event.SEALED, outcome=outcome.value, sentence=sentence)


def a_server(name: str, digest: str | None, version: str | None = None, *, built_there: bool = False) -> ServerState:
    return ServerState(name, digest is not None, digest, Verdict.PASSED, None, version=version, built_there=built_there)


MIXED = (a_server(FIRST, NEW, "b2" * 20), a_server(SECOND, OLD, "a1" * 20), a_server("web-server-3", NEW, "b2" * 20))


@pytest.mark.parametrize(
    ("holder", "end", "verdict", "said", "advice"),
    [
        (None, None, PASSED, "nobody has held", ""),
        (FREE, None, PASSED, "nobody holds the environment; the newest was hold 22", ""),
        (LIVING, OPEN, PASSED, f"{SAID}; its heart beat 3 s ago; the limit is 1 min", ""),
        (
            DEAD,
            OPEN,
            FAILED,
            "hold 22 of Tomas Lima for b2b2b2b is silent since Tue 24 Nov, 19:04:05 CET (4 min, the limit is 1 min),"
            " and its record is open",
            "recovery takes it over by itself while a worker runs (Prefect, worker): start one if none does",
        ),
        (
            DEAD,
            OPEN,
            FAILED,
            "is open",
            "to go back at once start `Rollback/rollback` with `release` 20261124-180000-1f2e3d4c:",
        ),
        (DEAD, sealed(Ending.SIGNED_OFF), FAILED, "and its record is sealed", "recovery takes it over"),
        (DEAD, None, FAILED, "and its record holds nothing", "recovery takes it over"),
        (DEAD, UNREADABLE, FAILED, "cannot be read: row 5 was altered", "`Break hold/break-hold`"),
        (
            a_hold(dead=True, given_up="the run was cancelled"),
            OPEN,
            FAILED,
            "is given up: the run was cancelled, and its record is open",
            "recovery",
        ),
    ],
)
def test_a_hold_is_free_or_lives_or_is_red_with_who_takes_it_over(
    holder: Holder | None, end: End, verdict: Verdict, said: str, advice: str
) -> None:
    judgement, step = judge_hold(holder, end, MIXED, limit=LIMIT, zone=ZONE)

    assert judgement.verdict is verdict
    assert said in judgement.sentence
    assert advice in step


def test_a_dead_hold_over_servers_of_one_version_is_left_to_recovery_and_nobody_is_told_to_roll_back() -> None:
    one_version = (a_server(FIRST, OLD, "a1" * 20), a_server(SECOND, OLD))

    judgement, step = judge_hold(DEAD, OPEN, one_version, limit=LIMIT, zone=ZONE)

    assert judgement.verdict is FAILED
    assert judgement.sentence.endswith(f"every server of production already serves a1a1a1a ({OLD[:19]})")
    assert step.startswith("recovery takes it over by itself")
    assert step.endswith("Roll nothing back: that may undo an earlier release")


@pytest.mark.parametrize("servers", [(), ("known", "silent")], ids=["none", "one is not known"])
def test_servers_that_are_not_all_known_are_not_one_version(servers: tuple[str, ...]) -> None:
    found = tuple(a_server(name, OLD if name == "known" else None) for name in servers)

    _, step = judge_hold(DEAD, OPEN, found, limit=LIMIT, zone=ZONE)

    assert "`Rollback/rollback` with `release` 20261124-180000-1f2e3d4c" in step


@pytest.mark.parametrize(
    ("holder", "end", "verdict", "said", "advice"),
    [
        (None, None, Verdict.NOT_APPLICABLE, "none yet", ""),
        (LIVING, OPEN, PASSED, "b2b2b2b is under way", ""),
        (FREE, None, PASSED, "before it wrote anything", ""),
        *((FREE, sealed(ending), PASSED, f"b2b2b2b: {ending}", "") for ending in Ending if ending is not Ending.STUCK),
        (
            FREE,
            sealed(Ending.STUCK, "web-server-2 does not answer"),
            FAILED,
            "b2b2b2b was left to people on Tue 24 Nov, 19:00 CET: web-server-2 does not answer",
            "do what its page in the alerts channel says",
        ),
        (FREE, OPEN, FAILED, "is open, and nobody holds the environment", "verify_record 20261124-180000-1f2e3d4c"),
        (FREE, UNREADABLE, FAILED, "cannot be read: row 5 was altered", "verify_record 20261124-180000-1f2e3d4c"),
    ],
)
def test_the_newest_release_is_well_unless_it_waits_for_people(
    holder: Holder | None, end: End, verdict: Verdict, said: str, advice: str
) -> None:
    judgement, step = judge_newest(holder, end, zone=ZONE)

    assert judgement.verdict is verdict
    assert said in judgement.sentence
    assert advice in step


WHICH = f"{FIRST}, web-server-3 are on b2b2b2b ({NEW[:19]}); {SECOND} is on a1a1a1a ({OLD[:19]})"


@pytest.mark.parametrize(
    ("servers", "at_work", "verdict", "said", "advice"),
    [
        (MIXED, RESTING, FAILED, f"the servers differ: {WHICH}; no release is at it", "`Rollback/rollback`"),
        (MIXED, AtWork(), FAILED, WHICH, "`Rollback/rollback`"),
        (MIXED, LEFT, FAILED, f"{WHICH}; the release that was at it has fallen silent (hold 22)", "see store, hold"),
        (MIXED, RELEASING, PASSED, f"a release is between the servers: {SAID}; the servers differ: {WHICH}", ""),
        (MIXED, UNTOLD, UNKNOWN, "is not known: the store does not answer", "`Rollback/rollback`"),
        (MIXED[:1] + MIXED[2:], UNTOLD, PASSED, f"{FIRST}, web-server-3 are on b2b2b2b", ""),
        ((a_server(FIRST, NEW), a_server(SECOND, THIRD)), RESTING, FAILED, f"{FIRST} is on {NEW[:19]}", "by hand"),
        ((a_server(FIRST, NEW), a_server(SECOND, NEW, "b2" * 20)), RESTING, PASSED, "are on b2b2b2b (", ""),
        ((a_server(FIRST, NEW), a_server(SECOND, None)), RESTING, UNKNOWN, f"not known of {SECOND}", f"of {SECOND}"),
        ((*MIXED, a_server("web-server-4", None)), RESTING, FAILED, WHICH, "`Rollback/rollback`"),
        ((a_server(FIRST, None),), RESTING, UNKNOWN, f"not known of {FIRST}", ""),
        (
            tuple(
                a_server(name, digest, "b2" * 20, built_there=True)
                for name, digest in zip((FIRST, SECOND), BUILT_THERE, strict=True)
            ),
            RESTING,
            PASSED,
            f"{FIRST}, {SECOND} are on b2b2b2b",
            "",
        ),
        (
            (
                a_server(FIRST, BUILT_THERE[0], "b2" * 20, built_there=True),
                a_server(SECOND, BUILT_THERE[1], "a1" * 20, built_there=True),
            ),
            RESTING,
            FAILED,
            "the servers differ",
            "",
        ),
    ],
)
def test_the_servers_are_one_version_or_it_is_said_which_is_where(
    servers: tuple[ServerState, ...], at_work: AtWork, verdict: Verdict, said: str, advice: str
) -> None:
    judgement, step = judge_one_version(servers, at_work)

    assert judgement.verdict is verdict
    assert said in judgement.sentence
    assert advice in step


DRAINED = {SECOND: "drain, up"}


@pytest.mark.parametrize(
    ("found", "verdict", "said"),
    [
        (judge_rotation({}, RESTING, servers=3, back=""), PASSED, "all 3 are in rotation"),
        (judge_rotation({}, UNTOLD, servers=1, back=""), PASSED, "the server is in rotation"),
        (judge_rotation(DRAINED, RESTING, servers=3, back="x"), FAILED, f"{SECOND} (drain, up) is out of rotation"),
        (judge_rotation(DRAINED, LEFT, servers=3, back="x"), FAILED, "has fallen silent (hold 22)"),
        (judge_rotation(DRAINED, RELEASING, servers=3, back="x"), PASSED, f"a release is between the servers: {SAID}"),
        (judge_rotation(DRAINED, UNTOLD, servers=3, back="x"), UNKNOWN, "the store does not answer"),
        (judge_rotation({FIRST: "maint, down", **DRAINED}, RESTING, servers=3, back="x"), FAILED, "are out of"),
    ],
)
def test_a_server_is_out_of_rotation_only_while_a_living_release_has_it_out(
    found: tuple[Judgement, str], verdict: Verdict, said: str
) -> None:
    assert found[0].verdict is verdict
    assert said in found[0].sentence


def test_what_gives_a_server_its_requests_again_is_the_line_to_type() -> None:
    _, step = judge_rotation(DRAINED, RESTING, servers=3, back="ssh balancer 'set server'")

    assert step == f"see the rows of {SECOND}; once well, back into rotation: ssh balancer 'set server'"
