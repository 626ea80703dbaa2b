"""Waivers: whoever waived what fluctuates is not asked again for it, and what worsens is asked within one time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from blocks.company import Company
from flows.gate import WaiverForm
from flows.phase import ChecksFailed, Report
from flows.waivers import require_or_waive
from policy.checklist import ITEMS
from policy.items import Way
from policy.judgement import failed
from policy.record import Event
from policy.roles import Person, Role, Roster
from tasks.run import Run
from tests.core.scene import begun
from tests.core.world import World

LEAD = Person(name="Omar Reyes", roles=tuple(Role))
METRICS = "web-server-1: {rate}% errors ({errors} of {requests} requests), p95 90 ms (limits 1%, 500 ms) in 5 min"
FOUND = METRICS.format(rate="1.2", errors=12, requests="1,000")
NO_WORSE = METRICS.format(rate="1.3", errors=17, requests="1,312")
WORSE = METRICS.format(rate="61.0", errors=610, requests="1,000")


@dataclass
class People:
    """Whoever is asked waives, after a while; and what they were asked, with the time they had."""

    code: Callable[[], str]
    takes: timedelta = timedelta(minutes=10)
    now: float = 1.0
    asked: list[tuple[str, timedelta]] = field(default_factory=list)

    def answer(self, form: type[WaiverForm], evidence: str, *, within: timedelta, **_: Any) -> WaiverForm:
        """Waive what is asked."""
        self.asked.append((evidence, within))
        self.now += self.takes.total_seconds()
        reason = {"reason_1_4_2": "a known peak"}
        return form(decision="waive", name=LEAD.name, code=self.code(), **reason)

    def monotonic(self) -> float:
        """Return the time of their clock."""
        return self.now


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> People:
    """One person who may waive, with an authenticator."""
    secret = pyotp.random_base32()
    monkeypatch.setenv(LEAD.code_secret, secret)
    people = People(pyotp.TOTP(secret).now)
    monkeypatch.setattr("flows.question.ask", people.answer)
    monkeypatch.setattr("flows.waivers.time", people)
    return people


@pytest.fixture
def run(company: Company, world: World) -> Run:
    """A release that asks for waivers."""
    run = begun(replace(company, roster=Roster(people=(LEAD,))), world, steps=0).run
    request = run.release.request.model_copy(update={"ask_for_waivers": True})
    run.release = run.release.model_copy(update={"request": request})
    return run


def gathering(*sentences: str) -> Callable[[Run], tuple[Report, ...]]:
    """What 1.4.2 finds each time that it is asked, the last for ever."""
    left = list(sentences)

    def gather(_run: Run) -> tuple[Report, ...]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return (Report(((ITEMS["1.4.2"], failed(found)),), Way.STANDARD),)

    return gather


def test_whoever_waived_is_not_asked_again_for_other_numbers_of_requests(run: Run, people: People) -> None:
    require_or_waive(run, gathering(FOUND, NO_WORSE))

    assert len(people.asked) == 1
    assert [row.facts["sentence"] for row in run.record.rows() if row.event is Event.WAIVED] == [FOUND]
    judged = [row.facts for row in run.record.rows() if row.event is Event.JUDGED and row.item == "1.4.2"]
    assert judged[-1]["verdict"] == "waived"
    assert judged[-1]["sentence"].endswith(f"(failed: {NO_WORSE})")


def test_what_worsened_is_asked_again_and_the_time_to_answer_is_one(run: Run, people: People) -> None:
    with pytest.raises(ChecksFailed, match=r"61\.0% errors .+the time to answer, 30 min, is over, so nothing more"):
        require_or_waive(run, gathering(FOUND, WORSE, f"{WORSE}; {FOUND.replace('-1:', '-2:')}"))

    assert [within for _, within in people.asked] == [timedelta(minutes=left) for left in (30, 20, 10)]
    assert "This worsened after it was waived" not in people.asked[0][0]
    assert f"(then: {FOUND})" in people.asked[1][0]
