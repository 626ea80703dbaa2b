"""Scratch databases on a genuine server: ours alone, gone afterwards, never on production's own."""

import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.company import Company
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.postgres import Postgres
from blocks.scratch_host import ScratchHost
from tasks.scratch import scratch_database
from tests.restoring.conftest import Place

ROOT = Path(__file__).parents[2]
HOLDING = """
import sys
from blocks.scratch_host import ScratchHost

with ScratchHost.model_validate_json(sys.argv[1]).borrow() as scratch:
    print(scratch.database.name, flush=True)
    sys.stdin.read()
"""


class Interrupted(Exception):
    """What a test raises in the middle."""


def test_a_database_is_lent_for_a_moment_and_nobody_else_may_enter_it(place: Place, host: ScratchHost) -> None:
    with host.borrow() as scratch:
        assert place.scratch_databases() == [scratch.database.name]
        scratch.run("CREATE TABLE a (b int); INSERT INTO a VALUES (1);")
        visitor = scratch.database.model_copy(update={"user": "visitor", "password": "VISITOR_PASSWORD"})
        with pytest.raises(Unreachable, match="permission denied for database"):
            visitor.is_primary()

    assert place.scratch_databases() == []


def test_it_is_dropped_whatever_went_wrong_and_whoever_is_still_connected(place: Place, host: ScratchHost) -> None:
    def fail_within(host: ScratchHost) -> None:
        with host.borrow() as scratch, scratch.database.connected(autocommit=True) as connection:
            connection.execute("SELECT 1")
            raise Interrupted

    with pytest.raises(Interrupted):
        fail_within(host)

    assert place.scratch_databases() == []


def test_what_a_killed_run_left_is_dropped_by_the_next_and_what_is_in_use_is_not(
    place: Place, host: ScratchHost
) -> None:
    with place.other.connect("postgres") as connection, host.borrow() as used:
        connection.execute("CREATE DATABASE countersign_scratch_20260101030000_0a1b2c3d OWNER scratch")
        connection.execute("CREATE DATABASE countersign_scratch_20260101030000_04a1b2c3")

        with host.borrow():
            there = place.scratch_databases()

        assert "countersign_scratch_20260101030000_0a1b2c3d" not in there
        assert used.database.name in there
        assert "countersign_scratch_20260101030000_04a1b2c3" in there, "it belongs to somebody else"
        connection.execute("DROP DATABASE countersign_scratch_20260101030000_04a1b2c3")


def test_a_run_that_is_killed_leaves_its_database_to_the_next_one(place: Place, host: ScratchHost) -> None:
    hasty = host.model_copy(update={"patience": timedelta(seconds=1)})
    words = [sys.executable, "-c", HOLDING, hasty.model_dump_json(include=set(ScratchHost.model_fields))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        process.kill()
    assert place.scratch_databases() == [name]

    deadline = time.monotonic() + 20
    while not (dropped := hasty.drop_abandoned()):
        assert time.monotonic() < deadline

    assert dropped == (name,)
    assert place.scratch_databases() == []


def test_a_host_that_is_away_is_unreachable_and_named(host: ScratchHost) -> None:
    away = host.model_copy(update={"port": 9})

    with pytest.raises(Unreachable, match=r"scratch host 127\.0\.0\.1:9: .*Connection refused"), away.borrow():
        pass


def test_a_user_who_may_not_create_databases_is_named_with_what_to_type(host: ScratchHost) -> None:
    visitor = host.model_copy(update={"user": "visitor", "password": "VISITOR_PASSWORD"})

    said = r"visitor may not create a database; .*: ALTER ROLE visitor CREATEDB"
    with pytest.raises(Misconfigured, match=said), visitor.borrow():
        pass


def test_a_wrong_password_is_refused(host: ScratchHost) -> None:
    wrong = host.model_copy(update={"password": "VISITOR_PASSWORD"})

    with pytest.raises(Refused, match="password was refused"), wrong.borrow():
        pass


def test_what_the_database_says_no_to_is_said_in_its_words(host: ScratchHost) -> None:
    with host.borrow() as scratch, pytest.raises(Refused, match='relation "nowhere" does not exist'):
        scratch.run("SELECT * FROM nowhere")


def test_productions_own_server_is_refused_also_under_another_name(
    place: Place, company: Company, host: ScratchHost, database: Postgres
) -> None:
    place.production.make_maker("scratch", place.home.secret("SCRATCH_PASSWORD"))
    own = host.model_copy(update={"port": database.port})

    for named, said in ((own, "serves production"), (own.model_copy(update={"host": "localhost"}), "is the server of")):
        with pytest.raises(Misconfigured, match=said), scratch_database(replace(company, scratch=named)):
            pass
    with scratch_database(replace(company, scratch=own.model_copy(update={"shares_production": True}))) as scratch:
        assert scratch.database.port == database.port


def test_a_name_that_would_end_a_statement_ends_none(host: ScratchHost) -> None:
    evil = host.model_copy(update={"template": 'x"; DROP DATABASE postgres; --'})

    with pytest.raises(Refused, match="does not exist"), evil.borrow():
        pass
    assert host.drop_abandoned() == ()
