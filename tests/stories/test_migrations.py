"""Releases that migrate the database, with the genuine Prisma CLI and the genuine PostgreSQL (section 6)."""

import re
from functools import partial

import pytest

from blocks.postgres import Postgres
from blocks.postgres_tables import list_invalid_indexes, read_applied, read_facts
from flows.rollback import rollback
from lab import prisma_cli
from policy.record import Event
from policy.way_back_forms import RollbackReason, RollbackRequest
from tests.stories.company import ENVIRONMENT, MIGRATIONS
from tests.stories.people import APPROVE
from tests.stories.stage import Ending, Stage

pytestmark = pytest.mark.skipif(not prisma_cli.can_be_tried(), reason=prisma_cli.MISSING)

CTO_APPROVES = {"decision": "approve", "name": "Carla Ortiz"}
# Reads the table, and so keeps its shape from changing, for longer than a migration waits.
# It outlasts the start of Prisma on a busy machine, so that the migration does meet it.
LONG_QUERY = 'SELECT count(*), pg_sleep(14) FROM (SELECT 1 FROM "Patient" LIMIT 1) AS one'
# Has written a row that nobody else writes, and for so long an index that is built beside it has to wait.
LONG_WRITE = 'UPDATE "Patient" SET "name" = "name" WHERE id = 1 AND pg_sleep(7) IS NOT NULL'
LOCK_TIMEOUT_SECONDS = 2
# PostgreSQL, too, hears of the end of its time when the machine lets it; without one it is the rest of the query.
BRIEFLY = LOCK_TIMEOUT_SECONDS + 4
NAME = "20261126090000_nickname"
NICKNAME = {f"prisma/migrations/{NAME}/migration.sql": 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\n'}


@pytest.fixture(scope="module", autouse=True)
def prisma() -> None:
    """The CLI is installed before a story's own time begins."""
    prisma_cli.install()


@pytest.fixture
def migrating(stage: Stage) -> Stage:
    """A company that lets its releases migrate the database, of 20,400 patients."""
    stage.have(*MIGRATIONS)
    stage.lab.grow(20_000)
    return stage


def production() -> Postgres:
    found = Postgres.load(ENVIRONMENT)
    assert isinstance(found, Postgres)
    return found


def said(ending: Ending, item: str) -> str:
    """What the record says of an item."""
    return next(str(row.facts["sentence"]) for row in ending.rows if row.item == item and row.event is Event.JUDGED)


def seconds_waited(ending: Ending) -> float:
    """How long others waited for a lock at most while the migration ran, as its confirmation says."""
    (sentence,) = (row.facts["sentence"] for row in ending.rows if (row.item, row.event) == ("6.3.2", Event.CONFIRMED))
    if "nobody waited for a lock" in sentence:
        return 0
    found = re.search(r"others waited ([\d.]+) (m?s) for a lock at most \(\d+ sessions? ?", sentence)
    assert found, sentence
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def columns_of_patient() -> set[str]:
    return set(read_facts(production(), touched=(), nulls=()).tables["Patient"].columns)


def test_an_additive_migration_goes_live_before_the_code_that_needs_it(migrating: Stage) -> None:
    shipped = migrating.lab.ship("9.0.0", files=NICKNAME)

    ending = migrating.release(migrating.request(shipped), APPROVE)

    assert ending.error is None, ending.sentence
    assert ending.outcome == "signed off"
    assert NAME in {row.name for row in read_applied(production())}
    assert "nickname" in columns_of_patient()
    assert f"{NAME}: the SQL derived from it was tried, up and down, and the schema came back" in said(ending, "6.1.2")
    items = [(row.item, row.event.value) for row in ending.rows]
    assert items.index(("6.3.2", "confirmed")) < items.index(("2.1.2", "intended"))
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses


def test_d5_what_is_dropped_goes_with_the_ctos_word_when_no_server_needs_it_and_then_no_image_is_put_back(
    migrating: Stage,
) -> None:
    """D5."""
    name = "20261126100000_drop_created_at"
    files = {f"prisma/migrations/{name}/migration.sql": 'ALTER TABLE "Patient" DROP COLUMN "createdAt";\n'}
    shipped = migrating.lab.ship("9.0.1", files=files)

    refused = migrating.release(migrating.request(shipped, incident_team_confirmed=True))
    assert "Patient.createdAt dropped" in refused.sentence
    assert "createdAt" in columns_of_patient()

    request = migrating.request(shipped, incident_team_confirmed=True, acknowledged=["Patient.createdAt dropped"])
    ending = migrating.release(request, CTO_APPROVES)

    assert ending.outcome == "signed off", ending.sentence
    assert "createdAt" not in columns_of_patient()
    assert re.search(
        r"read back whole; .*restored on .* in .* each as in production at that moment", said(ending, "6.1.4")
    )
    items = [(row.item, row.subject, row.event.value) for row in ending.rows]
    assert items.index(("6.3.2", "database", "intended")) > items.index(("2.1.5", "web-server-2", "confirmed"))
    page = migrating.page("evidence-6-1-pre-migration-preparation")
    assert f"From 6.3.2 after web-server-2 on ({name}: Patient.createdAt dropped)" in page
    records = len(migrating.endings())

    words = {"what_was_seen": "ages are wrong", "requested_by": "Omar Reyes", "environment": ENVIRONMENT}
    undone = migrating.play(partial(rollback, RollbackRequest(reason=RollbackReason.USER_REPORTS, **words)))

    assert undone.error is not None
    assert "needs what is gone: Patient.createdAt dropped; rolling the image back will break it" in undone.sentence
    assert "`hotfix`" in undone.sentence
    assert len(migrating.endings()) == records
    migrating.ends_well_on(shipped.commit)
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses


def test_a_migration_that_fails_on_productions_data_leaves_the_old_schema_and_people_know(migrating: Stage) -> None:
    name = "20261126110000_one_name"
    sql = 'ALTER TABLE "Patient" ADD COLUMN "x" TEXT, ADD CONSTRAINT "no_twin" CHECK ("name" <> \'Twin\');\n'
    migrating.lab.execute("INSERT INTO \"Patient\" (name, \"birthDate\") VALUES ('Twin', now()), ('Twin', now())")
    before = migrating.lab.versions_serving()
    shipped = migrating.lab.ship("9.0.2", files={f"prisma/migrations/{name}/migration.sql": sql})

    ending = migrating.release(
        migrating.request(shipped, raise_risk_to="high", incident_team_confirmed=True),
        CTO_APPROVES,
    )  # fmt: skip

    assert f"{name} started" in ending.sentence
    assert "never finished" in ending.sentence
    assert "x" not in columns_of_patient()
    assert migrating.lab.versions_serving() == before
    assert any("migration" in str(page) for page in migrating.lab.pages())


def test_an_index_beside_everything_waits_for_a_long_transaction_and_is_built(migrating: Stage) -> None:
    name = "20261126116000_patient_name"
    sql = 'CREATE INDEX CONCURRENTLY "Patient_birthDate_idx" ON "Patient"("birthDate");\n'
    shipped = migrating.lab.ship("9.0.6", files={f"prisma/migrations/{name}/migration.sql": sql})
    migrating.when("applied", "database", lambda: migrating.lab.execute(LONG_WRITE))

    ending = migrating.release(migrating.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert name in {row.name for row in read_applied(production())}
    assert list_invalid_indexes(production()) == ()
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses


def test_what_the_rows_of_today_would_make_fail_is_refused_before_anything_is_touched(migrating: Stage) -> None:
    name = "20261126115000_one_name"
    sql = 'CREATE UNIQUE INDEX "one_name" ON "Patient"("name");\n'
    migrating.lab.execute("INSERT INTO \"Patient\" (name, \"birthDate\") VALUES ('Twin', now()), ('Twin', now())")
    shipped = migrating.lab.ship("9.0.5", files={f"prisma/migrations/{name}/migration.sql": sql})

    ending = migrating.release(migrating.request(shipped, acknowledged=["Patient unique by one_name"]))

    assert "stand" in ending.sentence
    assert "in more than one row of Patient (name), so this statement will fail" in ending.sentence
    assert name not in {row.name for row in read_applied(production())}


def test_a_migration_waits_for_a_lock_briefly_and_again_and_is_not_lost(migrating: Stage) -> None:
    name = "20261126120000_waits"
    sql = 'ALTER TABLE "Patient" ADD COLUMN "waits" TEXT;\n'
    shipped = migrating.lab.ship("9.0.3", files={f"prisma/migrations/{name}/migration.sql": sql})
    migrating.when("applied", "database", lambda: migrating.lab.execute(LONG_QUERY))

    ending = migrating.release(migrating.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert "waits" in columns_of_patient()
    assert 1 < seconds_waited(ending) < BRIEFLY
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
    assert counts.slowest < BRIEFLY


def test_a_migration_begins_only_when_nobody_is_in_its_way(migrating: Stage) -> None:
    name = "20261126130000_patient"
    sql = 'ALTER TABLE "Patient" ADD COLUMN "patient" TEXT;\n'
    shipped = migrating.lab.ship("9.0.4", files={f"prisma/migrations/{name}/migration.sql": sql})
    migrating.when("team notified", "Slack", lambda: migrating.lab.execute(LONG_QUERY))

    ending = migrating.release(migrating.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert "patient" in columns_of_patient()
    counts = migrating.lab.traffic()
    assert (counts.lost, counts.failed) == (0, 0), counts.losses
    assert seconds_waited(ending) < LOCK_TIMEOUT_SECONDS / 2
    assert counts.slowest < BRIEFLY
