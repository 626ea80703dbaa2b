"""Waivers: row by row, with a reason, for this release and this finding only."""

import pytest

from policy.checklist import ITEMS
from policy.judgement import Judgement, Verdict, failed, passed, unknown
from policy.record import Event
from policy.waivers import Waiver, can_be_waived, list_waivers, say_worsened, waive
from tests.policy.rows import numbered, row

AUDIT = ITEMS["1.1.4"]
WAIVED_AS_FAILED = Waiver("1.1.4", "Tomas Lima", "no patch yet", Verdict.FAILED, "1 high finding")
WAIVED_AS_UNKNOWN = Waiver("1.1.4", "Tomas Lima", "nobody can wait", Verdict.UNKNOWN, "Snyk is down")


@pytest.mark.parametrize(
    ("waiver", "judgement", "verdict"),
    [
        pytest.param(WAIVED_AS_FAILED, failed("1 high finding"), Verdict.WAIVED, id="what was waived"),
        pytest.param(WAIVED_AS_FAILED, failed("a secret was found"), Verdict.FAILED, id="another finding"),
        pytest.param(WAIVED_AS_FAILED, unknown("Snyk is down"), Verdict.WAIVED, id="a failure covers not knowing"),
        pytest.param(
            WAIVED_AS_UNKNOWN, unknown("GitHub is down"), Verdict.WAIVED, id="not knowing, whatever the cause"
        ),
        pytest.param(WAIVED_AS_UNKNOWN, failed("1 high finding"), Verdict.FAILED, id="not knowing covers no failure"),
        pytest.param(WAIVED_AS_FAILED, passed("no finding"), Verdict.PASSED, id="passed meanwhile"),
        pytest.param(None, failed("1 high finding"), Verdict.FAILED, id="no waiver"),
    ],
)
def test_a_waiver_covers_what_was_found(waiver: Waiver | None, judgement: Judgement, verdict: Verdict) -> None:
    waivers = {waiver.item: waiver} if waiver else {}

    ((_, counted),) = waive([(AUDIT, judgement)], waivers)

    assert counted.verdict is verdict
    if verdict is Verdict.WAIVED and waiver is not None:
        assert counted.sentence == (
            f"waived by Tomas Lima: {waiver.reason} ({judgement.verdict}: {judgement.sentence})"
        )


def test_a_waiver_covers_no_other_item() -> None:
    entries = [(ITEMS["1.1.3"], failed("coverage 60%"))]

    assert waive(entries, {"1.1.4": WAIVED_AS_FAILED}) == tuple(entries)


def test_the_newest_waiver_of_a_record_counts() -> None:
    rows = numbered(
        row(Event.WAIVED, item="1.1.4", name="Tomas Lima", verdict="failed", sentence="1 high finding", reason=reason)
        for reason in ("first", "second")
    )

    assert list_waivers(rows)["1.1.4"].reason == "second"


def test_evidence_can_be_waived_and_an_action_cannot() -> None:
    assert can_be_waived(ITEMS["1.1.4"])
    assert not can_be_waived(ITEMS["1.3.7"])


def test_whoever_is_asked_again_reads_what_was_waived() -> None:
    waivers = {"1.1.4": WAIVED_AS_FAILED}

    said = say_worsened([(AUDIT, failed("2 high findings")), (ITEMS["1.1.3"], failed("red"))], waivers)

    assert said == (f"This worsened after it was waived, or is another finding: {AUDIT.name} (then: 1 high finding)")
    assert say_worsened([(ITEMS["1.1.3"], failed("red"))], waivers) == ""
