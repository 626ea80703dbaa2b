"""Nothing happened since the release began (3.4.2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.incidents import Alert, Incident, judge_alerts, judge_incidents, judge_tickets
from policy.judgement import Judgement, Verdict
from tests.policy.releases import ZONE

RELEASE = "20261124-180000-1f2e3d4c"
START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def incident(status: str, *, minutes: float) -> Incident:
    return Incident(26, "High error rate", status, START + timedelta(minutes=minutes), "https://pd/26")


def alert(text: str, *, minutes: float = 5, author: str = "UGRAFANA") -> Alert:
    return Alert(author, START + timedelta(minutes=minutes), text, "https://slack/1")


@pytest.mark.parametrize(
    ("incidents", "complete", "verdict", "says"),
    [
        pytest.param([], "all", Verdict.PASSED, "no incident since 10:00 PST", id="none"),
        pytest.param(
            [incident("triggered", minutes=5)],
            "all",
            Verdict.FAILED,
            "incident 26 'High error rate' began 10:05 PST and is triggered",
            id="a new one",
        ),
        pytest.param(
            [incident("resolved", minutes=5)], "all", Verdict.FAILED, "and is resolved", id="a new one that ended"
        ),
        pytest.param([incident("resolved", minutes=0)], "all", Verdict.FAILED, "began 10:00", id="in the same moment"),
        pytest.param([incident("resolved", minutes=-1)], "all", Verdict.PASSED, "no incident", id="over before"),
        pytest.param(
            [incident("acknowledged", minutes=-90)],
            "all",
            Verdict.FAILED,
            "is acknowledged since Tue 24 Nov, 08:30 PST",
            id="open since before",
        ),
        pytest.param(
            [incident("snoozed", minutes=5)],
            "all",
            Verdict.UNKNOWN,
            "not known: snoozed",
            id="a word that nobody knows",
        ),
        pytest.param([], "cut", Verdict.UNKNOWN, "cut short at 0", id="E4 cut short"),
        pytest.param(
            [*[incident("resolved", minutes=-9)] * 25, incident("triggered", minutes=1)],
            "all",
            Verdict.FAILED,
            "incident 26",
            id="E4 the 26th",
        ),
        pytest.param(
            [incident("triggered", minutes=1)], "cut", Verdict.FAILED, "not known: the list", id="one, and cut short"
        ),
    ],
)
def test_no_incident_began(incidents: list[Incident], complete: str, verdict: Verdict, says: str) -> None:
    judgement = judge_incidents(incidents, since=START, release=RELEASE, complete=complete == "all", zone=ZONE)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_a_title_that_a_program_wrote_names_no_patient() -> None:
    one = Incident(26, "no patient Ana Ruiz <ana@holi.xyz>", "triggered", START, None)

    judgement = judge_incidents([one], since=START, release=RELEASE, complete=True, zone=ZONE)

    assert judgement.sentence.startswith("incident 26 'no patient […] <[…]>' began")


@pytest.mark.parametrize(
    ("alerts", "complete", "verdict", "says"),
    [
        pytest.param([], "all", Verdict.PASSED, "no alert since 10:00 PST", id="none"),
        pytest.param(
            [alert("[FIRING:1] High error rate")],
            "all",
            Verdict.FAILED,
            "1 alert since 10:00 PST: 10:05 PST '[FIRING:1] High error rate'",
            id="one",
        ),
        pytest.param([alert("x", minutes=-1)], "all", Verdict.PASSED, "no alert", id="from before"),
        pytest.param([alert("*[RESOLVED] Disk*")], "all", Verdict.PASSED, "no alert", id="the end of an older alert"),
        pytest.param(
            [alert("[RESOLVED] Disk"), alert("[FIRING] Disk", minutes=1)],
            "all",
            Verdict.FAILED,
            "1 alert",
            id="one that came and went",
        ),
        pytest.param(
            [alert("patients cannot log in", author="UEVA")],
            "all",
            Verdict.FAILED,
            "patients cannot log in",
            id="a person writes",
        ),
        pytest.param(
            [alert("IntegrityError: Key (curp)=(RUAA800101MDFZNN09) of patient Ana Ruiz exists")],
            "all",
            Verdict.FAILED,
            "10:05 PST 'IntegrityError: Key (curp)[…] of patient […] exists'",
            id="a program writes what a patient is called",
        ),
        pytest.param(
            [alert(str(at), minutes=at) for at in range(5)],
            "all",
            Verdict.FAILED,
            "10:02 PST '2' and 2 more",
            id="many",
        ),
        pytest.param([alert("x", minutes=-1)], "cut", Verdict.UNKNOWN, "cut short at 1 message", id="cut short"),
    ],
)
def test_no_alert_was_posted(alerts: list[Alert], complete: str, verdict: Verdict, says: str) -> None:
    judgement = judge_alerts(alerts, since=START, own_pages=0, complete=complete == "all", zone=ZONE)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@pytest.mark.parametrize(
    ("pages", "says"),
    [
        (0, "no alert since 10:00 PST"),
        (1, "but 1 page by this release itself"),
        (3, "but 3 pages by this release itself"),
    ],
)
def test_what_the_release_itself_paged_is_said_beside_no_alert(pages: int, says: str) -> None:
    judgement = judge_alerts([], since=START, own_pages=pages, complete=True, zone=ZONE)

    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence.endswith(says)


@pytest.mark.parametrize(
    ("key", "verdict", "says"),
    [
        (RELEASE, Verdict.PASSED, "no incident since 10:00 PST but 26, by which this release itself paged"),
        (f"{RELEASE}/stuck-page", Verdict.PASSED, "but 26, by which this release itself paged"),
        (f"{RELEASE}0", Verdict.FAILED, "incident 26"),
        ("", Verdict.FAILED, "incident 26"),
    ],
)
def test_an_incident_by_which_the_release_asked_people_is_named_and_none_of_production(
    key: str, verdict: Verdict, says: str
) -> None:
    own = replace(incident("acknowledged", minutes=9), key=key)

    judgement = judge_incidents([own], since=START, release=RELEASE, complete=True, zone=ZONE)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def tickets(now_count: int | None, *weeks: int | None) -> Judgement:
    return judge_tickets(now_count, weeks, factor=2, least_weeks=3, least_more=3)


@pytest.mark.parametrize(
    ("now_count", "weeks", "verdict", "says"),
    [
        pytest.param(
            5,
            (4, 5, 6, 5),
            Verdict.PASSED,
            "5 came, usual at these hours of the week are 5 (median of 4 weeks, limit 10)",
            id="as usual",
        ),
        pytest.param(10, (4, 5, 6), Verdict.PASSED, "limit 10", id="exactly twice"),
        pytest.param(11, (4, 5, 6), Verdict.FAILED, "11 came", id="more than twice"),
        pytest.param(11, (4, 5, 6, 90), Verdict.PASSED, "are 5.5", id="one bad week moves the median little"),
        pytest.param(3, (0, 0, 0), Verdict.PASSED, "limit 3", id="a few where there is mostly none"),
        pytest.param(4, (0, 0, 0), Verdict.FAILED, "4 came", id="many where there is none"),
        pytest.param(0, (9, 9, 9), Verdict.PASSED, "0 came", id="none at all is well"),
        pytest.param(5, (4, 5), Verdict.UNKNOWN, "those of 2 weeks are known, 3 are needed", id="too few weeks"),
        pytest.param(5, (4, 5, None), Verdict.UNKNOWN, "those of 2 weeks", id="a week is missing"),
        pytest.param(5, (4, 5, -1), Verdict.UNKNOWN, "those of 2 weeks", id="a week that is none"),
        pytest.param(None, (4, 5, 6), Verdict.UNKNOWN, "how many came is not known", id="not known"),
        pytest.param(-1, (4, 5, 6), Verdict.UNKNOWN, "how many came is not known", id="negative"),
    ],
)
def test_as_many_people_write_as_usual(
    now_count: int | None, weeks: tuple[int | None, ...], verdict: Verdict, says: str
) -> None:
    judgement = tickets(now_count, *weeks)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


@given(st.lists(st.integers(0, 50), min_size=3, max_size=8), st.integers(0, 100), st.integers(0, 100))
def test_fewer_tickets_never_turn_a_pass_into_a_failure(weeks: list[int], one: int, other: int) -> None:
    fewer, more = sorted((one, other))

    assert tickets(fewer, *weeks).verdict.lets_pass >= tickets(more, *weeks).verdict.lets_pass
