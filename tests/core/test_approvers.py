"""A release that nobody may approve is noticed before the first change, with the reason for each person."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import cast

import pyotp
import pytest
from prefect.logging import disable_run_logger

from blocks.company import Company
from flows.approvers import log_answer, require_an_approver, rule, say_who_may_approve, tell_cto
from flows.phase import ChecksFailed
from policy.approval import Decision, Outcome
from policy.items import Way
from policy.judgement import passed
from policy.limits import Risk
from policy.roles import Deputy, Person, Role, Roster
from tests.core.scene import begun, pages
from tests.core.world import MemoryStore, World
from tests.policy import releases

REQUESTED = releases.release().request.requested_by
AUTHOR = releases.release().commits[0].author_name
LEAD = (Role.TECH_LEAD,)


def company_of(company: Company, *people: Person) -> Company:
    return replace(company, roster=Roster.model_construct(people=people))


def test_who_may_approve_is_named(company: Company, world: World) -> None:
    lead = company_of(company, Person(name="Tomas Lima", roles=LEAD), Person(name=REQUESTED, roles=LEAD))
    run = begun(lead, world, steps=0).run

    require_an_approver(run)

    assert say_who_may_approve(run) == "may be approved by Tomas Lima"


def test_a_deputy_may_approve_until_the_day_ends_in_the_companys_zone(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deputy = Deputy.model_validate({"role": "tech lead", "from": "2026-11-20", "until": "2026-11-30"})
    run = begun(company_of(company, Person(name="Eva Kim", deputies=(deputy,))), world, steps=0).run

    monkeypatch.setattr("tasks.run.utc_now", lambda: datetime(2026, 12, 1, 7, 59, tzinfo=UTC))
    assert say_who_may_approve(run) == "may be approved by Eva Kim"
    monkeypatch.setattr("tasks.run.utc_now", lambda: datetime(2026, 12, 1, 8, 0, tzinfo=UTC))
    assert say_who_may_approve(run) == "may be approved by nobody: nobody holds the role"


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ((Person(name=REQUESTED, roles=LEAD),), f"{REQUESTED} requested it"),
        ((Person(name=AUTHOR, roles=LEAD),), f"{AUTHOR} wrote a commit of it as {AUTHOR}"),
        ((Person(name="Dora Levin", roles=(Role.DEVELOPER,)),), "nobody holds the role"),
        (
            (
                Person(
                    name="Dora Levin",
                    deputies=(Deputy.model_validate({"role": "tech lead", "from": date.min, "until": date.min}),),
                ),
            ),
            "nobody holds the role",
        ),
    ],
    ids=["who requested it", "who wrote it", "another role", "a deputy of another day"],
)
def test_without_an_approver_nothing_begins(
    company: Company, world: World, people: tuple[Person, ...], why: str
) -> None:
    run = begun(company_of(company, *people), world, steps=0).run

    with pytest.raises(ChecksFailed) as raised:
        require_an_approver(run)

    assert f"may be approved by nobody: {why}; let somebody else request it" in str(raised.value)


def code_of(person: Person, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what the person's app shows now."""
    secret = pyotp.random_base32()
    monkeypatch.setenv(person.code_secret, secret)
    return pyotp.TOTP(secret).now()


@pytest.mark.parametrize(
    ("typed_by", "heard", "outcome", "says"),
    [
        pytest.param("Dora Levin", "all of it", Outcome.APPROVED, "Tomas Lima (tech lead) may approve", id="by phone"),
        pytest.param("", "all of it", Outcome.APPROVED, "Tomas Lima (tech lead) may approve", id="themselves"),
        pytest.param("Eve", "all of it", Outcome.NOT_VALID, "typed_by: 'Eve' is not in the roster", id="a stranger"),
        pytest.param("Dora Levin", "000000", Outcome.WRONG_CODE, "is not one that Tomas Lima's app shows", id="wrong"),
        pytest.param("", "", Outcome.NOT_VALID, "no code was typed: to go on, type the six digits", id="no code"),
    ],
)
def test_who_decides_by_phone_dictates_their_own_code_to_somebody_of_the_roster(
    company: Company,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    typed_by: str,
    heard: str,
    outcome: Outcome,
    says: str,
) -> None:
    lead, developer = Person(name="Tomas Lima", roles=LEAD), Person(name="Dora Levin", roles=(Role.DEVELOPER,))
    run = begun(company_of(company, lead, developer), world, steps=0).run
    code = code_of(lead, monkeypatch)
    answer = SimpleNamespace(name=lead.name, code=code if heard == "all of it" else heard, typed_by=typed_by)

    ruling = rule(run, Decision.APPROVE, answer, reason="", window=passed("open"))

    assert (ruling.outcome, says in ruling.sentence) == (outcome, True), ruling.sentence


def test_a_code_that_the_store_cannot_be_asked_about_opens_nothing_and_sends_nothing_home(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = Person(name="Tomas Lima", roles=LEAD)
    run = begun(company_of(company, lead), world, steps=0).run
    answer = SimpleNamespace(name=lead.name, code=code_of(lead, monkeypatch), typed_by="")
    cast("MemoryStore", company.store).away = True

    ruling = rule(run, Decision.APPROVE, answer, reason="", window=passed("open"))

    assert (ruling.outcome, "answer again with the next one" in ruling.sentence) == (Outcome.NOT_VALID, True)


def test_where_two_rules_disagree_the_stricter_holds_and_both_are_named(company: Company, world: World) -> None:
    people = (Person(name="Tomas Lima", roles=LEAD), Person(name="Carla Ortiz", roles=(Role.CTO,)))
    run = begun(company_of(company, *people), world, steps=0).run
    dangerous = {"way": Way.HOTFIX, "risk": Risk.HIGH, "migrations": ("20261127_drop/migration.sql",)}
    run.release = run.release.model_copy(update=dangerous)
    both = "section 5 leaves a hotfix to a tech lead, 6.2 a dangerous migration to the CTO"

    answer = SimpleNamespace(name="Tomas Lima", code="", typed_by="")
    refused = rule(run, Decision.APPROVE, answer, reason="", window=passed("open"))

    assert say_who_may_approve(run).startswith(f"may be approved by Carla Ortiz ({both}")
    assert (refused.outcome, both in refused.sentence) == (Outcome.NOT_VALID, True)


def test_an_own_emergency_needs_a_reason_and_pages_the_cto(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = Person(name=REQUESTED, roles=LEAD)
    run = begun(company_of(company, lead, Person(name="Carla Ortiz", roles=(Role.CTO,))), world, steps=0).run
    run.release = run.release.model_copy(update={"way": Way.HOTFIX})
    answer = SimpleNamespace(name=REQUESTED, code=code_of(lead, monkeypatch), typed_by="")

    silent = rule(run, Decision.APPROVE, answer, reason="", window=passed("open"))
    own = rule(run, Decision.APPROVE, answer, reason="patients cannot log in, nobody answers", window=passed("open"))
    with disable_run_logger():
        tell_cto(run, own.sentence)

    assert silent.outcome is Outcome.NOT_VALID
    assert (own.outcome, own.own) == (Outcome.APPROVED, True)
    (page,) = pages(run.company)
    assert "was approved by whoever requested or wrote it" in page
    assert "For Carla Ortiz: look at it now; the quarterly report lists it" in page


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.APPROVED, logging.INFO),
        (Outcome.ROLL_BACK, logging.INFO),
        (Outcome.LEFT, logging.INFO),
        (Outcome.NOT_VALID, logging.WARNING),
        (Outcome.WRONG_CODE, logging.WARNING),
    ],
)
def test_an_answer_that_does_not_count_is_a_warning_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, outcome: Outcome, level: int
) -> None:
    monkeypatch.setattr("flows.approvers.get_run_logger", lambda: logging.getLogger("gate"))
    caplog.set_level(logging.INFO)

    log_answer("2.1.4", outcome, "Tomas Lima: why")

    assert [(one.levelno, one.message) for one in caplog.records] == [(level, f"2.1.4: {outcome}: Tomas Lima: why")]
