"""Is any row missing after a migration (6.3.5)."""

import pytest

from policy.judgement import Verdict
from policy.migrations.row_counts import Counted, judge_row_counts

BEFORE = {"Patient": Counted(400, 400), "Visit": Counted(10, 50)}
NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("after", "verdict", "sentence"),
    [
        pytest.param(BEFORE, Verdict.PASSED, "none missing in 2 tables", id="equal"),
        pytest.param({**BEFORE, "Visit": Counted(12, 52)}, Verdict.PASSED, "2 rows more", id="grown by writes"),
        pytest.param({**BEFORE, "Visit": Counted(12, 51)}, Verdict.FAILED, "1 were inserted", id="grown by more"),
        pytest.param({**BEFORE, "Patient": Counted(399, 400)}, Verdict.FAILED, "1 row missing", id="smaller"),
        pytest.param({"Patient": Counted(400, 400)}, Verdict.FAILED, "Visit had 10 rows and is gone", id="gone"),
        pytest.param({**BEFORE, "Visit": Counted(12, 0)}, Verdict.PASSED, "2 rows more", id="statistics reset"),
    ],
)
def test_no_row_is_lost_and_growth_is_explained(after: dict[str, Counted], verdict: Verdict, sentence: str) -> None:
    judgement = judge_row_counts(BEFORE, after, from_primary=True, dropped=NOTHING)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_a_replica_may_be_hours_behind() -> None:
    """GitHub 2018-10-21."""
    assert judge_row_counts(BEFORE, BEFORE, from_primary=False, dropped=NOTHING).verdict is Verdict.UNKNOWN


def test_a_table_that_was_dropped_on_purpose_is_not_missed() -> None:
    after = {"Patient": Counted(400, 400)}

    assert judge_row_counts(BEFORE, after, from_primary=True, dropped=frozenset({"Visit"})).verdict is Verdict.PASSED


def test_counting_nothing_shows_nothing() -> None:
    assert judge_row_counts({}, {}, from_primary=True, dropped=NOTHING).verdict is Verdict.UNKNOWN
