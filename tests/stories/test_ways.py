"""The ways that are no standard release: hotfix, roll-back, plan, observe, backup, report, recovery."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from prefect.flow_runs import resume_flow_run

from flows.backtest import BacktestRequest, backtest
from flows.backup import database_backup
from flows.hotfix_duty import hotfix_duty
from flows.metrics_report import ReportRequest, metrics_report
from flows.rollback import rollback
from policy.duties import Duty
from policy.record import Event
from policy.way_back_forms import RollbackReason, RollbackRequest
from tests.stories.company import ENVIRONMENT
from tests.stories.duties import list_scheduled_duties, offer_duties
from tests.stories.people import APPROVE, ROLL_BACK, choice
from tests.stories.stage import Stage

OWN = choice("approve", "Tomas Lima", "nobody else answers at three in the morning")
CLOSED = {"windows": {risk: [] for risk in ("low", "medium", "high")}, "peaks": [], "holidays": False}


def undo(**words: str) -> RollbackRequest:
    return RollbackRequest(
        reason=RollbackReason.USER_REPORTS,
        what_was_seen="the search finds nobody any more",
        requested_by="Omar Reyes",
        environment=ENVIRONMENT,
        **words,
    )


def test_a_hotfix_sends_a_running_release_home_and_goes_out_whatever_the_hour(stage: Stage) -> None:
    stage.change_settings(calendar=CLOSED)
    before = stage.lab.version_of("web-server-1")
    fix = stage.fix("8.0.1")
    running = stage.lab.ship("8.0.2")
    request = stage.request(running, mode="observe")
    hole = "a security vulnerability is being exploited"
    asked = {"check_path": "/api/health", "check_expects": fix.commit, "urgency": hole, "requested_by": "Tomas Lima"}
    offer_duties()

    with stage.process(request) as process:
        gate = stage.wait_for_gate()
        ending = stage.release(stage.hotfix_request(fix, **asked), OWN)
        process.wait()

    first, second = stage.endings()
    assert first.outcome == "rolled back", first.sentence
    assert "the hotfix" in first.sentence
    assert second.outcome == "signed off", ending.sentence
    assert "For Carla Ortiz: look at it now" in stage.said_in("C0ALERTS")
    assert "approved by whoever requested or wrote it" in stage.said_in("U0CARLA")
    assert gate
    assert before
    stage.ends_well_on(fix.commit)
    key = str(second.rows[0].facts["release"]["key"])
    said = [(row.facts["verdict"], row.facts["sentence"]) for row in second.rows if row.item == "5.2.5"]
    assert said[0] == ("passed", f"before the fix /api/health answered 200 without the expected text {fix.commit!r}")
    assert said[-1] == ("passed", f"/api/health answered 200 with {fix.commit!r}")
    assert "*Compared with the standard way:* not carried out: 1.3.1" in stage.said_in("C0DEPLOYMENTS")
    assert list_scheduled_duties(key) == ["back-merge", "post-mortem", "summary"]

    states = {duty: str(hotfix_duty(duty, key, ENVIRONMENT, return_state=True).name) for duty in Duty}

    assert states == {Duty.POST_MORTEM: "Waits", Duty.BACK_MERGE: "Done", Duty.SUMMARY: "Done"}
    # Looked at before its day: what is not done is asked about on that day, what is done is not looked at again.
    assert list_scheduled_duties(key) == ["post-mortem"]
    assert ":fire_engine: *Hotfix" in stage.said_in("C0ENGINEERING")
    assert "The post-mortem of hotfix" in stage.said_in("U0TOMAS")


def test_a_hotfix_that_can_wait_stops_nobody(stage: Stage) -> None:
    fix = stage.lab.ship("8.0.9")

    ending = stage.release(stage.hotfix_request(fix, can_wait="yes"))

    assert ending.sentence.startswith("urgency: it can wait until business hours, so it is no emergency")
    assert stage.is_untouched()


def test_a_second_release_is_told_who_holds_the_environment(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    first = stage.lab.ship("8.0.3")
    second = stage.lab.ship("8.0.4")

    with stage.process(stage.request(first)) as process:
        gate = stage.wait_for_gate()
        ending = stage.release(stage.request(second, requested_by="Dora Levin"))
        resume_flow_run(gate.id, run_input=ROLL_BACK)
        process.wait()

    assert ending.error is not None
    assert f"Ana Souza is releasing {first.commit[:7]} (Patient search performance), for" in ending.sentence
    assert len(stage.endings()) == 1
    stage.ends_well_on(before)


def test_a_person_rolls_back_a_release_that_waits_at_its_gate(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("8.0.5")

    with stage.process(stage.request(shipped)) as process:
        stage.wait_for_gate()
        ending = stage.play(lambda: rollback(undo()))
        process.wait()

    assert ending.error is None
    assert ending.outcome == "rolled back"
    assert "Omar Reyes: users report problems: the search finds nobody any more" in ending.sentence
    stage.ends_well_on(before)


def test_a_finished_release_is_rolled_back_and_the_report_counts_both(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("8.0.6")
    stage.release(stage.request(shipped), APPROVE)
    stage.ends_well_on(shipped.commit)

    planned = stage.play(lambda: rollback(undo(mode="plan")))

    page = stage.page("way-back")
    assert planned.error is None
    assert "Back: " in page
    assert page.count("roll-back.sh") == 2
    assert stage.lab.versions_serving() == dict.fromkeys(("web-server-1", "web-server-2"), shipped.commit)

    stage.play(lambda: rollback(undo()))

    released, undone = stage.endings()
    assert (released.outcome, undone.outcome) == ("signed off", "rolled back"), undone.sentence
    stage.ends_well_on(before)

    refused = stage.lab.ship("8.0.7")
    stage.release(stage.request(refused), ROLL_BACK)
    first, last = (day_of(moment) for moment in (stage.began, datetime.now(UTC)))
    stage.play(lambda: metrics_report(ReportRequest(first_day=first, last_day=last, environment=ENVIRONMENT)))

    stage.play(lambda: backtest(BacktestRequest(limits={"error_rate_roll_back": 0.5}, environment=ENVIRONMENT)))

    said = stage.said_in("C0DEPLOYMENTS")
    assert "deployment frequency: not known yet (1 signed off in " in said
    assert "success rate: 0.0% (2 of 2 deployments failed)" in said
    assert "rollback rate: 100.0% (2 of 2 deployments rolled back)" in said
    assert "(mean of 2 failures)" in said
    assert "2 releases" in stage.page("metrics-report")
    assert stage.tags_of_runs("outcome:rolled-back") >= {"risk:medium", f"version:{refused.commit[:7]}"}
    assert f"version:{shipped.commit[:7]}" in stage.tags_of_runs("outcome:signed-off")
    assert "changed nothing (2 releases replayed)" in stage.page("backtest")


def day_of(moment: datetime) -> str:
    """The company's day; a story may begin on one and end on the next."""
    return f"{moment.astimezone(ZoneInfo('America/Los_Angeles')):%Y-%m-%d}"


def test_a_plan_shows_everything_and_changes_nothing(stage: Stage) -> None:
    shipped = stage.lab.ship("8.0.8")
    stage.ask_checks_of_its_own("1.4.101")
    before = stage.lab.versions_serving()

    ending = stage.release(stage.request(shipped, mode="plan"))

    page = stage.page("plan")
    assert ending.error is None
    assert "1.4.3" in page
    assert f"{shipped.commit} is well" in page
    assert f"The image of {shipped.commit[:7]} is {shipped.digest}" in page
    assert "**The release may be approved by Tomas Lima**" in page.partition("### ")[0]
    assert "1.3 Pre-deployment preparation: 6 passed, 1 not applicable." in page
    assert "Stopped by" not in page
    assert page.index("2.1.2 web-server-1 drained") < page.index("2.1.5 web-server-2 drained")
    assert stage.is_untouched()
    assert stage.lab.versions_serving() == before


def test_a_release_that_only_observes_is_stopped_by_no_item(stage: Stage) -> None:
    shipped = stage.lab.ship("8.0.10")
    stage.lab.age_backups(30)

    ending = stage.release(stage.request(shipped, mode="observe"), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    judged = [row.facts["verdict"] for row in ending.rows if row.event is Event.JUDGED and row.item == "1.4.3"]
    assert judged == ["failed"]
    stage.ends_well_on(shipped.commit)


def test_a_backup_is_uploaded_and_read_back(stage: Stage) -> None:
    ending = stage.play(lambda: database_backup(ENVIRONMENT))

    assert ending.error is None
    assert f"manual-backups/{ENVIRONMENT}-" in stage.page("backup")


def test_recovery_finds_nothing_to_do(stage: Stage) -> None:
    stage.recover_until_free()

    assert stage.is_untouched()


@pytest.mark.parametrize("change", [{"requested_by": "Mallory"}, {"release": "20200101-000000-00000000"}])
def test_a_roll_back_that_makes_no_sense_touches_nothing(stage: Stage, change: dict[str, str]) -> None:
    before = stage.lab.versions_serving()

    ending = stage.play(lambda: rollback(undo().model_copy(update=change)))

    assert next(iter(change)) in ending.sentence
    assert stage.is_untouched()
    assert stage.lab.versions_serving() == before
