"""6.1.4 as a release asks it: the dump is restored before a dangerous migration, and only then."""

from dataclasses import replace
from pathlib import Path

import pytest

from blocks.company import Company
from blocks.record import Record
from policy.judgement import Judgement, Verdict
from policy.migrations import read_migrations
from tasks.migration import backup_before_migration
from tasks.run import Run
from tests.core.company import a_release
from tests.core.world import World

ADD = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "name";'


def backed_up(company: Company, spool: Path, sql: str) -> Judgement:
    """Ask 6.1.4 for a release with this migration."""
    run = Run(a_release(World()), company, Record(company.store, "r", holder=1, spool=spool), number=1)
    run.once.fetch("migrations", lambda: read_migrations({"m": sql}))
    return backup_before_migration.ask(run)


@pytest.mark.parametrize(
    ("sql", "restored"), [pytest.param(ADD, False, id="safe"), pytest.param(DROP, True, id="dangerous")]
)
def test_the_dump_is_restored_before_a_dangerous_migration(
    company: Company, tmp_path: Path, sql: str, *, restored: bool
) -> None:
    judgement = backed_up(company, tmp_path, sql)

    assert judgement.verdict is Verdict.PASSED, judgement.sentence
    assert ("restored on 127.0.0.1" in judgement.sentence) is restored


def test_without_a_scratch_database_it_is_said_that_nothing_was_restored(company: Company, tmp_path: Path) -> None:
    judgement = backed_up(replace(company, scratch=None), tmp_path, DROP)

    assert judgement.verdict is Verdict.PASSED
    assert "not restored into a scratch database, for there is no [scratch_database]" in judgement.sentence
