"""5.2.6: the duties of the day after a hotfix, scheduled before the sign-off, chased by runs of their own."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import cast

import httpx
from prefect import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound, PrefectException

from blocks.company import Company
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.github_proposals import Issue
from policy.duties import (
    Duty,
    Found,
    judge_post_mortem,
    mark_of,
    next_working_day,
    post_mortem_title,
    reminder,
    summary,
    write_post_mortem,
)
from policy.judgement import Judgement, failed, passed
from policy.record import Event, Row
from policy.release import Release
from policy.roles import Person, Role
from policy.skipped import say_skipped
from policy.wording import listed, say_error, short
from tasks.hotfix import hotfix_request
from tasks.item import item
from tasks.run import Run, utc_now
from tasks.step import Seen, Step

DEPLOYMENT = "Hotfix duty/hotfix-duty"
SCHEDULED = "scheduled"
LOOK_BACK = timedelta(days=1)
WITHIN = timedelta(seconds=30)


def duty_scheduled(run: Run, duty: Duty) -> Step:
    """Tomorrow a run of its own looks after the duty."""
    release = run.release
    at = next_working_day(utc_now(), run.company.calendar, at=run.company.hotfix.duties_at)

    def look(_company: Company) -> Seen:
        with _reaching_prefect(), get_client(sync_client=True) as client:
            tags = FlowRunFilterTags(all_=list(tags_of(release.key, duty)))
            found = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags))
        return Seen(bool(found), f"the {duty} {'is' if found else 'is not'} scheduled")

    def act(company: Company, _number: int) -> None:
        schedule(company, release.key, duty, what=release.what, at=at, asked=0)

    return Step(
        number="5.2.6",
        subject=str(duty),
        name=SCHEDULED,
        look=look,
        act=act,
        does=f"Prefect: a run of {DEPLOYMENT} on {at:%A, %Y-%m-%d %H:%M} looks after the {duty}",
        undo="delete the scheduled run",
        within=WITHIN,
    )


@item("5.2.6")
def duties_scheduled(run: Run) -> Judgement:
    """Each duty of the next day has a run of its own that looks after it."""
    rows = run.record.rows()
    there = [row.subject for row in rows if row.event is Event.CONFIRMED and row.item == "5.2.6"]
    if missing := [duty for duty in Duty if duty not in there]:
        return failed(f"nobody looks after {listed(missing)}: it could not be scheduled; do it by hand (5.2.6)")
    at = next_working_day(utc_now(), run.company.calendar, at=run.company.hotfix.duties_at)
    return passed(f"{listed(Duty)} are looked after from {at:%A %H:%M} on")


def schedule(company: Company, key: str, duty: Duty, *, what: str, at: datetime, asked: int) -> FlowRun:
    """Let a run look after the duty of the hotfix with this key then; asked twice for the same day it is one run."""
    parameters = {"duty": str(duty), "release": key, "environment": company.rules.environment, "asked": asked}
    with _reaching_prefect():
        scheduled = run_deployment(
            DEPLOYMENT,
            parameters=parameters,
            scheduled_time=at,
            flow_run_name=f"{duty.capitalize()} of hotfix {what}",
            timeout=0,
            tags=list(tags_of(key, duty)),
            idempotency_key=f"{key}-{duty}-{at:%Y%m%d}",
            as_subflow=False,
        )
    # Here, where nothing is awaited, it is the run itself.
    return cast("FlowRun", scheduled)


def count_asked(following: FlowRun, asked: int) -> None:
    """The run that follows knows how often people were asked before it."""
    with _reaching_prefect(), get_client(sync_client=True) as client:
        client.update_flow_run(following.id, parameters={**following.parameters, "asked": asked})


def call_off(following: FlowRun) -> None:
    """The duty is done: no run follows."""
    with _reaching_prefect(), get_client(sync_client=True) as client:
        client.delete_flow_run(following.id)


def tags_of(key: str, duty: Duty) -> tuple[str, ...]:
    """The tags of a duty's runs."""
    return ("way:hotfix", f"release:{key}", f"duty:{duty}")


def look_after(company: Company, release: Release, duty: Duty, rows: tuple[Row, ...]) -> Found:
    """Do what a machine can do for the duty, and say how it stands."""
    ways = {Duty.POST_MORTEM: _post_mortem, Duty.BACK_MERGE: _back_merge, Duty.SUMMARY: _summary}
    return ways[duty](company, release, rows)


def remind(company: Company, release: Release, duty: Duty, found: Found, *, asked: int, again: datetime) -> str:
    """Whoever requested the hotfix and whoever leads is asked for it, in the channel and directly; return the text."""
    today = utc_now().astimezone(company.calendar.zone).date()
    roles = [Role.TECH_LEAD, *([Role.CTO] if asked >= company.hotfix.escalate_after else [])]
    leads = [person for role in roles for person in company.roster.holders(role, on=today)]
    requester = company.roster.find(release.request.requested_by)
    people: dict[str, Person] = {one.name: one for one in (*([requester] if requester else []), *leads)}
    text = reminder(release, duty, found, asked=asked, people=list(people), again=again)
    key = f"{release.key}/{duty}-asked-{asked}"
    company.slack.post(_channel(company), text, key)
    for person in people.values():
        if person.slack:
            company.slack.direct_message(person.slack, text, f"{key}-{person.slack}")
    return text


@contextmanager
def _reaching_prefect() -> Iterator[None]:
    """Say in our words what Prefect's server does not answer, or does not have."""
    try:
        yield
    except ObjectNotFound as error:
        raise Misconfigured(f"there is no deployment {DEPLOYMENT}; deploy with `prefect deploy --all`") from error
    except (httpx.HTTPError, PrefectException) as error:
        raise Unreachable(f"Prefect's server: {say_error(error)}") from error


def _post_mortem(company: Company, release: Release, rows: tuple[Row, ...]) -> Found:
    """Its issue is open until people have answered the three questions; only a security hotfix is waited for."""
    request = hotfix_request(release)
    found = _find_post_mortem(company, release)
    if found is None:
        text = write_post_mortem(release, request, skipped=_skipped(release, rows), zone=company.calendar)
        url = company.github.open_issue(post_mortem_title(release), text, company.hotfix.post_mortem_labels)
        found = Issue(url, closed=False)
    return judge_post_mortem(request, url=found.url, closed=found.closed)


def _find_post_mortem(company: Company, release: Release) -> Issue | None:
    return company.github.find_marked_issue(mark_of(release), release.opened_at - LOOK_BACK)


def _back_merge(company: Company, release: Release, _rows: tuple[Row, ...]) -> Found:
    """What production serves is on main: by the very commit, or by the merge of its pull request."""
    main, github = company.rules.main_branch, company.github
    if github.is_ancestor(release.commit, main):
        return Found(done=True, sentence=f"{short(release.commit)} is on {main}")
    numbers = github.list_pulls_of([release.commit])[release.commit]
    pulls = [github.read_pull_request(number) for number in numbers]
    for pull in pulls:
        if pull.merged and pull.base == main:
            return Found(done=True, sentence=f"#{pull.number} is merged into {main}", link=pull.url)
    production = company.rules.production_ref
    if not github.is_ancestor(release.commit, production):
        sentence = (
            f"{short(release.commit)} was rolled back: {production} holds it no more, so nothing is owed to {main}"
        )
        return Found(done=True, sentence=sentence)
    if waiting := next((pull for pull in pulls if pull.state == "open" and pull.base == main), None):
        return Found(
            done=False,
            sentence=f"production serves {short(release.commit)}, which is not on {main}: merge {waiting.url}",
            link=waiting.url,
        )
    return Found(
        done=False,
        sentence=f"production serves {short(release.commit)}, which is not on {main}: open a pull request and merge it,"
        f" else the next release takes the fix away",
    )


def _summary(company: Company, release: Release, rows: tuple[Row, ...]) -> Found:
    """The team has read once what was broken, what was left out, and what to watch for.

    It looks only: the duty of the post-mortem runs at the same moment, and opens the issue.
    """
    request = hotfix_request(release)
    left = []
    with suppress(Refused):
        issue = _find_post_mortem(company, release)
        standing = {
            Duty.BACK_MERGE: _back_merge(company, release, rows),
            Duty.POST_MORTEM: judge_post_mortem(
                request, url=issue.url if issue else "", closed=issue is not None and issue.closed
            ),
        }
        left = [f"{duty}: {found.sentence}" for duty, found in standing.items() if not found.done]
    text = summary(release, request, skipped=_skipped(release, rows), left=left)
    company.slack.post(_channel(company), text, f"{release.key}/hotfix-summary")
    return Found(done=True, sentence="the summary is posted")


def _skipped(release: Release, rows: tuple[Row, ...]) -> str:
    return say_skipped(rows, migrates=bool(release.migrations))


def _channel(company: Company) -> str:
    return company.slack.engineering or company.slack.deployments
