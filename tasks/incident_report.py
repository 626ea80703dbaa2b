"""4.2.5: the report of an incident is opened once, in an issue or on a page, and the record holds its address."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from prefect.logging import get_run_logger

from blocks.company import Company
from blocks.errors import BlockError, Misconfigured
from blocks.notion import Notion
from blocks.prometheus import Prometheus
from policy.error_graph import Counted
from policy.first_bad_sign import BadSign, earliest_sign
from policy.incident_report import Failures, Impact, IncidentReport, render_markdown, write_report
from policy.incident_rules import IncidentRules
from policy.metrics import Ending
from policy.record import Event, Row, Unreadable
from policy.way_home import UPDATE_ITEMS
from policy.wording import where_record
from tasks.messages import inform
from tasks.run import Run, utc_now
from tasks.run_log import page_of
from tasks.step import Seen, Step
from tasks.undone import rows_of_incident

NUMBER, NAME = "4.2.5", "incident report opened"
WITHIN = timedelta(seconds=30)
POINTS = 48
# An increase needs several measurements in its span.
MEASUREMENTS = 4


def report_incident(run: Run, *, outcome: Ending, recovered: bool) -> str:
    """Open the report, if the company wants one, and return its address; empty where it could not be opened.

    It only informs: what goes wrong here keeps nobody from coming home.
    """
    rules = run.company.incidents
    if rules is None:
        return ""
    try:
        report = describe_incident(run, outcome=outcome, recovered=recovered)
    except (BlockError, Unreadable) as error:
        get_run_logger().warning("No incident report of %s: %s", run.release.key, error)
        return ""
    inform(incident_reported(run, report, rules), run)
    return reported_at(run.record.seen)


def reported_at(rows: Sequence[Row]) -> str:
    """Return the address of the report that the record holds; empty if it holds none."""
    opened = [row for row in rows if row.event is Event.CONFIRMED and row.item == NUMBER and row.step == NAME]
    return str(opened[-1].facts["sentence"]) if opened else ""


def incident_reported(run: Run, report: IncidentReport, rules: IncidentRules) -> Step:
    """4.2.5: there is one report of this release, found again by its mark, whoever opened it."""
    since = run.release.opened_at - timedelta(days=1)

    def find(company: Company) -> str | None:
        if rules.where == "github":
            return company.github.find_issue(report.mark, since)
        found = pages_of(company, rules).find_entry(report.mark)
        return found.url if found else None

    def look(company: Company) -> Seen:
        found = find(company)
        return Seen(found is not None, found or "no report yet")

    def act(company: Company, _number: int) -> None:
        if rules.where == "github":
            company.github.open_issue(report.title, render_markdown(report), rules.labels)
        else:
            pages_of(company, rules).write_report(report.mark, report.title, report.parts)

    return Step(
        number=NUMBER,
        subject="GitHub" if rules.where == "github" else "Notion",
        name=NAME,
        look=look,
        act=act,
        does=f"open {report.title!r} with the timeline and the impact; root cause and actions are left to people",
        undo="close it: what was written stays",
        within=WITHIN,
    )


def pages_of(company: Company, rules: IncidentRules) -> Notion:
    """Return the database of the reports; raises Misconfigured where the company has no Notion."""
    if not isinstance(company.log, Notion):
        raise Misconfigured("incidents.where: reports are to be pages of Notion, and there is no [notion]")
    return company.log.model_copy(update={"data_source": rules.data_source}) if rules.data_source else company.log


def describe_incident(run: Run, *, outcome: Ending, recovered: bool) -> IncidentReport:
    """Return the report with everything that the records and the metrics know now."""
    company, release, now = run.company, run.release, utc_now()
    rows = rows_of_incident(run)
    bad = earliest_sign(rows) or BadSign(now, f"{outcome.value} without a sign in the record")
    return write_report(
        release,
        rows,
        measure_impact(run, rows, bad, until=now, recovered=recovered),
        outcome=outcome,
        links=_where_to_look(run),
        zone=company.rules.time_zone,
    )


def _where_to_look(run: Run) -> tuple[str, ...]:
    page, record = page_of(run), where_record(run.release.key)
    return (f"the run, with its record and its logs: {page}", record) if page else (record,)


def measure_impact(run: Run, rows: Sequence[Row], bad: BadSign, *, until: datetime, recovered: bool) -> Impact:
    """Count the requests that failed since the first bad sign and since the first change; say why where not."""
    prometheus = run.company.prometheus
    if prometheus is None:
        return Impact(bad, until, recovered, why_not="no [prometheus] in the settings")
    changed = next((row.at for row in rows if row.event is Event.INTENDED and row.item in UPDATE_ITEMS), bad.at)
    began = min(changed, bad.at)
    step = max((until - began) / POINTS, MEASUREMENTS * prometheus.scrape_interval)
    servers = run.release.servers
    try:
        counted = [_count(prometheus, servers, since, until) for since in dict.fromkeys((bad.at, began))]
        points: tuple[Counted, ...] = prometheus.read_request_series(servers, began - 2 * step, until, step)
    except BlockError as error:
        return Impact(bad, until, recovered, why_not=str(error))
    return Impact(bad, until, recovered, counted, points)


def _count(prometheus: Prometheus, servers: Sequence[str], since: datetime, until: datetime) -> Failures:
    span = max(until - since, MEASUREMENTS * prometheus.scrape_interval)
    samples = prometheus.read_samples(servers, at=until, span=span)
    requests = [sample.requests for sample in samples if sample.requests is not None]
    errors = [sample.errors for sample in samples if sample.errors is not None]
    return Failures(since, sum(requests) if requests else None, sum(errors) if errors else None)
