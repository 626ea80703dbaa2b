"""One more environment has its own recovery, backup, rehearsal and report."""

import inspect
from importlib import import_module
from typing import Any

import pytest
import yaml
from prefect import Flow

from deployments.environment_file import deployments_of, main


def by_name(environment: str) -> dict[str, Any]:
    return {one["name"]: one for one in deployments_of(environment)["deployments"]}


def test_what_runs_by_itself_or_for_one_environment_is_written_for_the_other_one_too() -> None:
    assert set(by_name("shop")) == {
        f"{name}-shop" for name in ("backup", "doctor", "metrics-report", "restore-rehearsal", "recovery")
    }


def test_recovery_looks_after_that_environment_and_sleeps_until_a_release_wakes_it() -> None:
    recovery = by_name("shop")["recovery-shop"]

    assert recovery["parameters"] == {"environment": "shop"}
    assert [schedule["active"] for schedule in recovery["schedules"]] == [False]


@pytest.mark.parametrize("deployment", by_name("shop").values(), ids=lambda one: str(one["name"]))
def test_each_flow_takes_its_parameters(deployment: dict[str, Any]) -> None:
    module, _, function = str(deployment["entrypoint"]).rpartition(".")
    flow = getattr(import_module(module), function)

    assert isinstance(flow, Flow)
    assert flow.validate_parameters(deployment["parameters"])
    assert set(deployment["parameters"]) <= set(inspect.signature(flow.fn).parameters)


@pytest.mark.parametrize("name", ["production", "Shop", "", "../shop"])
def test_what_is_no_environment_of_its_own_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 1
    assert "expected small letters, digits and hyphens, and not 'production'" in capsys.readouterr().err


def test_the_file_is_yaml_that_prefect_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shop"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == deployments_of("shop")
