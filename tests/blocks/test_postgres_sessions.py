"""Who keeps locks and who waits for them, in a genuine PostgreSQL."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import psycopg
import pytest

from blocks.errors import Misconfigured
from blocks.postgres import Postgres
from blocks.postgres_sessions import WaitWatch, list_holders
from lab.client import Lab
from tests.lab.deadline import reached

SECRET_QUERY = "SELECT count(*) FROM \"Patient\" WHERE name = 'Erika Mustermann'"


@pytest.fixture
def database(settings: dict[str, Any]) -> Postgres:
    """Production's database."""
    return Postgres(**settings["database"], secrets_folder=settings["secrets"])


@pytest.fixture
def somebody(database: Postgres) -> Iterator[psycopg.Connection[Any]]:
    """A session of somebody else, in a transaction."""
    with psycopg.connect(
        host=database.host, port=database.port, dbname=database.name, user=database.user,
        password=database.read_password(), application_name="reports",
    ) as connection:  # fmt: skip
        yield connection
        connection.rollback()


def test_who_keeps_a_table_is_known_by_everything_but_the_query(
    database: Postgres, somebody: psycopg.Connection[Any]
) -> None:
    somebody.execute(SECRET_QUERY)

    (holder,) = [one for one in list_holders(database, ["Patient"]) if one.application == "reports"]

    assert (holder.pid, holder.user, holder.table) == (somebody.info.backend_pid, database.user, "Patient")
    assert (holder.mode, holder.state) == ("ACCESS SHARE", "idle in transaction")
    assert timedelta(0) <= holder.kept_for < timedelta(minutes=1)
    assert "Mustermann" not in repr(holder)


@pytest.mark.parametrize("mode", ["SHARE UPDATE EXCLUSIVE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ROW SHARE"])
def test_lock_modes_are_named_as_postgres_names_them(
    database: Postgres, somebody: psycopg.Connection[Any], mode: str
) -> None:
    somebody.execute(f'LOCK TABLE "Session" IN {mode} MODE'.encode())

    assert mode in {one.mode for one in list_holders(database, ["Session"]) if one.application == "reports"}


def test_a_table_that_is_not_there_has_no_holder_and_a_blind_user_is_a_wrong_setting(database: Postgres) -> None:
    assert list_holders(database, ["Nowhere"]) == ()
    with pytest.raises(Misconfigured, match="GRANT pg_monitor TO reader"):
        list_holders(database.model_copy(update={"user": "reader"}), ["Patient"])


def test_the_longest_wait_for_a_lock_is_seen(database: Postgres, somebody: psycopg.Connection[Any]) -> None:
    somebody.execute('LOCK TABLE "Appointment" IN ACCESS EXCLUSIVE MODE')
    watch = WaitWatch()

    with watch.watching(database):
        asking = Thread(target=database.count_audit_rows, args=(timedelta(0),))
        waiting = Thread(target=lambda: count_appointments(database))
        for thread in (asking, waiting):
            thread.start()
        reached(lambda: watch.waits.longest > timedelta(seconds=0.3))
        somebody.rollback()
        for thread in (asking, waiting):
            thread.join()

    assert watch.waits.sessions >= 1
    assert watch.waits.longest < timedelta(seconds=5)
    assert "for a lock at most" in watch.waits.sentence


def test_what_keeps_the_watch_from_looking_is_said(database: Postgres) -> None:
    watch = WaitWatch()

    with watch.watching(database.model_copy(update={"port": 1})):
        pass

    assert "not seen throughout: database holi" in watch.waits.sentence


def test_migrations_and_sessions_that_wait_for_nobody_are_no_waits(database: Postgres, lab: Lab) -> None:
    del lab
    watch = WaitWatch()

    with watch.watching(database):
        reached(lambda: watch.has_looked)

    assert watch.waits.sentence == "nobody waited for a lock"


def count_appointments(database: Postgres) -> None:
    with database.connected() as connection:
        connection.execute('SELECT count(*) FROM "Appointment"')
