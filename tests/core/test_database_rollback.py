"""A roll-back of the database that dies at every point, with a genuine PostgreSQL and hosts in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from blocks.company import Company
from blocks.errors import Superseded
from blocks.hold import Holds
from blocks.postgres import Postgres
from blocks.postgres_tables import read_applied, read_facts
from blocks.prisma import Prisma
from blocks.record import Record
from flows.database_rollback import stand_still, taking_back
from flows.fences import highest_fence, raise_fences
from flows.hold import give_back
from flows.recovery import borrow_way_back, recover
from flows.red_flag import RedFlag
from flows.rollback import NotRolledBack, release_to_undo, undo
from flows.way_home import go_home, way_home
from lab.home import Home
from lab.postgres import PROGRAMS, Cluster
from policy.migrations.history import Progress, progress_of
from policy.plans import Cause, Watching, Why
from policy.record import Event, last
from policy.release import Release
from policy.way_back_forms import DatabaseRollbackRequest, RollbackReason, RollbackRequest
from tasks.database_rollback import database_may_go_back, down_of, taken_back
from tasks.resolve import BadRequest
from tasks.run import Run
from tasks.step import StepFailed, carry_out
from tests.core.company import Code, a_company
from tests.core.process import let_time_pass
from tests.core.scene import DEAD, pages
from tests.core.test_servers_since import WithoutTheSecond
from tests.core.world import Died, Hosts, Machine, MemoryStore, World
from tests.policy import releases
from tests.policy.rows import NEW, OLD, built, row, way_back

NAME = "20261126090000_nickname"
FOLDER = f"prisma/migrations/{NAME}"
PATH = f"{FOLDER}/migration.sql"
KEY = "20261124-190000-2a2b2c2d"
ADDS = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
TABLES = """
DROP TABLE IF EXISTS "Patient", _prisma_migrations; DROP SCHEMA IF EXISTS billing CASCADE;
CREATE TABLE "Patient" (id int PRIMARY KEY, name text);
INSERT INTO "Patient" SELECT n, 'Zoe' FROM generate_series(1, 100) AS n;
CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0
);
"""
APPLIED = (
    "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)"
    " VALUES ('1', 'c', '20261126090000_nickname', now(), 1)"
)
WHY = Why(Cause.ROLLBACK_ASKED, "Omar Reyes: users report problems: nicknames show up in invoices")
REQUEST = DatabaseRollbackRequest(
    reason=RollbackReason.USER_REPORTS, what_was_seen="nicknames show up in invoices", requested_by="Omar Reyes"
)


class Repository(Code):
    """GitHub, with the one migration, and beside it what its author wrote to take it back, if anything."""

    down = ""

    def list_folder(self, path: str, _ref: str) -> list[Any]:
        """Return the folder of all migrations, or that of the one."""
        if path != FOLDER:
            return [Entry("schema.prisma", "file"), Entry(NAME, "dir")]
        return [Entry("migration.sql", "file"), *([Entry("down.sql", "file")] if self.down else [])]

    def read_file(self, path: str, _ref: str) -> bytes:
        """Return its text, whatever else is asked for."""
        return (self.down if path == f"{FOLDER}/down.sql" else ADDS).encode()


@dataclass(frozen=True)
class Entry:
    """One entry of a folder."""

    name: str
    type: str

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"prisma/migrations/{self.name}"


@dataclass
class Mortal:
    """A lookout that may see its process die, also in the middle of the transaction."""

    world: World
    speaks_against: Exception | None = None

    def check(self) -> None:
        """Return while the process lives and nothing speaks against going on."""
        self.world.may_die()
        if self.speaks_against is not None:
            raise self.speaks_against


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL of its own."""
    cluster = Cluster(Home(tmp_path_factory.mktemp("postgres")), "application", "postgres")
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def world() -> World:
    """Two servers on the new version, which keep the way back."""
    key = releases.release().key
    names = ("web-server-1", "web-server-2")
    return World(machines={name: Machine(name, digest=NEW, kept={key: OLD}, images={OLD, NEW}) for name in names})


@pytest.fixture
def company(world: World, cluster: Cluster, tmp_path: Path) -> Company:
    """A company whose newest release added Patient.nickname a moment ago."""
    database = Postgres(
        host="127.0.0.1",
        port=cluster.port,
        name="postgres",
        user="postgres",
        password="POSTGRES_APPLICATION",
        secrets_folder=str(cluster._home.secrets),
        sslmode="disable",
        pool=10,
        pg_dump=str(PROGRAMS / "pg_dump"),
        key_queries={"patients": 'SELECT id FROM "Patient"'},
    )
    company = replace(
        a_company(world, tmp_path / "spool"),
        database=database,
        prisma=Prisma(directory=str(tmp_path)),
        github=cast("Any", Repository(world)),
    )
    execute(database, TABLES)
    release = released(world)
    company.store.create(f"schemas/{release.key}.sql", database.read_schema().encode())
    execute(database, f"{ADDS} {APPLIED}")
    record = Record(company.store, release.key, holder=1, spool=company.spool)
    record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
    for one in (
        built(),
        way_back(dict.fromkeys(world.machines, OLD)),
        row(Event.INTENDED, item="6.3.2", subject="database", step="applied", migrations=NAME, takes_away=""),
        row(Event.CONFIRMED, item="6.3.2", subject="database", step="applied"),
        row(Event.SEALED, outcome="signed off", sentence="live"),
    ):
        record.append(one.event, item=one.item, subject=one.subject, step=one.step, facts=one.facts)
    return company


def released(world: World) -> Release:
    return releases.release(servers=tuple(world.machines), migrations=(PATH,), limits=a_company(world, Path()).limits)


def execute(database: Postgres, statements: str) -> None:
    with psycopg.connect(
        host=database.host, port=database.port, dbname=database.name, user=database.user,
        password=database.read_password(), autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(statements.encode())


def began(company: Company, world: World) -> Run:
    """The run of a roll-back that was approved."""
    release = taking_back(company, REQUEST, key=KEY)
    number = Holds(company.store, "production").take(
        release=release.key, by="Omar Reyes", what=release.what, above=highest_fence(company)
    )
    record = Record(company.store, release.key, holder=number, spool=company.spool)
    run = Run(release=release, company=company, record=record, number=number, lookout=Mortal(world))
    record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
    raise_fences(run, all_of_them=False)
    borrow_way_back(run)
    return run


def carried_out(run: Run) -> None:
    """The roll-back, in the order of its flow."""
    with way_home(run):
        stand_still(run)
        carry_out(taken_back(run), run)
    go_home(run, WHY)


def schema_has_nickname(company: Company) -> bool:
    assert company.database is not None
    return "nickname" in read_facts(company.database, touched=(), nulls=()).tables["Patient"].columns


def ended(company: Company) -> str:
    sealed = last(Record(company.store, "20261124-190000-2a2b2c2d", holder=0, spool=company.spool).rows(), Event.SEALED)
    return str(sealed.facts["outcome"]) if sealed else "open"


def recover_until_free(company: Company) -> None:
    for _ in range(3):
        let_time_pass(company, DEAD)
        newest = Holds(company.store, "production").newest()
        if newest is None or newest.released:
            return
        recover(company, newest)
    newest = Holds(company.store, "production").newest()
    assert newest is None or newest.released


def fits(company: Company, world: World) -> bool:
    """Whether every server is well, in rotation, and of the one version that fits the schema."""
    expected = NEW if schema_has_nickname(company) else OLD
    return all(one.running and one.ready and one.digest == expected for one in world.machines.values())


def test_the_schema_and_then_the_version_go_back_and_the_outage_is_on_record(company: Company, world: World) -> None:
    run = began(company, world)
    judgement = database_may_go_back.ask(run)

    carried_out(run)

    assert judgement.verdict.lets_pass, judgement.sentence
    assert (ended(company), schema_has_nickname(company)) == ("rolled back", False)
    assert fits(company, world)
    assert {one.digest for one in world.machines.values()} == {OLD}
    assert [act for _, act in world.acts if "stop" in act] == ["stop on web-server-1", "stop on web-server-2"]
    said = [one.facts for one in run.record.rows() if one.item == "4.3.2" and one.event is Event.JUDGED]
    assert len(said) == 1
    assert pages(company) == []


def test_what_the_author_wrote_takes_it_back_as_it_was_tried(company: Company, world: World) -> None:
    repository = cast("Repository", company.github)
    repository.down = 'COMMENT ON TABLE "Patient" IS NULL;\nALTER TABLE "Patient" DROP COLUMN "nickname";\n'
    run = began(company, world)
    assert down_of(run) == (repository.down.strip(),)

    carried_out(run)

    assert (ended(company), schema_has_nickname(company), fits(company, world)) == ("rolled back", False, True)


def test_what_the_author_wrote_and_does_not_run_changes_nothing(company: Company, world: World) -> None:
    cast("Repository", company.github).down = 'ALTER TABLE "Patient" DROP COLUMN "nickname"; SELECT nothing;'
    run = began(company, world)

    with pytest.raises(StepFailed, match=r'column "nothing" does not exist; nothing was changed'):
        carried_out(run)

    assert (ended(company), schema_has_nickname(company), fits(company, world)) == ("stopped", True, True)


def test_tables_of_another_schema_are_not_taken_for_counted(company: Company, world: World) -> None:
    elsewhere = Prisma(directory=".", database_schema="billing")
    execute(
        cast("Postgres", company.database),
        "CREATE SCHEMA billing; CREATE TABLE billing._prisma_migrations AS TABLE _prisma_migrations",
    )

    judgement = database_may_go_back.ask(began(replace(company, prisma=elsewhere), world))

    assert not judgement.verdict.lets_pass
    assert "whether anything was written in the schema billing is not counted; only `public` is" in judgement.sentence


# So many rows are stored and things done on the way, with a moment before and after each; every seventh is tried.
DEATHS = 92


def test_wherever_its_process_dies_production_ends_on_one_version_that_fits_the_schema(
    company: Company, world: World
) -> None:
    store, database = cast("MemoryStore", company.store), cast("Postgres", company.database)
    at_first, machines = dict(store.kept), dict(world.machines)
    outcomes = []
    for point in range(0, DEATHS, 7):
        store.kept, store.now, world.balancer_fence = dict(at_first), timedelta(0), 0
        world.machines |= {name: replace(one, fence=0) for name, one in machines.items()}
        execute(database, f"{TABLES} {ADDS} {APPLIED}")
        run = began(company, world)
        world.dies_after = point
        try:
            carried_out(run)
        except Died:
            recover_until_free(company)
        world.dies_after = None

        assert fits(company, world), f"died at {point}: {world.machines}"
        outcomes.append(ended(company))
    assert set(outcomes) == {"rolled back", "stopped"}


def test_whoever_objects_before_the_commit_leaves_database_and_application_as_they_were(
    company: Company, world: World
) -> None:
    run = began(company, world)
    stand_still(run)
    cast("Mortal", run.lookout).speaks_against = None
    step = taken_back(run)
    run.lookout = Mortal(world, RedFlag("Omar Reyes: users report problems"))

    with pytest.raises(RedFlag), way_home(run):
        step.act(company, run.number)

    assert ended(company) == "stopped"
    assert (schema_has_nickname(company), fits(company, world)) == (True, True)


def test_a_process_that_woke_too_late_changes_nothing_in_the_database(company: Company, world: World) -> None:
    run = began(company, world)
    stand_still(run)
    run.lookout = Mortal(world, Superseded("hold 1 was taken over by hold 2"))

    with pytest.raises(Superseded):
        taken_back(run).act(company, run.number)

    assert schema_has_nickname(company)


def test_a_schema_that_is_not_what_it_was_is_for_people_and_nothing_is_started(company: Company, world: World) -> None:
    run = began(company, world)
    stand_still(run)
    carry_out(taken_back(run), run)
    execute(cast("Postgres", company.database), 'CREATE INDEX "by_hand" ON "Patient"(name)')

    go_home(run, WHY)

    assert ended(company) == "stuck"
    assert not any(one.running for one in world.machines.values())
    page, report = pages(company)
    assert "report" in report
    assert 'left over: CREATE INDEX by_hand ON public."Patient"' in page
    assert "`ssh web-server-1 sh" in page


def test_while_somebody_is_at_the_database_people_are_told_once_and_nothing_is_touched(
    company: Company, world: World
) -> None:
    run = began(company, world)
    stand_still(run)
    step = taken_back(run)
    run.record.append(Event.INTENDED, item="4.3.2", subject="database", step=step.name)
    database = cast("Postgres", company.database)
    acts = len(world.acts)
    let_time_pass(company, DEAD)
    dead = Holds(company.store, "production").newest()
    assert dead is not None

    with psycopg.connect(
        host=database.host, port=database.port, dbname=database.name, user=database.user,
        password=database.read_password(),
    ) as somebody:  # fmt: skip
        somebody.execute("SELECT pg_advisory_lock(72707369)")
        assert isinstance(recover(company, dead), Watching)
        assert isinstance(recover(company, dead), Watching)

    (page,) = pages(company)
    assert "the database is watched" in page
    assert len(world.acts) == acts
    recover_until_free(company)
    assert (ended(company), fits(company, world)) == ("stopped", True)
    assert progress_of(NAME, read_applied(database)) is Progress.APPLIED


def test_a_server_that_came_since_is_refused_before_anything_is_touched(company: Company, world: World) -> None:
    world.machines["web-server-3"] = Machine("web-server-3", digest=NEW)
    more = replace(company, fleet=cast("Any", Hosts(world)))

    with pytest.raises(BadRequest, match=r"web-server-3 came after .* keeps nothing of it"):
        taking_back(more, REQUEST, key=KEY)

    assert (world.acts, Holds(company.store, "production").newest()) == ([], None)


def test_a_server_that_was_taken_away_since_is_left_out(company: Company, world: World) -> None:
    fewer = replace(company, fleet=cast("Any", WithoutTheSecond(world)))

    assert taking_back(fewer, REQUEST, key=KEY).servers == ("web-server-1",)


def test_d5_a_finished_release_after_which_a_column_was_dropped_is_not_undone(company: Company, world: World) -> None:
    key = "20261124-183000-3c3c3c3c"
    record = Record(company.store, key, holder=2, spool=company.spool)
    newer = released(world).model_copy(update={"key": key})
    record.append(Event.OPENED, facts={"release": newer.model_dump(mode="json")})
    facts = {"migrations": NAME, "takes_away": "Patient.createdAt dropped"}
    record.append(Event.INTENDED, item="6.3.2", subject="database", step="applied", facts=facts)
    request = RollbackRequest.model_validate(REQUEST.model_dump())

    assert release_to_undo(company, request)[0].key == releases.release().key
    with pytest.raises(NotRolledBack, match=r"needs what is gone: Patient.createdAt dropped; .* Nothing was touched"):
        undo(company, request, WHY)

    assert Holds(company.store, "production").newest() is None


def test_an_open_roll_back_is_left_to_recovery(company: Company, world: World) -> None:
    run = began(company, world)
    stand_still(run)

    give_back(Holds(company.store, "production"), run)
    recover_until_free(company)

    assert (ended(company), fits(company, world)) == ("stopped", True)
