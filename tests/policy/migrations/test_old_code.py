"""Does the version in production live on the new schema, and is staging as it was (6.3.1)."""

from typing import Any

import pytest

from policy.judgement import Judgement, Verdict, failed, not_applicable, passed, unknown
from policy.migrations.old_code import (
    PUT_BACK,
    PUT_THERE,
    SUBJECT,
    TRIED,
    Left,
    Meeting,
    find_trial,
    judge_old_code,
    left_on_staging,
    not_tried,
)
from policy.record import Event, Row
from tests.policy.rows import row

OLD = "a1b2c3d" + "0" * 33
NAME = "20261126_nickname"
MEETING = Meeting(OLD, (NAME,))
WORKS = passed("login, patient record, appointment, prescription work for the demo account")
BROKEN = failed("appointment: http://staging answered 500 (login, patient record worked)")


@pytest.mark.parametrize(
    ("tests", "beside", "verdict", "sentence"),
    [
        pytest.param(
            WORKS,
            (),
            Verdict.PASSED,
            f"{NAME}: the version in production (a1b2c3d) passed 4 smoke tests on staging's migrated schema",
            id="it lives",
        ),
        pytest.param(
            BROKEN,
            (),
            Verdict.FAILED,
            f"{NAME}: the version in production (a1b2c3d) cannot live on the new schema: {BROKEN.sentence}; write it",
            id="it does not",
        ),
        pytest.param(
            BROKEN, ("drop",), Verdict.UNKNOWN, "where drop was applied as well; release what takes", id="or the drop"
        ),
        pytest.param(WORKS, ("drop",), Verdict.PASSED, "passed 4 smoke tests", id="it lives without, too"),
        pytest.param(unknown("no answer"), (), Verdict.UNKNOWN, "is not known: no answer", id="no answer"),
        pytest.param(not_applicable("none"), (), Verdict.UNKNOWN, "is not known: none", id="nothing was tried"),
    ],
)
def test_the_smoke_tests_of_the_old_version_decide(
    tests: Judgement, beside: tuple[str, ...], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_old_code(Meeting(OLD, (NAME,), beside), tests, count=4)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_what_nobody_tried_is_not_known() -> None:
    judgement = not_tried(MEETING, "there is no [staging_database] in the settings")

    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.sentence.endswith(
        "was not tried on the new schema: there is no [staging_database] in the settings"
    )


def tried(**changes: Any) -> Row:
    facts = {"verdict": "passed", "sentence": "lives", "version": OLD, "migrations": [NAME], **changes}
    return row(Event.JUDGED, item="6.3.1", subject=SUBJECT, step=TRIED, **facts)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param([], None, id="never"),
        pytest.param([tried()], passed("lives"), id="of exactly this"),
        pytest.param([tried(version="b" * 40)], None, id="of another version"),
        pytest.param([tried(migrations=[])], None, id="of other migrations"),
        pytest.param([tried(), tried(verdict="failed", sentence="dies")], failed("dies"), id="the newest counts"),
        pytest.param([row(Event.JUDGED, item="6.3.1", verdict="passed")], None, id="the item is no trial"),
    ],
)
def test_a_trial_counts_for_exactly_what_was_tried(rows: list[Row], found: Judgement | None) -> None:
    assert find_trial(rows, MEETING) == found


THERE = row(Event.INTENDED, item="6.3.1", subject=SUBJECT, step=PUT_THERE, kept_under="k", digest="sha256:a1")
THERE_SEEN = row(Event.CONFIRMED, item="6.3.1", subject=SUBJECT, step=PUT_THERE)
BACK_MEANT = row(Event.INTENDED, item="6.3.1", subject=SUBJECT, step=PUT_BACK)
BACK = row(Event.CONFIRMED, item="6.3.1", subject=SUBJECT, step=PUT_BACK)
LEFT = Left("k", "sha256:a1")


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        pytest.param([], None, id="nothing was put there"),
        pytest.param([THERE], LEFT, id="killed in the act"),
        pytest.param([THERE, THERE_SEEN], LEFT, id="killed in the smoke tests"),
        pytest.param([THERE, THERE_SEEN, BACK_MEANT], LEFT, id="killed while it was put back"),
        pytest.param([THERE, THERE_SEEN, BACK_MEANT, BACK], None, id="put back"),
        pytest.param([THERE, BACK, THERE], LEFT, id="put there again"),
    ],
)
def test_the_record_says_whether_staging_is_as_it_was(rows: list[Row], left: Left | None) -> None:
    assert left_on_staging(rows) == left
