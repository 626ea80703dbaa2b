"""Releases that migrate the database, with the genuine Prisma CLI and the genuine PostgreSQL (section 6)."""

import pytest

from blocks.postgres import Postgres
from blocks.postgres_tables import read_applied, read_facts
from lab import prisma_cli
from tests.stories.people import APPROVE
from tests.stories.stage import ENVIRONMENT, MIGRATIONS, Stage

pytestmark = pytest.mark.skipif(not prisma_cli.is_possible(), reason=prisma_cli.MISSING)

NAME = "20261126090000_nickname"
NICKNAME = {f"prisma/migrations/{NAME}/migration.sql": 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'}


@pytest.fixture(scope="module", autouse=True)
def prisma() -> None:
    """The CLI is installed before a story's own time begins."""
    prisma_cli.install()


@pytest.fixture
def migrating(stage: Stage) -> Stage:
    """A company that lets its releases migrate the database, of 200,400 patients."""
    stage.have(*MIGRATIONS)
    stage.lab.grow(200_000)
    return stage


def production() -> Postgres:
    return Postgres.load(ENVIRONMENT)


def test_an_additive_migration_goes_live_before_the_code_that_needs_it(migrating: Stage) -> None:
    shipped = migrating.lab.ship("9.0.0", files=NICKNAME)

    ending = migrating.release(migrating.request(shipped), APPROVE)

    assert ending.error is None, ending.sentence
    assert ending.outcome == "signed off"
    assert NAME in {row.name for row in read_applied(production())}
    assert "nickname" in read_facts(production(), touched=(), nulls=()).tables["Patient"].columns
    items = [(row.item, row.event.value) for row in ending.rows]
    assert items.index(("6.3.2", "confirmed")) < items.index(("2.1.2", "intended"))
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
