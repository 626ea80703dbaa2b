"""The version in production meets a new schema: tried on staging first, and migrated without any release of code."""

import pytest
from psycopg import sql

from blocks.postgres import Postgres
from blocks.postgres_tables import read_applied, read_facts
from lab import prisma_cli
from policy.migrations.old_code import PUT_THERE, SUBJECT
from tests.stories.company import ENVIRONMENT, MIGRATIONS
from tests.stories.people import APPROVE, ROLL_BACK
from tests.stories.stage import Stage

pytestmark = pytest.mark.skipif(not prisma_cli.is_possible(), reason=prisma_cli.MISSING)

# Without it a commit brings nothing but what it migrates.
NO_CODE = {"apps/api/src/version.ts": None}
PLACE = "prisma/migrations/{}/migration.sql"
NICKNAME = "20261126130000_nickname"
ROOM = "20261126140000_room"
SPOKEN = "20261126150000_spoken"
FILL = """\
UPDATE "Patient" SET "spoken" = split_part("name", ' ', 1)
WHERE "id" BETWEEN :first AND :last AND "spoken" IS NULL;
"""
NAMED = """\
ALTER TABLE "Appointment" ADD COLUMN "room" TEXT;
ALTER TABLE "Appointment" ADD CONSTRAINT "Appointment_room_given" CHECK ("room" IS NOT NULL) NOT VALID;
"""


@pytest.fixture(scope="module", autouse=True)
def prisma() -> None:
    """The CLI is installed before a story's own time begins."""
    prisma_cli.install()


@pytest.fixture
def migrating(stage: Stage) -> Stage:
    """A company that lets its releases migrate the database."""
    stage.have(*MIGRATIONS)
    return stage


def production() -> Postgres:
    found = Postgres.load(ENVIRONMENT)
    assert isinstance(found, Postgres)
    return found


def columns_of(table: str) -> set[str]:
    return set(read_facts(production(), touched=(), nulls=()).tables[table].columns)


def applied() -> set[str]:
    return {row.name for row in read_applied(production())}


def test_a_migration_with_which_the_version_in_production_cannot_live_stops_before_the_first_change(
    migrating: Stage,
) -> None:
    before = migrating.lab.versions_serving()
    shipped = migrating.lab.ship("9.1.0", "names-a-room", files={PLACE.format(ROOM): NAMED})

    ending = migrating.release(migrating.request(shipped), APPROVE)

    old = str(before["web-server-1"])[:7]
    assert f"{ROOM}: the version in production ({old}) cannot live on the new schema: appointment" in ending.sentence
    assert ending.outcome == "stopped"
    assert "room" not in columns_of("Appointment")
    assert migrating.lab.versions_serving() == before
    staging_serves = migrating.lab.version_of("staging")
    assert staging_serves is not None
    assert staging_serves != before["web-server-1"]
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses


def test_a_release_that_is_killed_while_the_old_version_is_on_staging_leaves_staging_as_it_was(
    migrating: Stage,
) -> None:
    migrating.change_limits(choice=1)
    before = str(migrating.lab.version_of("web-server-1"))
    text = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'
    shipped = migrating.lab.ship("9.1.6", files={PLACE.format(NICKNAME): text})

    with migrating.process(migrating.request(shipped)) as process:
        migrating.when(PUT_THERE, SUBJECT, process.kill)
        process.wait()
        migrating.recover_until_free()

    assert migrating.outcome() == "stopped"
    assert migrating.lab.version_of("staging") not in (None, before)
    assert NICKNAME not in applied()
    migrating.ends_well_on(before)


def test_a_hotfix_whose_migration_staging_has_not_seen_stops_before_the_first_change(migrating: Stage) -> None:
    before = migrating.lab.versions_serving()
    text = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'
    shipped = migrating.fix("9.1.7", files={PLACE.format(NICKNAME): text})

    ending = migrating.release(migrating.hotfix_request(shipped))

    assert f"was not tried on the new schema: staging has not applied {NICKNAME}" in ending.sentence
    assert NICKNAME not in applied()
    assert migrating.lab.versions_serving() == before


def test_a_migration_by_itself_is_approved_backed_up_and_verified_and_no_server_is_updated(migrating: Stage) -> None:
    before = migrating.lab.versions_serving()
    text = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'
    shipped = migrating.lab.ship("9.1.1", files={**NO_CODE, PLACE.format(NICKNAME): text})
    request = migrating.request(shipped)

    refused = migrating.migrate(request, ROLL_BACK)
    assert refused.outcome == "stopped", refused.sentence
    assert NICKNAME not in applied()

    ending = migrating.migrate(request, APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert NICKNAME in applied()
    assert "nickname" in columns_of("Patient")
    assert migrating.lab.versions_serving() == before
    items = [(row.item, row.event.value) for row in ending.rows]
    assert items.index(("2.1.4", "approved")) < items.index(("6.1.4", "judged")) < items.index(("6.3.2", "intended"))
    assert "Database Migration Complete" in migrating.said_in("C0DEPLOYMENTS")
    assert "passed 4 smoke tests on staging's migrated schema" in str([row.facts for row in ending.rows])
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses

    again = migrating.migrate(request)
    assert "brings no migration that the database has not" in again.sentence


def test_what_brings_code_is_not_migrated_by_itself(migrating: Stage) -> None:
    text = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'
    shipped = migrating.lab.ship("9.1.2", files={PLACE.format(NICKNAME): text})

    ending = migrating.migrate(migrating.request(shipped))

    assert "it brings code as well (apps/api/src/version.ts); release it by `production`" in ending.sentence
    assert migrating.is_untouched()


def test_a_plan_of_a_migration_by_itself_shows_the_statements_and_changes_nothing(migrating: Stage) -> None:
    text = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'
    shipped = migrating.lab.ship("9.1.4", files={**NO_CODE, PLACE.format(NICKNAME): text})

    ending = migrating.migrate(migrating.request(shipped, mode="plan"))

    assert ending.error is None, ending.sentence
    page = migrating.page("plan")
    assert f"prisma migrate deploy, in holi: {NICKNAME}" in page
    assert "New column Patient.nickname that may be empty" in page
    assert "web-server-1" not in page.partition("### In this order")[2].partition("###")[0]
    assert NICKNAME not in applied()
    assert migrating.is_untouched()


def test_a_backfill_fills_every_row_in_batches_after_the_last_server_and_before_anything_goes(
    migrating: Stage,
) -> None:
    migrating.lab.grow(20_000)
    migrating.change_limits(backfill_keys=1_500)
    files = {
        PLACE.format(SPOKEN): 'ALTER TABLE "Patient" ADD COLUMN "spoken" TEXT;\n',
        f"prisma/backfills/{SPOKEN}.sql": FILL,
    }
    shipped = migrating.lab.ship("9.1.5", files=files)

    ending = migrating.release(migrating.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    empty = 'SELECT count(*) FROM "Patient" WHERE "spoken" IS NULL AND "name" IS NOT NULL'
    assert production().ask(sql.SQL(empty)) == 0
    steps = [(row.step, row.subject, row.event.value) for row in ending.rows]
    filled = steps.index((f"backfill {SPOKEN}", "database", "confirmed"))
    assert steps.index(("applied", "database", "confirmed")) < steps.index(("in rotation", "web-server-2", "confirmed"))
    assert steps.index(("in rotation", "web-server-2", "confirmed")) < filled
    assert "100% of the keys" in str(ending.rows[filled].facts["sentence"])
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
