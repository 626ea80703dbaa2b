"""Rules tried on the past: a changed limit of the watch is replayed over sealed records before it is switched on."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import Field, ValidationError

from blocks.company import Company
from flows.metrics_report import Day, ReportRequest, period
from policy.backtest import REPLAYED, change_limits, replay
from policy.backtest_page import render_backtest, say_change, say_effects
from policy.form import EnvironmentName, Form
from policy.limits import Limits
from policy.typed import explain
from tasks.backtest import read_pasts
from tasks.resolve import BadRequest
from tasks.run import utc_now
from tasks.run_log import call_run, ends_with_its_sentence


class BacktestRequest(Form):
    """Which limits to try, and on the releases of which days; without days on all that there are records of."""

    limits: Mapping[str, float] = Field(
        default={},
        description="The limits to try, as in the settings file, durations in seconds, such as"
        ' {"error_rate_roll_back": 0.03}. Empty: the rules of this version.'
        f" What can be tried: {', '.join(REPLAYED)}.",
    )
    first_day: Day = Field(default="", description="The first day, such as 2026-01-01.")
    last_day: Day = Field(default="", description="The last day, such as 2026-09-30.")
    environment: EnvironmentName = Field(
        default="production", description="The environment whose releases are replayed."
    )


RULES_OF_THIS_VERSION = BacktestRequest()


@flow(name="Backtest", flow_run_name="Backtest", persist_result=False)
@ends_with_its_sentence
def backtest(request: BacktestRequest = RULES_OF_THIS_VERSION) -> None:
    """A page says what these limits would have stopped earlier, for nothing, or no more (2.1, 4.1); nothing changes."""
    with Company.load(request.environment) as company:
        zone, now = company.rules.time_zone, utc_now()
        changed = changed_limits(company.limits, request.limits)
        since, until = None, now
        if request.first_day or request.last_day:
            days = ReportRequest(first_day=request.first_day, last_day=request.last_day)
            since, until = period(days, zone=ZoneInfo(zone), now=now)
        pasts, unreadable = read_pasts(company, since=since, until=until)
        tried = tuple(request.limits) or REPLAYED
        outcomes = [replay(past, changed, tried=tried) for past in pasts]
        today = [replay(past, company.limits, tried=tried) for past in pasts] if request.limits else outcomes
        sentence = say_effects(say_change(request.limits, company.limits, changed), outcomes, zone=zone)
        page = render_backtest(sentence, outcomes, today, unreadable=unreadable, zone=zone, ui=company.rules.prefect_ui)
        call_run(f"Backtest of {', '.join(request.limits) or 'the rules of this version'}")
        create_markdown_artifact(key="backtest", markdown=page, description=sentence[:200])
    get_run_logger().info(sentence)


def changed_limits(limits: Limits, changes: Mapping[str, float]) -> Limits:
    """Return the limits with these changes; raises BadRequest naming one that cannot be tried or makes no sense."""
    try:
        return change_limits(limits, changes)
    except ValidationError as error:
        raise BadRequest(explain(error, under="limits")) from error
    except ValueError as error:
        raise BadRequest(f"limits: {error}") from error
