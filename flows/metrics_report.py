"""9: the quarterly report on our own deployments, from our own records."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import BaseModel, ConfigDict, Field

from blocks.company import Company
from policy.metrics import measure
from policy.metrics_page import quarter_before, render_report, summary
from tasks.metrics_report import read_release_facts
from tasks.resolve import BadRequest
from tasks.run import utc_now


class ReportRequest(BaseModel):
    """Which days the report covers; empty means the quarter that ended last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_day: str = Field(
        default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="The first day, such as 2026-07-01."
    )
    last_day: str = Field(
        default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="The last day, such as 2026-09-30."
    )
    environment: str = Field(default="production", description="The environment to report on.")


@flow(name="Metrics report", persist_result=False)
def metrics_report(request: ReportRequest | None = None) -> None:
    """9.1 and 9.2: the five figures against their targets, as a page and in Slack; once a quarter by schedule."""
    asked = request or ReportRequest()
    with Company.load(asked.environment) as company:
        since, until = period(asked, zone=ZoneInfo(company.rules.time_zone), now=utc_now())
        releases = read_release_facts(company)
        figures = measure(releases, since=since, until=until, limits=company.limits)
        page = render_report(figures, releases, zone=company.rules.time_zone)
        create_markdown_artifact(key="metrics-report", markdown=page, description=summary(figures)[:200])
        key = f"metrics-report/{since:%Y%m%d}-{until:%Y%m%d}"
        company.slack.post(company.slack.deployments, summary(figures), key)
    get_run_logger().info(summary(figures))


def period(request: ReportRequest, *, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return the start of the first day and the end of the last one; raises BadRequest on nonsense."""
    if bool(request.first_day) != bool(request.last_day):
        raise BadRequest("first_day and last_day: expected both or none")
    if not request.first_day:
        return quarter_before(now.astimezone(zone))
    since = _day("first_day", request.first_day, zone)
    last = _day("last_day", request.last_day, zone)
    if last < since:
        raise BadRequest(f"last_day: {request.last_day} lies before first_day {request.first_day}")
    return since, last + timedelta(days=1)


def _day(field: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError as error:
        raise BadRequest(f"{field}: {text!r} is no day of the calendar, expected one such as 2026-07-01") from error
