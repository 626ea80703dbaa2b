"""4.2.5: one report of one release, over the wire, whoever opens it and whatever breaks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from blocks.record import Record
from lab.vendors.github import GitHub
from lab.vendors.notion import Notion
from policy.incident_rules import IncidentRules
from policy.metrics import Ending
from policy.plans import Cause
from policy.record import Event
from policy.silence import silence_facts
from tasks.incident_report import describe_incident, report_incident, reported_at
from tasks.run import utc_now
from tests.core.conftest import plain_step
from tests.evidence.company import Scene

ISSUES, PAGES = IncidentRules(where="github"), IncidentRules(where="notion")
ANOTHER_DATABASE = IncidentRules(where="notion", data_source="incidents")


@pytest.fixture
def rolled_back(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A release that changed a server and went home; its company has no metrics."""
    monkeypatch.setattr("tasks.step.as_task", plain_step)
    before = scene.run
    scene.use(incidents=ISSUES, prometheus=None)
    record = Record(scene.run.company.store, tmp_path.name, holder=1, spool=tmp_path / "spool")
    record.append(Event.OPENED, facts={"release": scene.run.release.model_dump(mode="json")})
    record.append(Event.INTENDED, item="2.1.2", subject="web-server-1", step="updated")
    record.append(
        Event.GOING_HOME, item="4.1.1", facts={"cause": "red flag", "plan": "Back", "sentence": "Maria Gomez"}
    )
    release = scene.run.release.model_copy(update={"key": tmp_path.name})
    scene.run = replace(scene.run, release=release, record=record)
    yield scene
    scene.run = before
    github(scene).state.issues.clear()
    notion(scene).pages.clear()


def github(scene: Scene) -> GitHub:
    return cast("GitHub", scene.vendors["github"])


def notion(scene: Scene) -> Notion:
    return cast("Notion", scene.vendors["notion"])


def opened(scene: Scene) -> str:
    return report_incident(scene.run, outcome=Ending.ROLLED_BACK, recovered=True)


def test_what_a_dead_process_left_to_people_is_bad_since_it_fell_silent(rolled_back: Scene, tmp_path: Path) -> None:
    company, now = rolled_back.run.company, utc_now()
    silent = silence_facts([], Cause.DIED, last_sign=now - timedelta(minutes=7), stale_after=timedelta(seconds=45))
    record = Record(company.store, f"{tmp_path.name}-broken", holder=2, spool=tmp_path / "spool")
    record.append(Event.INTENDED, item="2.1.2", subject="web-server-1", step="updated")
    record.append(Event.TOOK_OVER, facts={"release": rolled_back.run.release.model_dump(mode="json"), **silent})

    report = describe_incident(replace(rolled_back.run, record=record), outcome=Ending.STUCK, recovered=False)

    impact = next(part.text for part in report.parts if "from the first bad sign" in part.text)
    assert impact.startswith("7 min from the first bad sign at ")
    assert "(the process fell silent) to " in impact
    assert impact.endswith(", not over yet")


def test_an_issue_is_opened_once_and_the_record_has_its_address(rolled_back: Scene) -> None:
    first, second = opened(rolled_back), opened(rolled_back)

    (issue,) = github(rolled_back).state.issues
    assert first == second == reported_at(rolled_back.run.record.rows())
    assert first.endswith(f"/issues/{issue.number}")
    assert issue.labels == ("incident",)
    assert "sent home: red flag (Back)" in issue.body
    assert "failed requests are not known: no [prometheus] in the settings" in issue.body
    assert "Maria" not in issue.body


@pytest.mark.parametrize("rules", [ISSUES, PAGES])
def test_an_answer_that_was_lost_opens_no_second_one(rolled_back: Scene, rules: IncidentRules) -> None:
    rolled_back.run = replace(rolled_back.run, company=replace(rolled_back.run.company, incidents=rules))
    for vendor in (github(rolled_back), notion(rolled_back)):
        vendor.break_with("lost", path="/issues" if vendor is github(rolled_back) else "/pages", times=1, method="POST")

    address = opened(rolled_back)

    assert address
    assert len(github(rolled_back).state.issues) + len(notion(rolled_back).pages) == 1


def test_a_page_has_its_headings_and_things_to_do(rolled_back: Scene) -> None:
    rolled_back.run = replace(rolled_back.run, company=replace(rolled_back.run.company, incidents=PAGES))

    address = opened(rolled_back)

    (page,) = notion(rolled_back).pages
    kinds = [block["type"] for block in page["children"]]
    headings = [
        block["heading_2"]["rich_text"][0]["text"]["content"]
        for block in page["children"]
        if block["type"] == "heading_2"
    ]
    assert address == page["url"]
    assert headings[:2] == ["Impact", "Error rate"]
    assert headings[2].startswith("Timeline")
    assert headings.index("Action items") == headings.index("Root cause") + 1
    assert {"bulleted_list_item", "code", "to_do", "paragraph"} <= set(kinds)


def test_reports_may_have_a_database_of_their_own(rolled_back: Scene) -> None:
    rolled_back.run = replace(rolled_back.run, company=replace(rolled_back.run.company, incidents=ANOTHER_DATABASE))

    assert opened(rolled_back) == ""

    notion(rolled_back).data_source = "incidents"
    try:
        assert opened(rolled_back)
    finally:
        notion(rolled_back).data_source = "log"
    assert notion(rolled_back).pages[0]["parent"]["data_source_id"] == "incidents"


@pytest.mark.parametrize("kind", ["error", "html", "empty", "limited", "unknown"])
def test_what_goes_wrong_there_keeps_nobody_from_coming_home(
    rolled_back: Scene, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.incident_report.WITHIN", rolled_back.run.limits.watch_interval * 0)
    github(rolled_back).break_with(kind, path="/issues", seconds=60)

    assert opened(rolled_back) == ""


def test_a_company_that_wants_no_reports_has_none(rolled_back: Scene) -> None:
    rolled_back.run = replace(rolled_back.run, company=replace(rolled_back.run.company, incidents=None))

    assert opened(rolled_back) == ""
    assert github(rolled_back).state.issues == []
