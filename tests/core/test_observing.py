"""mode: observe and the database: no migration runs without its backup, and whoever approves reads what failed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Unreachable
from flows.approval import evidence_page, page_before_any_change, require_approval
from flows.gate import ApprovalForm, NobodyAnswered
from flows.migration import backfill_after_the_last_server, migrate, migrate_before_the_first_server
from flows.phase import ChecksFailed, Report, require
from flows.waivers import require_or_waive
from flows.watch import Watch
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import failed, passed
from policy.limits import Mode
from policy.migrations import read_migration
from policy.record import Event
from policy.roles import Person, Role, Roster
from tasks.item import write_down
from tasks.run import Run, Silent
from tests.core.company import People
from tests.core.scene import FIRST_BACK, begun
from tests.core.test_verification import PlainTask, plain_flow
from tests.core.world import World

ADDS = read_migration("20261126_add", 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;')
OLD_BACKUP = failed("holi.dump is 30 h old, the limit is 24 h")
LET_PASS = f"observe: these failed or are unknown and were let pass: {ITEMS['1.4.3'].name}: {OLD_BACKUP.sentence}"


class NoStorage:
    """The backup store does not answer."""

    def __getattr__(self, _name: str) -> Any:
        raise Unreachable("the backup store did not answer")


@pytest.fixture
def observing(company: Company, world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A release that only observes, migrates the database, and cannot back it up."""
    monkeypatch.setattr("flows.phase.flow", plain_flow)
    monkeypatch.setattr("flows.phase.as_task", PlainTask)
    roster = Roster(people=(Person(name="Omar Reyes", roles=tuple(Role), slack="UOMAR"),))
    without = replace(company, backups=cast("Any", NoStorage()), roster=roster)
    run = begun(without, world, steps=FIRST_BACK).run
    request = run.release.request.model_copy(update={"mode": Mode.OBSERVE})
    migrations = ("prisma/migrations/20261126_add/migration.sql",)
    run.release = run.release.model_copy(update={"request": request, "migrations": migrations})
    run.once.fetch("migrations", lambda: (ADDS,))
    return run


@pytest.mark.parametrize("migrating", [migrate_before_the_first_server, migrate])
def test_an_observer_migrates_nothing_without_a_backup(observing: Run, migrating: Callable[[Run], None]) -> None:
    with pytest.raises(ChecksFailed, match=r"^6\.1\.4 .+the backup store did not answer"):
        migrating(observing)

    assert not [row for row in observing.record.rows() if row.item == "6.3.2"]


def test_an_observer_backfills_nothing_without_a_backup(observing: Run) -> None:
    observing.release = observing.release.model_copy(update={"migrations": ()})
    observing.once.fetch("backfills", lambda: (cast("Any", object()),))

    with pytest.raises(ChecksFailed, match=r"^6\.1\.4 "):
        backfill_after_the_last_server(observing)


def test_an_observer_stops_where_a_migration_was_not_prepared_and_lets_the_rest_pass(observing: Run) -> None:
    old, unprepared = (
        Report(((ITEMS[number], judgement),), Way.STANDARD)
        for number, judgement in (("1.4.3", OLD_BACKUP), ("6.1.2", failed("nothing takes it back")))
    )

    require(observing, old)
    require_or_waive(observing, lambda _run: (old,))

    with pytest.raises(ChecksFailed, match=r"^6\.1\.2 .+nothing takes it back$"):
        require_or_waive(observing, lambda _run: (old, unprepared))


def test_whoever_approves_reads_that_a_release_only_observes_and_what_it_let_pass(
    observing: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: Any, **__: Any) -> ApprovalForm:
        raise NobodyAnswered("nobody answered within 30 min")

    monkeypatch.setattr("flows.question.ask", nobody)
    write_down(observing, ITEMS["1.4.3"], OLD_BACKUP)
    report = Report(((ITEMS["2.1.4"], passed("web-server-1 is healthy")),), Way.STANDARD)

    with pytest.raises(NobodyAnswered):
        require_approval(observing, lambda _run: report)

    (asked,) = [text for text in cast("People", observing.company.slack).said.values() if "decision is needed" in text]
    assert LET_PASS in asked.splitlines()
    assert f"**{LET_PASS}.**" in evidence_page(observing, report, Watch(observing, Silent()))
    assert f"**{LET_PASS}.**" in page_before_any_change(observing, report)
    assert observing.record.last(Event.ASKED) is not None
