"""8.1: who may decide about this release, and how they prove who they are."""

import logging
import time
from datetime import datetime
from typing import Protocol

from prefect.logging import get_run_logger

from blocks.errors import Misconfigured, Unreachable
from flows.phase import ChecksFailed
from policy.approval import Decision, Outcome, Ruling, count_wrong_codes, judge_answer, occasion_of, say_stricter
from policy.judgement import Judgement
from policy.messages import own_approval
from policy.one_time_code import delay_after
from policy.roles import Occasion, Person, Role, entitled, find_own_part
from tasks.messages import page_on_call, tell_each
from tasks.run import Run, utc_now


def who_may_approve(run: Run) -> tuple[Person, ...]:
    """Return everybody who is entitled today and neither requested nor wrote this release."""
    return tuple(person for person, own_part in _entitled(run) if own_part is None)


def somebody_may_approve(run: Run) -> bool:
    """Whether an answer of anybody can count; in an emergency also of somebody who had a part in the release."""
    people = _entitled(run)
    return any(own_part is None for _, own_part in people) or (bool(people) and _occasion(run) is Occasion.EMERGENCY)


def say_who_may_approve(run: Run) -> str:
    """Name everybody who may, or say of everybody who could why they may not."""
    if people := who_may_approve(run):
        return _with_both_rules(run, f"may be approved by {', '.join(person.name for person in people)}")
    could = "; ".join(f"{person.name} {own_part}" for person, own_part in _entitled(run))
    return f"may be approved by nobody: {could or 'nobody holds the role'}"


def require_an_approver(run: Run) -> None:
    """Return if somebody may approve: who is missing at the gate is better missed before the first change."""
    if not who_may_approve(run):
        raise ChecksFailed(
            f"2.1.4: a release of {run.release.risk} risk by {run.release.request.requested_by}"
            f" {say_who_may_approve(run)}; let somebody else request it, or name a deputy in the settings"
        )


def _entitled(run: Run) -> tuple[tuple[Person, str | None], ...]:
    """Everybody who is entitled today, with their own part in the release."""
    requested_by, authors = run.release.request.requested_by, authors_of(run)
    return tuple(
        (person, find_own_part(person, requested_by=requested_by, authors=authors))
        for person in entitled(_occasion(run), run.company.roster, run.today)
    )


def _with_both_rules(run: Run, sentence: str) -> str:
    release = run.release
    rules = say_stricter(way=release.way, risk=release.risk, migrations=release.migrations)
    return f"{sentence} ({rules})" if rules else sentence


def _occasion(run: Run) -> Occasion:
    release = run.release
    return occasion_of(way=release.way, risk=release.risk, migrations=release.migrations)


def authors_of(run: Run) -> frozenset[str]:
    """Return every name, login and address that wrote a commit of the release."""
    return frozenset(
        identity
        for commit in run.release.commits
        for identity in (commit.author_name, commit.author_login, commit.author_email)
        if identity
    )


class Answered(Protocol):
    """What every form asks of whoever decides."""

    name: str
    code: str
    typed_by: str


def rule(run: Run, decision: Decision, answer: Answered, *, reason: str, window: Judgement) -> Ruling:
    """Rule on an answer: who decides is entitled, had no part in the release, and proved to be there by a code."""
    now = utc_now()
    ruling = judge_answer(
        decision,
        answer.name,
        reason=reason,
        occasion=_occasion(run),
        roster=run.company.roster,
        requested_by=run.release.request.requested_by,
        authors=authors_of(run),
        on=run.today,
        window=window,
    )
    if answer.typed_by and run.company.roster.find(answer.typed_by) is None:
        return Ruling(Outcome.NOT_VALID, f"typed_by: {answer.typed_by!r} is not in the roster")
    person = run.company.roster.find(answer.name)
    if ruling.outcome is Outcome.NOT_VALID:
        return Ruling(ruling.outcome, _with_both_rules(run, ruling.sentence))
    if ruling.outcome is not Outcome.APPROVED or person is None:
        return ruling
    return prove(run, person, answer.code, ruling, at=now)


def prove(run: Run, person: Person, code: str, ruling: Ruling, *, at: datetime) -> Ruling:
    """Whoever approves shows a code that was not used before; after wrong ones the answer waits a little."""
    if not code:
        asked = f"to go on, type the six digits that {person.name}'s authenticator app shows now"
        return Ruling(Outcome.NOT_VALID, f"no code was typed: {asked}")
    codes = run.company.one_time_codes
    wait = delay_after(count_wrong_codes(run.record.seen, person.name), at_most=run.limits.wrong_code_delay)
    until = time.monotonic() + wait.total_seconds()
    while time.monotonic() < until:
        run.pause()
    try:
        step = codes.find_step(person, code, at=at)
    except Misconfigured as error:
        return Ruling(Outcome.NOT_VALID, f"{person.name} has no one-time codes: {error}; enrol on the worker first")
    if step is None:
        return Ruling(Outcome.WRONG_CODE, f"the code is not one that {person.name}'s app shows now")
    try:
        unused = codes.use(person, step)
    except Unreachable as error:
        unknown = f"whether this code of {person.name} was used could not be asked: {error}"
        return Ruling(Outcome.NOT_VALID, f"{unknown}; answer again with the next one")
    if not unused:
        return Ruling(Outcome.NOT_VALID, f"this code of {person.name} was used already; the app shows a new one soon")
    return ruling


def log_answer(number: str, outcome: str, sentence: str) -> None:
    """Whoever reads the run's log sees each answer at a gate, and at once which did not count."""
    level = logging.WARNING if outcome in (Outcome.NOT_VALID, Outcome.WRONG_CODE) else logging.INFO
    get_run_logger().log(level, "%s: %s: %s", number, outcome, sentence)


def tell_cto(run: Run, sentence: str) -> None:
    """An emergency that somebody approved for themselves is known to the CTO at once."""
    people = run.company.roster.holders(Role.CTO, on=run.today)
    text = own_approval(run.release, sentence, cto=[person.name for person in people])
    page_on_call(run, text, name="own approval")
    tell_each(run, people, number="8.1", name="own approval", text=text)
