"""Prisma's own table of what was applied (6.1.1, 6.3.2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from policy.judgement import Verdict
from policy.migrations.history import (
    Applied,
    Progress,
    checksum_of,
    is_lock_timeout,
    judge_applied,
    judge_history,
    progress_of,
)

TEN, ZONE = datetime(2026, 11, 24, 16, 2, tzinfo=UTC), "America/Mexico_City"
SQL = b"ALTER TABLE a ADD COLUMN b INT;"


def row(
    name: str,
    *,
    finished: bool = True,
    rolled_back: bool = False,
    steps: int = 1,
    logs: str | None = None,
    sql: bytes = SQL,
) -> Applied:
    return Applied(
        name,
        checksum_of(sql),
        TEN,
        TEN + timedelta(seconds=1) if finished else None,
        TEN + timedelta(minutes=5) if rolled_back else None,
        steps,
        logs,
    )


TWELVE = [row(f"202610{day:02}_step") for day in range(1, 13)]


def test_a_migration_that_never_finished_fails_whatever_its_logs_say() -> None:
    """D1."""
    rows = [*TWELVE, row("20261124_add_visit", finished=False, steps=0, logs="")]

    judgement = judge_applied(rows, [], zone=ZONE)

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == (
        "20261124_add_visit started 10:02 CST on Tue 24 Nov and never finished; later migrations are blocked (P3009)"
    )


@pytest.mark.parametrize("offset", [0, 2])
def test_d1_says_day_and_time_by_the_clock_of_the_company_whatever_the_zone_of_the_database(offset: int) -> None:
    began = TEN.astimezone(timezone(timedelta(hours=offset)))
    rows = [replace(row("20261124_add_visit", finished=False, steps=0), started_at=began)]

    for judgement in (judge_applied(rows, [], zone=ZONE), judge_history(rows, {}, zone=ZONE)):
        assert "20261124_add_visit started 10:02 CST on Tue 24 Nov and never finished" in judgement.sentence


def test_what_the_database_said_stands_beside_it() -> None:
    rows = [row("20261124_add_visit", finished=False, steps=0, logs="\nERROR: column exists\nmore")]

    assert "never finished (ERROR: column exists)" in judge_applied(rows, ["20261124_add_visit"], zone=ZONE).sentence


@pytest.mark.parametrize(
    ("rows", "verdict", "sentence"),
    [
        pytest.param([row("a"), row("b")], Verdict.PASSED, "applied: b", id="applied"),
        pytest.param([row("a")], Verdict.FAILED, "not applied: b", id="waiting"),
        pytest.param([row("b", finished=False, rolled_back=True)], Verdict.FAILED, "not applied: b", id="rolled back"),
        pytest.param(
            [row("b", finished=False, rolled_back=True), row("b")], Verdict.PASSED, "applied: b", id="applied at last"
        ),
        pytest.param([], Verdict.UNKNOWN, "_prisma_migrations is empty", id="no Prisma"),
    ],
)
def test_a_migration_counts_as_applied_only_by_its_end(rows: list[Applied], verdict: Verdict, sentence: str) -> None:
    judgement = judge_applied(rows, ["b"], zone=ZONE)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("files", "verdict", "sentence"),
    [
        pytest.param({"1_a": SQL, "2_b": SQL, "3_c": SQL}, Verdict.PASSED, "to apply: 3_c", id="in order"),
        pytest.param({"1_a": SQL, "3_c": SQL}, Verdict.FAILED, "not in the release's folder: 2_b", id="gap"),
        pytest.param({"1_a": b"other", "2_b": SQL}, Verdict.FAILED, "edited after it was applied: 1_a", id="edited"),
        pytest.param(
            {"1_a": SQL + b"\n", "2_b": SQL}, Verdict.FAILED, "edited after it was applied: 1_a", id="one line"
        ),
        pytest.param(
            {"2_b": SQL, "3_c": SQL}, Verdict.FAILED, "not in the release's folder: 1_a", id="gap at the start"
        ),
        pytest.param({}, Verdict.FAILED, "not in the release's folder: 1_a, 2_b; the folder has a gap", id="no folder"),
        pytest.param({"1_a": SQL, "1_z": SQL, "2_b": SQL}, Verdict.FAILED, "1_z would be applied after 2_b", id="late"),
    ],
)
def test_the_folder_has_to_go_on_where_the_database_stands(
    files: dict[str, bytes], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_history([row("1_a"), row("2_b")], files, zone=ZONE)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        ('ERROR: invalid input syntax for type integer: "Zoe Twin"', "type integer: […]"),
        ('ERROR: invalid input value for enum "Role": "Zoe"', 'enum "Role": […]'),
        ('ERROR: value "Zoe" is out of range for type integer', "value […] is out of range"),
        ('ERROR: date/time field value out of range: "Zoe"', "out of range: […]"),
        ('ERROR: invalid input syntax for type integer: "Zoe\nTwin"', "type integer: […]"),
        ("ERROR: check violated, Failing row contains (1, Zoe).", "row contains […]"),
        ("ERROR: duplicate key\nDETAIL: Key (name)=(Zoe) already exists.", "duplicate key"),
        ("ERROR: Key (name)=(Zoe) is duplicated", "Key (name)="),
        ('ERROR: column "phone" of relation "Patient" contains null values', 'column "phone" of relation "Patient"'),
    ],
)
def test_what_stood_in_a_row_is_not_repeated(logs: str, said: str) -> None:
    sentence = judge_applied([row("m", finished=False, logs=logs)], ["m"], zone=ZONE).sentence

    assert said in sentence
    assert "Zoe" not in sentence


def test_d1_a_migration_of_two_rows_is_one() -> None:
    rows = [row("1_a", finished=False, rolled_back=True, steps=0), row("1_a"), row("1_a", steps=0), row("2_b")]

    judgement = judge_history(rows, {"1_a": SQL, "2_b": SQL}, zone=ZONE)

    assert judgement.sentence == "2 applied and unchanged; to apply: none"


def test_line_ends_are_no_edit() -> None:
    text = b"-- a\r\nSELECT 1;\r\n"

    judgement = judge_history([row("1_a", sql=text.replace(b"\r\n", b"\n"))], {"1_a": text}, zone=ZONE)

    assert judgement.verdict is Verdict.PASSED


def test_what_was_rolled_back_is_applied_again() -> None:
    rows = [row("1_a"), row("2_b", finished=False, rolled_back=True), row("3_c")]

    judgement = judge_history(rows, {"1_a": SQL, "2_b": SQL, "3_c": SQL}, zone=ZONE)

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == "2 applied and unchanged; to apply: 2_b"


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        ("Error: P1017 Server has closed the connection.", "Server has closed the connection"),
        ("db error: FATAL: terminating connection due to administrator command", "terminating connection"),
        ('db error: ERROR: permission denied for schema public\nDbError { }', "permission denied for schema public"),
        ('db error: ERROR: must be owner of table Patient', "must be owner of table Patient"),
        ('db error: ERROR: could not extend file "base/1/2": No space left on device', "No space left on device"),
        (None, "never finished; later"),
    ],
)  # fmt: skip
def test_a_migration_that_stopped_in_the_middle_says_what_the_database_said(logs: str | None, said: str) -> None:
    half_done = row("20261124_add_visit", finished=False, steps=0, logs=logs)

    assert not is_lock_timeout(half_done)
    assert said in judge_history([*TWELVE, half_done], {}, zone=ZONE).sentence


def test_half_done_outweighs_an_earlier_end() -> None:
    assert progress_of("b", [row("b"), row("b", finished=False)]) is Progress.HALF_DONE
