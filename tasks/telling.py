"""1.3.7 to 1.3.9 and their ends in 3.3: people hear of a release before it begins, and that it is over."""

from collections.abc import Callable
from datetime import timedelta

from blocks.company import Company
from blocks.errors import BlockError
from blocks.mail import Mail
from blocks.pagerduty_rest import PagerDutyRest
from blocks.statuspage import Statuspage
from policy.announcement import Plan, announce
from policy.change_set import say_in_slack
from policy.checklist import ITEMS
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed, spoken
from policy.limits import Risk
from policy.messages import stakeholder_mail
from policy.on_call import judge_on_call
from policy.record import Event, last
from tasks.change_facts import review_of_release
from tasks.item import item
from tasks.messages import deliver, direct_message, message_key
from tasks.migration_time import long_migration
from tasks.on_call import find_people, list_shifts, on_call_to_tell
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
        watched=run.release.watched_for,
        zone=run.company.rules.time_zone,
    )
    to_tell = on_call_to_tell(run)
    text = announce(
        run.release,
        plan,
        roster=run.company.roster,
        on_call=to_tell.people,
        why_they=to_tell.why,
        more=_change_set(run),
    )
    return deliver(run, number="1.3.7", name="team notified", text=text, thread=False)


def _change_set(run: Run) -> str:
    """One line about everything that goes to production; an announcement is made without it, too."""
    try:
        return say_in_slack(review_of_release(run))
    except BlockError:
        return ""


def on_call_told(run: Run) -> tuple[Step, ...]:
    """1.3.8: whoever is on call has a direct message that asks them to confirm."""
    release, to_tell = run.release, on_call_to_tell(run)
    why = f" ({to_tell.why})" if to_tell.why else ""
    text = (
        f"You are on call{why} while {release.what} goes to production: {release.risk} risk, "
        f"from now on for about {run.limits.roll_out.total_seconds() / 60:.0f} min. "
        "React with :white_check_mark: or answer yes if you are ready; answer no if you are not."
    )
    return tuple(
        direct_message(run, person, number="1.3.8", name=TOLD, asking=1, text=text)
        for person in to_tell.people
        if person.slack is not None
    )


@item("1.3.8", needs=ON_CALL)
def on_call_ready(run: Run, pagerduty: PagerDutyRest) -> Judgement:
    """Whoever is on call now was told and, above low risk, has confirmed; an answer that can stop is waited for."""
    shifts, waits = list_shifts(run, pagerduty), ITEMS["1.3.8"].stops(run.release.way)
    while True:
        now = utc_now()
        told = [
            one
            for person in find_people(run, pagerduty, shifts, now=now)
            if person.slack is not None
            and (one := run.company.slack.read_replies(person.slack, message_key(run, f"{TOLD}-1-{person.slack}")))
        ]
        judgement = judge_on_call(
            shifts,
            told,
            policy=pagerduty.policy,
            level=pagerduty.level,
            roster=run.company.roster,
            risk=run.release.risk,
            now=now,
            until=now + run.limits.roll_out,
            patience=run.limits.on_call_patience,
            zone=run.company.rules.time_zone,
        )
        if judgement.verdict is not Verdict.UNKNOWN or not waits:
            return judgement
        run.pause(REPLY_SECONDS)


def maintenance_announced(run: Run) -> Step:
    """1.3.9: the company's status page names the maintenance; where one was ended too early, another."""
    page = STATUSPAGE.required(run.company)
    release, long = run.release, long_migration(run)
    starts = release.opened_at
    # Customers read this page: what is released, such as the fix of a hole, is not theirs to know before it is live.
    name = "Scheduled maintenance"
    lasts = run.limits.roll_out + (long.takes if long else timedelta(0))
    minutes = f"{lasts.total_seconds() / 60:.0f} min"
    text = f"We bring a new version to production. A minor service disruption is possible for about {minutes}."
    if long:
        text += f" The database is changed for {spoken(long.takes)} of them."

    def act(company: Company, _number: int) -> None:
        STATUSPAGE.required(company).schedule_maintenance(
            release.key, name, text, starts=starts, ends=max(starts, utc_now()) + lasts
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
    """The maintenance stands on the status page; only high risk and a migration over its limit need one."""
    if not needs_maintenance(run):
        return not_applicable(f"{run.release.risk} risk needs no maintenance on the status page")
    found = page.find_maintenance(run.release.key)
    if found is None:
        return failed(f"the status page {page.page} names no maintenance of {run.release.key}")
    if found.over:
        return failed(f"{found.name!r} is {found.status} already, and the release only begins", link=found.url or None)
    return passed(f"{found.name!r} is {found.status}", link=found.url or None)


def needs_maintenance(run: Run) -> bool:
    """Whether the company's status page has to name a maintenance: at high risk, and for a long migration."""
    if run.company.statuspage is None:
        return False
    return run.release.risk is Risk.HIGH or long_migration(run) is not None


def has_maintenance(run: Run) -> bool:
    """Whether the status page may name a maintenance of this release, as the record says that one was meant."""
    if run.company.statuspage is None:
        return False
    return any(row.event is Event.INTENDED and row.item == "1.3.9" for row in run.record.seen)


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
    text = stakeholder_mail(release, run.built, watched=run.release.watched_for)
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
        return Seen(found.over == over, f"{found.name!r} is {found.status}")

    return look
