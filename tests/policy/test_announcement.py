"""The announcement has the checklist's own form (1.3.7)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.announcement import Plan, announce, has_headline, mention, say_when, with_ending, with_headline
from policy.limits import Risk
from policy.risk import Commit
from policy.roles import Person, Roster
from tests.policy.releases import commit, release, request

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ROSTER = Roster.model_validate(
    {
        "people": [
            {"name": "Ana Souza", "roles": ["tech lead"], "slack": "UANA"},
            {"name": "Tomas Lima", "roles": ["cto"]},
            {"name": "Sofia Reyes", "roles": ["security lead"]},
        ]
    }
)
ANA, TOMAS, _ = ROSTER.people


def plan(begins: datetime = NOW + timedelta(hours=3)) -> Plan:
    return Plan(begins, NOW, timedelta(minutes=15), timedelta(hours=1), "America/Los_Angeles")


def test_it_says_all_that_the_checklist_asks_for() -> None:
    facts = release(risk=Risk.HIGH, commits=(commit(1), Commit("c" * 40, "Fix", "Eva Kim", None, "e", None)))

    assert announce(facts, plan(), roster=ROSTER, on_call=[ANA], more="2 commits by 2").splitlines() == [
        ":package: *Production Deployment Planned*",
        "",
        "*What:* Reminders by text message (b2b2b2b)",
        "*When:* Today, 10:00 AM PST",
        "*Duration:* ~15 min, then watched for up to 1 h",
        "*Risk:* High (1 file outside risky paths)",
        "*Rollback Plan:* Revert to the previous Docker image (a1a1a1a), kept on every server",
        "",
        "*Changes:*",
        "• Change 1 (Dev Anand, #7)",
        "• Fix (Eva Kim)",
        "2 commits by 2",
        "",
        "*Deployed By:* <@UANA>",
        "*On-Call Engineer:* <@UANA> (on standby)",
    ]


def test_many_changes_are_counted_and_none_is_said() -> None:
    many = announce(release(commits=tuple(map(commit, range(18)))), plan(), roster=ROSTER, on_call=[])
    none = announce(release(commits=()), plan(), roster=ROSTER, on_call=[])

    assert "• Change 14 (Dev Anand, #7)\n• and 3 more\n" in many
    assert "*Changes:*\n• no commit that is not in production already\n" in none
    assert none.endswith("*On-Call Engineer:* nobody is known to be on call")


def test_who_named_whoever_is_on_call_is_said_where_pagerduty_did_not() -> None:
    text = announce(release(), plan(), roster=ROSTER, on_call=[ANA], why_they="by the roster, for <PagerDuty> is away")

    assert text.endswith("<@UANA> (on standby; by the roster, for &lt;PagerDuty&gt; is away)")


def test_nothing_that_somebody_wrote_can_call_the_channel() -> None:
    facts = release(
        request=request(summary="<!channel> " + "long " * 30, requested_by="<!here>"), reasons=("<!everyone>",)
    )

    text = announce(facts, plan(), roster=ROSTER, on_call=[])

    assert "<" not in text
    assert "*Deployed By:* &lt;!here&gt;" in text
    assert "… (b2b2b2b)" in text


@pytest.mark.parametrize(
    ("begins", "said"),
    [
        (datetime(2026, 11, 24, 18, 5, tzinfo=UTC), "Today, 10:05 AM PST"),
        (datetime(2026, 11, 25, 2, 0, tzinfo=UTC), "Today, 6:00 PM PST"),
        (datetime(2026, 11, 25, 14, 30, tzinfo=UTC), "Tomorrow, 6:30 AM PST"),
        (datetime(2026, 12, 1, 14, 30, tzinfo=UTC), "Tue 1 Dec, 6:30 AM PST"),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "Tomorrow, 12:00 AM PST"),
    ],
)
def test_the_moment_is_said_in_the_companys_zone(begins: datetime, said: str) -> None:
    assert say_when(plan(begins)) == said


@pytest.mark.parametrize(("person", "said"), [(ANA, "<@UANA>"), (TOMAS, "Tomas Lima")])
def test_people_are_mentioned_where_slack_knows_them(person: Person, said: str) -> None:
    assert mention(person) == said


@given(st.text(max_size=180).map("Reminders by {}".format), st.text())
def test_every_line_stays_one_line(summary: str, subject: str) -> None:
    facts = release(request=request(summary=summary), commits=(Commit("c" * 40, subject, "Eva", None, "e", 7),))

    assert len(announce(facts, plan(), roster=ROSTER, on_call=[TOMAS]).split("\n")) == 13


@pytest.mark.parametrize(
    ("people", "why", "said"),
    [
        ([ANA, TOMAS], "", "<@UANA>, Tomas Lima"),
        ([ANA], "by the roster, for PagerDuty is away", "<@UANA> (by the roster, for PagerDuty is away)"),
        ([], "", "nobody is known to be on call"),
    ],
)
def test_a_release_that_is_over_says_what_it_took_and_leaves_nobody_on_standby(
    people: list[Person], why: str, said: str
) -> None:
    facts = release(request=request(summary="*Duration:* ~1 min (on standby)"))
    text = announce(facts, plan(), roster=ROSTER, on_call=people, why_they=why)

    over = with_ending(text, "It is over", took=timedelta(minutes=9, seconds=4))
    undone = with_ending(over, "Rolled back", took=timedelta(seconds=20))

    assert "*Duration:* 9 min 4 s" in over.splitlines()
    assert over.splitlines()[-1] == f"*On-Call Engineer:* {said}"
    assert "*What:* *Duration:* ~1 min (on standby) (b2b2b2b)" in over
    assert undone == with_headline(over, "Rolled back")


@given(st.text(), st.from_regex(r"[^\n]+", fullmatch=True))
def test_a_headline_takes_the_place_of_the_first_line_and_leaves_the_rest(text: str, line: str) -> None:
    once = with_headline(text, line)

    assert has_headline(once, line)
    assert once.split("\n")[1:] == text.split("\n")[1:]
    assert with_headline(once, line) == once
