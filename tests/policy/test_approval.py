"""Which answer counts at the gate, and how long an approval stands."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.approval import (
    Decision,
    Outcome,
    Ruling,
    count_wrong_codes,
    judge_answer,
    occasion_of,
    standing_approval,
    subject_of,
)
from policy.items import Way
from policy.judgement import Judgement, Verdict, failed, passed
from policy.limits import Risk
from policy.record import Event, Row
from policy.roles import Occasion, Person, Role, Roster
from tests.policy.rows import numbered, row

ROSTER = Roster(
    people=(
        Person(name="Tomas Lima", roles=(Role.TECH_LEAD,)),
        Person(name="Carla Ortiz", roles=(Role.CTO,)),
        Person(name="Dora Levin", roles=(Role.DEVOPS_LEAD,)),
        Person(name="Sofia Brandt", roles=(Role.SECURITY_LEAD,)),
        Person(name="Ana Souza", roles=(Role.DEVELOPER,)),
    )
)
OPEN_WINDOW = passed("10:00 is inside the window")
CLOSED_WINDOW = failed("17:30 is outside the window 9-17")


def rule(
    decision: Decision = Decision.APPROVE,
    name: str = "Tomas Lima",
    *,
    reason: str = "",
    requested_by: str = "Ana Souza",
    authors: frozenset[str] = frozenset({"Dev Anand"}),
    window: Judgement = OPEN_WINDOW,
    risk: Risk = Risk.LOW,
) -> Ruling:
    return judge_answer(
        decision,
        name,
        reason=reason,
        occasion=occasion_of(way=Way.STANDARD, risk=risk),
        roster=ROSTER,
        requested_by=requested_by,
        authors=authors,
        on=date(2026, 11, 24),
        window=window,
    )


@pytest.mark.parametrize(
    ("ruling", "outcome", "says"),
    [
        pytest.param(rule(), Outcome.APPROVED, "Tomas Lima (tech lead) may approve: low", id="entitled"),
        pytest.param(rule(risk=Risk.HIGH), Outcome.NOT_VALID, "is not cto", id="not entitled"),
        pytest.param(rule(name="Eve"), Outcome.NOT_VALID, "'Eve' is not in the roster", id="a stranger approves"),
        pytest.param(rule(requested_by="Tomas Lima"), Outcome.NOT_VALID, "requested it", id="the requester"),
        pytest.param(rule(authors=frozenset({"Tomas Lima"})), Outcome.NOT_VALID, "wrote a commit", id="the author"),
        pytest.param(
            rule(window=CLOSED_WINDOW),
            Outcome.NOT_VALID,
            "17:30 is outside the window 9-17; to go on after the window, approve again and give a reason",
            id="the window closed meanwhile",
        ),
        pytest.param(rule(window=CLOSED_WINDOW, reason="half done"), Outcome.APPROVED, "may approve", id="a reason"),
        pytest.param(
            rule(Decision.ROLL_BACK, "Ana Souza", reason="it flickers"),
            Outcome.ROLL_BACK,
            "Ana Souza chose to roll back: it flickers",
            id="anybody rolls back",
        ),
        pytest.param(
            rule(Decision.ROLL_BACK, "Ana Souza", window=CLOSED_WINDOW),
            Outcome.ROLL_BACK,
            "Ana Souza chose to roll back",
            id="roll back outside the window",
        ),
        pytest.param(
            rule(Decision.ROLL_BACK, "Eve"),
            Outcome.NOT_VALID,
            "'Eve' is not in the roster; roll back needs a name from it",
            id="a stranger rolls back",
        ),
    ],
)
def test_an_answer_counts_for_what_it_is(ruling: Ruling, outcome: Outcome, says: str) -> None:
    assert (ruling.outcome, says in ruling.sentence) == (outcome, True), ruling.sentence


@pytest.mark.parametrize(
    ("way", "risk", "occasion"),
    [
        (Way.STANDARD, Risk.LOW, Occasion.LOW),
        (Way.STANDARD, Risk.HIGH, Occasion.HIGH),
        (Way.MANUAL, Risk.MEDIUM, Occasion.MEDIUM),
        (Way.HOTFIX, Risk.LOW, Occasion.EMERGENCY),
    ],
)
def test_who_is_asked_follows_from_way_and_risk(way: Way, risk: Risk, occasion: Occasion) -> None:
    assert occasion_of(way=way, risk=risk) is occasion


@pytest.mark.parametrize(
    ("risk", "migrations", "occasion"),
    [
        (Risk.HIGH, ("m",), Occasion.HIGH),
        (Risk.MEDIUM, ("m",), Occasion.EMERGENCY),
        (Risk.HIGH, (), Occasion.EMERGENCY),
    ],
)
def test_a_hotfix_that_migrates_the_database_at_high_risk_is_the_ctos(
    risk: Risk, migrations: tuple[str, ...], occasion: Occasion
) -> None:
    assert occasion_of(way=Way.HOTFIX, risk=risk, migrations=migrations) is occasion


def subject(**changes: Any) -> str:
    facts: dict[str, Any] = {
        "release": "20261124-180000-1f2e3d4c",
        "digest": "sha256:b2",
        "configuration": {"web-server-1": "sha256:a1", "web-server-2": "sha256:a1"},
        "migrations": (),
        "plan": ("web-server-1", "web-server-2"),
        "verdicts": {"2.1.3": Verdict.PASSED, "2.1.4": Verdict.PASSED},
    }
    return subject_of(**(facts | changes))


def test_the_order_in_which_facts_are_listed_does_not_matter() -> None:
    assert subject() == subject(verdicts={"2.1.4": Verdict.PASSED, "2.1.3": Verdict.PASSED})


@pytest.mark.parametrize(
    "change",
    [
        {"release": "20261125-180000-1f2e3d4c"},
        {"digest": "sha256:b3"},
        {"configuration": {"web-server-1": "sha256:a1"}},
        {"migrations": ("20261124_add_visit",)},
        {"plan": ("web-server-2", "web-server-1")},
        {"verdicts": {"2.1.3": Verdict.PASSED, "2.1.4": Verdict.UNKNOWN}},
    ],
    ids=["release", "digest", "configuration", "migrations", "plan", "a verdict"],
)
def test_an_approval_is_for_exactly_this(change: dict[str, object]) -> None:
    assert subject(**change) != subject()


def approved(what: str) -> Row:
    return replace(row(Event.APPROVED, item="2.1.4"), facts={"subject": what})


@pytest.mark.parametrize(
    ("rows", "stands"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([approved("this")], True, id="approved"),
        pytest.param([approved("another")], False, id="something else was approved"),
        pytest.param([approved("this"), row(Event.USED)], True, id="used once, it covers the rest"),
        pytest.param([approved("this"), row(Event.TOOK_OVER, holder=2)], True, id="a new process"),
        pytest.param([approved("this"), row(Event.RED_FLAG)], False, id="a red flag after it"),
        pytest.param([row(Event.RED_FLAG), approved("this")], True, id="a red flag before it"),
        pytest.param([approved("this"), row(Event.GOING_HOME)], False, id="on the way home"),
        pytest.param([row(Event.ANSWERED, outcome="not valid", decision="approve")], False, id="not valid"),
        pytest.param([approved("this"), approved("another")], True, id="another one after it"),
    ],
)
def test_an_approval_stands_until_a_red_flag(rows: list[Row], *, stands: bool) -> None:
    assert (standing_approval(numbered(rows), "this") is not None) is stands


@given(st.lists(st.sampled_from((approved("this"), approved("another"), row(Event.RED_FLAG), row(Event.ASKED)))))
def test_no_gate_opens_without_an_approval_after_the_last_red_flag(rows: list[Row]) -> None:
    found = standing_approval(numbered(rows), "this")

    if found is not None:
        assert found.event is Event.APPROVED
        assert found.facts["subject"] == "this"
        assert not any(one.event is Event.RED_FLAG for one in rows[found.number :])


def test_only_an_own_emergency_is_marked_as_own() -> None:
    assert not rule().own

    own = judge_answer(
        Decision.APPROVE,
        "Tomas Lima",
        reason="nobody else answers",
        occasion=Occasion.EMERGENCY,
        roster=ROSTER,
        requested_by="Tomas Lima",
        authors=frozenset(),
        on=date(2026, 11, 24),
        window=OPEN_WINDOW,
    )

    assert (own.outcome, own.own) == (Outcome.APPROVED, True)


def test_wrong_codes_are_counted_for_each_name() -> None:
    wrong: dict[str, Any] = {"outcome": Outcome.WRONG_CODE.value, "name": "Tomas Lima"}
    rows = [
        row(Event.ANSWERED, **wrong),
        row(Event.ANSWERED, **{**wrong, "name": "Carla Ortiz"}),
        row(Event.ANSWERED, **{**wrong, "outcome": Outcome.NOT_VALID.value}),
        row(Event.APPROVED, **wrong),
        row(Event.ANSWERED, **wrong),
    ]

    assert count_wrong_codes(rows, "Tomas Lima") == 2
