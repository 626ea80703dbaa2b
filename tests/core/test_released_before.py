"""What the records of earlier releases say: what is in quarantine, and when a release went bad and recovered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.record import Record, row_key
from policy.judgement import Judgement, Verdict
from policy.metrics import Ending
from policy.record import Event, decode, encode
from tasks.metrics_report import read_release_facts
from tasks.quarantine import judge_released_before
from tests.core.company import Code
from tests.policy import releases
from tests.policy.releases import NEW_COMMIT
from tests.policy.rows import NEW, THIRD

KEY, LATER = "20261124-180000-1f2e3d4c", "20261125-090000-aaaaaaaa"
OTHER = "c3" * 20


def recorded(company: Company, key: str = KEY, *, outcome: Ending = Ending.ROLLED_BACK, **changes: Any) -> Record:
    """Let there be the record of a release that changed a server, failed a check and ended so."""
    release = releases.release(key=key, **changes)
    record = Record(company.store, key, holder=1, spool=company.spool)
    record.append(Event.OPENED, facts={"release": release.model_dump(mode="json")})
    record.append(Event.BUILT, item="2.1.1", facts=releases.build().model_dump(mode="json"))
    record.append(Event.INTENDED, item="2.1.2", subject="web-server-1", step="drained")
    if outcome is Ending.ROLLED_BACK:
        record.append(Event.JUDGED, item="2.1.3", facts={"verdict": "failed", "sentence": "8 % errors"})
        record.append(Event.GOING_HOME, item="4.1.1", facts={"cause": "red flag", "sentence": "8 % errors"})
    record.append(Event.SEALED, facts={"outcome": outcome.value, "sentence": "the end"})
    return record


def judged(company: Company, commit: str = NEW_COMMIT, *, digest: str | None = None, **words: Any) -> Judgement:
    cast("Any", company.registry).find_digest = lambda _commit: digest
    return judge_released_before(releases.request(**words), company, commit=commit)


def test_what_was_rolled_back_is_known_by_its_commit_and_by_its_image(company: Company) -> None:
    recorded(company)

    assert judged(company).verdict is Verdict.FAILED
    assert "(red flag: 8 % errors; release 20261124-180000-1f2e3d4c)" in judged(company).sentence
    assert judged(company, OTHER, digest=NEW).verdict is Verdict.FAILED
    assert judged(company, OTHER, digest=THIRD).verdict is Verdict.PASSED


def test_the_refusal_says_what_lets_it_out_again(company: Company) -> None:
    recorded(company)
    name = judged(company).sentence.partition('"')[2].partition('"')[0]

    said = judged(company, acknowledged=(f"{name}the index is there now",))

    assert said.verdict is Verdict.ATTESTED
    assert said.sentence.endswith("is released again: the index is there now (Ana Souza)")


@pytest.mark.parametrize("outcome", [Ending.STOPPED, Ending.SIGNED_OFF, Ending.STAYED])
def test_any_other_end_is_no_quarantine(company: Company, outcome: Ending) -> None:
    recorded(company, outcome=outcome)

    assert judged(company).verdict is Verdict.PASSED


def test_another_environment_has_its_own_history(company: Company) -> None:
    recorded(company, environment="rehearsal")

    assert judged(company).verdict is Verdict.PASSED


def test_what_was_signed_off_later_is_out_of_quarantine(company: Company) -> None:
    recorded(company)
    recorded(company, LATER, outcome=Ending.SIGNED_OFF)

    assert judged(company).verdict is Verdict.PASSED


def test_a_record_that_cannot_be_read_hides_no_other(company: Company) -> None:
    recorded(company)
    company.store.create(row_key("20200101-000000-00000000", 1), b"not a row")

    assert judged(company).verdict is Verdict.FAILED


def test_a_commit_that_was_never_rolled_back_asks_no_registry(company: Company) -> None:
    recorded(company, outcome=Ending.SIGNED_OFF)

    def away(_self: Code, _commit: str) -> str:
        raise AssertionError("the registry was asked")

    cast("Any", company.registry).find_digest = away
    assert judge_released_before(releases.request(), company, commit=NEW_COMMIT).verdict is Verdict.PASSED


def test_recovery_is_measured_from_the_check_that_failed(company: Company) -> None:
    rows = recorded(company).rows()

    (fact,) = read_release_facts(company)

    assert fact.first_bad_at == rows[3].at
    assert fact.recovered_at == rows[-1].at


def test_a_release_that_is_rolled_back_after_its_end_went_bad_and_recovered(company: Company) -> None:
    recorded(company, outcome=Ending.SIGNED_OFF)
    undo = recorded(company, LATER, undoes=KEY).rows()

    (fact,) = read_release_facts(company)

    assert (fact.key, fact.outcome, fact.undone) == (KEY, Ending.SIGNED_OFF, True)
    assert fact.first_bad_at == undo[0].at
    assert fact.recovered_at == undo[-1].at


def test_a_roll_back_that_got_stuck_leaves_the_failure_open(company: Company) -> None:
    recorded(company, outcome=Ending.SIGNED_OFF)
    undo = recorded(company, LATER, outcome=Ending.STUCK, undoes=KEY).rows()

    (fact,) = read_release_facts(company)

    assert not fact.undone
    assert fact.first_bad_at == undo[0].at
    assert fact.recovered_at is None
    assert undo[-1].at - undo[0].at < timedelta(minutes=1)


@pytest.mark.parametrize("how", ["an altered row", "a form that is known no more"])
def test_a_record_that_cannot_be_read_keeps_nobody_from_releasing(company: Company, how: str) -> None:
    first = row_key(KEY, 1)
    recorded(company)
    opened = decode(company.store.read(first).body)
    changed = {**opened.facts["release"], "request": {**opened.facts["release"]["request"], "severity": "high"}}
    company.store.replace(
        first, b"{}" if how == "an altered row" else encode(replace(opened, facts={"release": changed}))
    )
    recorded(company, LATER)

    assert f"release {LATER}" in judged(company).sentence
