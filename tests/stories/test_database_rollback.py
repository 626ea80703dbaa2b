"""Rolling the database back (4.3), with the genuine Prisma CLI and the genuine PostgreSQL."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import pytest
from prefect.client.schemas.objects import FlowRun

from blocks.postgres import Postgres
from blocks.postgres_tables import read_applied, read_facts
from blocks.prisma import Prisma
from flows.database_rollback import database_rollback
from lab import prisma_cli
from lab.application_database import project_files
from policy.judgement import Verdict
from policy.migrations.history import Progress, progress_of
from policy.migrations.outage import find_outage
from policy.migrations.schema_text import judge_same_schema
from policy.record import Event
from policy.way_back_forms import DatabaseRollbackRequest, RollbackReason
from policy.way_home_database import EMPTIED, TAKEN_BACK
from tests.stories.company import ENVIRONMENT, MIGRATIONS
from tests.stories.people import APPROVE, Words
from tests.stories.release_process import ReleaseProcess
from tests.stories.stage import Ending, Stage

pytestmark = pytest.mark.skipif(not prisma_cli.is_possible(), reason=prisma_cli.MISSING)

SERVERS = ("web-server-1", "web-server-2")
# The database's time is the one of the machine; a request that was on its way when the rotation changed may be cut.
TOLERANCE = timedelta(seconds=1)
# When a request that was lost was sent, and how long that took.
LOSS = re.compile(r"([\d.]+) .*, after ([\d.]+) s", re.DOTALL)
NAME = "20261126090000_nickname"
PATH = f"prisma/migrations/{NAME}/migration.sql"
ADDS = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;\nCREATE INDEX "by_nickname" ON "Patient"("nickname");\n'


@pytest.fixture(scope="module", autouse=True)
def prisma() -> None:
    """The CLI is installed before a story's own time begins."""
    prisma_cli.install()


@pytest.fixture
def migrating(stage: Stage) -> Stage:
    """A company that lets its releases migrate the database, of 20,400 patients."""
    stage.have(*MIGRATIONS, "statuspage")
    stage.lab.grow(20_000)
    return stage


def production() -> Postgres:
    found = Postgres.load(ENVIRONMENT)
    assert isinstance(found, Postgres)
    return found


def columns_of_patient() -> set[str]:
    return set(read_facts(production(), touched=(), nulls=()).tables["Patient"].columns)


def standing() -> Progress:
    return progress_of(NAME, read_applied(production()))


def prisma_deploys(files: Mapping[str, str]) -> None:
    """Apply what is not applied, as the next release does."""
    found = Prisma.load(ENVIRONMENT)
    assert isinstance(found, Prisma)
    texts = {path: text.encode() for path, text in {**project_files(), **files}.items()}
    minute = timedelta(minutes=1)
    found.deploy(texts, production(), lock_timeout=minute, statement_timeout=minute, patience=minute)


def take_back(**words: str) -> DatabaseRollbackRequest:
    return DatabaseRollbackRequest(
        reason=RollbackReason.USER_REPORTS,
        what_was_seen="nicknames show up in invoices",
        requested_by="Omar Reyes",
        environment=ENVIRONMENT,
        **words,
    )


def decides(stage: Stage, name: str, **words: str) -> Words:
    return {"decision": "roll the database back", "name": name, "code": stage.lab.code_of(name), **words}


def added(stage: Stage, version: str) -> str:
    """Release a version that adds Patient.nickname; return the commit that production served before."""
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship(version, files={PATH: ADDS})
    ending = stage.release(stage.request(shipped, raise_risk_to="medium"), APPROVE)
    assert ending.outcome == "signed off", ending.sentence
    stage.lab.mark_traffic()
    return before


def test_what_was_added_20_minutes_ago_is_taken_back_when_cto_and_devops_lead_decide_together(
    migrating: Stage,
) -> None:
    """It can be applied anew afterwards; what is younger than 15 minutes one of them takes back alone, as below."""
    schema = production().read_schema()
    before = added(migrating, "9.2.0")
    older = "UPDATE _prisma_migrations SET started_at = started_at - interval '20 min', "
    older += f"finished_at = finished_at - interval '20 min' WHERE migration_name = '{NAME}'"
    migrating.lab.execute(older)
    alone = {**decides(migrating, "Carla Ortiz"), "reason": "nicknames leak"}

    def both(_run: FlowRun) -> Words:
        second = {"second_name": "Dora Levin", "second_code": migrating.lab.code_of("Dora Levin")}
        return {**decides(migrating, "Carla Ortiz"), **second, "reason": "nicknames leak"}

    ending = migrating.play(partial(database_rollback, take_back()), alone, both)

    assert ending.error is None, ending.sentence
    rulings = [row.facts["sentence"] for row in ending.rows if row.item == "4.3.2" and "outcome" in row.facts]
    assert rulings[0] == "CTO and DevOps lead decide together; what is missing is a second person of the two"
    assert (ending.outcome, standing()) == ("rolled back", Progress.ROLLED_BACK)
    assert "nickname" not in columns_of_patient()
    assert judge_same_schema(schema, production().read_schema()).verdict is Verdict.PASSED
    outage_is_known_and_nothing_else_was_lost(migrating, ending)
    migrating.lab.mark_traffic()
    migrating.ends_well_on(before)
    assert "Deployment Rolled Back" in migrating.said_in("C0DEPLOYMENTS")

    prisma_deploys({PATH: ADDS})

    assert standing() is Progress.APPLIED
    assert "nickname" in columns_of_patient()


def outage_is_known_and_nothing_else_was_lost(stage: Stage, ending: Ending) -> None:
    outage = find_outage(ending.rows, SERVERS)
    assert outage is not None
    assert outage.ended is not None
    (said,) = [row.facts["sentence"] for row in ending.rows if row.item == "4.3.2" and row.event is Event.JUDGED]
    assert said.startswith("nobody served for ")
    losses = stage.lab.traffic().losses
    first, last = (outage.began - TOLERANCE).timestamp(), (outage.ended + TOLERANCE).timestamp()
    for loss in losses:
        found = LOSS.fullmatch(loss)
        assert found, loss
        sent_at, took = map(float, found.groups())
        assert sent_at <= last, (outage, losses)
        assert sent_at + took >= first, (outage, losses)


def test_what_somebody_writes_while_people_think_is_not_taken_back_and_the_safer_way_is_named(migrating: Stage) -> None:
    added(migrating, "9.2.2")

    def write_and_decide(_run: FlowRun) -> Words:
        migrating.lab.execute('UPDATE "Patient" SET "nickname" = \'Bo\' WHERE id = 7')
        return decides(migrating, "Carla Ortiz")

    ending = migrating.play(partial(database_rollback, take_back()), write_and_decide)

    assert "1 row of Patient.nickname" in ending.sentence
    assert "put back the image alone with the deployment `rollback`" in ending.sentence
    assert not any(row.step == EMPTIED for row in ending.rows)
    assert standing() is Progress.APPLIED
    assert migrating.lab.traffic().lost == 0
    assert migrating.hold_is_free()


def test_whoever_dies_between_the_database_and_the_servers_leaves_one_version_that_fits_the_schema(
    migrating: Stage,
) -> None:
    """Whether the database committed before the death is left to chance; tests/core plays every other death."""
    before = added(migrating, "9.2.5")
    after = str(migrating.lab.version_of("web-server-1"))

    def decide(_run: FlowRun) -> Words:
        return decides(migrating, "Carla Ortiz")

    def die_and_recover() -> None:
        process = ReleaseProcess(begin, take_back())
        migrating.when(TAKEN_BACK, "database", process.kill)
        process.wait()
        migrating.recover_until_free()

    ending = migrating.play(die_and_recover, decide)

    assert ending.error is None, ending.sentence
    migrating.lab.mark_traffic()
    if "nickname" not in columns_of_patient():
        assert ending.outcome == "rolled back", ending.sentence
        migrating.ends_well_on(before)
    else:
        assert (ending.outcome, standing()) == ("stopped", Progress.APPLIED), ending.sentence
        migrating.ends_well_on(after)


def begin(request: DatabaseRollbackRequest) -> None:
    """In the process that dies."""
    database_rollback(request)
