"""3.1.4, 3.2.2 and 3.4: nothing new went wrong, and what is left to write down is written down."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from blocks.company import Company
from blocks.confluence import Confluence
from blocks.errors import Absent
from blocks.jira import Jira
from blocks.postgres import Postgres
from blocks.sentry import Sentry
from policy.combined import combine
from policy.incidents import judge_alerts, judge_incidents, judge_tickets
from policy.judgement import Judgement, failed, not_applicable, not_configured, passed
from policy.new_errors import judge_new_errors
from policy.record import Event
from policy.reminders import count_pages
from policy.slow_queries import Snapshot, Statement, judge_slow_queries
from policy.tickets import judge_closed
from policy.wording import listed, short
from tasks.change_facts import tickets_of_release
from tasks.item import item
from tasks.run import Run, utc_now
from tasks.step import Seen, Step
from tasks.systems import DATABASE, LOG, SENTRY, TICKETS

WEEK = timedelta(weeks=1)
SUPPORT_WEEKS = 4


@item("3.1.4", needs=SENTRY)
def no_new_errors(run: Run, sentry: Sentry) -> Judgement:
    """No kind of error was first seen in production since the first change, nor within the last minutes."""
    since = min(_first_change(run), utc_now() - run.limits.new_errors)
    return errors_since(sentry, since, environment=run.release.environment, zone=run.company.rules.time_zone)


def errors_since(sentry: Sentry, since: datetime, *, environment: str, zone: str) -> Judgement:
    """Judge the kinds of errors that were first seen in this environment since then."""
    return judge_new_errors(sentry.list_new_issues(since, environment), since=since, environment=environment, zone=zone)


@item("3.2.2", needs=DATABASE)
def no_new_slow_query(run: Run, database: Postgres) -> Judgement:
    """No query takes longer on average than the limit that did not before the release."""
    after = database.read_statements()
    return judge_slow_queries(
        _statements_before(run), after, limit=run.limits.slow_query, least_calls=run.limits.slow_query_calls
    )


def keep_statements(run: Run) -> None:
    """The store has what the database counted before the first change; a retry keeps the first."""
    database = run.company.database
    if database is None or _statements_before(run) is not None:
        return
    body = json.dumps(asdict(database.read_statements()), default=datetime.isoformat).encode()
    run.company.store.create(_statements_key(run), body)


@item("3.4.2")
def no_incidents(run: Run) -> Judgement:
    """No incident and no alert came since the release began, and not many more people than usual wrote to support."""
    company, since, zone = run.company, run.release.opened_at, run.company.rules.time_zone
    alerts = company.slack.list_alerts(company.slack.alerts, since)
    parts = [judge_alerts(alerts, since=since, own_pages=count_pages(run.record.seen), complete=True, zone=zone)]
    if company.on_call is None:
        parts.append(not_configured("on_call"))
    else:
        services = company.on_call.services
        began = company.on_call.list_incidents(services, since, utc_now())
        opened = company.on_call.list_open_incidents(services)
        incidents = {one.number: one for one in (*began, *opened)}
        parts.append(
            judge_incidents(list(incidents.values()), since=since, release=run.release.key, complete=True, zone=zone)
        )
    return combine((*parts, _support_as_usual(run)))


def _support_as_usual(run: Run) -> Judgement:
    """As many tickets came since the release began as in the same hours of the weeks before."""
    desk = run.company.tickets
    if not isinstance(desk, Jira) or not desk.support:
        return not_applicable("not configured: no `jira.support` in the settings")
    span = utc_now() - run.release.opened_at
    return judge_tickets(
        desk.count_support(span),
        [desk.count_support(span + week * WEEK, week * WEEK) for week in range(1, SUPPORT_WEEKS + 1)],
        factor=run.limits.support_factor,
        least_weeks=SUPPORT_WEEKS,
        least_more=run.limits.support_least_more,
    )


def log_written(run: Run) -> Step:
    """3.4.3: the deployment log has one entry of the release."""
    release = run.release
    title = f"{release.opened_at.astimezone(ZoneInfo(run.company.rules.time_zone)):%Y-%m-%d} {release.request.summary}"
    paragraphs = [
        f"{release.what}, requested by {release.request.requested_by}, {release.risk} risk.",
        f"Commits: {listed(f'{short(one.sha)} {one.subject}' for one in release.commits)}",
        f"Servers: {', '.join(release.servers)}. Before: {short(release.previous_commit)}.",
    ]

    def look(company: Company) -> Seen:
        log = LOG.required(company)
        found = log.find_entry(release.key, title) if isinstance(log, Confluence) else log.find_entry(release.key)
        return Seen(found is not None, found.url if found else "no entry yet")

    def act(company: Company, _number: int) -> None:
        LOG.required(company).write_entry(release.key, title, paragraphs)

    return Step(
        number="3.4.3",
        subject="deployment log",
        name="entry written",
        look=look,
        act=act,
        does=f"write {title!r} into the deployment log",
        undo="none: what was written stays",
        within=run.limits.boot,
    )


def ticket_closed(run: Run, key: str) -> Step:
    """3.4.3: the ticket is done and shows the release."""
    url = f"{run.company.rules.prefect_ui}/?release={run.release.key}"

    def look(company: Company) -> Seen:
        ticket = TICKETS.required(company).read_ticket(key)
        return Seen(ticket.done, f"{key} is {ticket.state}")

    def act(company: Company, _number: int) -> None:
        tickets = TICKETS.required(company)
        tickets.link_release(key, run.release.key, url=url, title=run.release.what)
        tickets.close_ticket(key)

    return Step(
        number="3.4.3",
        subject=key,
        name="ticket closed",
        look=look,
        act=act,
        does=f"link {key} to the release and close it",
        undo="open the ticket again",
        within=run.limits.boot,
    )


@item("3.4.3")
def release_documented(run: Run) -> Judgement:
    """The log has its entry and every ticket that the release delivers is done."""
    parts = [not_configured(LOG.section) if run.company.log is None else _judge_entry(run)]
    if run.company.tickets is None:
        parts.append(not_configured(TICKETS.section))
    else:
        found, system = tickets_of_release(run), run.company.tickets
        done = {key: system.read_ticket(key).done for key in (*found.delivered, *found.unsure)}
        parts.append(judge_closed(found, done))
    return combine(parts)


def release_tagged(run: Run) -> Step:
    """3.4.4: an annotated tag stands on the commit that production serves."""
    name = tag_of(run)
    commit = run.built.commit

    def look(company: Company) -> Seen:
        stands_at = company.github.read_tag(name)
        return Seen(stands_at == commit, f"{name} stands at {short(stands_at)}" if stands_at else f"there is no {name}")

    return Step(
        number="3.4.4",
        subject=name,
        name="tagged",
        look=look,
        act=lambda company, _number: company.github.create_tag(name, commit, run.release.what),
        does=f"GitHub: tag {short(commit)} as {name}",
        undo=f"delete the tag {name}",
        within=run.limits.boot,
    )


def tag_of(run: Run) -> str:
    """Return the name of the release's tag."""
    return f"release-{run.release.key}"


def _judge_entry(run: Run) -> Judgement:
    seen = log_written(run).look(run.company)
    if not seen.done:
        return failed("the deployment log has no entry of this release")
    return passed("the deployment log has its entry", link=seen.sentence)


def _first_change(run: Run) -> datetime:
    row = run.record.last(Event.WAY_BACK)
    return row.at if row else run.release.opened_at


def _statements_key(run: Run) -> str:
    return f"snapshots/{run.release.key}/statements"


def _statements_before(run: Run) -> Snapshot | None:
    try:
        found = json.loads(run.company.store.read(_statements_key(run)).body)
    except Absent:
        return None
    reset = found["reset_at"]
    return Snapshot(
        at=datetime.fromisoformat(found["at"]),
        reset_at=datetime.fromisoformat(reset) if reset else None,
        evicted=found["evicted"],
        statements=[Statement(**one) for one in found["statements"]],
    )
