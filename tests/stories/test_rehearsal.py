"""A backup is a way back once it was restored: the weekly rehearsal, and what a release is told of it (1.4.3)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from blocks.backup_store import BackupStore
from blocks.scratch_host import ScratchHost
from flows.restore_rehearsal import restore_rehearsal
from tests.stories.company import ENVIRONMENT
from tests.stories.stage import Ending, Stage


@pytest.fixture
def rehearsing(stage: Stage) -> Iterator[Stage]:
    """A company that has a host for scratch databases; nothing may be left on it."""
    stage.have("scratch_database")
    yield stage
    host = ScratchHost.load(ENVIRONMENT)
    assert isinstance(host, ScratchHost)
    with host.borrow() as scratch, scratch.database.connected() as connection:
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'countersign_scratch%'"
        assert connection.execute(query).fetchall() == [(scratch.database.name,)]


def rehearse(stage: Stage) -> Ending:
    """Do what the schedule does on Sunday at three."""
    return stage.play(lambda: restore_rehearsal(ENVIRONMENT))


def plan(stage: Stage, version: str) -> str:
    """Return what a release would find, as its page shows it."""
    ending = stage.release(stage.request(stage.lab.ship(version), mode="plan"))
    assert ending.error is None, ending.sentence
    return stage.page("plan")


def keep_half_a_dump() -> str:
    """Let tonight's backup be cut short; return its key."""
    store = BackupStore.load(ENVIRONMENT)
    assert isinstance(store, BackupStore)
    now = datetime.now(UTC)
    whole = b"".join(store.read_chunks(store.list_backups(now - timedelta(days=1))[-1].key))
    key = f"{now:%Y/%m/%d/holi-%Y%m%dT%H%M%SZ.dump}"
    store.upload(BytesIO(whole[: len(whole) * 3 // 4]), key)
    return key


def test_a_backup_that_was_restored_for_real_is_told_to_the_next_release(rehearsing: Stage) -> None:
    assert "never proved to restore" in plan(rehearsing, "9.1.0")

    ending = rehearse(rehearsing)

    assert ending.error is None, ending.sentence
    page = rehearsing.page("restore-rehearsal")
    assert "**Passed**" in page
    assert "| Patient | " in page
    assert "last proved to restore just now" in plan(rehearsing, "9.1.1")
    assert "Restore rehearsal" not in rehearsing.said_in("C0ALERTS")


def test_a_backup_that_was_cut_short_is_no_way_back_and_people_are_told(rehearsing: Stage) -> None:
    key = keep_half_a_dump()

    ending = rehearse(rehearsing)

    assert f"{key}: it does not restore: pg_restore: error: could not read from input file" in ending.sentence
    said = rehearsing.said_in("C0ALERTS")
    assert f"*Restore rehearsal of {ENVIRONMENT} failed*: {key}" in said
    assert "*Next:* <@U0DORA> restores it by hand" in said
    assert "**Failed**" in rehearsing.page("restore-rehearsal")
    assert "never proved to restore" in plan(rehearsing, "9.1.0")


def test_a_company_without_a_scratch_database_rehearses_nothing_and_nobody_is_told(stage: Stage) -> None:
    ending = rehearse(stage)

    assert ending.error is None, ending.sentence
    assert stage.is_untouched()
