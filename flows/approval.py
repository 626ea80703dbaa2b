"""2.1.4: who may decide, on what evidence, and what an answer does."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from prefect.logging import get_run_logger

from blocks.errors import Misconfigured
from flows.choice import ApprovalRefused, reminder, run_link
from flows.gate import ApprovalForm, ask
from flows.phase import ChecksFailed, Report
from flows.rollout import watch_until_clear
from flows.watch import Watch, updated_servers
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
from policy.comparison import compare, headline_of, render_comparison
from policy.items import Way
from policy.judgement import Verdict, not_applicable
from policy.messages import approval_wanted, own_approval
from policy.one_time_code import delay_after
from policy.page import headline, render_page
from policy.record import Event
from policy.roles import Person, Role, entitled, find_own_part
from policy.windows import judge_window
from tasks.messages import direct_message, inform, page_on_call
from tasks.run import Run, utc_now

_COUNTS = (Outcome.APPROVED, Outcome.ROLL_BACK)


def require_approval(run: Run, gather: Callable[[Run], Report], watch: Watch) -> None:
    """Return once an approval for exactly this is on record; ask until there is one; raise on a roll-back.

    The evidence is gathered again after an answer: one that worsened while people thought is not what they approved.
    The watch has to be clear for that: what it does not know holds the release, as before any server.
    The time to answer is one for all answers: who types a wrong code has no more of it.
    Raises ApprovalRefused, NobodyAnswered, or what the lookout raises while people think.
    """
    complaint = ""
    deadline = time.monotonic() + run.limits.approval.total_seconds()
    while True:
        watch_until_clear(run, watch, at_least=timedelta(0))
        report = gather(run)
        subject = _subject(run, report)
        if (approval := standing_approval(run.record.rows(), subject)) is not None:
            break
        left = timedelta(seconds=max(0, deadline - time.monotonic()))
        answer = _ask_for_approval(run, complaint, evidence_page(run, report, watch), report, within=left)
        ruling = _rule(run, answer)
        _write_down(run, answer, ruling, subject)
        if ruling.outcome is Outcome.ROLL_BACK:
            raise ApprovalRefused(ruling.sentence)
        complaint = _complain(ruling)
    run.record.append(Event.USED, item="2.1.4", facts={"approval": approval.number})


def _subject(run: Run, report: Report) -> str:
    return subject_of(
        release=run.release.key,
        digest=run.built.digest,
        configuration=run.digests_before,
        migrations=run.release.migrations,
        plan=[server.name for server in run.servers],
        verdicts={item.number: judgement.verdict for item, judgement in report.entries},
    )


def _complain(ruling: Ruling) -> str:
    """Say above the form why there is a form again."""
    if ruling.outcome is Outcome.APPROVED:
        return f"What was approved has changed since, so it is asked again. {ruling.sentence}."
    return f"The last answer did not count: {ruling.sentence}. Nothing was changed."


def evidence_page(run: Run, report: Report, watch: Watch) -> str:
    """Return what the approver sees above the form: the verdict, both versions side by side, then the items."""
    release, limits = run.release, run.limits
    now = utc_now()
    taken_traffic = watch.new_since
    new = {name: taken_traffic.get(name, now) for name in updated_servers(run)}
    old = [name for name in release.servers if name not in new]
    comparison = compare(tuple(watch.samples), new=new, old=old, limits=limits)
    return "\n\n".join(
        (
            "## Approve for the remaining servers?",
            f"**{headline(report.entries, way=release.way)}. {headline_of(comparison)}.**",
            f"**{release.what}**, {release.risk.value} risk, requested by {release.request.requested_by}."
            f" It is on {', '.join(new) or 'no server'};"
            f" {release.previous_commit[:7]} still on {', '.join(old) or 'no server'}.",
            f"**Approve**: {next(iter(old), 'nothing')} is next. **Roll back**, or no answer in time:"
            f" {', '.join(new) or 'nothing'} goes back to {release.previous_commit[:7]}."
            " The form stands below the evidence: scroll down.",
            render_comparison(comparison, limits=limits),
            render_page("What was checked", report.entries, way=release.way),
        )
    )


def who_may_approve(run: Run) -> tuple[Person, ...]:
    """Return everybody who is entitled today and neither requested nor wrote this release."""
    return tuple(person for person, own_part in _entitled(run) if own_part is None)


def say_who_may_approve(run: Run) -> str:
    """Name everybody who may, or say of everybody who could why they may not."""
    if people := who_may_approve(run):
        return f"may be approved by {', '.join(person.name for person in people)}"
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
    occasion = occasion_of(way=run.release.way, risk=run.release.risk)
    requested_by, authors = run.release.request.requested_by, authors_of(run)
    return tuple(
        (person, find_own_part(person, requested_by=requested_by, authors=authors))
        for person in entitled(occasion, run.company.roster, utc_now().date())
    )


def authors_of(run: Run) -> frozenset[str]:
    """Return every name, login and address that wrote a commit of the release."""
    return frozenset(
        identity
        for commit in run.release.commits
        for identity in (commit.author_name, commit.author_login, commit.author_email)
        if identity
    )


def _ask_for_approval(run: Run, complaint: str, evidence: str, report: Report, *, within: timedelta) -> ApprovalForm:
    approvers = who_may_approve(run)
    run.record.append(Event.ASKED, item="2.1.4", facts={"approvers": [person.name for person in approvers]})
    text = approval_wanted(
        run.release,
        complaint=complaint,
        verdict=headline(report.entries, way=run.release.way),
        measured=report.entries[0][1].sentence,
        link=run_link(run),
        left=within,
        approvers=[person.name for person in approvers],
    )
    asking = len(run.record.seen)
    for person in approvers:
        if person.slack:
            inform(direct_message(run, person, number="2.1.4", name="asked to approve", asking=asking, text=text), run)
    return ask(
        ApprovalForm,
        f"**{complaint}**\n\n{evidence}" if complaint else evidence,
        within=within,
        lookout=run.lookout,
        remind=reminder(run, text),
        remind_every=run.limits.reminder,
    )


def _rule(run: Run, answer: ApprovalForm) -> Ruling:
    now = utc_now()
    window = (
        not_applicable("an emergency may be released at any time")
        if run.release.way is Way.HOTFIX
        else judge_window(now, risk=run.release.risk, calendar=run.company.calendar)
    )
    ruling = judge_answer(
        Decision(answer.decision),
        answer.name,
        reason=answer.reason,
        occasion=occasion_of(way=run.release.way, risk=run.release.risk),
        roster=run.company.roster,
        requested_by=run.release.request.requested_by,
        authors=authors_of(run),
        on=now.date(),
        window=window,
    )
    if answer.typed_by and run.company.roster.find(answer.typed_by) is None:
        return Ruling(Outcome.NOT_VALID, f"typed_by: {answer.typed_by!r} is not in the roster")
    person = run.company.roster.find(answer.name)
    if ruling.outcome is not Outcome.APPROVED or person is None:
        return ruling
    return _prove(run, person, answer.code, ruling, at=now)


def _prove(run: Run, person: Person, code: str, ruling: Ruling, *, at: datetime) -> Ruling:
    """Whoever approves shows a code that was not used before; after wrong ones the answer waits a little."""
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
    if not codes.use(person, step):
        return Ruling(Outcome.NOT_VALID, f"this code of {person.name} was used already; the app shows a new one soon")
    return ruling


def _write_down(run: Run, answer: ApprovalForm, ruling: Ruling, subject: str) -> None:
    event = Event.APPROVED if ruling.outcome is Outcome.APPROVED else Event.ANSWERED
    person = run.company.roster.find(answer.name)
    run.record.append(
        event,
        item="2.1.4",
        facts={
            "decision": answer.decision,
            "name": person.name if person else answer.name,
            "reason": answer.reason,
            "typed_by": answer.typed_by,
            "outcome": ruling.outcome.value,
            "sentence": ruling.sentence,
            "subject": subject,
            "own": ruling.own,
        },
    )
    run.record.append(
        Event.JUDGED,
        item="8.1",
        facts={
            "verdict": (Verdict.PASSED if ruling.outcome in _COUNTS else Verdict.FAILED).value,
            "sentence": ruling.sentence,
            "link": None,
        },
    )
    if ruling.own:
        _tell_cto(run, ruling.sentence)
    get_run_logger().info("2.1.4: %s: %s", ruling.outcome, ruling.sentence)


def _tell_cto(run: Run, sentence: str) -> None:
    """An emergency that somebody approved for themselves is known to the CTO at once."""
    people = run.company.roster.holders(Role.CTO, on=utc_now().date())
    text = own_approval(run.release, sentence, cto=[person.name for person in people])
    page_on_call(run, text, name="own approval")
    for person in people:
        if person.slack:
            asking = len(run.record.seen)
            inform(direct_message(run, person, number="8.1", name="own approval", asking=asking, text=text), run)
