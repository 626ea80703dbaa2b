"""The quarterly report as people read it."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policy.checklist import ITEMS
from policy.limits import Limits, Risk
from policy.metrics import Ending, Figure, ReleaseFact
from policy.metrics_links import link_runs
from policy.metrics_page import is_quarter, render_report, same_numbers, short, sparks, subtitle, summary
from policy.metrics_report import Report, make_report
from policy.quarters import quarter_before

ZONE = ZoneInfo("America/Los_Angeles")

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
STOPPED = replace(BEFORE, key="20260802-100000-1f2e3d4c", began=INSIDE.began, not_passed=frozenset(ITEMS))


def report_of(*releases: ReleaseFact, until: datetime = QUARTER[1]) -> Report:
    return make_report(
        releases,
        environment="production",
        zone="UTC",
        since=QUARTER[0],
        until=until,
        now=datetime(2026, 11, 25, tzinfo=UTC),
        begins=min((one.began for one in releases), default=None),
        unreadable=(),
        limits=Limits(),
    )


def page_of(*releases: ReleaseFact) -> str:
    return render_report(report_of(*releases), picture="PICTURE", ui="http://ui")


def test_the_report_shows_the_figures_and_the_releases_of_the_quarter() -> None:
    page = page_of(BEFORE, INSIDE)

    assert page.startswith("## Deployment metrics of production, 01 Jul 2026 to 30 Sep 2026\n")
    assert "<details><summary>1 release</summary>" in page
    link = f"[{INSIDE.key}](http://ui/v2/runs?tags=release%3A{INSIDE.key})"
    assert f"| 2026-08-03 17:00 | {link} | low | signed off | 20 min |  |" in page
    assert "PICTURE" in page
    assert f"| [{BEFORE.key}]" not in page
    assert f"| Q2 2026 (from 01 Jun on) | [1](http://ui/v2/runs?tags=release%3A{BEFORE.key}) |" in page


def test_the_same_numbers_are_known_by_the_same_digest_whichever_process_measured_them() -> None:
    script = "from tests.policy import test_metrics_page as t; print(t.same_numbers(t.report_of(t.STOPPED)))"
    said = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]

    assert said == [same_numbers(report_of(STOPPED))] * 2
    assert said[0] != same_numbers(report_of(STOPPED, INSIDE))


def test_the_report_lists_what_did_not_go_the_plain_way() -> None:
    strange = replace(
        INSIDE,
        own_approval="Tomas Lima requested it and approves it in an emergency: nobody else answers",
        waived=("1.1.3 by Omar Reyes: the suite | is down",),
        excepted=("1.1.4 GHSA-1 until 2026-12-01 (Omar Reyes: no patch yet)",),
        observed_only=True,
    )

    said = page_of(strange)

    assert "approved by whoever requested or wrote it: Tomas Lima requested it" in said
    assert r"waived: 1.1.3 by Omar Reyes: the suite \| is down" in said
    assert "accepted: 1.1.4 GHSA-1" in said
    assert "observed: no failed item stopped it" in said
    assert "### Waived, accepted, self-approved\n\nNothing." in page_of(INSIDE)


def test_a_release_that_was_rolled_back_after_its_end_says_so() -> None:
    undone = replace(INSIDE, undone=True, first_bad_at=INSIDE.began + timedelta(days=1))

    assert "| signed off, rolled back later | 20 min | 2026-08-04 17:00 |" in page_of(undone)


def test_the_summary_says_each_figure_with_its_target() -> None:
    text = summary(report_of(BEFORE, INSIDE), link="http://ui/run", file="reports/x.svg", asked="Dora Levin")

    assert text.startswith(":bar_chart: *Deployment metrics of production, 01 Jul 2026 to 30 Sep 2026*")
    assert text.count("(target ") == 5
    assert "• :warning: deployment frequency: 0.1 per week" in text
    assert "; Q2 2026 (from 01 Jun on): 0.2/week `······█▃`" in text
    assert text.endswith("is the deployment checklist itself still right? (9.2)")


def test_the_subtitle_is_one_plain_sentence() -> None:
    assert subtitle(report_of(BEFORE, INSIDE)) == (
        "Deployment metrics of production, 01 Jul 2026 to 30 Sep 2026: 3 of 5 targets met;"
        " missed: deployment frequency; not decided: mean time to recovery."
    )
    assert "not decided" in subtitle(report_of())


def test_what_a_quarter_of_the_trend_is_called_is_what_it_is_divided_by() -> None:
    """From 21 Sep on there are ten days of records in Q3."""
    late = replace(INSIDE, began=datetime(2026, 9, 21, 15, tzinfo=ZONE))

    before, last = report_of(late).quarters[-2:]

    assert (before.before_records, before.label) == (True, "Q2 2026")
    assert last.label == "Q3 2026 (from 21 Sep on)"
    assert last.figures.frequency.sentence == (
        "0.7 per week (1 signed off in 10 d, counted from the start of 21 Sep, the day of the first record)"
    )


def test_a_quarter_under_way_is_divided_by_its_days_so_far() -> None:
    quarter = report_of(INSIDE, until=datetime(2026, 11, 1, tzinfo=ZONE)).quarters[-1]

    assert quarter.label == "Q4 2026 (so far, to 24 Nov)"
    assert quarter.figures.frequency.sentence == "0.0 per week (0 signed off in 54 d 16 h)"


def test_only_a_whole_quarter_asks_for_the_review() -> None:
    part = report_of(INSIDE, until=QUARTER[1] - timedelta(days=1))

    assert is_quarter(report_of(INSIDE))
    assert "still right?" not in summary(part, link="", file="", asked="")


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "n/a"), (0.951, "95.1%"), (timedelta(minutes=6, seconds=40), "6 min 40 s")],
)
def test_a_value_is_said_in_a_word(value: float | timedelta | None, said: str) -> None:
    assert short(Figure("success rate", value, "", "", met=None)) == said


def test_sparks_grow_with_the_values_and_leave_out_what_is_not_known() -> None:
    figures = [Figure("", value, "", "", met=None) for value in (None, 0.0, 0.5, 1.0)]

    assert sparks(figures) == "·▁▅█"
    assert sparks(figures[:2]) == "·▁"


def test_a_number_without_releases_is_no_link_and_very_many_are_the_newest() -> None:
    keys = [f"{number:03}" for number in range(70)]

    assert link_runs("http://ui", [], "0") == "0"
    assert link_runs("http://ui", keys, "70").count("release") == 60
    assert "release%3A069" in link_runs("http://ui", keys, "70")
