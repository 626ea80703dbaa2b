"""1.3.7 to 1.3.9 and their ends in 3.3: people hear of a release before it begins, and that it is over."""

from collections.abc import Callable, Sequence

from blocks.company import Company
from blocks.errors import BlockError
from blocks.mail import Mail
from blocks.pagerduty_rest import PagerDutyRest
from blocks.statuspage import Statuspage
from policy.announcement import Plan, announce
from policy.change_set import say_in_slack
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed
from policy.limits import Risk
from policy.messages import stakeholder_mail
from policy.on_call import OnCall, find_on_call, judge_on_call
from policy.record import Event, last
from policy.roles import Person, Role
from tasks.change_facts import review_of_release
from tasks.item import item
from tasks.messages import deliver, direct_message, message_key
from tasks.run import Run, utc_now
from tasks.step import Again, Seen, Step
from tasks.systems import MAIL, ON_CALL, STATUSPAGE

TOLD = "on-call told"
STAKEHOLDERS = "stakeholders told"
# Slack answers about fifty of these questions a minute.
REPLY_SECONDS = 1.5


def team_notified(run: Run) -> Step:
    """1.3.7: the announcement stands in the deployments channel, in the checklist's own form."""
    now = utc_now()
    plan = Plan(
        begins=run.release.opened_at,
        now=now,
        duration=run.limits.roll_out,
        watched=run.limits.extended_watch,
        zone=run.company.rules.time_zone,
    )
    text = announce(run.release, plan, roster=run.company.roster, on_call=_on_call(run), more=_change_set(run))
    return deliver(run, number="1.3.7", name="team notified", text=text, thread=False)


def _change_set(run: Run) -> str:
    """One line about everything that goes to production; an announcement is made without it, too."""
    try:
        return say_in_slack(review_of_release(run))
    except BlockError:
        return ""


def on_call_told(run: Run) -> tuple[Step, ...]:
    """1.3.8: whoever is on call has a direct message that asks them to confirm."""
    release = run.release
    text = (
        f"You are on call while {release.what} goes to production ({release.risk} risk, "
        f"about {run.limits.roll_out.total_seconds() / 60:.0f} min from now). "
        "React with :white_check_mark: or answer yes if you are ready; answer no if you are not."
    )
    return tuple(
        direct_message(run, person, number="1.3.8", name=TOLD, asking=1, text=text)
        for person in _on_call(run)
        if person.slack is not None
    )


@item("1.3.8", needs=ON_CALL)
def on_call_ready(run: Run, pagerduty: PagerDutyRest) -> Judgement:
    """Whoever is on call now was told and, above low risk, has confirmed; the answer is waited for."""
    while True:
        now = utc_now()
        told = [
            one
            for person in _on_call(run)
            if person.slack is not None
            and (one := run.company.slack.read_replies(person.slack, message_key(run, f"{TOLD}-1-{person.slack}")))
        ]
        judgement = judge_on_call(
            _entries(run),
            told,
            policy=pagerduty.policy,
            level=pagerduty.level,
            roster=run.company.roster,
            risk=run.release.risk,
            now=now,
            until=now + run.limits.roll_out,
            patience=run.limits.on_call_patience,
        )
        if judgement.verdict is not Verdict.UNKNOWN:
            return judgement
        run.pause(REPLY_SECONDS)


def maintenance_announced(run: Run) -> Step:
    """1.3.9: the company's status page names the maintenance."""
    page = STATUSPAGE.required(run.company)
    release = run.release
    starts = release.opened_at
    name = f"Maintenance: {release.request.summary}"
    text = f"We bring a new version to production. It takes about {run.limits.roll_out.total_seconds() / 60:.0f} min."

    def act(company: Company, _number: int) -> None:
        STATUSPAGE.required(company).schedule_maintenance(
            release.key, name, text, starts=starts, ends=max(starts, utc_now()) + run.limits.roll_out
        )

    return Step(
        number="1.3.9",
        subject="status page",
        name="maintenance announced",
        look=_look(release.key, over=False),
        act=act,
        does=f"Statuspage {page.page}: schedule {name!r}",
        undo="complete the maintenance",
        within=run.limits.boot,
    )


@item("1.3.9", needs=STATUSPAGE)
def status_page_updated(run: Run, page: Statuspage) -> Judgement:
    """The maintenance stands on the status page; only high risk needs one."""
    if run.release.risk is not Risk.HIGH:
        return not_applicable(f"{run.release.risk} risk needs no maintenance on the status page")
    found = page.find_maintenance(run.release.key)
    if found is None:
        return failed(f"the status page {page.page} names no maintenance of {run.release.key}")
    return passed(f"{found.name!r} is {found.status}", link=found.url or None)


def has_maintenance(run: Run) -> bool:
    """Whether a status page names a maintenance for this release: only high risk needs one."""
    return run.company.statuspage is not None and run.release.risk is Risk.HIGH


def maintenance_over(run: Run, text: str) -> Step:
    """3.3.2: the status page says that the maintenance is over, however the release ended."""

    def act(company: Company, _number: int) -> None:
        page = STATUSPAGE.required(company)
        if found := page.find_maintenance(run.release.key):
            page.complete_maintenance(found, text)

    return Step(
        number="3.3.2",
        subject="status page",
        name="maintenance over",
        look=_look(run.release.key, over=True),
        act=act,
        does=f"Statuspage: complete the maintenance of {run.release.key}",
        undo="none: what was said was said",
        within=run.limits.boot,
    )


@item("3.3.2", needs=STATUSPAGE)
def status_page_resolved(run: Run, page: Statuspage) -> Judgement:
    """The maintenance that was opened for the release is over."""
    found = page.find_maintenance(run.release.key)
    if found is None:
        return not_applicable("no maintenance was opened for this release")
    return (passed if found.over else failed)(f"{found.name!r} is {found.status}", link=found.url or None)


def stakeholders_told(run: Run) -> Step:
    """3.3.3: the CTO, the CEO and whoever else has a stake have mail; nobody can look whether it was sent."""
    mail, release = MAIL.required(run.company), run.release
    subject = "Production deployment successful, monitoring closely"
    text = stakeholder_mail(release, run.built, watched=run.limits.extended_watch)
    return Step(
        number="3.3.3",
        subject="mail",
        name=STAKEHOLDERS,
        look=lambda _company: Seen(done=False, sentence="not sent yet"),
        act=lambda company, _number: MAIL.required(company).send(subject, text, key=f"{release.key}.stakeholders"),
        does=f"mail to {', '.join(mail.stakeholders)}: {subject}",
        undo="none: what was said was said",
        within=run.limits.boot,
        again=Again.NEVER,
    )


@item("3.3.3", needs=MAIL)
def stakeholders_notified(run: Run, mail: Mail) -> Judgement:
    """The mail server has taken the message for every stakeholder; only high risk sends one."""
    if run.release.risk is not Risk.HIGH:
        return not_applicable(f"{run.release.risk} risk sends stakeholders no mail")
    rows = [row for row in run.record.rows() if row.is_about(item="3.3.3", subject="mail", step=STAKEHOLDERS)]
    if confirmed := last(rows, Event.CONFIRMED):
        return passed(f"{', '.join(mail.stakeholders)}: {confirmed.facts['sentence']}")
    return failed(f"no mail to {', '.join(mail.stakeholders)}: {mail.host} did not take it")


def _look(key: str, *, over: bool) -> Callable[[Company], Seen]:
    def look(company: Company) -> Seen:
        found = STATUSPAGE.required(company).find_maintenance(key)
        if found is None:
            return Seen(over, "no maintenance of this release")
        return Seen(found.over or not over, f"{found.name!r} is {found.status}")

    return look


def _entries(run: Run) -> Sequence[OnCall]:
    pagerduty = run.company.on_call
    if pagerduty is None:
        return ()
    now = utc_now()
    return run.once.fetch("on call", lambda: pagerduty.list_on_call(pagerduty.policy, now, now + run.limits.roll_out))


def _on_call(run: Run) -> tuple[Person, ...]:
    """Whoever is on call by PagerDuty, as far as the roster knows them; without it the roster's own role."""
    now, roster, pagerduty = utc_now(), run.company.roster, run.company.on_call
    if pagerduty is None:
        return roster.holders(Role.ON_CALL, on=now.date())
    there = find_on_call(_entries(run), policy=pagerduty.policy, level=pagerduty.level, now=now)
    found = (roster.find(one.email) or roster.find(one.name) for one in there)
    return tuple(person for person in found if person is not None)
