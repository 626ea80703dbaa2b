"""The report of an incident: what the record knows, no patient in it, and room for people (4.2.5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policy.error_graph import Counted
from policy.first_bad_sign import BadSign
from policy.incident_report import Failures, Impact, IncidentReport, PartKind, mark_of, render_markdown, write_report
from policy.incident_rules import IncidentRules, find_missing
from policy.metrics import Ending
from policy.plans import Cause
from policy.record import Event, Row
from policy.silence import silence_facts
from policy.timeline import BEGINNING, MOST, list_timeline
from tests.policy.releases import ZONE, release
from tests.policy.rows import BEGAN, built, numbered, row, touched, way_back

PATIENT = "Maria Gomez, born 1961-03-14, finds another patient's file"
CLICKED = "Ana Souza: a critical feature is broken: " + PATIENT
FLAG = row(Event.RED_FLAG, item="2.1.3", rule="2.1.3", sentence="web-server-1: 8 % of 400 requests, the limit is 5 %")
HOME = row(Event.GOING_HOME, item="4.1.1", cause="red flag", plan="Back", sentence=CLICKED)
RESTORED = row(Event.CONFIRMED, item="4.2.2", subject="web-server-1", step="put back", sentence=f"log: {PATIENT}")
ROWS = numbered(
    (
        row(Event.OPENED, release=release().model_dump(mode="json")),
        built(),
        way_back(),
        touched(),
        row(Event.CONFIRMED, item="2.1.2", subject="web-server-1", step="drained"),
        touched(step="updated"),
        row(Event.JUDGED, item="3.1.3", verdict="failed", sentence=f"the answer was {PATIENT}"),
        row(Event.JUDGED, item="3.1.5", verdict="failed", sentence="p95 of 'Maria Gomez' 2400 ms, the limit is 500 ms"),
        row(Event.ANSWERED, item="4.1.1", name="Omar Reyes", reason=PATIENT, outcome="roll back"),
        FLAG,
        HOME,
        RESTORED,
        row(Event.JUDGED, item="4.2.3", verdict="passed", sentence="all 2 servers are healthy"),
    )
)
BAD = BadSign(BEGAN + timedelta(seconds=7), "3.1.3 Key features functioning failed")
UNTIL = BEGAN + timedelta(minutes=3, seconds=46)
COUNTED = (Failures(BAD.at, 4120, 312), Failures(BEGAN, 9000, 350))
POINTS = (Counted(BEGAN, 100, 0), Counted(UNTIL, 100, 8))
IMPACT = Impact(BAD, UNTIL, recovered=True, counted=COUNTED, points=POINTS)


def reported(rows: tuple[Row, ...] = ROWS, impact: Impact = IMPACT, **more: Ending) -> IncidentReport:
    outcome = more.get("outcome", Ending.ROLLED_BACK)
    return write_report(release(), rows, impact, outcome=outcome, links=("the run: http://ui/1",), zone=ZONE)


def test_the_timeline_is_told_in_words_of_our_own() -> None:
    assert list_timeline(ROWS, zone=ZONE) == [
        "Tue 24 Nov 2026, 10:00:01 the release of b2b2b2b was begun by Ana Souza",
        "10:00:02 an unnamed commit was there as an image",
        "10:00:03 the way back was recorded",
        "10:00:05 2.1.2 web-server-1 drained: done",
        "10:00:06 2.1.2 web-server-1 updated: begun, and not seen to be done",
        "10:00:07 3.1.3 Key features functioning failed: what was found stands in the record",
        "10:00:08 3.1.5 Metrics normal failed: p95 of […] 2400 ms, the limit is 500 ms",
        "10:00:09 answered: roll back (4.1.1 Decide whether to roll back)",
        "10:00:10 red flag (2.1.3): web-server-1: 8 % of 400 requests, the limit is 5 %",
        "10:00:11 sent home: red flag (Back)",
        "10:00:12 4.2.2 web-server-1 put back: done",
        "10:00:13 4.2.3 Verify rollback: passed",
    ]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (row(Event.JUDGED, item="3.1.1", verdict="passed", sentence="healthy"), ""),
        (row(Event.JUDGED, item="7.2.1", verdict="failed", sentence="the fourth today"), ""),
        (row(Event.CONFIRMED, item="3.3.1", subject="Slack", step="completion posted"), ""),
        (row(Event.APPROVED, item="2.1.4", name="Tomas Lima", reason=PATIENT), "approved by Tomas Lima"),
        (row(Event.WAIVED, item="1.4.3", name="Tomas Lima", reason=PATIENT), "was waived by Tomas Lima"),
        (row(Event.TOOK_OVER), "another process took the release over"),
        (row(Event.LIVE, version="b2"), "the new version was live on every server"),
        (row(Event.VERIFIED, sentence=PATIENT), "the new version was verified"),
        (row(Event.ASKED, item="4.1.1", sentence=PATIENT), "people were asked (4.1.1"),
        (row(Event.SEALED, outcome="rolled back", sentence=PATIENT), ""),
    ],
)
def test_each_kind_of_row_is_told_by_what_it_is(one: Row, text: str) -> None:
    (told,) = list_timeline([one], zone=ZONE) or [""]

    assert text in told
    assert bool(text) == bool(told)
    assert "Maria" not in told


def test_a_process_that_died_is_told_when_it_died_and_not_when_it_was_found() -> None:
    since = BEGAN + timedelta(seconds=5)
    silent = silence_facts([], Cause.DIED, last_sign=since, stale_after=timedelta(seconds=45))
    rows = numbered((*ROWS[:5], row(Event.TOOK_OVER, holder=2, **silent), HOME))

    assert list_timeline(rows, zone=ZONE)[-3:] == [
        "10:00:05 the process fell silent",
        "10:00:06 another process took the release over",
        "10:00:07 sent home: red flag (Back)",
    ]


def test_what_was_only_seen_again_is_told_once_and_what_was_done_again_twice() -> None:
    rows = numbered((*ROWS, RESTORED, touched(item="4.2.2", step="put back"), RESTORED))

    told = [line for line in list_timeline(rows, zone=ZONE) if "put back" in line]

    assert told == ["10:00:12 4.2.2 web-server-1 put back: done", "10:00:16 4.2.2 web-server-1 put back: done again"]


def test_the_servers_that_are_named_are_those_that_were_changed() -> None:
    untouched = tuple(one for one in ROWS if one.event is not Event.INTENDED)

    assert "- servers that were changed: web-server-1\n" in render_markdown(reported())
    assert "- servers that were changed: none\n" in render_markdown(reported(untouched))


def test_what_people_typed_and_what_systems_answered_stays_in_the_record() -> None:
    text = render_markdown(reported())

    for private in ("Maria", "Gomez", "1961", "another patient"):
        assert private not in text


def test_a_long_timeline_keeps_its_beginning_and_its_end() -> None:
    rows = numbered([*ROWS[:-1], *[replace(FLAG, facts={**FLAG.facts, "rule": str(one)}) for one in range(200)], HOME])
    lines = list_timeline(rows, zone=ZONE)

    assert len(lines) == MOST
    assert lines[BEGINNING] == "(153 more rows stand in the record)"
    assert lines[-1].endswith("sent home: red flag (Back)")


def test_the_impact_is_counted_in_minutes_and_requests() -> None:
    text = render_markdown(reported())

    assert (
        "- 3 min 39 s from the first bad sign at Tue 24 Nov, 10:00 PST (3.1.3 Key features functioning failed) to"
        " recovery at Tue 24 Nov, 10:03 PST" in text
    )
    assert "- 312 of 4,120 requests failed since Tue 24 Nov, 10:00 PST (7.6%)" in text


@pytest.mark.parametrize(
    ("impact", "sentence"),
    [
        (replace(IMPACT, recovered=False), "to Tue 24 Nov, 10:03 PST, not over yet"),
        (replace(IMPACT, counted=(Failures(BEGAN, None, None),)), "since Tue 24 Nov, 10:00 PST were not measured"),
        (replace(IMPACT, counted=(Failures(BEGAN, 0, 0),)), "0 of 0 requests failed since Tue 24 Nov, 10:00 PST"),
        (Impact(BAD, UNTIL, recovered=True, why_not="Prometheus: no answer"), "not known: Prometheus: no answer"),
        (Impact(BAD, UNTIL, recovered=True, why_not="Prometheus: no answer"), "The error rate was not measured."),
    ],
)
def test_what_is_not_known_is_said_to_be_not_known(impact: Impact, sentence: str) -> None:
    assert sentence in render_markdown(reported(impact=impact))


def test_root_cause_and_actions_are_headings_with_nothing_below() -> None:
    text = render_markdown(reported())

    assert "## Root cause\n\n\n## Action items\n\n\n## Next steps\n" in text
    assert f"- [ ] Take it off main: start `Revert/revert` with release {release().key}" in text
    assert text.index("## Timeline") < text.index("## Root cause")


def test_the_reason_is_the_cause_and_what_the_watch_measured() -> None:
    text = render_markdown(reported())

    assert text.startswith(
        "The release of b2b2b2b to production was rolled back. Cause: red flag. Measured: web-server-1: 8 % of 400"
        " requests, the limit is 5 %."
    )


def test_the_mark_is_in_the_text_and_not_seen() -> None:
    report = reported(outcome=Ending.STUCK)

    assert report.title == "Incident: the release of b2b2b2b needs hands (24 Nov)"
    assert report.mark == mark_of(release().key)
    assert render_markdown(report).endswith(f"<!-- {report.mark} -->\n")
    assert not any(report.mark in part.text for part in report.parts if part.kind is PartKind.TEXT)


def test_a_roll_back_of_a_finished_release_is_reported_under_that_release() -> None:
    undoing = release(key="20261125-090000-aaaaaaaa", undoes=release().key)
    rows = numbered((row(Event.OPENED, release=undoing.model_dump(mode="json")), HOME))
    report = write_report(undoing, rows, IMPACT, outcome=Ending.ROLLED_BACK, links=(), zone=ZONE)

    assert report.mark == mark_of(release().key)
    assert f"the roll-back of {release().key} was asked for by Ana Souza" in render_markdown(report)


def test_pages_need_notion() -> None:
    rules = IncidentRules(where="notion")

    assert find_missing(rules, systems=["jira"]) == (
        "incidents.where: reports are to be pages of Notion, and there is no [notion]",
    )
    assert find_missing(rules, systems=["notion"]) == ()
    assert find_missing(IncidentRules(where="github"), systems=[]) == ()
    assert find_missing(None, systems=[]) == ()
