"""A query that became slow since the release began (3.2.2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Judgement, Verdict
from policy.slow_queries import Snapshot, Statement, judge_slow_queries

START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
RESET = datetime(2026, 11, 1, tzinfo=UTC)
SELECT = 'SELECT * FROM "Patient" WHERE id = $1'


def row(queryid: int | None, calls: int, mean_ms: float, query: str | None = SELECT) -> Statement:
    return Statement(queryid, query, calls, calls * mean_ms)


def snapshot(*statements: Statement, minutes: int = 0, **changes: Any) -> Snapshot:
    facts: dict[str, Any] = {"at": START + timedelta(minutes=minutes), "reset_at": RESET, "evicted": 3}
    return Snapshot(**(facts | changes), statements=statements)


def judge(
    before: tuple[Statement, ...], after: tuple[Statement, ...], *, least_calls: int = 1, **changes: Any
) -> Judgement:
    return judge_slow_queries(
        snapshot(*before),
        snapshot(*after, minutes=15, **changes),
        limit=timedelta(milliseconds=100),
        least_calls=least_calls,
    )


FAST = row(1, 1000, 10)


@pytest.mark.parametrize(
    ("before", "after", "changes", "verdict", "says"),
    [
        pytest.param(
            (FAST,),
            (row(1, 1100, 10),),
            {},
            Verdict.PASSED,
            "none of 1 query became slow in 15 min (limit 100 ms)",
            id="as before",
        ),
        pytest.param(
            (FAST,),
            (row(1, 1100, 10), row(2, 5, 101)),
            {},
            Verdict.FAILED,
            "1 query became slow",
            id="a new slow query",
        ),
        pytest.param(
            (FAST,), (row(1, 1100, 10), row(2, 5, 100)), {}, Verdict.PASSED, "none of 2 queries", id="exactly the limit"
        ),
        pytest.param(
            (row(1, 1000, 10),),
            (Statement(1, SELECT, 1010, 10_000 + 10 * 500),),
            {},
            Verdict.FAILED,
            "(500 ms over 10 calls, 10 ms before)",
            id="slow since, though the mean of all calls is 15 ms",
        ),
        pytest.param(
            (row(1, 10, 400),),
            (Statement(1, SELECT, 20, 4000 + 10 * 450),),
            {},
            Verdict.PASSED,
            "slow already before",
            id="slow before",
        ),
        pytest.param(
            (row(1, 10, 100),),
            (Statement(1, SELECT, 20, 1000 + 10 * 101),),
            {},
            Verdict.FAILED,
            "101 ms over 10 calls, 100 ms before",
            id="at the limit before, above it since",
        ),
        pytest.param(
            (row(1, 10, 400), FAST.__class__(2, SELECT, 0, 0)),
            (row(1, 10, 400), row(2, 3, 300)),
            {},
            Verdict.FAILED,
            "(300 ms over 3 calls, new)",
            id="known and never called before",
        ),
        pytest.param(
            (row(1, 10, 10), row(1, 10, 10)),
            (row(1, 15, 10), row(1, 15, 10)),
            {},
            Verdict.PASSED,
            "none of 1 query",
            id="one query of two users",
        ),
        pytest.param(
            (FAST,),
            (row(1, 1100, 10), row(2, 4, 900)),
            {"least_calls": 5},
            Verdict.PASSED,
            "none of 1 query",
            id="too few calls to count",
        ),
        pytest.param((FAST,), (FAST,), {}, Verdict.UNKNOWN, "no query ran 1 time in the last 15 min", id="no traffic"),
        pytest.param(
            (FAST,),
            (row(1, 1001, 10),),
            {"least_calls": 2},
            Verdict.UNKNOWN,
            "no query ran 2 times",
            id="hardly any traffic",
        ),
        pytest.param(
            (FAST,),
            (row(1, 1100, 10),),
            {"reset_at": START},
            Verdict.UNKNOWN,
            "was reset in the last 15 min",
            id="reset",
        ),
        pytest.param(
            (FAST,), (row(1, 1100, 10),), {"evicted": 5}, Verdict.UNKNOWN, "threw queries away 2 times", id="evictions"
        ),
        pytest.param(
            (FAST,),
            (row(1, 20, 10),),
            {},
            Verdict.UNKNOWN,
            "the statistics of 1 query were reset",
            id="one query was reset",
        ),
        pytest.param(
            (FAST, row(2, 1, 1)),
            (row(3, 20, 10),),
            {},
            Verdict.UNKNOWN,
            "the statistics of 2 queries were reset",
            id="queries vanished",
        ),
        pytest.param(
            (), (FAST,), {}, Verdict.UNKNOWN, "the snapshot before the release holds no query", id="nothing before"
        ),
        pytest.param(
            (FAST,), (), {}, Verdict.UNKNOWN, "the snapshot after the release holds no query", id="nothing after"
        ),
        pytest.param(
            (FAST,), (Statement(1, SELECT, 1100, float("nan")),), {}, Verdict.UNKNOWN, "numbers that are none", id="NaN"
        ),
        pytest.param(
            (Statement(1, SELECT, -1, 0),),
            (FAST,),
            {},
            Verdict.UNKNOWN,
            "the snapshot before the release holds numbers",
            id="negative",
        ),
        pytest.param(
            (FAST,), (row(1, 1100, 10),), {"at": START}, Verdict.UNKNOWN, "is not younger", id="no time between"
        ),
        pytest.param(
            (FAST, row(None, 100_000, 2, None)),
            (row(1, 1100, 10), row(None, 120_000, 2, None), row(None, 100, 5000, None)),
            {},
            Verdict.UNKNOWN,
            "before the release hides which query it means in 1 of 2 rows; grant pg_monitor",
            id="queries we may not see would melt into one",
        ),
        pytest.param(
            (FAST,),
            (row(1, 1100, 10), row(None, 5, 200, None)),
            {},
            Verdict.UNKNOWN,
            "after the release hides which query it means in 1 of 2 rows; grant pg_monitor",
            id="a query we may not see",
        ),
    ],
)
def test_no_query_became_slow(
    before: tuple[Statement, ...], after: tuple[Statement, ...], changes: dict[str, Any], verdict: Verdict, says: str
) -> None:
    judgement = judge(before, after, **changes)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_without_a_snapshot_from_before_nothing_is_known() -> None:
    judgement = judge_slow_queries(None, snapshot(FAST), limit=timedelta(milliseconds=100), least_calls=1)

    assert judgement.verdict is Verdict.UNKNOWN


def test_the_slowest_come_first_and_no_value_of_a_patient_is_repeated() -> None:
    insert = "INSERT INTO note VALUES ('O''Brien has 3', 17, $1, $x$ secret $x$)"
    long = "SELECT " + "a, " * 60

    judgement = judge(
        (FAST,), (row(1, 1001, 10), row(2, 1, 150, insert), row(3, 1, 300, long), row(4, 1, 200), row(5, 1, 120))
    )

    assert "Brien" not in judgement.sentence
    assert "17" not in judgement.sentence
    assert "secret" not in judgement.sentence
    assert (
        judgement.sentence.index("SELECT a,")
        < judgement.sentence.index('FROM "Patient"')
        < judgement.sentence.index("INSERT")
    )
    assert "INSERT INTO note VALUES (?, ?, $1, ?)" in judgement.sentence
    assert judgement.sentence.endswith("and 1 more")


NUMBERS = st.lists(st.tuples(st.integers(0, 50), st.floats(0, 400)), min_size=1, max_size=5)


@given(NUMBERS, NUMBERS)
def test_a_pass_means_that_no_query_has_a_new_slow_mean(
    first: list[tuple[int, float]], then: list[tuple[int, float]]
) -> None:
    before = [Statement(at, SELECT, calls, calls * mean) for at, (calls, mean) in enumerate(first)]
    added = dict(enumerate(then))
    after = [
        Statement(
            one.queryid,
            SELECT,
            one.calls + added.get(at, (0, 0))[0],
            one.total_ms + added.get(at, (0, 0))[0] * added.get(at, (0, 0))[1],
        )
        for at, one in enumerate(before)
    ]

    if judge(tuple(before), tuple(after)).verdict is Verdict.PASSED:
        for at, (calls, mean) in added.items():
            slow_before = at < len(first) and first[at][0] and first[at][1] > 99.99
            assert at >= len(first) or not calls or mean <= 100.01 or slow_before
