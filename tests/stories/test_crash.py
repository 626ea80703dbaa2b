"""The process of a release is killed: recovery brings production home, and no gate opens by accident."""

from datetime import timedelta

from prefect import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import resume_flow_run
from prefect.states import Running

from policy.first_bad_sign import first_bad_sign
from policy.record import Event, Row
from tasks.run import utc_now
from tests.stories.people import APPROVE, ROLL_BACK, Words, paused_runs
from tests.stories.stage import Stage, wait_until


def test_a_process_that_is_killed_at_its_gate_is_brought_home_after_people_had_time_to_choose(stage: Stage) -> None:
    stage.change_limits(choice=25)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("7.0.0")

    with stage.process(stage.request(shipped)) as process:
        stage.wait_for_gate()
        process.kill()
        killed = utc_now()
        stage.recover_until_free()

    assert stage.outcome() == "rolled back"
    bad = first_bad_sign(stage.rows())
    assert bad is not None
    assert bad.what == "the process fell silent"
    assert killed - timedelta(seconds=30) < bad.at <= killed
    assert "*The process that released" in stage.said_in("C0ALERTS")
    stage.ends_well_on(before)


def test_a_process_that_is_killed_on_its_way_home_is_brought_home(stage: Stage) -> None:
    """On its way forward one is killed on the genuine engine (tests/engine), and at each row by the crash points."""
    stage.change_limits(choice=1)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("7.0.1")

    with stage.process(stage.request(shipped)) as process:
        stage.when("put back", "web-server-1", process.kill)
        gate = stage.wait_for_gate()
        resume_flow_run(gate.id, run_input=stage.typed(ROLL_BACK))
        process.wait()
        stage.recover_until_free()

    assert stage.outcome() == "rolled back"
    stage.ends_well_on(before)


def test_a_run_that_is_forced_to_running_at_its_gate_asks_again(stage: Stage) -> None:
    shipped = stage.lab.ship("7.0.3")

    def force(run: FlowRun) -> None:
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run.id, Running(), force=True)
            wait_until(lambda: bool(paused_runs(stage.began, client)), what="the run asks again")

    def old_version_serves(_run: FlowRun) -> Words:
        assert stage.lab.version_of("web-server-2") != shipped.commit
        assert not any(row.event is Event.APPROVED for row in stage.rows())
        return APPROVE

    ending = stage.release(stage.request(shipped), force, old_version_serves)

    assert ending.outcome == "signed off", ending.sentence
    assert stage.people.asked == 2
    stage.ends_well_on(shipped.commit)


def test_a_process_that_was_thought_dead_and_wakes_up_changes_nothing(stage: Stage) -> None:
    stage.change_limits(choice=1)
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("7.0.4")

    with stage.process(stage.request(shipped)) as process:
        stage.when("drained", "web-server-2", process.freeze)
        gate = stage.wait_for_gate()
        resume_flow_run(gate.id, run_input=stage.typed(APPROVE))
        wait_until(lambda: any(row.step == "drained" for row in of_second_server(stage)), what="it sleeps in a step")
        stage.recover_until_free()
        process.thaw()
        process.wait()

    assert stage.outcome() == "rolled back"
    stage.ends_well_on(before)


def test_a_run_that_is_deleted_at_its_gate_opens_nothing_and_goes_home(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("7.0.5")

    def delete(run: FlowRun) -> None:
        with get_client(sync_client=True) as client:
            client.delete_flow_run(run.id)

    ending = stage.release(stage.request(shipped), delete)

    assert ending.outcome == "rolled back", ending.sentence
    assert "its run was deleted in Prefect; the record: `python -m " in stage.said_in("C0DEPLOYMENTS")
    stage.ends_well_on(before)


def of_second_server(stage: Stage) -> list[Row]:
    """The rows of the story's record about the second server."""
    return [row for row in stage.rows() if row.subject == "web-server-2"]
