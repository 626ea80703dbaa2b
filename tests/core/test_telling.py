"""Who is told of a release: whoever PagerDuty names, else the roster; and what cannot stop it is not waited for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.company import Company, Staging
from blocks.errors import BlockError, Misconfigured, Unreachable
from blocks.statuspage import Maintenance
from policy.items import Way
from policy.judgement import Judgement, Verdict
from policy.limits import Risk
from policy.migrations.duration import Estimate
from policy.on_call import OnCall, Told
from policy.roles import Deputy, Person, Role, Roster
from tasks.on_call import on_call_now
from tasks.preparation import emergency_contacts_ready
from tasks.run import Run, utc_now
from tasks.step import perform
from tasks.telling import (
    has_maintenance,
    maintenance_announced,
    needs_maintenance,
    on_call_ready,
    on_call_told,
    status_page_updated,
    team_notified,
)
from tests.core.company import DEPLOYMENTS, People
from tests.core.scene import begun
from tests.core.world import World

EVERY_ROLE = tuple(role for role in Role if role is not Role.ON_CALL)
LEAD = Person(name="Tomas Lima", roles=EVERY_ROLE, phone="+1 555 0101")
BEA = Person(name="Bea Cruz", roles=(Role.ON_CALL,), slack="UBEA", phone="+52 55 1234")
DIEGO = Person(name="Diego Paz", emails=("diego@holi.xyz",), slack="UDIEGO")
AWAY = Unreachable("PagerDuty: no answer in time to GET /oncalls (ReadTimeout)")
NOBODY = Misconfigured("PagerDuty: nobody is on call by the policy PPROD; is there such a policy?")


class Waits(Exception):
    """The release waits for an answer."""


class PagerDuty:
    """PagerDuty names Diego, whom the roster gives no role."""

    policy, level = "PPROD", 1

    def __init__(self, error: BlockError | None = None) -> None:
        self.error = error

    def list_on_call(self, policy: str, since: datetime, until: datetime) -> tuple[OnCall, ...]:
        """Return his shift, or say why there is none."""
        del since
        if self.error is not None:
            raise self.error
        return (OnCall("Diego Paz", "diego@holi.xyz", policy, 1, None, until + timedelta(hours=1)),)


class Asked(People):
    """People who were asked and have not answered."""

    def read_replies(self, user: str, _key: str) -> Told:
        """Nothing came back yet."""
        return Told(user, utc_now())


class Page:
    """A status page that names a maintenance of each key, ended or not."""

    page = "kctbh9vrtdwd"

    def __init__(self, status: str) -> None:
        self.text = ""
        self.found = Maintenance("1", "Maintenance: reminders", status, "http://page/1")

    def find_maintenance(self, _key: str) -> Maintenance:
        """Return the newest."""
        return self.found

    def schedule_maintenance(self, _key: str, name: str, text: str, **_when: datetime) -> None:
        """Name another."""
        self.text = text
        self.found = Maintenance("2", name, "scheduled", "http://page/2")


def run_of(company: Company, world: World, *, pagerduty: PagerDuty | None = None, **changes: Any) -> Run:
    roster = changes.pop("roster", Roster.model_construct(people=(LEAD, BEA, DIEGO)))
    there = replace(company, roster=roster, slack=cast("Any", Asked()), on_call=cast("Any", pagerduty))
    run = begun(there, world, steps=0).run
    run.release = run.release.model_copy(update={"risk": Risk.MEDIUM} | changes)
    return run


def said(run: Run, channel: str) -> str:
    return "\n".join(text for (where, _), text in cast("Asked", run.company.slack).said.items() if where == channel)


@pytest.mark.parametrize("error", [AWAY, NOBODY], ids=["away", "nobody"])
def test_where_pagerduty_does_not_say_who_is_on_call_the_roster_is_told_and_the_team_hears_why(
    company: Company, world: World, error: BlockError
) -> None:
    without_github = replace(company, github=cast("Any", SimpleNamespace(list_pulls_of=raise_away)))
    run = run_of(without_github, world, pagerduty=PagerDuty(error), way=Way.HOTFIX)

    for step in (team_notified(run), *on_call_told(run)):
        perform(step, run)

    standby = "*On-Call Engineer:* <@UBEA> (on standby; by the roster, for PagerDuty did not say: PagerDuty: n"
    assert standby in said(run, DEPLOYMENTS)
    assert "You are on call (by the roster, for PagerDuty did not say" in said(run, "UBEA")


def test_where_pagerduty_says_who_is_on_call_they_are_told(company: Company, world: World) -> None:
    run = run_of(company, world, pagerduty=PagerDuty())

    for step in on_call_told(run):
        perform(step, run)

    assert said(run, "UDIEGO").startswith("You are on call while")
    assert said(run, "UBEA") == ""


def ready(run: Run) -> Judgement:
    run.lookout = cast("Any", SimpleNamespace(check=raise_waits))
    return on_call_ready.ask(run)


def raise_waits() -> None:
    raise Waits


def raise_away(*_asked: object) -> None:
    raise Unreachable("GitHub: no answer in time")


def test_a_hotfix_looks_once_for_an_answer_that_cannot_stop_it(company: Company, world: World) -> None:
    judgement = ready(run_of(company, world, pagerduty=PagerDuty(), way=Way.HOTFIX))

    assert judgement.verdict is Verdict.UNKNOWN
    assert "Diego Paz (level 1 of PPROD) was told" in judgement.sentence


def test_the_standard_way_waits_for_the_answer(company: Company, world: World) -> None:
    with pytest.raises(Waits):
        ready(run_of(company, world, pagerduty=PagerDuty()))


def test_a_deputy_is_on_call_until_the_day_ends_in_the_companys_zone(
    company: Company, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deputy = Deputy.model_validate({"role": "on-call engineer", "from": "2026-11-20", "until": "2026-11-30"})
    eva = Person(name="Eva Kim", deputies=(deputy,))
    run = run_of(company, world, roster=Roster.model_construct(people=(LEAD, eva)))

    found = []
    for now in (datetime(2026, 12, 1, 7, 59, tzinfo=UTC), datetime(2026, 12, 1, 8, 0, tzinfo=UTC)):
        monkeypatch.setattr("tasks.run.utc_now", lambda now=now: now)
        found.append(on_call_now(run))

    assert found == [(eva,), ()]


def test_the_number_that_is_asked_for_is_of_whom_pagerduty_names(company: Company, world: World) -> None:
    judgement = emergency_contacts_ready.ask(run_of(company, world, pagerduty=PagerDuty()))

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence == "on-call engineer: Diego Paz has no number in the roster"


def test_who_is_on_call_is_not_known_while_pagerduty_is_away(company: Company, world: World) -> None:
    with pytest.raises(Unreachable):
        emergency_contacts_ready.ask(run_of(company, world, pagerduty=PagerDuty(AWAY)))


@pytest.mark.parametrize(
    ("status", "verdict", "sentence"),
    [
        ("completed", Verdict.FAILED, "'Maintenance: reminders' is completed already, and the release only begins"),
        ("scheduled", Verdict.PASSED, "'Maintenance: reminders' is scheduled"),
    ],
)
def test_a_maintenance_that_is_over_announces_nothing(
    company: Company, world: World, status: str, verdict: Verdict, sentence: str
) -> None:
    there = replace(company, statuspage=cast("Any", Page(status)))

    judgement = status_page_updated.ask(run_of(there, world, risk=Risk.HIGH))

    assert (judgement.verdict, judgement.sentence) == (verdict, sentence)


def test_a_maintenance_that_was_ended_too_early_is_followed_by_another(company: Company, world: World) -> None:
    page = Page("completed")
    run = run_of(replace(company, statuspage=cast("Any", page)), world, risk=Risk.HIGH)

    perform(maintenance_announced(run), run)

    assert page.found.status == "scheduled"
    assert status_page_updated.ask(run).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("minutes", "announced"),
    [pytest.param(4, False, id="within the limit"), pytest.param(12, True, id="over it")],
)
def test_a_long_migration_announces_a_maintenance_with_its_time_at_any_risk(
    company: Company, world: World, *, minutes: int, announced: bool
) -> None:
    page = Page("completed")
    run = run_of(company, world, migrations=("prisma/migrations/m/migration.sql",))
    staging = cast("Staging", run.company.staging)
    staging = replace(staging, database=cast("Any", object()))
    run.company = replace(run.company, statuspage=cast("Any", page), staging=staging)
    run.once.fetch("expected time", lambda: Estimate(timedelta(minutes=minutes), "timed"))

    assert needs_maintenance(run) is announced
    assert not has_maintenance(run)
    if announced:
        perform(maintenance_announced(run), run)
        assert "about 27 min. The database is changed for 12 min of them." in page.text
        assert has_maintenance(run)
        assert status_page_updated.ask(run).verdict is Verdict.PASSED
    else:
        assert status_page_updated.ask(run).verdict is Verdict.NOT_APPLICABLE
