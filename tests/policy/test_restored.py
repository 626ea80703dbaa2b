"""What came out of a backup, held against what was there (6.1.4), and how a proof is told (1.4.3)."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.backups import Backup
from policy.judgement import Verdict, failed, passed
from policy.rehearsal_page import draw_rehearsal, rehearsal_failed
from policy.restored import Proof, judge_compared, judge_encryption, judge_rehearsal, say_proved
from policy.roles import Person

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
TOOK = timedelta(seconds=42)
BEFORE = {"Patient": 200_400, "Visit": 0}
BACKUP = Backup("2026/11/26/holi.dump", 1_000_000, NOW)


@pytest.mark.parametrize(
    ("restored", "verdict", "sentence"),
    [
        pytest.param(BEFORE, Verdict.PASSED, "restored on db-2 in 42 s: 2 tables, 200,400 rows", id="the same"),
        pytest.param({**BEFORE, "Patient": 200_399}, Verdict.FAILED, "came back with 200,399", id="a row is missing"),
        pytest.param({**BEFORE, "Visit": 1}, Verdict.FAILED, "Visit had 0 rows and came back with 1", id="a row more"),
        pytest.param({"Patient": 200_400}, Verdict.FAILED, "Visit had 0 rows and did not come back", id="table gone"),
        pytest.param({**BEFORE, "X": 1}, Verdict.FAILED, "X came back and was never there", id="a table more"),
        pytest.param({}, Verdict.FAILED, "Patient had 200,400 rows and did not come back", id="nothing"),
    ],
)
def test_a_dump_gives_back_exactly_what_was_there_at_its_moment(
    restored: dict[str, int], verdict: Verdict, sentence: str
) -> None:
    judgement = judge_compared(BEFORE, restored, host="db-2", took=TOOK)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_where_nothing_was_counted_before_nothing_is_shown() -> None:
    assert judge_compared({}, {}, host="db-2", took=TOOK).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rows", "verdict", "sentence"),
    [
        pytest.param(BEFORE, Verdict.PASSED, "k restored in 42 s: 2 tables, 200,400 rows", id="rows"),
        pytest.param({}, Verdict.FAILED, "holds no table", id="no table"),
        pytest.param({"Patient": 0}, Verdict.FAILED, "none of 1 table holds a row", id="no row"),
    ],
)
def test_a_backup_that_restores_to_nothing_is_not_proved(rows: dict[str, int], verdict: Verdict, sentence: str) -> None:
    judgement = judge_rehearsal("k", rows, took=TOOK)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("asked", "found", "verdict", "sentence"),
    [
        pytest.param("AES256", "AES256", Verdict.PASSED, "encrypted at rest (AES256)", id="confirmed"),
        pytest.param("AES256", None, Verdict.UNKNOWN, "by AES256, and the storage confirms none", id="not confirmed"),
        pytest.param("aws:kms", "AES256", Verdict.UNKNOWN, "by aws:kms, and the storage says AES256", id="other"),
        pytest.param(None, "AES256", Verdict.PASSED, "encrypted at rest (AES256)", id="not asked, but so"),
        pytest.param(None, None, Verdict.PASSED, "no encryption at rest is asked for", id="not asked"),
    ],
)
def test_encryption_that_is_asked_for_must_be_confirmed_by_the_storage(
    asked: str | None, found: str | None, verdict: Verdict, sentence: str
) -> None:
    judgement = judge_encryption(asked, found, key="k")

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(days=3, hours=5), "last proved to restore 3 days ago, 42 s"),
        (timedelta(days=1), "last proved to restore 1 day ago, 42 s"),
        (timedelta(hours=2), "last proved to restore 2 hours ago, 42 s"),
        (timedelta(minutes=5), "last proved to restore 5 minutes ago, 42 s"),
        (timedelta(seconds=5), "last proved to restore just now, 42 s"),
        (-timedelta(minutes=1), "last proved to restore just now, 42 s"),
    ],
)
def test_a_proof_is_told_with_its_age_and_how_long_it_took(age: timedelta, said: str) -> None:
    assert say_proved(Proof("k", NOW - age, TOOK, 2, 400), now=NOW) == said


def test_what_was_never_proved_is_said_to_be_so() -> None:
    assert say_proved(None, now=NOW) == "never proved to restore"


def test_the_page_shows_the_backup_and_every_table_with_its_rows() -> None:
    page = draw_rehearsal(passed("fine"), BACKUP, took=TOOK, rows=BEFORE)

    assert "**Passed**: fine" in page
    assert "`2026/11/26/holi.dump`, 1.0 MB, restored in 42 s" in page
    assert "| Patient | 200,400 |" in page


@pytest.mark.parametrize("backup", [BACKUP, None])
def test_the_page_of_a_failure_claims_no_restoration(backup: Backup | None) -> None:
    page = draw_rehearsal(failed("cut short"), backup, took=timedelta(0), rows=None)

    assert "**Failed**: cut short" in page
    assert "restored in" not in page


@pytest.mark.parametrize(
    ("leads", "who"),
    [
        ((Person(name="Dora Levin", slack="U0DORA"), Person(name="Max Frey")), "<@U0DORA> or Max Frey restores it"),
        ((), "the DevOps lead restores it"),
    ],
)
def test_the_message_says_who_does_what_next(leads: tuple[Person, ...], who: str) -> None:
    text = rehearsal_failed("production", "holi.dump: cut short", leads=leads, link="http://ui/run")

    assert "of production failed*: holi.dump: cut short" in text
    assert who in text
    assert "`Restore rehearsal/restore-rehearsal`" in text
    assert text.endswith("http://ui/run")
