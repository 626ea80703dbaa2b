"""After the last server: what is measured to be wrong, but not ill enough to go back by itself, is asked of people."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from blocks.company import Company
from flows.choice import PeopleStay
from flows.gate import ChoiceForm
from flows.phase import ChecksFailed, Report
from flows.verification import verify
from policy.checklist import ITEMS
from policy.health import HealthAnswer
from policy.items import Way
from policy.judgement import failed, passed
from policy.limits import Limits
from policy.record import Event
from policy.red_flags import Conclusion, Flag
from tasks.item import Question
from tasks.run import Run
from tests.core.company import LIMITS, NO_TIME_TO_SPEAK_OF, NORMAL, Service
from tests.core.conftest import plain_item
from tests.core.scene import VERIFIED, begun
from tests.core.world import World

AT_ONCE = Limits.model_validate(
    {
        **LIMITS.model_dump(),
        **dict.fromkeys(("watch_interval", "immediate_watch", "extended_watch", "hotfix_watch"), NO_TIME_TO_SPEAK_OF),
    }
)
LIVE = VERIFIED - 1
ONE_IN_TWENTY = {"error_rate": 0.05}


class OwnFigures(Service):
    """An application whose figures of itself are not all normal."""

    def __init__(self, **figures: float) -> None:
        self.figures = figures

    def read_health_metrics(self) -> HealthAnswer:
        """Return them."""
        return HealthAnswer("production", 200, json.dumps(NORMAL | self.figures))


class ClearWatch:
    """A watch that sees nothing."""

    conclusion = Conclusion(Flag.CLEAR, "no red flag", "2.1.3")


class PlainTask:
    """A question that is answered at once."""

    state = cast("Any", None)

    def __init__(self, question: Question, run: Run) -> None:
        self._ask = plain_item(question, run)

    def submit(self) -> "PlainTask":
        """Answer it."""
        self._ask()
        return self

    def wait(self) -> None:
        """It is answered."""


def plain_flow(**_: Any) -> Callable[[Callable[[str], Any]], Callable[..., Any]]:
    """A phase without a flow around it."""

    def bind(body: Callable[[str], Any]) -> Callable[..., Any]:
        def call(release: str, *, return_state: bool) -> None:
            del return_state
            with suppress(Exception):
                body(release)

        return call

    return bind


@pytest.fixture(autouse=True)
def people_stay(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Phases are plain calls; whoever is asked stays on the new version. Returns what people were shown."""
    shown: list[str] = []

    def answer(_form: type[ChoiceForm], evidence: str, **_: Any) -> ChoiceForm:
        shown.append(evidence)
        return ChoiceForm(decision="stay on the new version", name="Omar Reyes", reason="it is a known peak")

    monkeypatch.setattr("flows.phase.flow", plain_flow)
    monkeypatch.setattr("flows.phase.as_task", PlainTask)
    monkeypatch.setattr("flows.question.ask", answer)
    return shown


def live(company: Company, world: World, service: Service, *, way: Way = Way.STANDARD) -> Run:
    """Every server serves the new version; only the application says how it is."""
    run = begun(company, world, steps=LIVE).run
    run.company = replace(company, prometheus=None, database=None, application=cast("Any", service))
    run.release = run.release.model_copy(update={"limits": AT_ONCE, "way": way})
    return run


def test_where_all_is_normal_nobody_is_asked(company: Company, world: World, people_stay: list[str]) -> None:
    run = live(company, world, Service())

    verify(run, cast("Any", ClearWatch()))

    assert run.record.last(Event.VERIFIED) is not None
    assert people_stay == []
    assert [row.item for row in run.record.rows() if row.event is Event.JUDGED][-2:] == ["3.4.1", "3.4.2"]


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        (ONE_IN_TWENTY, "3.4.1 Final health check: production: errors 5.00% of 1,000 requests (limit 1%)"),
        ({"requests": 3}, "not enough requests for an error rate: 3 of 20"),
        ({"disk_ratio": 0.9}, "disk 90% (limit 80%)"),
    ],
)
def test_a_last_look_that_does_not_pass_holds_the_sign_off_and_asks(
    company: Company, world: World, people_stay: list[str], figures: dict[str, float], says: str
) -> None:
    run = live(company, world, OwnFigures(**figures))

    with pytest.raises(PeopleStay, match="Omar Reyes chose to stay: it is a known peak"):
        verify(run, cast("Any", ClearWatch()))

    assert says in people_stay[0]
    assert run.record.last(Event.VERIFIED) is None


def test_where_the_schema_lost_what_the_version_before_needs_rolling_back_is_no_choice(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = live(company, world, OwnFigures(disk_ratio=0.9))
    facts = {"migrations": "1_drop", "takes_away": "Patient.createdAt dropped"}
    run.record.append(Event.INTENDED, item="6.3.2", subject="database", step="applied", facts=facts)
    run.record.append(Event.CONFIRMED, item="6.3.2", subject="database", step="applied")
    shown: list[str] = []

    def answer(form: type[ChoiceForm], evidence: str, **_: Any) -> ChoiceForm:
        shown.append(evidence)
        words = {"name": "Omar Reyes", "reason": "users complain"}
        with pytest.raises(ValidationError, match="'keep waiting' or 'stay on the new version'"):
            form.model_validate({"decision": "roll back", **words})
        return form.model_validate({"decision": "stay on the new version", **words})

    monkeypatch.setattr("flows.question.ask", answer)

    with pytest.raises(PeopleStay):
        verify(run, cast("Any", ClearWatch()))

    assert "The previous image needs what is gone: Patient.createdAt dropped" in shown[0]
    assert "fix forward with the deployment `hotfix`" in shown[0]
    assert "*roll back* is no answer now: it would break production." in shown[0]
    outcomes = [row.facts["outcome"] for row in run.record.rows() if row.event is Event.ANSWERED]
    assert outcomes[-1] == "stay on the new version"


def test_a_hotfix_shows_its_last_look_and_is_not_held_by_it(
    company: Company, world: World, people_stay: list[str]
) -> None:
    run = live(company, world, OwnFigures(**ONE_IN_TWENTY), way=Way.HOTFIX)

    verify(run, cast("Any", ClearWatch()))

    assert people_stay == []
    assert run.verdicts["3.4.1"].sentence == "production: errors 5.00% of 1,000 requests (limit 1%)"


def test_a_fix_that_mends_nothing_goes_back_before_the_rest_of_the_watch(
    company: Company, world: World, people_stay: list[str]
) -> None:
    run = live(company, world, OwnFigures(), way=Way.HOTFIX)
    still_there = failed("/api/patients/7 answered HTTP 500, expected 200")

    with pytest.raises(ChecksFailed, match=r"5\.2\.5 Verify the hotfix"):
        verify(run, cast("Any", ClearWatch()), lambda _run: Report(((ITEMS["5.2.5"], still_there),), Way.HOTFIX))

    assert people_stay == []
    assert "3.1.1" in run.verdicts
    assert "3.2.3" not in run.verdicts


def test_the_bug_is_asked_about_early_and_once_more_in_the_end(company: Company, world: World) -> None:
    run = live(company, world, OwnFigures(), way=Way.HOTFIX)
    asked: list[bool] = []

    def gone(run: Run) -> Report:
        asked.append("3.4.1" in run.verdicts)
        return Report(((ITEMS["5.2.5"], passed("/api/patients/7 answered 200")),), Way.HOTFIX)

    verify(run, cast("Any", ClearWatch()), gone)

    assert asked == [False, True]
    assert run.record.last(Event.VERIFIED) is not None
