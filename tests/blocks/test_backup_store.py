"""The bucket of backups: a genuine S3 server."""

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from blocks.backup_store import BackupStore
from blocks.errors import Refused, Unreachable
from lab.client import Lab


@pytest.fixture
def backups(settings: dict[str, Any]) -> BackupStore:
    """The lab's bucket of backups."""
    places = {key: value for key, value in settings["backups"].items() if not key.startswith("pg_")}
    return BackupStore(**places, secrets_folder=settings["secrets"])


def test_every_backup_since_a_moment_is_listed_the_oldest_first(backups: BackupStore) -> None:
    since = datetime.now(UTC) - timedelta(days=2)
    now = datetime.now(UTC)
    for key in (f"{now:%Y/%m/%d}/zz-readme.txt", "manual-backups/before-migration.dump"):
        backups.upload(io.BytesIO(b"abc"), key)

    found = backups.list_backups(since)

    assert [backup.finished_at for backup in found] == sorted(backup.finished_at for backup in found)
    assert {"manual-backups/before-migration.dump", f"{now:%Y/%m/%d}/zz-readme.txt"} <= {b.key for b in found}
    assert all(backup.finished_at.tzinfo for backup in found)
    assert {b.key for b in found if b.by_hand} == {"manual-backups/before-migration.dump"}
    assert backups.list_backups(now + timedelta(hours=1)) == ()


def test_k1_a_fresh_backup_on_the_second_page_is_seen(lab: Lab, backups: BackupStore) -> None:
    """K1: a page of the store holds 1,000 keys."""
    day = f"{datetime.now(UTC):%Y/%m/%d}"
    folder = f"{lab.home.url('filer')}/buckets/{backups.bucket}/{day}"
    with httpx.Client() as filer:
        for number in range(1005):
            filer.put(f"{folder}/part-{number:05}", content=b"x").raise_for_status()

        keys = {backup.key for backup in backups.list_backups(datetime.now(UTC) - timedelta(days=1))}

        filer.delete(folder, params={"recursive": "true"}).raise_for_status()
    assert f"{day}/part-01004" in keys


@pytest.mark.parametrize("size", [0, 10, 20_000_000])
def test_what_was_uploaded_is_what_is_read_back(backups: BackupStore, size: int) -> None:
    body = bytes(size)
    uploaded = backups.upload(io.BytesIO(body), f"manual-backups/size-{size}.dump")

    assert uploaded == backups.read_back(uploaded.key)
    assert (uploaded.size_bytes, uploaded.sha256) == (size, hashlib.sha256(body).hexdigest())


class Failing(io.BytesIO):
    """A dump that breaks off after some pieces."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def read(self, size: int | None = -1, /) -> bytes:
        self.pieces -= 1
        if self.pieces < 0:
            raise Refused("pg_dump ended with 1")
        return bytes(size or 0)

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("pieces", [0, 2])
def test_a_stream_that_breaks_off_leaves_nothing(backups: BackupStore, pieces: int) -> None:
    with pytest.raises(Refused, match="pg_dump ended with 1"):
        backups.upload(Failing(pieces), "manual-backups/broken.dump")

    with pytest.raises(Refused, match=r"broken\.dump is not in"):
        backups.read_back("manual-backups/broken.dump")


def test_a_backup_is_never_overwritten(backups: BackupStore) -> None:
    backups.upload(io.BytesIO(b"first"), "manual-backups/once.dump")

    with pytest.raises(Refused, match="never overwritten"):
        backups.upload(io.BytesIO(b"second"), "manual-backups/once.dump")
    assert backups.read_back("manual-backups/once.dump").size_bytes == 5


def test_a_bucket_that_is_not_there_is_not_an_empty_one(backups: BackupStore) -> None:
    since = datetime.now(UTC) - timedelta(days=1)

    with pytest.raises(Refused, match="NoSuchBucket"):
        backups.model_copy(update={"bucket": "not-there"}).list_backups(since)
    away = BackupStore(
        **{**backups.model_dump(include=set(BackupStore.model_fields)), "endpoint": "http://127.0.0.1:9"}
    )
    with pytest.raises(Unreachable):
        away.list_backups(since)
