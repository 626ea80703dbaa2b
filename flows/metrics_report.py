"""9: the report on our own deployments, from our own records, once a quarter and for any days on request."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import Field

from blocks.company import Company
from policy.chart import as_image
from policy.form import EnvironmentName, Form
from policy.metrics_chart import draw_report, list_sentences
from policy.metrics_page import render_report, same_numbers, subtitle, summary
from policy.metrics_report import make_report
from policy.quarters import end_of_day, quarter_before, quarters_to
from policy.roles import Role
from policy.typed import spelt
from policy.wording import listed
from tasks.metrics_report import read_history
from tasks.resolve import BadRequest, refuse_faults
from tasks.run import link_of_run, utc_now
from tasks.run_log import call_run, ends_with_its_sentence

Day = Annotated[str, spelt("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day such as 2026-07-01")]
FIRST_YEAR = 2000


class ReportRequest(Form):
    """Which days the report covers; empty means the quarter that ended last."""

    first_day: Day = Field(default="", description="The first day, such as 2026-07-01.")
    last_day: Day = Field(default="", description="The last day, such as 2026-09-30.")
    environment: EnvironmentName = Field(default="production", description="The environment to report on.")


LAST_QUARTER = ReportRequest()


@flow(name="Metrics report", flow_run_name="Metrics report", persist_result=False)
@ends_with_its_sentence
def metrics_report(request: ReportRequest = LAST_QUARTER) -> None:
    """9.1 and 9.2: the figures against their targets, their trend and what they come from: a page, a file, a message.

    The file is an SVG beside the records, under `reports/` in the store.
    """
    with Company.load(request.environment) as company:
        now = utc_now()
        since, until = period(request, zone=ZoneInfo(company.rules.time_zone), now=now)
        history = read_history(company, since=min(since, quarters_to(until)[0][0]))
        report = make_report(
            history.releases,
            environment=request.environment,
            zone=company.rules.time_zone,
            since=since,
            until=until,
            now=now,
            begins=history.begins,
            unreadable=history.unreadable,
            limits=company.limits,
        )
        call_run(report.title)
        svg = draw_report(report, limits=company.limits)
        days = f"{since:%Y%m%d}-{until - timedelta(days=1):%Y%m%d}"
        file = f"reports/{request.environment}/{days}.svg"
        company.store.replace(file, svg.encode())
        picture = as_image(svg, alt="; ".join((report.title, *list_sentences(report))))
        page = render_report(report, picture=picture, ui=company.rules.prefect_ui)
        leads = company.roster.holders(Role.DEVOPS_LEAD, on=now.astimezone(since.tzinfo).date())
        text = summary(
            report, link=link_of_run(company), file=file, asked=listed(person.name for person in leads) or "DevOps lead"
        )
        create_markdown_artifact(key="metrics-report", markdown=page, description=subtitle(report))
        key = f"metrics-report/{request.environment}/{days}/{same_numbers(report)}"
        company.slack.post(company.slack.deployments, text, key)
    get_run_logger().info(subtitle(report))


def period(request: ReportRequest, *, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return the start of the first day and the end of the last one, today at most; raises BadRequest on nonsense."""
    if bool(request.first_day) != bool(request.last_day):
        found = f"{request.first_day!r} and {request.last_day!r}"
        raise BadRequest(f"first_day and last_day: found {found}, expected both or none")
    today = now.astimezone(zone)
    if not request.first_day:
        return quarter_before(today)
    refuse_faults((*_find_day_faults("first_day", request.first_day), *_find_day_faults("last_day", request.last_day)))
    since, last = (_read_day(text).replace(tzinfo=zone) for text in (request.first_day, request.last_day))
    if last < since:
        raise BadRequest(f"last_day: {request.last_day} lies before first_day {request.first_day}")
    if since > today:
        raise BadRequest(f"first_day: {request.first_day} has not come yet, today is {today:%Y-%m-%d}")
    tomorrow = end_of_day(today)
    return since, last + timedelta(days=1) if last < tomorrow else tomorrow


def _find_day_faults(field: str, text: str) -> Iterator[str]:
    try:
        day = _read_day(text)
    except ValueError:
        yield f"{field}: {text!r} is no day of the calendar, expected one such as 2026-07-01"
        return
    if day.year < FIRST_YEAR:
        yield f"{field}: {text} lies before {FIRST_YEAR}, expected a day such as 2026-07-01"


def _read_day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
