"""6.1.2 on a genuine server: each migration goes up and down on production's schema, and not one row is copied."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.prisma import Prisma
from blocks.record import Record
from policy.migrations import read_migrations
from policy.migrations.trial import Outcome, Trial, find_down
from tasks.migration_trial import try_all
from tasks.run import Run
from tests.core.company import a_release
from tests.core.world import World
from tests.restoring.conftest import Place

ADD = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\nCREATE INDEX "by_nickname" ON "Patient"("nickname");'
NEW_TABLE = 'CREATE TABLE "Note" ("id" SERIAL PRIMARY KEY, "patientId" INT REFERENCES "Patient"("id"));'
BESIDE = 'CREATE INDEX CONCURRENTLY "by_name" ON "Patient"("name");'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "name";'


def tried(
    company: Company,
    tmp_path: Path,
    files: Mapping[str, str],
    downs: Mapping[str, str] | None = None,
    *,
    schema: str = "public",
) -> tuple[Trial, ...]:
    """Try these migrations, by name, with what their authors wrote to take them back."""
    company = replace(company, prisma=Prisma(directory=str(tmp_path), database_schema=schema))
    run = Run(a_release(World()), company, Record(company.store, "r", holder=1, spool=tmp_path), number=1)
    readings = read_migrations(files)
    run.once.fetch("migrations", lambda: readings)
    run.once.fetch(
        "prisma", lambda: {f"prisma/migrations/{name}/migration.sql": sql.encode() for name, sql in files.items()}
    )
    found = {one.name: find_down(one, downs or {}) for one in readings}
    return try_all(run, cast("Any", {name: down for name, down in found.items() if down}))


def test_what_only_adds_comes_back_by_what_is_derived_one_after_the_other(company: Company, tmp_path: Path) -> None:
    files = {"1_nickname": ADD, "2_note": NEW_TABLE, "3_beside": BESIDE}

    assert tried(company, tmp_path, files) == tuple(Trial(name, Outcome.CAME_BACK) for name in files)


def test_production_is_not_touched_and_none_of_its_rows_is_copied(
    place: Place, company: Company, tmp_path: Path
) -> None:
    counts = 'CREATE TABLE seen AS SELECT count(*) AS n FROM "Patient"; ALTER TABLE seen ADD CHECK (n = 0);'

    (trial,) = tried(company, tmp_path, {"1_counts": counts})

    assert trial.outcome is Outcome.NOT_TRIED, trial.words
    with place.production.connect("holi") as connection:
        assert connection.execute("SELECT to_regclass('seen')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("down", "outcome", "said"),
    [
        pytest.param('ALTER TABLE "Patient" ADD COLUMN "name" TEXT NOT NULL;', Outcome.CAME_BACK, "", id="well"),
        pytest.param('ALTER TABLE "Patient" ADD COLUMN "name" TEXT;', Outcome.DIFFERS, "missing: name text NOT NULL",
                     id="not as before"),
        pytest.param('ALTER TABLE "Nobody" ADD COLUMN "name" TEXT;', Outcome.DOWN_FAILED, '"Nobody" does not exist',
                     id="does not run"),
    ],
)  # fmt: skip
def test_what_the_author_wrote_is_tried(
    company: Company, tmp_path: Path, down: str, outcome: Outcome, said: str
) -> None:
    trials = tried(company, tmp_path, {"1_drop": DROP, "2_note": NEW_TABLE}, {"1_drop": down})

    assert trials[0].outcome is outcome, trials[0].words
    assert said in trials[0].words
    assert trials[1].outcome is (Outcome.CAME_BACK if outcome is Outcome.CAME_BACK else Outcome.NOT_TRIED)


def test_a_migration_that_does_not_fit_productions_schema_is_found_before_it_runs(
    company: Company, tmp_path: Path
) -> None:
    (trial,) = tried(company, tmp_path, {"1_odd": 'ALTER TABLE "Nobody" ADD COLUMN "x" TEXT;'})

    assert trial.outcome is Outcome.UP_FAILED
    assert 'relation "Nobody" does not exist' in trial.words


def test_names_are_looked_for_in_the_schema_that_prisma_looks_after(company: Company, tmp_path: Path) -> None:
    files = {"1_paid": 'ALTER TABLE "Invoice" ADD COLUMN "paid" BOOLEAN;'}

    (trial,) = tried(company, tmp_path, files, schema="billing")

    assert trial.outcome is Outcome.CAME_BACK, trial.words
