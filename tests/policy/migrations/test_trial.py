"""Was the way back of a migration tried, and is the schema as before (6.1.2)."""

import pytest

from policy.judgement import Verdict
from policy.limits import Risk
from policy.migrations import MigrationReading, read_migration
from policy.migrations.trial import (
    Down,
    Outcome,
    Source,
    Trial,
    find_down,
    judge_tried,
)

ADD = read_migration("m", 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;')
DROP = read_migration("m", 'ALTER TABLE "Patient" DROP COLUMN "phone";')
WRITTEN, DERIVED = Down("SELECT 1;", Source.FILE), Down("SELECT 1;", Source.DERIVED)


@pytest.mark.parametrize(
    ("reading", "files", "down"),
    [
        pytest.param(ADD, {"m": "ALTER …"}, Down("ALTER …", Source.FILE), id="what the author wrote"),
        pytest.param(ADD, {"m": " \n"}, Down(";\n".join((*ADD.down, "")), Source.DERIVED), id="an empty file"),
        pytest.param(ADD, {"n": "SELECT"}, Down(";\n".join((*ADD.down, "")), Source.DERIVED), id="derived"),
        pytest.param(DROP, {"m": "ALTER …"}, Down("ALTER …", Source.FILE), id="written for what is dropped"),
        pytest.param(DROP, {}, None, id="nothing"),
    ],
)
def test_what_the_author_wrote_goes_before_what_is_derived(
    reading: MigrationReading, files: dict[str, str], down: Down | None
) -> None:
    assert find_down(reading, files) == down


@pytest.mark.parametrize(
    ("reading", "down", "trial", "verdict", "sentence"),
    [
        pytest.param(ADD, DERIVED, Trial("m", Outcome.CAME_BACK), Verdict.PASSED,
                     "m: the SQL derived from it was tried, up and down, and the schema came back", id="came back"),
        pytest.param(ADD, WRITTEN, Trial("m", Outcome.DIFFERS, "left over: x"), Verdict.FAILED,
                     "its down.sql was tried, and the schema is another one afterwards: left over: x", id="differs"),
        pytest.param(ADD, WRITTEN, Trial("m", Outcome.DOWN_FAILED, "no such column"), Verdict.FAILED,
                     "it does not run: no such column", id="down fails"),
        pytest.param(ADD, DERIVED, Trial("m", Outcome.UP_FAILED, "no such table"), Verdict.FAILED,
                     "does not run on production's schema: no such table", id="up fails"),
        pytest.param(ADD, DERIVED, Trial("m", Outcome.NOT_TRIED, "it is applied already"), Verdict.PASSED,
                     "m: not tried, it is applied already", id="applied"),
        pytest.param(DROP, None, Trial("m", Outcome.NOT_TRIED), Verdict.PASSED, "nothing takes it back", id="lasting"),
        pytest.param(DROP, WRITTEN, Trial("m", Outcome.CAME_BACK), Verdict.PASSED, "the CTO decides", id="values gone"),
        pytest.param(DROP, None, Trial("m", Outcome.CAME_BACK, offered="-- AlterTable\nALTER …;\n"), Verdict.PASSED,
                     "what prisma migrate diff wrote was tried, and the schema came back, without the values: ALTER …;",
                     id="offered"),
        pytest.param(DROP, None, Trial("m", Outcome.DIFFERS, "left over: x", offered="ALTER …;"), Verdict.PASSED,
                     "nothing takes it back; with what prisma migrate diff wrote the schema is another one afterwards",
                     id="offered in vain"),
        pytest.param(ADD, Down("SELECT 1;\nCOMMIT;", Source.FILE), Trial("m", Outcome.CAME_BACK), Verdict.FAILED,
                     "m: its down.sql has COMMIT in line 2, and 4.3.2 is one transaction already", id="own commit"),
        pytest.param(ADD, Down("-- nothing\n", Source.FILE), Trial("m", Outcome.NOT_TRIED), Verdict.FAILED,
                     "m: its down.sql holds no statement, so it takes nothing back", id="only a comment"),
        pytest.param(ADD, Down("ALTER …", Source.FILE), Trial("m", Outcome.CAME_BACK), Verdict.FAILED,
                     "m: its down.sql cannot be read: line 1: syntax error", id="unreadable"),
    ],
)  # fmt: skip
def test_a_way_back_that_was_tried_is_judged_by_what_was_seen(
    reading: MigrationReading, down: Down | None, trial: Trial, verdict: Verdict, sentence: str
) -> None:
    judgement = judge_tried([reading], {"m": down} if down else {}, [trial], risk=Risk.HIGH)

    assert judgement.verdict is verdict
    assert sentence in judgement.sentence


def test_without_a_scratch_database_nothing_was_tried_and_it_is_said() -> None:
    judgement = judge_tried([ADD], {"m": DERIVED}, None, risk=Risk.LOW)

    assert judgement.verdict is Verdict.PASSED
    assert "not tried, for there is no [scratch_database]: m (the SQL derived from it)" in judgement.sentence


def test_what_nothing_takes_back_stays_the_ctos_decision_whatever_was_tried() -> None:
    for trials in (None, [Trial("m", Outcome.CAME_BACK)]):
        assert judge_tried([DROP], {"m": WRITTEN}, trials, risk=Risk.MEDIUM).verdict is Verdict.FAILED
    assert judge_tried([DROP], {}, None, risk=Risk.HIGH).verdict is Verdict.PASSED


def test_without_a_migration_nothing_is_asked() -> None:
    assert judge_tried([], {}, None, risk=Risk.LOW).verdict is Verdict.NOT_APPLICABLE
