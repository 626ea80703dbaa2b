"""The quarterly report as people read it."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.limits import Limits, Risk
from policy.metrics import Ending, ReleaseFact, measure
from policy.metrics_page import quarter_before, render_report, summary

ZONE = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        (datetime(2026, 11, 25, 9, tzinfo=ZONE), (2026, 7), (2026, 10)),
        (datetime(2026, 10, 1, 0, tzinfo=ZONE), (2026, 7), (2026, 10)),
        (datetime(2026, 9, 30, 23, tzinfo=ZONE), (2026, 4), (2026, 7)),
        (datetime(2026, 4, 1, 0, tzinfo=ZONE), (2026, 1), (2026, 4)),
        (datetime(2026, 2, 14, 9, tzinfo=ZONE), (2025, 10), (2026, 1)),
    ],
)
def test_the_report_covers_the_quarter_before(now: datetime, since: tuple[int, int], until: tuple[int, int]) -> None:
    begins, ends = quarter_before(now)

    assert begins == datetime(*since, 1, tzinfo=ZONE)
    assert ends == datetime(*until, 1, tzinfo=ZONE)


@given(st.timedeltas(timedelta(0), timedelta(days=36_500)))
def test_a_quarter_has_ended_and_has_three_months(later: timedelta) -> None:
    now = datetime(2000, 1, 1, tzinfo=ZONE) + later

    begins, ends = quarter_before(now)

    assert begins < ends <= now
    assert timedelta(days=89) < ends - begins < timedelta(days=93)


QUARTER = quarter_before(datetime(2026, 11, 25, 9, tzinfo=ZONE))


def fact(key: str, began: datetime, outcome: Ending) -> ReleaseFact:
    return ReleaseFact(
        key=key,
        began=began,
        merged_at=began,
        first_commit_at=began - timedelta(days=1),
        live_at=began + timedelta(minutes=20),
        ended=began + timedelta(hours=1),
        outcome=outcome,
        risk=Risk.LOW,
        touched=True,
        first_bad_at=None,
        recovered_at=None,
    )


INSIDE = fact("20260803-100000-1f2e3d4c", datetime(2026, 8, 3, 10, tzinfo=ZONE), Ending.SIGNED_OFF)
BEFORE = fact("20260601-100000-1f2e3d4c", datetime(2026, 6, 1, 10, tzinfo=ZONE), Ending.SIGNED_OFF)


def test_the_report_shows_the_figures_and_the_releases_of_the_quarter() -> None:
    releases = [BEFORE, INSIDE]
    figures = measure(releases, since=QUARTER[0], until=QUARTER[1], limits=Limits())

    report = render_report(figures, releases, zone="UTC")

    assert report.startswith("## Deployment metrics, 01 Jul 2026 to 30 Sep 2026\n")
    assert "<details><summary>1 releases</summary>" in report
    assert "| 2026-08-03 17:00 | 20260803-100000-1f2e3d4c | low | signed off |" in report
    assert BEFORE.key not in report
    assert all(row.name in report for row in figures.rows)


def test_the_report_lists_what_was_approved_by_whoever_requested_or_wrote_it() -> None:
    own = replace(INSIDE, own_approval="Tomas Lima requested it and approves it in an emergency: nobody else answers")
    figures = measure([own], since=QUARTER[0], until=QUARTER[1], limits=Limits())

    assert f"- {own.key}: {own.own_approval}" in render_report(figures, [own], zone="UTC")
    assert "requested or wrote it" not in render_report(figures, [INSIDE], zone="UTC")


def test_the_summary_says_each_figure_with_its_target() -> None:
    figures = measure([INSIDE], since=QUARTER[0], until=QUARTER[1], limits=Limits())

    text = summary(figures)

    assert text.startswith(":bar_chart: *Deployment metrics 01 Jul 2026 to 30 Sep 2026*")
    assert text.count("(target ") == len(figures.rows)
    assert text.endswith("is the deployment checklist itself still right? (9.2)")
