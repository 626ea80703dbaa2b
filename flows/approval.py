"""2.1.4: who may decide, on what evidence, and what an answer does."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from blocks.errors import BlockError
from flows.ahead import after_the_gate
from flows.approvers import log_answer, rule, tell_cto, who_may_approve
from flows.choice import ApprovalRefused
from flows.gate import ApprovalForm
from flows.phase import Report
from flows.question import ask_people
from flows.rollout import list_batches, watch_until_clear
from flows.watch import Watch, updated_servers
from policy.approval import (
    Decision,
    Outcome,
    Ruling,
    standing_approval,
    subject_of,
)
from policy.comparison import compare, headline_of, render_comparison
from policy.items import Way
from policy.judgement import failed, not_applicable, not_configured, passed
from policy.messages import approval_wanted, waits_for_approval
from policy.observing import say_observed
from policy.page import render_page
from policy.plan_page import list_order
from policy.record import Event
from policy.windows import judge_window
from policy.wording import as_clause, short
from tasks.messages import show_state, tell_each
from tasks.run import Run, utc_now
from tasks.schema import say_closing
from tasks.systems import PROMETHEUS

MANY = 2
_NO_METRICS = not_configured(PROMETHEUS.section).sentence
_COUNTS = (Outcome.APPROVED, Outcome.ROLL_BACK)


def require_approval(run: Run, gather: Callable[[Run], Report], watch: Watch | None = None) -> None:
    """Return once an approval for exactly this is on record; ask until there is one; raise on a roll-back.

    The evidence is gathered again after an answer: one that worsened while people thought is not what they approved.
    The watch has to be clear for that: what it does not know holds the release, as before any server. Before the
    first change there is none.
    The time to answer is one for all answers: who types a wrong code has no more of it.
    Raises ApprovalRefused, NobodyAnswered, or what the lookout raises while people think.
    """
    complaint = ""
    deadline = time.monotonic() + run.limits.approval.total_seconds()
    while True:
        if watch is not None:
            watch_until_clear(run, watch, at_least=timedelta(0))
        report = gather(run)
        subject = _subject(run, report)
        if (approval := standing_approval(run.record.rows(), subject)) is not None:
            break
        left = timedelta(seconds=max(0, deadline - time.monotonic()))
        page = evidence_page(run, report, watch) if watch else page_before_any_change(run, report)
        answer = _ask_for_approval(run, complaint, page, report, within=left)
        ruling = _rule(run, answer)
        _write_down(run, answer, ruling, subject)
        if ruling.outcome is Outcome.ROLL_BACK:
            raise ApprovalRefused(ruling.sentence)
        complaint = ruling.complaint
    run.record.append(Event.USED, item="2.1.4", facts={"approval": approval.number})


def _subject(run: Run, report: Report) -> str:
    return subject_of(
        release=run.release.key,
        digest=run.built.identity,
        configuration=run.digests_before,
        migrations=run.release.migrations,
        plan=[server.name for server in run.servers],
        verdicts={item.number: judgement.verdict for item, judgement in report.entries},
    )


def evidence_page(run: Run, report: Report, watch: Watch) -> str:
    """Return what the approver sees above the form: the verdict, both versions side by side, then the items."""
    release, limits = run.release, run.limits
    now = utc_now()
    taken_traffic = watch.new_since
    new = {name: taken_traffic.get(name, now) for name in updated_servers(run)}
    old = [name for name in release.servers if name not in new]
    comparison = compare(tuple(watch.samples), new=new, old=old, limits=limits)
    measures = run.company.prometheus is not None
    compared = headline_of(comparison) if measures else f"The versions are not compared: {_NO_METRICS}"
    return "\n\n".join(
        (
            "## Approve for the remaining servers?",
            f"**{report.headline}. {compared}.**",
            *_let_pass(run),
            f"**{release.what}**, {release.risk.value} risk, requested by {release.request.requested_by}."
            f" It is on {', '.join(new) or 'no server'};"
            f" {short(release.previous_commit)} still on {', '.join(old) or 'no server'}.",
            f"**Approve**: {_say_next(run, old)}. **Roll back**, or no answer in time:"
            f" {', '.join(new) or 'nothing'} {'goes' if len(new) < MANY else 'go'} back to"
            f" {short(release.previous_commit)}. The form comes after the evidence: scroll through both.",
            *((say_closing(run),) if release.migrations else ()),
            *((render_comparison(comparison, limits=limits),) if measures else ()),
            render_page("What was checked", report.entries, way=release.way),
            _list_ahead(run, old),
        )
    )


def _say_next(run: Run, old: Sequence[str]) -> str:
    """Name everybody who leaves at once when it is approved."""
    batches = list_batches(run, [server for server in run.servers if server.name in old])
    names = [server.name for server in batches[0]] if batches else []
    return f"{', '.join(names) or 'no server'} {'is' if len(names) < MANY else 'are'} next"


def _list_ahead(run: Run, old: Sequence[str]) -> str:
    """List what an approval sets in motion; the gate does not end because a system that would be named is away."""
    try:
        ahead = list_order(after_the_gate(run, [server for server in run.servers if server.name in old]))
    except BlockError as error:
        ahead = f"It cannot be listed now: {error}"
    return f"<details><summary>What an approval sets in motion, in this order</summary>\n\n{ahead}\n\n</details>"


def _let_pass(run: Run) -> tuple[str, ...]:
    """Whoever approves reads what nobody was asked about."""
    observed = say_observed(run.release.mode, run.record.seen, run.release.way)
    return (f"**{as_clause(observed)}.**",) if observed else ()


def page_before_any_change(run: Run, report: Report) -> str:
    """Return what the approver of a migration alone sees above the form: the verdict, the statements, the items."""
    release = run.release
    return "\n\n".join(
        (
            "## Approve the migration of the database?",
            f"**{report.headline}.**",
            *_let_pass(run),
            f"**{release.what}**, {release.risk.value} risk, requested by {release.request.requested_by}."
            f" Nothing was changed in production; {', '.join(release.servers)} stay on"
            f" {short(release.previous_commit)}.",
            "**Approve**: the database is backed up and migrated. **Roll back**, or no answer in time: nothing is"
            " changed. The form comes after the evidence: scroll through both.",
            render_page("What was checked", report.entries, way=release.way, foot=report.foot),
            _list_ahead(run, ()),
        )
    )


def _ask_for_approval(run: Run, complaint: str, evidence: str, report: Report, *, within: timedelta) -> ApprovalForm:
    approvers = who_may_approve(run)
    names = [person.name for person in approvers]
    run.record.append(Event.ASKED, item="2.1.4", facts={"approvers": names})
    say = partial(
        approval_wanted,
        run.release,
        complaint=complaint,
        verdict=report.headline,
        measured=report.entries[0][1].sentence,
        observed=say_observed(run.release.mode, run.record.seen, run.release.way),
        link=run.link,
        approvers=names,
    )
    show_state(run, waits_for_approval(run.release, run.build, names))
    tell_each(run, approvers, number="2.1.4", name="asked to approve", text=say(left=within))
    return ask_people(
        run,
        ApprovalForm,
        evidence,
        number="2.1.4",
        say=say,
        within=within,
        who=names,
        complaint=complaint,
    )


def _rule(run: Run, answer: ApprovalForm) -> Ruling:
    window = (
        not_applicable("an emergency may be released at any time")
        if run.release.way is Way.HOTFIX
        else judge_window(utc_now(), risk=run.release.risk, calendar=run.company.calendar)
    )
    return rule(run, Decision(answer.decision), answer, reason=answer.reason, window=window)


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
    judge = passed if ruling.outcome in _COUNTS else failed
    run.record.append(Event.JUDGED, item="8.1", facts=judge(ruling.sentence).facts)
    if ruling.own:
        tell_cto(run, ruling.sentence)
    log_answer("2.1.4", ruling.outcome, ruling.sentence)
