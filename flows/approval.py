"""2.1.4: who may decide, on what evidence, and what an answer does."""

from collections.abc import Callable
from datetime import timedelta

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from flows.gate import ApprovalForm, ChoiceForm, NobodyAnswered, ask
from flows.phase import Report
from flows.watch import Watch, updated_servers
from policy.approval import (
    Decision,
    Outcome,
    Ruling,
    judge_answer,
    occasion_of,
    standing_approval,
    subject_of,
)
from policy.comparison import render_comparison, sum_up
from policy.items import Way
from policy.judgement import Verdict, not_applicable, spoken
from policy.messages import approval_wanted, choice_wanted
from policy.page import headline, render_page
from policy.record import Event
from policy.roles import Person, entitled, find_own_part
from policy.windows import judge_window
from tasks.messages import direct_message, inform, page_on_call
from tasks.run import Run, utc_now


class ApprovalRefused(Exception):
    """A person chose to roll back."""


class PeopleStay(Exception):
    """Production stays on the new version without a sign-off."""


def require_approval(run: Run, report: Report, watch: Watch) -> None:
    """Return once an approval for exactly this is on record; ask until there is one; raise on a roll-back.

    Raises ApprovalRefused, NobodyAnswered, or what the lookout raises while people think.
    """
    subject = subject_of(
        release=run.release.key,
        digest=run.built.digest,
        configuration=run.digests_before,
        migrations=run.release.migrations,
        plan=[server.name for server in run.servers],
        verdicts={item.number: judgement.verdict for item, judgement in report.entries},
    )
    complaint = ""
    while (approval := standing_approval(run.record.rows(), subject)) is None:
        answer = _ask_for_approval(run, complaint + evidence_page(run, report, watch), report)
        ruling = _rule(run, answer)
        _write_down(run, answer, ruling, subject)
        if ruling.outcome is Outcome.ROLL_BACK:
            raise ApprovalRefused(ruling.sentence)
        complaint = (
            "" if ruling.outcome is Outcome.APPROVED else f"**The last answer was not valid:** {ruling.sentence}\n\n"
        )
    run.record.append(Event.USED, item="2.1.4", facts={"approval": approval.number})


def evidence_page(run: Run, report: Report, watch: Watch) -> str:
    """Return what the approver sees above the form."""
    new = list(updated_servers(run))
    old = [name for name in run.release.servers if name not in new]
    table = render_comparison(sum_up(watch.samples, new), sum_up(watch.samples, old), span=run.limits.watch_window)
    release = run.release
    head = (
        f"**{release.what}**, {release.risk.value} risk, requested by {release.request.requested_by}."
        f" {', '.join(new)} serves it; {', '.join(old) or 'no server'} still serves"
        f" {release.previous_commit[:7]}."
    )
    return render_page(
        "Approve for the remaining servers?",
        report.entries,
        way=release.way,
        foot=f"{head}\n\n{table}",
    )


def choose(run: Run, sentence: str) -> None:
    """Ask people what cannot be judged; return to keep waiting, raise to stay or to roll back.

    Unanswered, nothing more is changed: a fleet that is live on the new version stays, one that is mixed waits.
    """
    live = any(row.event is Event.LIVE for row in run.record.seen)
    link = run_link(run)
    within = run.limits.approval
    text = choice_wanted(run.release, sentence=sentence, link=link, left=within)
    page_on_call(run, text, name=f"choice-{len(run.record.seen)}")
    run.record.append(Event.ASKED, item="4.1.1", facts={"sentence": sentence})
    try:
        answer = ask(
            ChoiceForm,
            f"## {run.release.what}\n\n{sentence}\n",
            within=within,
            lookout=run.lookout,
            remind=_reminder(run, text),
            remind_every=run.limits.reminder,
        )
    except NobodyAnswered:
        if live:
            raise PeopleStay(f"nobody answered within {spoken(within)}; {sentence}") from None
        return
    person = run.company.roster.find(answer.name)
    counts = person is not None and (live or answer.decision != "stay on the new version")
    facts = {"decision": answer.decision, "name": answer.name, "reason": answer.reason}
    outcome = answer.decision if counts else Outcome.NOT_VALID.value
    run.record.append(Event.ANSWERED, item="4.1.1", facts={**facts, "outcome": outcome})
    if person is None:
        choose(run, f"{answer.name!r} is not in the roster. {sentence}")
    elif answer.decision == "roll back":
        raise ApprovalRefused(f"{person.name} chose to roll back: {answer.reason}")
    elif answer.decision == "stay on the new version" and not live:
        choose(run, f"the servers differ, so production cannot stay as it is. {sentence}")
    elif answer.decision == "stay on the new version":
        raise PeopleStay(f"{person.name} chose to stay: {answer.reason}")


def who_may_approve(run: Run) -> tuple[Person, ...]:
    """Return everybody who is entitled today and neither requested nor wrote this release."""
    occasion = occasion_of(way=run.release.way, risk=run.release.risk)
    could = entitled(occasion, run.company.roster, utc_now().date())
    return tuple(
        person
        for person in could
        if find_own_part(person, requested_by=run.release.request.requested_by, authors=authors_of(run)) is None
    )


def authors_of(run: Run) -> frozenset[str]:
    """Return every name, login and address that wrote a commit of the release."""
    return frozenset(
        identity
        for commit in run.release.commits
        for identity in (commit.author_name, commit.author_login, commit.author_email)
        if identity
    )


def run_link(run: Run) -> str:
    """Return where the run's page is in Prefect's UI."""
    context = FlowRunContext.get()
    ui = f"{run.company.rules.prefect_ui}/v2"
    return f"{ui}/runs/flow-run/{context.flow_run.id}" if context and context.flow_run else ui


def _ask_for_approval(run: Run, evidence: str, report: Report) -> ApprovalForm:
    within = run.limits.approval
    approvers = who_may_approve(run)
    run.record.append(Event.ASKED, item="2.1.4", facts={"approvers": [person.name for person in approvers]})
    text = approval_wanted(
        run.release,
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
        evidence,
        within=within,
        lookout=run.lookout,
        remind=_reminder(run, text),
        remind_every=run.limits.reminder,
    )


def _rule(run: Run, answer: ApprovalForm) -> Ruling:
    now = utc_now()
    window = (
        not_applicable("an emergency may be released at any time")
        if run.release.way is Way.HOTFIX
        else judge_window(now, risk=run.release.risk, calendar=run.company.calendar)
    )
    return judge_answer(
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


def _write_down(run: Run, answer: ApprovalForm, ruling: Ruling, subject: str) -> None:
    event = Event.APPROVED if ruling.outcome is Outcome.APPROVED else Event.ANSWERED
    run.record.append(
        event,
        item="2.1.4",
        facts={
            "decision": answer.decision,
            "name": answer.name,
            "reason": answer.reason,
            "outcome": ruling.outcome.value,
            "sentence": ruling.sentence,
            "subject": subject,
        },
    )
    run.record.append(
        Event.JUDGED,
        item="8.1",
        facts={
            "verdict": (Verdict.FAILED if ruling.outcome is Outcome.NOT_VALID else Verdict.PASSED).value,
            "sentence": ruling.sentence,
            "link": None,
        },
    )
    get_run_logger().info("2.1.4: %s: %s", ruling.outcome, ruling.sentence)


def _reminder(run: Run, text: str) -> Callable[[timedelta], None]:
    def remind(left: timedelta) -> None:
        minutes = max(1, round(left.total_seconds() / 60))
        page_on_call(run, f"{minutes} min left. {text}", name=f"reminder-{minutes}")

    return remind
