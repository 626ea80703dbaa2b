"""Limits tried on sealed records: on two made-up years, and on what a watch of ours left behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from blocks.company import Company
from blocks.record import verify_record
from flows.backtest import changed_limits
from flows.watch import Watch
from lab.two_years import make_two_years
from lab.written_records import undo_key, write_records
from policy.backtest import Effect, Past, change_limits, list_effects, replay
from policy.backtest_page import say_change, say_effects
from policy.limits import Limits
from policy.metrics import Ending
from policy.observed import WATCHED
from policy.record import Event
from policy.release import Release
from tasks.backtest import read_pasts
from tasks.observed import read_observed
from tasks.resolve import BadRequest
from tasks.run import Silent
from tasks.seal import seal
from tests.core.company import a_company
from tests.core.scene import FIRST_BACK, begun
from tests.core.world import MemoryStore, World

YEARS = make_two_years()
CHANGES = {"error_rate_roll_back": 0.03}
NOW = datetime(2026, 10, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company whose store holds the two years."""
    company = a_company(World(), Path(tmp_path_factory.mktemp("spool")))
    store = cast("MemoryStore", company.store)
    store.kept = {key: (body, timedelta(0)) for key, body in write_records(YEARS).items()}
    return company


@pytest.fixture(scope="module")
def pasts(years: Company) -> list[Past]:
    """The releases of this year, whose measurements were kept."""
    found, unreadable = read_pasts(years, since=datetime(2026, 1, 1, tzinfo=UTC), until=NOW)
    assert unreadable == []
    return found


def test_a_lower_limit_is_told_with_what_it_gains_and_what_it_costs(pasts: list[Past]) -> None:
    today = Limits()
    changed = change_limits(today, CHANGES)
    measured = [past for past in pasts if past.observed is not None]

    said = say_effects(
        say_change(CHANGES, today, changed), [replay(past, changed) for past in pasts], zone="America/Los_Angeles"
    )

    assert said == (
        "With error_rate_roll_back 0.03 instead of 0.05: would have stopped the release of 3 March 2026 4 min 15 s"
        " earlier, and stopped 2 good ones for nothing (8 April 2026, 13 May 2026)"
        f" ({len(measured)} releases replayed; of {len(pasts) - len(measured)} no measurements were kept)."
    )


def test_the_limits_of_today_would_have_done_what_was_done(pasts: list[Past]) -> None:
    effects = {replay(past, Limits()).effect for past in pasts}

    assert effects == {Effect.SAME, Effect.NOT_KEPT}


def test_a_higher_limit_would_have_missed_what_the_watch_stopped(pasts: list[Past]) -> None:
    lax = change_limits(Limits(), {"error_rate_roll_back": 0.5})
    back = [one for one in YEARS if one.bad_after and one.ends in {"rolled back", "stuck"}]
    stopped = {one.key for one in back if one.found_after is None}

    missed = {one.past.key for one in list_effects([replay(past, lax) for past in pasts], Effect.MISSED)}

    assert missed == {past.key for past in pasts if past.key in stopped}


def test_one_that_was_rolled_back_later_was_no_good_release(pasts: list[Past]) -> None:
    undone = {one.key: one for one in YEARS if one.undone_after is not None}
    found = [past for past in pasts if past.key in undone]

    assert found
    assert all(past.failed and past.stopped_at == undone[past.key].bad_at for past in found)
    assert not {undo_key(one) for one in undone.values()} & {past.key for past in pasts}


def test_measurements_that_were_altered_or_lost_are_named_and_not_replayed(years: Company) -> None:
    store = MemoryStore(World())
    store.kept = dict(cast("MemoryStore", years.store).kept)
    altered, lost = [key for key in store.kept if key.startswith("snapshots/202602")][:2]
    store.kept[altered] = (b"{}", timedelta(0))
    del store.kept[lost]

    found, unreadable = read_pasts(replace(years, store=store), since=datetime(2026, 1, 1, tzinfo=UTC), until=NOW)

    assert "was altered after the record was sealed" in unreadable[0]
    assert "the measurements are gone" in unreadable[1]
    assert {past.key for past in found if f"snapshots/{past.key}" in altered + lost and past.observed is None}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"backup_age": 1.0}, "^limits: backup_age cannot be tried on the past; what can: error_rate_consider, "),
        ({"error_rate_roll_back": 3.0}, r"^limits\.error_rate_roll_back: Input should be less than 1, found 3\.0"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(changes: dict[str, float], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        changed_limits(Limits(), changes)


def test_what_the_watch_measured_is_kept_beside_the_record_and_bound_to_its_seal(
    company: Company, world: World
) -> None:
    run = begun(company, world, steps=FIRST_BACK).run
    watch = Watch(run, Silent())
    watch.start()
    watch.look()
    watch.stop()

    seal(run, outcome=Ending.SIGNED_OFF, sentence="it is live")

    rows = run.record.rows()
    found = read_observed(company, rows)
    assert found is not None
    assert run.observed is not None
    assert (found.samples, found.baseline) == (run.observed.samples, run.observed.baseline)
    assert found.new_since == run.observed.new_since
    assert {one.server for one in found.checks} >= {"web-server-1", "web-server-2"}
    assert list(found.new_since) == ["web-server-1"]
    assert verify_record(company.store, run.release.key).fault is None
    assert read_pasts(company, since=None, until=datetime.now(UTC))[0][0].observed == found


def test_a_store_that_is_away_keeps_no_record_from_ending(company: Company, world: World) -> None:
    run = begun(company, world, steps=FIRST_BACK).run
    watch = Watch(run, Silent())
    watch.start()
    watch.look()
    watch.stop()
    store = cast("MemoryStore", company.store)
    run.record.homeward = True
    store.away = True

    seal(run, outcome=Ending.ROLLED_BACK, sentence="everything is back")
    store.away = False
    run.record.merge()

    sealed = run.record.last(Event.SEALED)
    assert sealed is not None
    assert WATCHED not in sealed.facts
    assert read_observed(company, run.record.rows()) is None


def test_releases_of_another_environment_are_not_replayed(pasts: list[Past], years: Company) -> None:
    others = {one.key for one in YEARS if one.environment != "production"}

    assert others
    assert not others & {past.key for past in pasts}
    first = years.store.read(f"records/{next(iter(others))}/000001.json").body
    assert b'"environment":"rehearsal"' in first
    assert Release.model_fields["environment"].is_required()
