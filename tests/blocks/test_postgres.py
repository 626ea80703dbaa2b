"""The database: a genuine PostgreSQL with the application's tables."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.postgres import Postgres
from lab.client import Lab

LONG_AGO = timedelta(days=3650)


@pytest.fixture
def database(settings: dict[str, Any]) -> Postgres:
    """Production's database."""
    programs = {key: settings["backups"][key] for key in ("pg_dump", "pg_restore")}
    return Postgres(**settings["database"], **programs, secrets_folder=settings["secrets"])


def chunks_of(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 65536] for start in range(0, len(body), 65536))


def dumped(database: Postgres) -> bytes:
    body = b""
    with database.start_dump() as dump:
        while chunk := dump.read(65536):
            body += chunk
    assert dump.complete
    return body


def test_the_figures_come_from_the_primary(database: Postgres, settings: dict[str, Any]) -> None:
    assert database.is_primary()
    assert database.count_connections().pool == settings["database"]["pool"]
    assert 0 <= database.count_connections().used < 100
    assert database.count_audit_rows(timedelta(days=3650)) >= database.count_audit_rows(timedelta(0)) == 0


def test_a_user_from_whom_other_sessions_are_hidden_is_a_wrong_setting_and_no_zero(database: Postgres) -> None:
    reader = database.model_copy(update={"user": "reader"})

    assert reader.is_primary()
    for ask in (reader.count_connections, reader.read_statements):
        with pytest.raises(Misconfigured, match=r"database holi: reader sees nothing .*: GRANT pg_monitor TO reader"):
            ask()


def test_a_dump_can_be_restored_and_holds_the_tables(database: Postgres) -> None:
    body = dumped(database)

    assert body.startswith(b"PGDMP")
    assert database.count_dumped_tables(chunks_of(body)) >= 5


def test_half_a_dump_and_no_dump_are_refused(database: Postgres) -> None:
    for body in (b"", dumped(database)[:300], b"not a dump" * 100):
        with pytest.raises(Refused, match="not a dump that can be restored"):
            database.count_dumped_tables(chunks_of(body))


def test_a_dump_that_fails_never_ends_quietly(database: Postgres) -> None:
    with (
        database.model_copy(update={"name": "nowhere"}).start_dump() as dump,
        pytest.raises(Refused, match=r'pg_dump ended with 1: .*database "nowhere" does not exist'),
    ):
        dump.read(1024)


def test_a_dump_that_takes_too_long_is_ended(database: Postgres) -> None:
    slow = database.model_copy(
        update={"pg_dump": sys.executable, "dump_patience": timedelta(seconds=0.2)},
    )
    with pytest.raises(Refused, match="pg_dump ended with"), slow.start_dump() as dump:
        dump.read(1024)


def test_the_password_stands_in_no_command_line(database: Postgres, lab: Lab) -> None:
    with database.start_dump() as dump:
        shown = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
        dump.read(10)

    assert lab.home.secret("DATABASE_PASSWORD") not in shown


def test_a_wrong_password_a_wrong_table_and_a_missing_program_are_named(
    database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="audit_trail"):
        database.model_copy(update={"audit_table": "audit_trail"}).count_audit_rows(timedelta(minutes=15))
    nowhere = database.model_copy(update={"pg_dump": "/nowhere/pg_dump"})
    with pytest.raises(Misconfigured, match="/nowhere/pg_dump"), nowhere.start_dump():
        pass
    monkeypatch.setenv("DATABASE_PASSWORD", "wrong")
    with pytest.raises(Refused, match="password was refused"):
        database.is_primary()


def test_a_database_that_is_away_is_unreachable(database: Postgres, lab: Lab) -> None:
    lab.stop_database()
    try:
        with pytest.raises(Unreachable, match="database holi"):
            database.is_primary()
    finally:
        lab.start_database()


def test_no_table_name_becomes_a_statement(database: Postgres) -> None:
    evil = database.model_copy(update={"audit_table": 'audit_logs" WHERE false; DROP TABLE audit_logs; --'})

    with pytest.raises(Refused):
        evil.count_audit_rows(timedelta(minutes=15))
    assert database.count_audit_rows(timedelta(0)) == 0


def test_audit_rows_of_a_server_whose_clock_is_ahead_show_nothing_about_now(
    database: Postgres, settings: dict[str, Any], lab: Lab
) -> None:
    lab.set_clock("web-server-1", ahead=300)
    login = {"email": settings["application"]["demo_user"], "password": lab.home.secret("DEMO_PASSWORD")}
    before = database.count_audit_rows(LONG_AGO)

    for server, rows in (("web-server-1", 0), ("web-server-2", 1)):
        httpx.post(lab.home.url(f"app_{server}") + "/api/login", json=login, timeout=30).raise_for_status()
        assert database.count_audit_rows(LONG_AGO) == before + rows


def test_audit_rows_of_the_smoke_tests_are_told_from_those_of_others(
    database: Postgres, settings: dict[str, Any], lab: Lab
) -> None:
    own = database.count_own_audit_rows(LONG_AGO)
    for email, secret in (
        (settings["application"]["demo_user"], "DEMO_PASSWORD"),
        ("traffic@holilabs.xyz", "TRAFFIC_PASSWORD"),
    ):
        login = {"email": email, "password": lab.home.secret(secret)}
        httpx.post(lab.home.url("app_web-server-1") + "/api/login", json=login, timeout=30).raise_for_status()

    assert database.count_own_audit_rows(LONG_AGO) == own + 1
    assert database.model_copy(update={"audit_actor": ""}).count_own_audit_rows(LONG_AGO) == 0
