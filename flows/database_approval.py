"""4.3.2: the CTO or the DevOps lead decides about a roll-back of the database, with a one-time code."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Literal

from prefect.input import RunInput
from pydantic import Field

from flows.approvers import log_answer, prove
from flows.choice import ApprovalRefused
from flows.gate import Code, Decider, OtherName, TypedBy
from flows.phase import Report
from flows.question import ask_people
from policy.approval import Outcome, Ruling, standing_approval, subject_of
from policy.form import Comment
from policy.messages import database_approval_wanted
from policy.record import Event
from policy.roles import Occasion, Person, Role, entitled, judge_approver
from policy.wording import short
from tasks.database_rollback import down_of
from tasks.messages import tell_each
from tasks.run import Run, utc_now

ROLL_BACK, LEAVE = "roll the database back", "leave it as it is"
_BOTH = (Role.CTO, Role.DEVOPS_LEAD)


class DatabaseRollbackForm(RunInput):
    """What the approver answers. Required and never pre-filled: an untouched form cannot be sent."""

    decision: Literal["roll the database back", "leave it as it is"] = Field(
        description="What you decide, after the evidence above: scroll through all of it."
    )
    name: Decider
    code: Code = Field(
        default="",
        description="To roll back: the six digits that your authenticator app shows now. To leave it: none.",
    )
    second_name: OtherName = Field(
        default="", description="Where the page asks for both: the other of CTO and DevOps lead."
    )
    second_code: Code = Field(default="", description="What the other's authenticator app shows now.")
    reason: Comment = Field(default="", description="Why; needed where the page asks for both.")
    typed_by: TypedBy = Field(default="")


def require_database_approval(run: Run, gather: Callable[[Run], tuple[Report, bool]]) -> None:
    """Return once an approval for exactly this is on record; ask until there is one.

    `gather` looks anew after each answer, for data may have been written while people thought; it says whether both
    leads have to decide. Raises ApprovalRefused, NobodyAnswered, or what the lookout raises while people think.
    """
    complaint = ""
    deadline = time.monotonic() + run.limits.approval.total_seconds()
    while True:
        report, both = gather(run)
        subject = _subject(run, report)
        if (approval := standing_approval(run.record.rows(), subject)) is not None:
            run.record.append(Event.USED, item="4.3.2", facts={"approval": approval.number})
            return
        left = timedelta(seconds=max(0, deadline - time.monotonic()))
        answer = _ask(run, report, complaint, both=both, within=left)
        ruling = _rule(run, answer, both=both)
        _write_down(run, answer, ruling, subject)
        if ruling.outcome is Outcome.LEFT:
            raise ApprovalRefused(ruling.sentence)
        complaint = ruling.complaint


def who_may_decide(run: Run) -> tuple[Person, ...]:
    """Return the CTO, the DevOps lead and their deputies of today, without whoever requested it."""
    people = entitled(Occasion.DATABASE_ROLLBACK, run.company.roster, run.today)
    return tuple(person for person in people if not person.is_named(run.release.request.requested_by))


def evidence_of(run: Run, report: Report, *, both: bool) -> str:
    """Return what stands above the form: what the rule says, what is done, and that nobody is served meanwhile."""
    found = "\n".join(f"- **{item.name}**: {one.verdict}: {one.sentence}" for item, one in report.entries)
    statements = "\n".join(down_of(run))
    two = "**The CTO and the DevOps lead decide together: two names, two codes, one reason.**"
    return "\n\n".join(
        (
            f"## Roll the database back: {', '.join(run.release.takes_back)}?",
            *((two,) if both else ()),
            found,
            f"The application stands still on {', '.join(run.release.servers)}: nobody is served. In one transaction:",
            f"```sql\n{statements}\n```",
            f"Then {short(run.release.previous_commit)} starts on every server, if the schema is what it was before.",
        )
    )


def _subject(run: Run, report: Report) -> str:
    return subject_of(
        release=run.release.key,
        digest=run.release.undoes,
        configuration=run.digests_before,
        migrations=run.release.takes_back,
        plan=(*run.release.servers, *down_of(run)),
        verdicts={item.number: judgement.verdict for item, judgement in report.entries},
    )


def _ask(run: Run, report: Report, complaint: str, *, both: bool, within: timedelta) -> DatabaseRollbackForm:
    approvers = who_may_decide(run)
    names = [person.name for person in approvers]
    run.record.append(Event.ASKED, item="4.3.2", facts={"approvers": names, "both": both})
    say = partial(
        database_approval_wanted,
        run.release,
        complaint=complaint,
        found=report.sentence,
        link=run.link,
        approvers=names,
    )
    tell_each(run, approvers, number="4.3.2", name="asked to roll the database back", text=say(left=within))
    return ask_people(
        run,
        DatabaseRollbackForm,
        evidence_of(run, report, both=both),
        number="4.3.2",
        say=say,
        within=within,
        who=names,
        complaint=complaint,
    )


def _rule(run: Run, answer: DatabaseRollbackForm, *, both: bool) -> Ruling:
    """Rule on an answer: whoever decides is entitled, did not request it, and proved to be there by a code."""
    roster = run.company.roster
    if answer.typed_by and roster.find(answer.typed_by) is None:
        return Ruling(Outcome.NOT_VALID, f"typed_by: {answer.typed_by!r} is not in the roster")
    if answer.decision == LEAVE:
        if roster.find(answer.name) is None:
            return Ruling(Outcome.NOT_VALID, f"{answer.name!r} is not in the roster")
        return Ruling(Outcome.LEFT, f"{answer.name} leaves the database as it is")
    # What costs nobody a code is looked at first: a code is good once.
    if both and not answer.reason:
        return Ruling(Outcome.NOT_VALID, "the checklist is silent here, so a reason is needed, and none is given")
    if both and (missing := _role_that_is_missing(run, answer)):
        return Ruling(Outcome.NOT_VALID, f"CTO and DevOps lead decide together; what is missing is {missing}")
    first = _rule_on(run, answer.name, answer.code)
    if first.outcome is not Outcome.APPROVED or not both:
        return first
    second = _rule_on(run, answer.second_name, answer.second_code)
    if second.outcome is not Outcome.APPROVED:
        return second
    return Ruling(Outcome.APPROVED, f"{first.sentence}; {second.sentence}: {answer.reason}")


def _rule_on(run: Run, name: str, code: str) -> Ruling:
    judgement = judge_approver(
        name,
        occasion=Occasion.DATABASE_ROLLBACK,
        roster=run.company.roster,
        requested_by=run.release.request.requested_by,
        authors=(),
        on=run.today,
    )
    person = run.company.roster.find(name)
    if not judgement.verdict.lets_pass or person is None:
        return Ruling(Outcome.NOT_VALID, judgement.sentence)
    return prove(run, person, code, Ruling(Outcome.APPROVED, judgement.sentence), at=utc_now())


def _role_that_is_missing(run: Run, answer: DatabaseRollbackForm) -> str:
    """Say which of the two roles neither holds; two people are needed, though one may hold both roles."""
    people = [run.company.roster.find(name) for name in (answer.name, answer.second_name)]
    if people[0] is None or people[1] is None or people[0] == people[1]:
        return "a second person of the two"
    first, second = (person.roles_on(run.today) for person in people if person is not None)
    fits = any(a in first and b in second for a, b in (_BOTH, tuple(reversed(_BOTH))))
    return "" if fits else next((role for role in _BOTH if role not in first | second), "the other")


def _write_down(run: Run, answer: DatabaseRollbackForm, ruling: Ruling, subject: str) -> None:
    event = Event.APPROVED if ruling.outcome is Outcome.APPROVED else Event.ANSWERED
    facts = {"decision": answer.decision, "name": answer.name, "second_name": answer.second_name}
    facts |= {"reason": answer.reason, "typed_by": answer.typed_by}
    facts |= {"outcome": ruling.outcome.value, "sentence": ruling.sentence, "subject": subject}
    run.record.append(event, item="4.3.2", facts=facts)
    log_answer("4.3.2", ruling.outcome, ruling.sentence)
