"""6.1.4 with genuine programs: a dump that is proved, and each way in which it goes wrong. The old backups stay."""

import re
import shlex
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from blocks.backup_store import BackupStore
from blocks.company import Company
from blocks.errors import BlockError, Refused, Unreachable
from blocks.postgres import Postgres
from blocks.scratch_host import ScratchHost
from policy.judgement import Verdict
from tasks.backup import take_backup, take_proved_backup
from tests.restoring.conftest import PATIENTS, Place
from tests.wire import Proxy

OLD = "manual-backups/production-20260101-030000.dump"
DENIED = b"""<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"""
SECOND_PART = re.compile(rb"partNumber=2\b")
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(DENIED), DENIED)


@pytest.fixture
def old_backup(place: Place) -> str:
    """A backup that was there before."""
    place.store.client().put_object(Bucket="holi-database-backups", Key=OLD, Body=b"old")
    return OLD


@pytest.fixture
def program(tmp_path: Path, database: Postgres) -> Callable[[str], Postgres]:
    """Production's database with another pg_dump, a script in which $DUMP is the genuine one."""

    def make(script: str) -> Postgres:
        file = tmp_path / "pg_dump"
        file.write_text(f"#!/bin/bash\nDUMP={shlex.quote(database.pg_dump)}\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return database.model_copy(update={"pg_dump": str(file)})

    return make


def changed(block: BackupStore, **fields: Any) -> BackupStore:
    """The same bucket, reached in another way."""
    return BackupStore(**{**block.model_dump(include=set(BackupStore.model_fields)), **fields})


def refuses_and_keeps(place: Place, company: Company, kind: type[BlockError], said: str) -> None:
    """The backup fails with this sentence, nothing new lies in the bucket, and the old backup still does."""
    with pytest.raises(kind, match=said):
        take_backup(company)
    assert place.keys() == [OLD]
    assert place.unfinished_uploads() == 0


def test_a_dump_is_proved_by_restoring_every_row_of_its_moment_while_others_write(
    place: Place, company: Company
) -> None:
    ended = threading.Event()

    def write() -> None:
        with place.production.connect("holi") as connection:
            while not ended.wait(0.005):
                connection.execute('INSERT INTO "Visit" ("patientId") SELECT id FROM "Patient" LIMIT 1')

    writer = threading.Thread(target=write)
    writer.start()
    try:
        judgement = take_proved_backup(company)
    finally:
        ended.set()
        writer.join()

    assert judgement.verdict is Verdict.PASSED, judgement.sentence
    assert re.search(
        r"SHA-256 .*; encrypted at rest \(AES256\); restored on .* in .*: 3 tables, \d+,", judgement.sentence
    )
    assert len(place.keys()) == 1


def test_a_dump_that_lost_a_tables_rows_is_found_out(company: Company, program: Callable[[str], Postgres]) -> None:
    losing = program('exec "$DUMP" "$@" --exclude-table-data="\\"Patient\\"" --exclude-table-data="\\"Visit\\""')

    judgement = take_proved_backup(replace(company, database=losing))

    assert judgement.verdict is Verdict.FAILED
    assert f"Patient had {PATIENTS:,} rows and came back with 0" in judgement.sentence


def test_a_scratch_host_that_is_away_leaves_the_dump_kept_and_nothing_proved(
    place: Place, company: Company, host: ScratchHost
) -> None:
    with pytest.raises(Unreachable, match="scratch host"):
        take_proved_backup(replace(company, scratch=host.model_copy(update={"port": 9})))
    assert len(place.keys()) == 1


@pytest.mark.usefixtures("old_backup")
def test_a_full_disk_during_the_dump_keeps_nothing_of_it(
    place: Place, company: Company, program: Callable[[str], Postgres]
) -> None:
    full = program(
        '"$DUMP" "$@" | head -c 20000; echo "pg_dump: error: could not write: No space left on device" >&2; exit 1'
    )

    refuses_and_keeps(
        place, replace(company, database=full), Refused, "pg_dump ended with 1: .*No space left on device"
    )


@pytest.mark.usefixtures("old_backup")
def test_a_bucket_that_may_not_be_written_is_named(place: Place, company: Company, backups: BackupStore) -> None:
    reader = changed(backups, access_key="BACKUP_READER_ACCESS_KEY", secret_key="BACKUP_READER_SECRET_KEY")

    refuses_and_keeps(
        place, replace(company, backups=reader), Refused, "keeping .* in holi-database-backups: .*AccessDenied"
    )


@pytest.mark.usefixtures("old_backup")
def test_a_part_that_the_storage_refuses_in_the_middle_leaves_nothing_behind(
    place: Place, company: Company, database: Postgres, backups: BackupStore
) -> None:
    proxy = Proxy(
        place.home.ports["s3"], request=lambda asked: not SECOND_PART.search(asked.splitlines()[0]), refusal=REFUSAL
    )
    refused = replace(
        company,
        database=database.model_copy(update={"name": "large"}),
        backups=changed(backups, endpoint=proxy.url),
    )

    refuses_and_keeps(place, refused, Refused, "the storage refused, AccessDenied")
    proxy.close()


@pytest.mark.usefixtures("old_backup")
def test_a_connection_that_dies_in_the_middle_of_the_dump_keeps_nothing_of_it(
    place: Place, company: Company, database: Postgres
) -> None:
    passed = 0

    def cut_after_a_megabyte(_asked: bytes, answer: bytes) -> bool:
        nonlocal passed
        passed += len(answer)
        return passed < 1_000_000

    proxy = Proxy(database.port, answer=cut_after_a_megabyte)
    dying = database.model_copy(update={"name": "large", "port": proxy.port})

    refuses_and_keeps(place, replace(company, database=dying), Refused, "pg_dump ended with 1: .*connection")
    proxy.close()


@pytest.mark.usefixtures("old_backup")
def test_a_storage_that_cannot_encrypt_as_asked_leaves_it_unknown(
    place: Place, company: Company, backups: BackupStore
) -> None:
    by_a_key = changed(backups, encryption="aws:kms", kms_key="alias/backups")

    refuses_and_keeps(place, replace(company, backups=by_a_key), Unreachable, "the storage answered 500")


def test_what_the_storage_says_of_an_object_is_read_from_the_storage(place: Place, backups: BackupStore) -> None:
    plain, encrypted = "manual-backups/plain.dump", "manual-backups/encrypted.dump"
    changed(backups, encryption=None).upload(BytesIO(b"dump"), plain)
    backups.upload(BytesIO(b"dump"), encrypted)

    assert backups.read_encryption(plain) is None
    assert backups.read_encryption(encrypted) == "AES256"
    assert sorted(place.keys()) == [encrypted, plain]
