"""The report on two made-up years is right to the digit, and says what it cannot know (M1, M2, M4)."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import cast

import pytest

from blocks.company import Company
from blocks.record import verify_record
from lab.two_years import OPEN, SIGNED_OFF, STOPPED, ZONE, MadeUp, make_two_years
from lab.written_records import write_records
from policy.bar_chart import NO_RECORD
from policy.limits import Limits, Risk
from policy.metrics_chart import draw_report
from policy.metrics_page import render_report, short, summary
from policy.metrics_report import Report, make_report
from policy.quarters import quarters_to
from tasks.metrics_report import read_history
from tests.core.company import a_company
from tests.core.two_years import QUARTERS, Expected, expect, in_production, percent, said, to_live
from tests.core.world import MemoryStore, World

YEARS = make_two_years()
SINCE, UNTIL = QUARTERS[-1][1], QUARTERS[-1][2]
NOW = datetime(2026, 10, 1, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company whose store holds the two years."""
    company = a_company(World(), Path(tmp_path_factory.mktemp("spool")))
    store = cast("MemoryStore", company.store)
    store.kept = {key: (body, timedelta(0)) for key, body in write_records(YEARS).items()}
    return company


def report_on(company: Company, since: datetime = SINCE, until: datetime = UNTIL, now: datetime = NOW) -> Report:
    history = read_history(company, since=quarters_to(until)[0][0])
    return make_report(
        history.releases,
        environment="production",
        zone="America/Los_Angeles",
        since=since,
        until=until,
        now=now,
        begins=history.begins,
        unreadable=history.unreadable,
        limits=Limits(),
    )


@pytest.fixture(scope="module")
def report(years: Company) -> Report:
    """The report of the last quarter."""
    return report_on(years)


def check(expected: Expected, shown: Report, place: int) -> None:
    quarter = shown.quarters[place]
    numbers = [short(row) for row in quarter.figures.rows]
    also = f", {expected.still_open} open" if expected.still_open else ""
    assert len(quarter.deployments) == expected.deployments
    assert numbers == [
        f"{expected.per_week}/week",
        expected.lead,
        expected.lead_from_commit,
        expected.success,
        expected.rollback,
        f"{expected.recovery}{also}",
    ]


def test_every_made_up_record_is_a_record(years: Company) -> None:
    keys = {one.key for one in YEARS}

    faults = {verify_record(years.store, key).fault for key in keys}

    assert faults == {None}
    assert len(keys) > 150


@pytest.mark.parametrize("place", range(8), ids=[name for name, *_ in QUARTERS])
def test_every_figure_of_every_quarter_is_right_to_the_digit(report: Report, place: int) -> None:
    name, since, until, days = QUARTERS[place]

    assert report.quarters[place].name == name
    check(expect(YEARS, since, until, days), report, place)


def test_the_sentences_count_what_they_are_made_from(report: Report) -> None:
    expected = expect(YEARS, SINCE, UNTIL, 92)
    figures = report.figures
    usable = len(figures.lead_time.parts[0].keys)

    assert figures.frequency.sentence == f"{expected.per_week} per week ({expected.signed_off} signed off in 92 d)"
    assert figures.lead_time.sentence == (
        f"{expected.lead} from the merge to live (median of {usable} deployments);"
        f" {expected.signed_off - usable} without usable times left out"
    )
    assert figures.success_rate.sentence == (
        f"{expected.success} ({expected.failed} of {expected.ended} deployments failed); 1 not ended yet"
    )
    assert figures.rollback_rate.sentence == (
        f"{expected.rollback} ({expected.back} of {expected.ended} deployments rolled back)"
    )
    assert figures.recovery.sentence.startswith(f"{expected.recovery} (mean of {expected.recovered} failures); ")
    assert f"{expected.still_open} open since 2026-07-21" in figures.recovery.sentence


@pytest.mark.parametrize("risk", Risk)
def test_each_class_of_risk_has_its_own_figures(report: Report, risk: Risk) -> None:
    of_risk = [one for one in YEARS if one.risk == risk]
    expected = expect(of_risk, SINCE, UNTIL, 92)
    found = {shown: (figures, count) for shown, figures, count in report.by_risk}
    figures, count = found[risk]

    assert count == len(in_production(of_risk, SINCE, UNTIL))
    assert short(figures.success_rate) == expected.success
    assert short(figures.lead_time) == expected.lead
    assert short(figures.rollback_rate) == expected.rollback


def test_the_bottleneck_is_what_releases_waited_for_and_failed_at_most(report: Report) -> None:
    ours = in_production(YEARS, SINCE, UNTIL)
    waited: Counter[str] = Counter()
    for one in ours:
        if one.ends == SIGNED_OFF:
            waited.update(one.waits)
            waited["somebody to start the release"] += max(0, one.merged_before or 0)
    refused = Counter(item for one in ours for item in one.not_passed)
    longest, seconds = waited.most_common(1)[0]
    share = percent(seconds, sum(waited.values()))

    assert report.waits[0].name.startswith(longest)
    assert said(Fraction(seconds)) in report.waits[0].sentence
    assert f"{report.waits[0].time / report.waits[0].of:.1%}" == share
    assert {one.name.partition(" ")[0]: len(one.keys) for one in report.stops} == dict(refused)
    assert report.stops[0].of == len(ours)


def test_what_went_out_by_exception_is_listed(report: Report) -> None:
    ours = in_production(YEARS, SINCE, UNTIL)

    assert sum(len(one.waived) for one in report.releases) == sum(len(one.waived) for one in ours)
    assert {one.key for one in report.releases if one.own_approval} == {
        one.key for one in ours if one.own and one.ends not in (STOPPED, OPEN) and one.bad_after is None
    }
    assert [said for one in report.releases for said in one.excepted] == [
        "1.1.4 GHSA-9 until 2026-12-01 (Omar Reyes: no patch yet)"
    ]


def test_every_number_of_the_page_leads_to_its_releases(report: Report) -> None:
    page = render_report(report, picture="", ui="http://ui")
    failed = [one for one in in_production(YEARS, SINCE, UNTIL) if was_failure(one)]
    row = next(line for line in page.splitlines() if "| success rate |" in line)
    link = row.partition(f"[{len(failed)} failed](")[2].partition(")")[0]

    assert link.startswith("http://ui/v2/runs?tags=")
    assert set(link.replace("%3A", ":").partition("=")[2].split("%2C")) == {f"release:{one.key}" for one in failed}
    for one in in_production(YEARS, SINCE, UNTIL):
        assert f"| [{one.key}](http://ui/v2/runs?tags=release%3A{one.key}) |" in page


def was_failure(one: MadeUp) -> bool:
    return one.touched and one.ends != OPEN and (one.ends != SIGNED_OFF or one.undone_after is not None)


def test_the_message_says_each_figure_with_its_target_and_the_quarter_before(report: Report) -> None:
    before = expect(YEARS, QUARTERS[-2][1], QUARTERS[-2][2], 91)

    text = summary(report, link="http://ui/run", file="reports/x.svg", asked="Dora Levin")

    assert text.startswith(":bar_chart: *Deployment metrics of production, 01 Jul 2026 to 30 Sep 2026*")
    assert f"(target > 95%); Q2 2026: {before.success} `" in text
    assert "http://ui/run (file: reports/x.svg)" in text
    assert text.endswith("Quarterly review, Dora Levin: is the deployment checklist itself still right? (9.2)")


def test_a_quarter_that_is_not_over_is_measured_up_to_now_and_says_so(years: Company) -> None:
    now = datetime(2026, 8, 14, 0, 0, tzinfo=ZONE)
    expected = expect(YEARS, SINCE, now, 44)

    shown = report_on(years, SINCE, datetime(2026, 8, 14, 0, 0, tzinfo=ZONE) + timedelta(days=1), now.astimezone(UTC))

    assert short(shown.quarters[-1].figures.frequency) == f"{expected.per_week}/week"
    assert shown.quarters[-1].partial == "so far, to 13 Aug"
    assert shown.doubts[0] == "The period is not over: it was measured on 14 Aug 2026 00:00."


def test_days_before_the_first_record_are_not_known_and_not_zero(years: Company) -> None:
    first = min(one.began for one in YEARS)
    shown = report_on(years, datetime(2024, 7, 1, tzinfo=ZONE), datetime(2025, 1, 1, tzinfo=ZONE))

    assert [quarter.before_records for quarter in shown.quarters] == [True] * 7 + [False]
    assert shown.quarters[-1].partial == f"from {first.astimezone(ZONE):%d %b} on"
    assert shown.doubts == (
        f"Records begin on {first.astimezone(ZONE):%d %b %Y}: what was deployed before is not known and not counted.",
    )
    assert "| Q3 2024 | no record |" in render_report(shown, picture="", ui="")


def test_records_of_before_the_trend_are_known_to_be_there(years: Company) -> None:
    history = read_history(years, since=datetime(2026, 1, 1, tzinfo=ZONE))

    assert history.begins == min(one.began for one in YEARS)
    assert len(history.releases) == len(in_production(YEARS, datetime(2026, 1, 1, tzinfo=UTC), NOW))


def test_an_altered_record_is_named_and_stops_nothing(years: Company) -> None:
    store = cast("MemoryStore", years.store)
    altered = next(one for one in YEARS if one.began > SINCE and one.ends == SIGNED_OFF)
    key = f"records/{altered.key}/000002.json"
    body, age = store.kept[key]
    copy = MemoryStore(store.world)
    copy.kept = {**store.kept, key: (body.replace(b"did not hold", b"held").replace(b"all is", b"all was"), age)}

    shown = report_on(replace(years, store=copy))

    assert len(shown.releases) == len(in_production(YEARS, SINCE, UNTIL)) - 1
    assert (
        f"A record cannot be read, and its release is not counted: {altered.key}: row 2 was altered" in shown.doubts[0]
    )


def test_without_any_record_nothing_is_measured(company: Company) -> None:
    shown = report_on(company)

    assert shown.doubts == ("There is no record of a release yet: nothing was measured, and that is not zero.",)
    assert short(shown.figures.success_rate) == "n/a"
    assert NO_RECORD in draw_report(shown, limits=Limits())


def test_the_time_to_live_is_the_same_in_record_and_plan(report: Report) -> None:
    planned = {one.key: to_live(one) for one in in_production(YEARS, SINCE, UNTIL) if one.live_at}

    recorded = {one.key: (one.live_at - one.began).total_seconds() for one in report.releases if one.live_at}

    assert recorded == planned
