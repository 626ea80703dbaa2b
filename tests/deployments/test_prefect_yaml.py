"""What prefect.yaml offers exists and can be deployed."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "prefect.yaml").read_text(encoding="utf-8")
)["deployments"]


def named(name: str) -> dict[str, Any]:
    """The deployment of this name."""
    return next(deployment for deployment in DEPLOYMENTS if deployment["name"] == name)


def flow_of(deployment: dict[str, Any]) -> object:
    """What the entry point names."""
    module, _, function = str(deployment["entrypoint"]).rpartition(".")
    return getattr(import_module(module), function)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: str(deployment["name"]))
def test_each_entry_point_is_a_flow_in_a_module(deployment: dict[str, Any]) -> None:
    assert isinstance(flow_of(deployment), Flow)


# A hotfix names the runs of its duties itself, when it schedules them.
NAMED_ELSEWHERE = {"hotfix-duty"}


@pytest.mark.parametrize(
    "deployment",
    [one for one in DEPLOYMENTS if one["name"] not in NAMED_ELSEWHERE],
    ids=lambda deployment: str(deployment["name"]),
)
def test_no_run_keeps_a_name_that_prefect_made_up_not_even_a_refused_one(deployment: dict[str, Any]) -> None:
    flow = flow_of(deployment)

    assert isinstance(flow, Flow)
    assert flow.flow_run_name


def test_names_are_unique() -> None:
    names = [deployment["name"] for deployment in DEPLOYMENTS]

    assert len(set(names)) == len(names)


def test_the_report_comes_at_the_beginning_of_a_quarter_and_two_more_days_stand_in_for_a_run_that_died() -> None:
    (schedule,) = named("metrics-report")["schedules"]

    assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"]).cron == "0 9 1-3 1,4,7,10 *"
    assert schedule["active"]


def test_the_newest_backup_is_restored_once_a_week_while_people_sleep() -> None:
    (schedule,) = named("restore-rehearsal")["schedules"]

    assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"]).cron == "0 3 * * 0"
    assert schedule["active"]


def test_recovery_sleeps_until_a_release_wakes_it() -> None:
    assert [schedule["active"] for schedule in named("recovery")["schedules"]] == [False]
