"""The version in production is tried on staging, and staging is as it was, wherever the process dies (6.3.1)."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.company import Company, Staging
from blocks.errors import Refused
from flows.old_code import try_old_code
from flows.recovery import recover
from flows.way_home import way_home
from policy.judgement import Verdict
from policy.migrations import MigrationReading, read_migration
from tasks.old_code import meeting_of, old_code_proved
from tasks.run import Run
from tests.core.company import DEPLOYMENTS, Service, a_release
from tests.core.process import Process
from tests.core.scene import ALL_OLD, dead_hold, outcome, serving
from tests.core.world import Died, Hosts, Machine, World
from tests.policy.rows import NEW, OLD, THIRD

NAME = "20261126090000_nickname"
ADD = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "phone";'


class Broken(Service):
    """A version that cannot write an appointment on the new schema."""

    def create_appointment(self, *_what: object) -> None:
        """The database refuses it."""
        raise Refused("appointment: http://staging answered 500")


class Database:
    """Staging's, in which these migrations were applied."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def ask(self, _statement: object) -> list[dict[str, Any]]:
        """Return Prisma's rows."""
        now = datetime(2026, 11, 26, tzinfo=UTC)
        times = {"started_at": now, "finished_at": now, "rolled_back_at": None}
        return [{"name": name, "checksum": "c", "steps": 1, "logs": None, **times} for name in self.names]


@pytest.fixture
def staging(world: World) -> World:
    """Staging serves the candidate; the process may die there, too."""
    there = World(machines={"staging": Machine("staging", digest=NEW, images={NEW})})
    cast("Any", there).may_die = world.may_die
    return there


def begun(
    company: Company,
    world: World,
    staging: World,
    *,
    service: Service | None = None,
    database: Database | None = None,
    readings: tuple[MigrationReading, ...] = (read_migration(NAME, ADD),),
) -> Process:
    hosts = cast("Any", Hosts(staging))
    application, found = cast("Any", service or Service()), cast("Any", database or Database(NAME))
    there = Staging(fleet=hosts, application=application, database=found)
    prisma = cast("Any", SimpleNamespace(database_schema="public"))
    paths = tuple(f"prisma/migrations/{one.name}/migration.sql" for one in readings)
    release = a_release(world).model_copy(update={"migrations": paths})
    process = Process.begin(replace(company, staging=there, prisma=prisma), release)
    process.run.once.fetch("migrations", lambda: readings)
    return process


def verdict(run: Run) -> tuple[Verdict, str]:
    meeting = meeting_of(run)
    assert meeting is not None
    judgement = old_code_proved(run, meeting)
    return judgement.verdict, judgement.sentence


def runs_on(staging: World) -> str:
    return staging.machines["staging"].digest


def test_the_version_in_production_is_tried_on_staging_which_is_put_back(
    company: Company, world: World, staging: World
) -> None:
    run = begun(company, world, staging).run

    try_old_code(run)

    assert verdict(run) == (
        Verdict.PASSED,
        f"{NAME}: the version in production (a1a1a1a) passed 4 smoke tests on staging's migrated schema",
    )
    assert runs_on(staging) == NEW
    assert [what for _, what in staging.acts] == [f"{one} on staging" for one in ("keep", "pull", "update", "restore")]


def test_what_was_proved_is_not_tried_again(company: Company, world: World, staging: World) -> None:
    run = begun(company, world, staging).run
    try_old_code(run)
    acts = list(staging.acts)

    try_old_code(run)

    assert staging.acts == acts


def test_a_version_that_cannot_live_on_the_new_schema_is_told_with_what_failed(
    company: Company, world: World, staging: World
) -> None:
    run = begun(company, world, staging, service=Broken()).run

    try_old_code(run)

    found, sentence = verdict(run)
    assert found is Verdict.FAILED
    assert "cannot live on the new schema: appointment: http://staging answered 500" in sentence
    assert "a new column that may be empty or has a default" in sentence
    assert runs_on(staging) == NEW


def test_a_version_that_does_not_come_up_on_the_new_schema_cannot_live_on_it(
    company: Company, world: World, staging: World
) -> None:
    process = begun(company, world, staging)
    cast("Any", staging).is_well = lambda machine: machine.digest == NEW

    try_old_code(process.run)

    assert verdict(process.run)[0] is Verdict.FAILED
    assert runs_on(staging) == NEW


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"staging": None}, "there is no [staging] in the settings"),
        ({"database": None}, "there is no [staging_database] in the settings"),
        ({"database": Database("another")}, f"staging has not applied {NAME}"),
    ],
)
def test_what_cannot_be_tried_is_not_known_and_staging_is_left_alone(
    company: Company, world: World, staging: World, changes: dict[str, Any], reason: str
) -> None:
    run = begun(company, world, staging).run
    there = cast("Staging", run.company.staging)
    run.company = replace(run.company, staging=None if "staging" in changes else replace(there, **changes))

    try_old_code(run)

    assert verdict(run)[0] is Verdict.UNKNOWN
    assert verdict(run)[1].endswith(reason)
    assert staging.acts == []


def test_a_migration_that_only_takes_away_is_met_by_no_old_version(
    company: Company, world: World, staging: World
) -> None:
    run = begun(company, world, staging, readings=(read_migration(NAME, DROP),)).run

    try_old_code(run)

    assert meeting_of(run) is None
    assert staging.acts == []


def test_staging_that_cannot_be_changed_is_a_reason_and_stays(company: Company, world: World, staging: World) -> None:
    run = begun(company, world, staging).run
    staging.faults.add("pull")

    try_old_code(run)

    assert verdict(run)[0] is Verdict.UNKNOWN
    assert "pull ended with 1" in verdict(run)[1]
    assert runs_on(staging) == NEW


def test_what_somebody_deployed_on_staging_meanwhile_is_left_alone(
    company: Company, world: World, staging: World
) -> None:
    class Deployed(Service):
        def create_appointment(self, *_what: object) -> None:
            staging.machines["staging"].digest = THIRD

    run = begun(company, world, staging, service=Deployed()).run

    try_old_code(run)

    assert runs_on(staging) == THIRD


def test_another_environment_on_the_same_staging_server_does_not_end_our_hold(
    company: Company, world: World, staging: World
) -> None:
    run = begun(company, world, staging).run
    staging.machines["staging"].fence = 99

    try_old_code(run)

    assert verdict(run)[0] is Verdict.UNKNOWN
    assert "another environment uses this staging server" in verdict(run)[1]


@pytest.mark.parametrize("dies_after", range(24))
def test_wherever_the_process_dies_recovery_leaves_staging_as_it_was(
    company: Company, world: World, staging: World, dies_after: int
) -> None:
    process = begun(company, world, staging)
    world.dies_after = dies_after
    try:
        with way_home(process.run):
            try_old_code(process.run)
    except Died:
        assert recover(process.run.company, dead_hold(company)).sentence.endswith("; no server was touched")
        assert outcome(process) == "stopped"
    world.dies_after = None

    assert runs_on(staging) == NEW
    assert serving(world) == ALL_OLD


def test_what_speaks_against_going_on_in_the_middle_of_it_leaves_staging_as_it_was(
    company: Company, world: World, staging: World
) -> None:
    class Objects(Service):
        def log_in(self, *, at: str | None = None) -> str:
            process.outlook.speaks_against = RuntimeError("a hotfix needs the environment")
            return super().log_in(at=at)

    process = begun(company, world, staging, service=Objects())

    with pytest.raises(RuntimeError, match="a hotfix"), way_home(process.run):
        try_old_code(process.run)

    assert runs_on(staging) == NEW
    assert outcome(process) == "stopped"


def test_staging_that_cannot_be_put_back_ends_the_release_and_the_team_hears_what_to_type(
    company: Company, world: World, staging: World
) -> None:
    process = begun(company, world, staging)
    staging.faults.add("restore")

    with pytest.raises(Exception, match="restore ended with 1"), way_home(process.run):
        try_old_code(process.run)

    said = cast("Any", company.slack).said[DEPLOYMENTS, f"{process.run.release.key}/staging-not-put-back"]
    assert "Staging still serves a1a1a1a, tried there for 6.3.1. `ssh staging" in said
    assert outcome(process) == "stopped"
    assert runs_on(staging) == OLD
