"""The picture of the quarterly report: what each bar says, and what it says where there is none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from policy.bar_chart import NO_RECORD
from policy.limits import Limits, Risk
from policy.metrics import Ending, ReleaseFact
from policy.metrics_chart import draw_report, list_panels, list_sentences
from policy.metrics_report import Report, make_report
from tests.policy.test_metrics import BEGAN, MINUTE, SINCE, UNTIL, failed_release, release

SVG = "{http://www.w3.org/2000/svg}"


def report_of(*releases: ReleaseFact, begins: datetime | None = BEGAN - timedelta(days=200)) -> Report:
    return make_report(
        releases,
        environment="production",
        zone="UTC",
        since=SINCE,
        until=UNTIL,
        now=datetime(2026, 11, 25, tzinfo=UTC),
        begins=begins,
        unreadable=(),
        limits=Limits(),
    )


def words(report: Report) -> list[str]:
    picture = ElementTree.fromstring(draw_report(report, limits=Limits()))  # noqa: S314  (the text is our own)
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def test_the_picture_names_the_period_the_targets_and_the_quarters() -> None:
    said = words(report_of(release()))

    assert said[0] == "Deployment metrics of production, 01 Jul 2026 to 30 Sep 2026"
    assert {"target > 1 per week", "target < 1 h", "target > 95%", "target < 5%", "target < 10 min"} <= set(said)
    assert said.count("Q3 26") == 6


def test_a_quarter_before_the_records_has_no_bar_and_one_without_data_says_so() -> None:
    first, *_, last = list_panels(report_of(failed_release("r1", minutes=None)), limits=Limits())[4].bars

    assert (first.value, first.said) == (None, NO_RECORD)
    assert (last.value, last.said, last.open, last.met) == (None, "n/a", "+1 open", False)


def test_times_are_drawn_in_the_unit_that_reads_best() -> None:
    units = [
        list_panels(report_of(replace(release(), live_at=BEGAN + minutes * MINUTE)), limits=Limits())[1].unit
        for minutes in (40, 300, 6_000)
    ]

    assert units == ["min", "h", "d"]


def test_the_success_rate_ends_at_a_hundred() -> None:
    assert list_panels(report_of(release()), limits=Limits())[2].top == 100.0


def test_deployments_are_stacked_by_risk() -> None:
    high = replace(release("r2"), risk=Risk.HIGH)
    untouched = replace(release("r3", outcome=Ending.STOPPED), touched=False)

    last = list_panels(report_of(release(), high, untouched), limits=Limits())[5].bars[-1]

    assert (last.stack, last.said) == ((1.0, 0.0, 1.0), "2")


def test_what_a_manager_asks_first_stands_below() -> None:
    busy = replace(
        release(),
        waits={"2.1.4": 30 * MINUTE},
        not_passed=frozenset({"1.1.3"}),
        waived=("1.1.3 by Omar Reyes: it is known",),
        own_approval="Tomas Lima did",
    )

    said = list_sentences(report_of(busy, begins=SINCE + timedelta(days=3)))

    assert said == [
        "Waited for most: 2.1.4 Approval gate: 30 min in 1 release, 100% of the way from merge to live.",
        "Stopped most often by: 1.1.3 Automated tests pass: failed or unknown in 1 of 1 release, 100%.",
        "Of 1 release: 1 with waived items, 1 approved by whoever requested or wrote it.",
        "* Not whole: Q3 2026 from 04 Jul on.",
        "Records begin on 04 Jul 2026: what was deployed before is not known and not counted.",
    ]
    assert list_sentences(report_of())[:1] == ["Of 0 releases: none waived, accepted or self-approved."]
