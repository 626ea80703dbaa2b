"""The last questions before the first change (1.4): what is green without looking, and a way back that is gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.company import Company
from blocks.errors import Unreachable
from policy.incidents import Incident
from policy.judgement import Judgement, Verdict
from policy.red_flags import Sample
from tasks.item import answer
from tasks.preparation import dashboards_green, way_back_known
from tests.core.company import a_release
from tests.core.process import Process
from tests.core.world import NAMES, World
from tests.policy import releases
from tests.policy.rows import OLD, THIRD

LATELY = timedelta(seconds=5)
P95 = timedelta(milliseconds=90)


def asked(company: Company, world: World, **systems: object) -> Judgement:
    run = Process.begin(replace(company, **cast("Any", systems)), a_release(world)).run
    return answer(dashboards_green, run)


def rule(title: str, health: str, state: str = "inactive") -> SimpleNamespace:
    return SimpleNamespace(
        title=title, state=state, health=health, evaluated_at=datetime.now(UTC), blind=(), folder="production"
    )


@pytest.mark.parametrize("health", [pytest.param("error", id="E12 error"), pytest.param("nodata", id="E12 no data")])
def test_a_rule_that_could_not_be_evaluated_is_not_green(company: Company, world: World, health: str) -> None:
    rules = [rule("Disk full", "ok"), rule("High error rate", health), rule("CPU", "ok")]
    grafana = SimpleNamespace(list_alert_rules=lambda: rules)

    judgement = asked(company, world, grafana=grafana)

    assert judgement.verdict is Verdict.UNKNOWN
    assert "the alert 'High error rate' of production could not be evaluated" in judgement.sentence


def test_an_incident_that_is_open_stops_however_many_are_listed_before_it(company: Company, world: World) -> None:
    """E4."""
    began = datetime.now(UTC) - timedelta(days=3)
    found = tuple(Incident(number, f"incident {number}", "acknowledged", began, None) for number in range(1, 27))
    on_call = SimpleNamespace(services=["PWEB"], list_open_incidents=lambda _services: found)

    judgement = asked(company, world, on_call=on_call)

    assert judgement.verdict is Verdict.FAILED
    assert "26" in judgement.sentence


def samples(*, age: timedelta = LATELY, **numbers: float | None) -> SimpleNamespace:
    facts: dict[str, Any] = {"requests": 300.0, "errors": 0.0} | numbers
    span = timedelta(minutes=5)
    return SimpleNamespace(
        read_samples=lambda servers, at, **_: tuple(
            Sample(at - age, server, facts["requests"], facts["errors"], P95, span) for server in servers
        )
    )


@pytest.mark.parametrize(
    ("prometheus", "verdict", "says"),
    [
        pytest.param(SimpleNamespace(read_samples=lambda *_, **__: ()), Verdict.UNKNOWN, "no sample", id="E7 nothing"),
        pytest.param(samples(requests=None), Verdict.UNKNOWN, "requests is not known", id="E7 an empty answer"),
        pytest.param(samples(requests=float("nan")), Verdict.UNKNOWN, "requests is not known", id="E7 NaN"),
        pytest.param(samples(requests=0.0), Verdict.UNKNOWN, "no requests in the last 5 min", id="E7 no requests"),
        pytest.param(samples(age=timedelta(minutes=9)), Verdict.UNKNOWN, "no sample", id="E7 9 minutes old"),
        pytest.param(samples(errors=float("nan")), Verdict.UNKNOWN, "errors is not known", id="E7 errors are NaN"),
        pytest.param(samples(requests=None, errors=None), Verdict.UNKNOWN, "requests is not known", id="E7 neither"),
        pytest.param(samples(errors=None), Verdict.PASSED, "0.0% errors (0 of 300 requests)", id="E7 a true zero"),
    ],
)
def test_no_number_is_no_proof_of_health(
    company: Company, world: World, prometheus: SimpleNamespace, verdict: Verdict, says: str
) -> None:
    judgement = asked(company, world, prometheus=prometheus)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def lost_on(name: str, company: Company, world: World) -> Judgement:
    """Ask for the way back where the registry has lost what this server runs, and has what the others run."""
    world.machines[name].digest = THIRD
    registry = SimpleNamespace(can_pull=lambda digest: digest != THIRD)
    run = Process.begin(replace(company, registry=cast("Any", registry)), a_release(world)).run
    return answer(way_back_known, run)


@pytest.mark.parametrize("name", [pytest.param(NAMES[0], id="R6"), pytest.param(NAMES[-1], id="R6 the last server")])
def test_an_image_that_can_no_longer_be_pulled_is_no_way_back(company: Company, world: World, name: str) -> None:
    judgement = lost_on(name, company, world)

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == (
        f"Image {releases.OLD_COMMIT[:7]} ({THIRD[:19]}…) can no longer be pulled; there is nothing to roll back to"
    )


def test_a_registry_that_does_not_answer_leaves_the_way_back_unknown(company: Company, world: World) -> None:
    """R6: not known is not gone, and not there either."""

    def away(digest: str) -> bool:
        assert digest == OLD
        raise Unreachable("registry http://registry: ConnectError")

    run = Process.begin(replace(company, registry=cast("Any", SimpleNamespace(can_pull=away))), a_release(world)).run

    assert answer(way_back_known, run).verdict is Verdict.UNKNOWN
