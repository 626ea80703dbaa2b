"""Taking migrations back on a genuine PostgreSQL: all of it, or nothing."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from blocks.errors import BlockError, Refused, Superseded, Unreachable
from blocks.postgres import Postgres
from blocks.postgres_tables import is_migrating, read_applied, read_facts
from blocks.postgres_way_back import NoLockInTime, count_written, take_back
from lab.client import Lab
from policy.judgement import Verdict
from policy.migrations.added import Addition, list_additions
from policy.migrations.history import Progress, progress_of
from policy.migrations.schema_text import judge_same_schema

NAME = "20261126090000_nickname"
SQL = """
ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;
ALTER TABLE "Patient" ADD COLUMN "share" TEXT DEFAULT '5 %';
ALTER TABLE "Patient" ADD COLUMN "seenAt" TIMESTAMPTZ DEFAULT now();
CREATE TABLE "Note" ("id" INT PRIMARY KEY);
"""
ADDITIONS = list_additions([SQL])
TOLD = tuple(one for one in ADDITIONS if one.tells)
DOWN = ('DROP TABLE "Note"', 'ALTER TABLE "Patient" DROP COLUMN "seenAt", DROP COLUMN "share", DROP COLUMN "nickname"')
APPLIED = (
    "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)"
    " VALUES ('20261126090000_nickname', 'c', '20261126090000_nickname', now(), 1)"
)


@pytest.fixture
def database(settings: dict[str, Any], lab: Lab) -> Iterator[Postgres]:
    """Production's database, to which a migration was applied."""
    programs = {key: settings["backups"][key] for key in ("pg_dump", "pg_restore")}
    found = Postgres(**settings["database"], **programs, secrets_folder=settings["secrets"])
    lab.execute(f"SET ROLE holi; {SQL}; {APPLIED}")
    yield found
    lab.reset()


def nothing_against_it() -> None:
    """Nobody objects."""


def go_back(
    database: Postgres, *more: str, names: tuple[str, ...] = (NAME,), wanted: Callable[[], None] = nothing_against_it
) -> None:
    lock, statement = timedelta(milliseconds=500), timedelta(seconds=2)
    take_back(
        database, (*DOWN, *more), names, schema="public", additions=TOLD, lock_timeout=lock,
        statement_timeout=statement, still_wanted=wanted,
    )  # fmt: skip


def is_as_it_was(database: Postgres) -> bool:
    tables = read_facts(database, touched=(), nulls=()).tables
    return "nickname" in tables["Patient"].columns and progress_of(NAME, read_applied(database)) is Progress.APPLIED


def test_the_schema_goes_back_and_prismas_own_table_says_so(database: Postgres) -> None:
    seen: list[bool] = []

    go_back(database, wanted=lambda: seen.append(is_migrating(database)))

    assert seen == [True]
    assert progress_of(NAME, read_applied(database)) is Progress.ROLLED_BACK
    assert "Note" not in database.read_schema()
    assert "nickname" not in database.read_schema()


def test_two_readings_of_one_schema_are_the_same(database: Postgres) -> None:
    assert 'CREATE TABLE public."Patient"' in (schema := database.read_schema())
    assert judge_same_schema(schema, database.read_schema()).verdict is Verdict.PASSED


def test_what_was_written_is_counted_and_what_cannot_be_told_is_not_known(database: Postgres, lab: Lab) -> None:
    lab.execute(
        "UPDATE \"Patient\" SET nickname = 'Bo' WHERE id <= 3; UPDATE \"Patient\" SET share = '6 %' WHERE id = 1"
    )
    lab.execute('INSERT INTO "Note" VALUES (1), (2)')

    found = count_written(database, (*ADDITIONS, Addition("Nowhere")))

    assert found == {
        "Patient.nickname": 3,
        "Patient.share": 1,
        "Patient.seenAt": None,
        "Note": 2,
        "Nowhere": None,
    }


def overtaken() -> None:
    raise Superseded("hold 7 was taken over")


@pytest.mark.parametrize(
    ("broken", "error", "sentence"),
    [
        pytest.param(partial(go_back, wanted=overtaken), Superseded, "hold 7 was taken over", id="overtaken"),
        pytest.param(
            lambda database: go_back(database, "SELECT nonsense"), Refused, 'column "nonsense" does', id="wrong"
        ),
        pytest.param(lambda database: go_back(database, "SELECT pg_sleep(9)"), Refused, "statement timeout", id="slow"),
        pytest.param(partial(go_back, names=(NAME, "other")), Refused, "1 of the 2 migrations", id="not applied"),
        pytest.param(
            lambda database: go_back(database, "SELECT pg_terminate_backend(pg_backend_pid())"),
            Unreachable,
            "terminating connection",
            id="cut off",
        ),
    ],
)
def test_whatever_goes_wrong_on_the_way_leaves_everything_as_it_was(
    database: Postgres, broken: Callable[[Postgres], None], error: type[BlockError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        broken(database)

    assert is_as_it_was(database)


def test_what_was_written_in_the_last_moment_is_seen_under_the_lock(database: Postgres, lab: Lab) -> None:
    lab.execute("UPDATE \"Patient\" SET nickname = 'Bo' WHERE id <= 3")

    with pytest.raises(Refused, match=r"Patient\.nickname: 3 rows written in the last moment"):
        go_back(database)

    assert is_as_it_was(database)


def test_a_lock_is_waited_for_briefly(database: Postgres) -> None:
    with psycopg.connect(
        host=database.host, port=database.port, dbname=database.name, user=database.user,
        password=database.read_password(),
    ) as reader:  # fmt: skip
        reader.execute('SELECT 1 FROM "Patient" LIMIT 1')
        with pytest.raises(NoLockInTime, match="lock timeout; nothing was changed"):
            go_back(database)

    assert is_as_it_was(database)


def test_whoever_migrates_at_this_moment_is_not_disturbed(database: Postgres) -> None:
    with psycopg.connect(
        host=database.host, port=database.port, dbname=database.name, user=database.user,
        password=database.read_password(),
    ) as prisma:  # fmt: skip
        prisma.execute("SELECT pg_advisory_lock(72707369)")
        with pytest.raises(Refused, match="somebody else migrates the database"):
            go_back(database)
