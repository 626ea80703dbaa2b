"""Evidence of the day before counts for exactly the same change, as long as its item says, and only if it passed."""

from datetime import timedelta
from typing import Any

import pytest

from policy.checklist import ITEMS
from policy.items import Kind
from policy.judgement import Verdict
from policy.limits import Limits, Mode, Risk
from policy.metrics import Ending
from policy.prepared import KEEPS, keep
from policy.record import Event, Row
from policy.release import Release
from tests.policy import releases
from tests.policy.rows import BEGAN, numbered, row

ASKED = BEGAN + timedelta(seconds=2)
FLAGS = {"FEATURE_ROTA": "true"}


def judged(item: str = "1.1.3", verdict: Verdict = Verdict.PASSED) -> Row:
    return row(Event.JUDGED, item=item, verdict=verdict.value, sentence="12 checks succeeded", link="https://ci")


def prepared(*more: Row, outcome: str = Ending.PREPARED, **facts: Any) -> tuple[Row, ...]:
    """The rows of a `prepare` that came to its end; the first item was asked two seconds after it began."""
    release = releases.release(**facts).model_dump(mode="json")
    rows = [row(Event.OPENED, release=release), *(more or (judged(),))]
    if outcome:
        rows.append(row(Event.SEALED, outcome=outcome, sentence="1 item is kept"))
    return numbered(rows)


def kept(rows: tuple[Row, ...], release: Release | None = None, *, after: timedelta = timedelta(hours=14)) -> set[str]:
    return set(keep(rows, release or releases.release(), now=ASKED + after, limits=Limits()) or {})


def test_what_passed_is_kept_with_its_age_and_its_record() -> None:
    found = keep(prepared(), releases.release(), now=ASKED + timedelta(hours=14), limits=Limits())

    assert found is not None
    judgement = found["1.1.3"].now(ASKED + timedelta(hours=14))
    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence.startswith("12 checks succeeded (asked 14 h ago by prepare, record ")
    assert judgement.link == "https://ci"


@pytest.mark.parametrize(
    ("item", "after", "counts"),
    [
        pytest.param("1.1.3", timedelta(hours=24), True, id="the very age of a day"),
        pytest.param("1.1.3", timedelta(hours=24, seconds=1), False, id="older than a day"),
        pytest.param("1.2.4", timedelta(hours=1), True, id="a flag within the hour"),
        pytest.param("1.2.4", timedelta(hours=1, seconds=1), False, id="a flag after the hour"),
        pytest.param("1.3.6", timedelta(0), False, id="the window is asked each time"),
        pytest.param("1.3.10", timedelta(0), False, id="conflicts are asked each time"),
        pytest.param("1.1.3", -timedelta(seconds=1), False, id="from the future: a clock is off"),
    ],
)
def test_each_item_has_its_own_age_limit(item: str, after: timedelta, counts: bool) -> None:  # noqa: FBT001
    assert kept(prepared(judged(item)), after=after) == ({item} if counts else set())


def test_the_same_commit_is_the_same_change_however_it_is_typed() -> None:
    short, whole = (releases.request(commit="b" * digits) for digits in (7, 40))

    assert kept(prepared(request=short), releases.release(request=whole)) == {"1.1.3"}


def test_the_companys_limit_is_an_upper_bound() -> None:
    limits = Limits(prepared=timedelta(minutes=30))

    assert not keep(prepared(), releases.release(), now=ASKED + timedelta(minutes=31), limits=limits)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"commit": "c" * 40}, id="another commit"),
        pytest.param({"previous_commit": "c" * 40}, id="another version in production"),
        pytest.param({"risk": Risk.HIGH}, id="another risk"),
        pytest.param({"environment": "elsewhere"}, id="another environment"),
        pytest.param({"request": releases.request(flags=FLAGS)}, id="another flag"),
    ],
)
def test_for_another_change_nothing_counts(changed: dict[str, Any]) -> None:
    assert kept(prepared(), releases.release(**changed)) == set()


@pytest.mark.parametrize("mode", [Mode.PLAN, Mode.OBSERVE])
def test_what_tried_nothing_is_kept_by_nobody(mode: Mode) -> None:
    assert kept(prepared(request=releases.request(mode=mode))) == set()


def test_the_newest_prepare_of_a_change_has_the_last_word_on_it() -> None:
    nothing_passed = prepared(judged(verdict=Verdict.FAILED))

    assert keep(nothing_passed, releases.release(), now=ASKED, limits=Limits()) == {}
    assert keep(nothing_passed, releases.release(commit="c" * 40), now=ASKED, limits=Limits()) is None


def test_another_summary_and_another_person_are_the_same_change() -> None:
    request = releases.request(summary="Said in other words", requested_by="Dev Anand", ask_for_waivers=True)

    assert kept(prepared(), releases.release(request=request)) == {"1.1.3"}


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.PASSED])
def test_only_what_passed_is_kept(verdict: Verdict) -> None:
    assert kept(prepared(judged(verdict=verdict))) == set()


def test_the_newest_word_on_an_item_counts() -> None:
    assert kept(prepared(judged(), judged(verdict=Verdict.FAILED))) == set()


@pytest.mark.parametrize("outcome", ["", Ending.STOPPED, Ending.SIGNED_OFF])
def test_a_record_that_is_no_finished_prepare_counts_as_none(outcome: str) -> None:
    assert kept(prepared(outcome=outcome)) == set()


def test_no_action_is_kept() -> None:
    assert all(ITEMS[number].kind is not Kind.ACTION for number in KEEPS)
