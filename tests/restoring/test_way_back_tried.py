"""6.1.2 on a genuine server: each migration goes up and down on production's schema, and not one row is copied."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.prisma import Prisma
from blocks.record import Record
from lab import prisma_cli
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
VIEW = 'CREATE VIEW ids AS SELECT id FROM "Patient";'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "name";'


# What lies beside the migrations of a release: what Prisma needs, and the migration that production began with.
PROJECT = {
    "prisma/schema.prisma": 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n',
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    "prisma/migrations/0_init/migration.sql": 'CREATE TABLE "Patient" (id serial PRIMARY KEY, name text NOT NULL);',
}


def tried(
    company: Company,
    directory: Path,
    files: Mapping[str, str],
    downs: Mapping[str, str] | None = None,
    *,
    schema: str = "public",
) -> tuple[Trial, ...]:
    """Try these migrations, by name, with what their authors wrote to take them back; Prisma is in the directory."""
    prisma = Prisma(directory=str(directory), database_schema=schema, environment=prisma_cli.ENVIRONMENT)
    company = replace(company, prisma=prisma)
    run = Run(a_release(World()), company, Record(company.store, "r", holder=1, spool=directory), number=1)
    readings = read_migrations(files)
    run.once.fetch("migrations", lambda: readings)
    project = PROJECT | {f"prisma/migrations/{name}/migration.sql": sql for name, sql in files.items()}
    run.once.fetch("prisma", lambda: {path: text.encode() for path, text in project.items()})
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


@pytest.mark.skipif(not prisma_cli.can_be_tried(), reason=prisma_cli.MISSING)
def test_what_nothing_else_takes_back_is_tried_with_what_prisma_writes(company: Company, tmp_path: Path) -> None:
    # Where the CLI would leave its files: beside its own modules, away from other tests.
    for name in ("node_modules", "prisma.config.ts"):
        (tmp_path / name).symlink_to(prisma_cli.install() / name)

    dropped, note = tried(company, tmp_path, {"1_drop": DROP, "2_note": NEW_TABLE})
    (unseen,) = tried(company, tmp_path, {"1_view": f"{VIEW} {DROP}"})

    assert (dropped.outcome, note.outcome) == (Outcome.CAME_BACK, Outcome.CAME_BACK), (dropped, note)
    assert 'ALTER TABLE "public"."Patient" ADD COLUMN     "name" TEXT NOT NULL;' in dropped.offered
    assert unseen.outcome is Outcome.DIFFERS, unseen


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


def test_what_reaches_beyond_its_database_is_not_tried_before_people_agreed(
    place: Place, company: Company, tmp_path: Path
) -> None:
    with place.other.connect("postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS neighbour")
        connection.execute("CREATE DATABASE neighbour OWNER scratch")

    drops = tried(company, tmp_path, {"1_drop": "DROP DATABASE neighbour WITH (FORCE);", "2_note": NEW_TABLE})
    (down,) = tried(company, tmp_path, {"1_note": NEW_TABLE}, {"1_note": "DROP DATABASE neighbour;"})

    assert [one.outcome for one in (*drops, down)] == [Outcome.NOT_TRIED] * 3
    assert "it reaches beyond its database: line 1: DROP DATABASE neighbour" in drops[0].words
    with place.other.connect("postgres") as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname = 'neighbour'").fetchone() == (1,)
        connection.execute("DROP DATABASE neighbour")
