"""Whoever is on call is known, told and ready (1.3.8)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.judgement import Judgement, Verdict
from policy.limits import Risk
from policy.on_call import Answer, OnCall, Reaction, Told, find_on_call, judge_on_call
from policy.reply import Reply, read_reply
from policy.roles import Roster
from tests.policy.releases import ZONE

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ROSTER = Roster.model_validate(
    {
        "people": [
            {
                "name": "Ana Souza",
                "roles": ["tech lead"],
                "emails": ["ana@holi.xyz"],
                "slack": "UANA",
                "phone": "+52 55 1",
            },
            {"name": "Tomas Lima", "roles": ["cto"], "emails": ["tomas@holi.xyz"], "slack": "UTOMAS"},
            {"name": "Sofia Reyes", "roles": ["security lead"], "emails": ["sofia@holi.xyz"]},
        ]
    }
)


def on_call(name: str = "Ana Souza", *, level: int = 1, policy: str = "Holi", **changes: Any) -> OnCall:
    return OnCall(name, f"{name.split(maxsplit=1)[0].lower()}@holi.xyz", policy, level, **changes)


ANA, TOMAS = on_call(), on_call("Tomas Lima")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def told(*came: Reaction | Answer, member: str = "UANA", minutes: float = -10) -> Told:
    reactions = [one for one in came if isinstance(one, Reaction)]
    answers = [one for one in came if isinstance(one, Answer)]
    return Told(member, at(minutes), reactions, answers)


def emoji(name: str, member: str = "UANA") -> Reaction:
    return Reaction(member, name)


def says(text: str, *, member: str = "UANA", minutes: float = -5) -> Answer:
    return Answer(member, at(minutes), text)


def judge(
    entries: Sequence[OnCall], messages: Sequence[Told], *, risk: Risk = Risk.MEDIUM, patience: int = 15
) -> Judgement:
    return judge_on_call(
        entries,
        messages,
        policy="Holi",
        level=1,
        roster=ROSTER,
        risk=risk,
        now=NOW,
        until=at(90),
        patience=timedelta(minutes=patience),
        zone=ZONE,
    )


YES = told(emoji("+1"))


@pytest.mark.parametrize(
    ("entries", "messages", "verdict", "words"),
    [
        pytest.param([ANA], [YES], Verdict.PASSED, "Ana Souza (level 1 of Holi) confirmed with :+1:", id="a reaction"),
        pytest.param([ANA], [told(emoji("+1::skin-tone-3"))], Verdict.PASSED, "with :+1:", id="a tone of skin"),
        pytest.param(
            [ANA], [told(says("Yes, I'm here"))], Verdict.PASSED, 'after 5 min: "Yes, I\'m here"', id="an answer"
        ),
        pytest.param(
            [ANA],
            [told(emoji("+1", "UTOMAS"))],
            Verdict.UNKNOWN,
            "was told 10 min ago and has not confirmed; waiting 15 min",
            id="somebody else's reaction",
        ),
        pytest.param(
            [ANA], [told(says("yes", member="UBOT"))], Verdict.UNKNOWN, "has not confirmed", id="somebody else's answer"
        ),
        pytest.param(
            [ANA],
            [told(says("yes", minutes=-11))],
            Verdict.UNKNOWN,
            "has not confirmed",
            id="an answer from before the message",
        ),
        pytest.param(
            [ANA], [told(says("yes", minutes=-10))], Verdict.UNKNOWN, "has not confirmed", id="in the same moment"
        ),
        pytest.param([ANA], [told(says("yes", minutes=1))], Verdict.UNKNOWN, "has not confirmed", id="from the future"),
        pytest.param([ANA], [told(says("no, on a plane"))], Verdict.FAILED, "answered 'no, on a plane'", id="no"),
        pytest.param(
            [ANA],
            [told(emoji("x"), says("yes"))],
            Verdict.FAILED,
            "answered with :x:",
            id="an emoji that says no beside a yes",
        ),
        pytest.param(
            [ANA],
            [told(emoji("+1"), says("sorry, cannot"))],
            Verdict.FAILED,
            "cannot",
            id="a no beside an emoji that says yes",
        ),
        pytest.param(
            [ANA],
            [told(says("yes", minutes=-8), says("no wait", minutes=-2))],
            Verdict.FAILED,
            "no wait",
            id="yes, then no",
        ),
        pytest.param(
            [ANA],
            [told(says("no", minutes=-8), says("ok, now I can", minutes=-2))],
            Verdict.PASSED,
            "ok, now",
            id="no, then yes",
        ),
        pytest.param(
            [ANA],
            [told(says("yes", minutes=-8), says("thanks!", minutes=-2))],
            Verdict.PASSED,
            "'yes'",
            id="a word that says nothing hides no yes",
        ),
        pytest.param(
            [ANA],
            [told(says("yes", minutes=-8), says("ok but only until 6", minutes=-2))],
            Verdict.UNKNOWN,
            "seen: 'ok but only until 6'",
            id="yes, then yes and no",
        ),
        pytest.param(
            [ANA],
            [told(says("yes", minutes=-8), says("sorry, in surgery", minutes=-2))],
            Verdict.UNKNOWN,
            "seen: 'sorry, in surgery'",
            id="yes, then an excuse",
        ),
        pytest.param(
            [ANA],
            [told(emoji("+1"), says("I won't be available, call somebody else"))],
            Verdict.UNKNOWN,
            "has not confirmed",
            id="an emoji that says yes, then not available",
        ),
        pytest.param(
            [ANA],
            [told(emoji("+1"), says("ok?"))],
            Verdict.UNKNOWN,
            "seen: :+1:, 'ok?'",
            id="a question beside an emoji",
        ),
        pytest.param([ANA], [told(emoji("eyes"))], Verdict.UNKNOWN, "seen: :eyes:", id="only looked"),
        pytest.param(
            [ANA], [told(minutes=-15)], Verdict.FAILED, "within 15 min: call +52 55 1", id="no answer in time"
        ),
        pytest.param(
            [TOMAS], [told(member="UTOMAS", minutes=-15)], Verdict.FAILED, "call them", id="no answer and no number"
        ),
        pytest.param(
            [ANA],
            [told(emoji("+1"), minutes=-20), told(minutes=-2)],
            Verdict.UNKNOWN,
            "told 2 min ago",
            id="told again, the newest message counts",
        ),
        pytest.param([ANA], [], Verdict.FAILED, "was not told", id="not told"),
        pytest.param(
            [ANA],
            [told(member="UTOMAS"), told(member="UX")],
            Verdict.FAILED,
            "was not told; told was Tomas Lima, UX",
            id="somebody else was told",
        ),
        pytest.param(
            [], [YES], Verdict.FAILED, "nobody is on call at level 1 of Holi now; there are no others", id="nobody"
        ),
        pytest.param(
            [on_call(level=2)], [YES], Verdict.FAILED, "there are Ana Souza (level 2)", id="only the second level"
        ),
        pytest.param([on_call(policy="Other")], [YES], Verdict.FAILED, "nobody is on call", id="another policy"),
        pytest.param([on_call(end=NOW)], [YES], Verdict.FAILED, "nobody is on call", id="the shift has just ended"),
        pytest.param([on_call(start=at(1))], [YES], Verdict.FAILED, "nobody is on call", id="the shift begins later"),
        pytest.param(
            [on_call(start=NOW, end=at(90))], [YES], Verdict.PASSED, "with :+1:", id="the shift is just long enough"
        ),
        pytest.param(
            [on_call(end=at(30)), on_call("Tomas Lima", start=at(30))],
            [YES],
            Verdict.PASSED,
            "Ana Souza goes off call 10:30 PST, before the release is over: tell who comes after",
            id="the shift ends within and another begins",
        ),
        pytest.param(
            [on_call(end=at(2))],
            [YES],
            Verdict.FAILED,
            "nobody is on call at level 1 of Holi from 10:02 PST, and the release may last until 11:30 PST",
            id="the shift ends within and nobody comes after",
        ),
        pytest.param(
            [on_call(end=at(30)), on_call("Tomas Lima", start=at(31))],
            [YES],
            Verdict.FAILED,
            "from 10:30 PST",
            id="a minute between two shifts",
        ),
        pytest.param(
            [on_call(end=at(30)), on_call("Tomas Lima", level=2), on_call("Tomas Lima", policy="Other")],
            [YES],
            Verdict.FAILED,
            "from 10:30 PST",
            id="after the shift only the second level",
        ),
        pytest.param(
            [on_call(end=at(30)), on_call("Tomas Lima", start=at(20), end=at(60))],
            [YES],
            Verdict.FAILED,
            "from 11:00 PST",
            id="the second shift ends within, too",
        ),
        pytest.param(
            [on_call(end=at(30)), on_call(start=at(30), end=at(120))],
            [YES],
            Verdict.PASSED,
            "confirmed with :+1:",
            id="the same person goes on",
        ),
        pytest.param(
            [on_call(end=at(30)), on_call("Tomas Lima", start=at(30))],
            [told()],
            Verdict.UNKNOWN,
            "has not confirmed",
            id="the shift ends within, not confirmed",
        ),
        pytest.param(
            [TOMAS, ANA], [YES, told(member="UTOMAS")], Verdict.PASSED, "Ana Souza", id="one of two has confirmed"
        ),
        pytest.param([TOMAS, ANA], [told()], Verdict.UNKNOWN, "Ana Souza", id="one of two is waited for"),
        pytest.param([ANA, ANA], [YES], Verdict.PASSED, "Ana Souza", id="twice in the list"),
        pytest.param(
            [on_call("Eva Kim")], [YES], Verdict.FAILED, "not in the roster: eva@holi.xyz", id="unknown to the roster"
        ),
        pytest.param([on_call("Sofia Reyes")], [YES], Verdict.FAILED, "no Slack member id", id="no way to tell them"),
        pytest.param([OnCall("ana souza", "", "Holi", 1)], [YES], Verdict.PASSED, "with :+1:", id="found by name"),
    ],
)
def test_one_on_call_at_the_right_level_is_told_and_says_yes(
    entries: list[OnCall], messages: list[Told], verdict: Verdict, words: str
) -> None:
    judgement = judge(entries, messages)

    assert (judgement.verdict, words in judgement.sentence) == (verdict, True), judgement.sentence


def test_low_risk_needs_somebody_on_call_until_its_end_too() -> None:
    judgement = judge([on_call(end=at(2))], [told()], risk=Risk.LOW)

    assert judgement.verdict is Verdict.FAILED


def test_low_risk_needs_nobody_to_confirm() -> None:
    judgement = judge([ANA], [told()], risk=Risk.LOW)

    assert judgement.sentence == "Ana Souza (level 1 of Holi) was told at 09:50 PST; low risk needs no confirmation"


@given(st.lists(st.tuples(st.sampled_from(["UANA", "UTOMAS"]), st.floats(-20, 5), st.text(max_size=12)), max_size=5))
def test_only_the_persons_own_words_after_the_message_confirm(came: list[tuple[str, float, str]]) -> None:
    answers = [says(text, member=member, minutes=minutes) for member, minutes, text in came]

    if judge([ANA], [told(*answers)]).verdict is Verdict.PASSED:
        assert any(
            one.member == "UANA" and at(-10) < one.at <= NOW and read_reply(one.text) is Reply.YES for one in answers
        )


def test_each_person_is_found_once() -> None:
    assert find_on_call([ANA, ANA, TOMAS], policy="Holi", level=1, now=NOW) == (ANA, TOMAS)
