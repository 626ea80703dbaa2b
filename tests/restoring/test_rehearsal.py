"""The newest backup is restored for real, and the proof is kept (1.4.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from blocks.company import Company
from blocks.postgres import Postgres
from blocks.scratch_host import ScratchHost
from policy.judgement import Verdict
from tasks.rehearsal import read_newest_proof, rehearse, say_last_proof
from tests.restoring.conftest import PATIENTS, Place

Keep = Callable[[bytes], str]


@pytest.fixture
def body(database: Postgres) -> bytes:
    """A dump of production."""
    with database.start_dump() as dump:
        return dump.read()


@pytest.fixture
def keep(place: Place) -> Keep:
    """Keep content as tonight's backup; return its key."""

    def put(content: bytes, name: str = "holi") -> str:
        key = f"{datetime.now(UTC):%Y/%m/%d}/{name}.dump"
        place.store.client().put_object(Bucket="holi-database-backups", Key=key, Body=content)
        return key

    return put


def test_the_newest_backup_is_restored_counted_and_thrown_away_and_the_proof_is_kept(
    company: Company, keep: Keep, body: bytes
) -> None:
    assert say_last_proof(company) == "never proved to restore"
    key = keep(body)

    rehearsal = rehearse(company)

    assert rehearsal.judgement.verdict is Verdict.PASSED, rehearsal.judgement.sentence
    assert rehearsal.rows is not None
    assert rehearsal.rows["Patient"] == PATIENTS
    assert set(rehearsal.rows) == {"Patient", "Visit", "billing.Invoice"}
    proof = read_newest_proof(company)
    assert proof is not None
    assert (proof.key, proof.tables, proof.rows) == (key, 3, sum(rehearsal.rows.values()))
    assert say_last_proof(company).startswith("last proved to restore just now, ")


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        pytest.param(lambda body: body[: len(body) // 2], "end of file", id="cut short in its data"),
        pytest.param(lambda body: body[:300], "end of file", id="cut short in its contents"),
        pytest.param(lambda _body: b"", "too short", id="empty"),
        pytest.param(lambda _body: b"no dump at all" * 100, "does not appear to be a valid", id="no dump"),
    ],
)
def test_a_backup_that_does_not_restore_proves_nothing(
    company: Company, keep: Keep, body: bytes, cut: Callable[[bytes], bytes], said: str
) -> None:
    key = keep(cut(body))

    rehearsal = rehearse(company)

    assert rehearsal.judgement.verdict is Verdict.FAILED
    assert rehearsal.judgement.sentence.startswith(f"{key}: it does not restore: pg_restore: error: ")
    assert said in rehearsal.judgement.sentence
    assert read_newest_proof(company) is None


def test_what_pg_restore_says_of_a_row_is_not_passed_on(place: Place, company: Company, keep: Keep) -> None:
    """The dump's own definition refuses one of its rows: PostgreSQL's words then hold the row."""
    statements = (
        "CREATE DATABASE odd OWNER holi",
        'CREATE TABLE "Person" (name text)',
        "INSERT INTO \"Person\" VALUES ('Zoe Secret')",
        'ALTER TABLE "Person" ADD CONSTRAINT never CHECK (name IS NULL) NOT VALID',
    )
    with place.production.connect("postgres") as connection:
        connection.execute(statements[0])
    for statement in statements[1:]:
        with place.production.connect("odd") as connection:
            connection.execute("SET ROLE holi")
            connection.execute(statement)
    assert company.database is not None
    with company.database.model_copy(update={"name": "odd"}).start_dump() as dump:
        keep(dump.read().replace(b"NOT VALID", b"         "))

    judgement = rehearse(company).judgement

    assert judgement.verdict is Verdict.FAILED
    assert 'check constraint "never"' in judgement.sentence
    assert "Zoe" not in judgement.sentence


def test_a_scratch_host_that_is_away_is_not_a_backup_that_fails(
    company: Company, host: ScratchHost, keep: Keep, body: bytes
) -> None:
    key = keep(body)

    rehearsal = rehearse(replace(company, scratch=host.model_copy(update={"port": 9})))

    assert rehearsal.judgement.verdict is Verdict.UNKNOWN
    assert rehearsal.judgement.sentence.startswith(f"{key}: could not be proved to restore: scratch host")


def test_without_a_backup_there_is_nothing_to_prove(company: Company) -> None:
    judgement = rehearse(company).judgement

    assert judgement.verdict is Verdict.FAILED
    assert "there is no backup of the last 8 days in holi-database-backups" in judgement.sentence


def test_a_backup_that_another_program_packed_is_said_to_be_out_of_reach(company: Company, place: Place) -> None:
    place.store.client().put_object(
        Bucket="holi-database-backups", Key=f"{datetime.now(UTC):%Y/%m/%d}/holi.dump.gpg", Body=b"secret"
    )

    judgement = rehearse(company).judgement

    assert judgement.verdict is Verdict.UNKNOWN
    assert "holi.dump.gpg was packed or encrypted by another program" in judgement.sentence


def test_backups_of_two_databases_are_not_mixed_up(company: Company, place: Place, keep: Keep, body: bytes) -> None:
    keep(body)
    place.store.client().put_object(
        Bucket="holi-database-backups", Key=f"{datetime.now(UTC):%Y/%m/%d}/crm.dump", Body=body
    )

    judgement = rehearse(company).judgement

    assert judgement.verdict is Verdict.UNKNOWN
    assert "set names in [backups]" in judgement.sentence
