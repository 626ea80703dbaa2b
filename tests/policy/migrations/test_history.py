"""Prisma's own table of what was applied (6.1.1, 6.3.2)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.judgement import Verdict
from policy.migrations.history import Applied, Progress, checksum_of, judge_applied, judge_history, progress_of

TEN = datetime(2026, 11, 24, 10, 2, tzinfo=UTC)
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

    judgement = judge_applied(rows, [])

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == (
        "20261124_add_visit started 10:02 and never finished; later migrations are blocked (P3009)"
    )


def test_what_the_database_said_stands_beside_it() -> None:
    rows = [row("20261124_add_visit", finished=False, steps=0, logs="\nERROR: column exists\nmore")]

    assert "never finished (ERROR: column exists)" in judge_applied(rows, ["20261124_add_visit"]).sentence


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
    judgement = judge_applied(rows, ["b"])

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("files", "verdict", "sentence"),
    [
        pytest.param({"1_a": SQL, "2_b": SQL, "3_c": SQL}, Verdict.PASSED, "to apply: 3_c", id="in order"),
        pytest.param({"1_a": SQL, "3_c": SQL}, Verdict.FAILED, "not in the release's folder: 2_b", id="gap"),
        pytest.param({"1_a": b"other", "2_b": SQL}, Verdict.FAILED, "edited after it was applied: 1_a", id="edited"),
        pytest.param({"1_a": SQL, "1_z": SQL, "2_b": SQL}, Verdict.FAILED, "1_z would be applied after 2_b", id="late"),
    ],
)
def test_the_folder_has_to_go_on_where_the_database_stands(
    files: dict[str, bytes], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_history([row("1_a"), row("2_b")], files)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_half_done_outweighs_an_earlier_end() -> None:
    assert progress_of("b", [row("b"), row("b", finished=False)]) is Progress.HALF_DONE
