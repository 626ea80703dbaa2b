"""Where an approval that is trusted too much opens a gate: retried, worsened, too late, one's own, another's."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import resume_flow_run

from flows.red_flag import red_flag
from policy.record import Event, Row
from policy.red_flags import RaisedFlag
from policy.release import Request
from policy.way_back_forms import RedFlagRequest
from tests.stories.company import ENVIRONMENT
from tests.stories.people import APPROVE, Words
from tests.stories.release_process import ReleaseProcess
from tests.stories.stage import Stage, wait_until

# How long before the end of its window a release begins: long enough to be judged inside.
HEADWAY = timedelta(seconds=45)
SECOND_ADDRESS = "tomas@lima.example"
TOMAS_AT_HOME = {"name": "tlima-at-home", "email": SECOND_ADDRESS, "login": "tlima-at-home"}
DORA = {"decision": "approve", "name": "Dora Levin"}


def rows_at_gate(rows: tuple[Row, ...], event: Event) -> list[Row]:
    """What happened at the gate."""
    return [row for row in rows if row.event is event and row.item == "2.1.4"]


@contextmanager
def evidence_spoiled(stage: Stage) -> Iterator[None]:
    """Let the smoke tests fail until the block ends."""
    password = stage.lab.home.secret("DEMO_PASSWORD")
    stage.lab.home.write_secret("DEMO_PASSWORD", "somebody changed it")
    try:
        yield
    finally:
        stage.lab.home.write_secret("DEMO_PASSWORD", password)


@contextmanager
def retried(run: FlowRun) -> Iterator[ReleaseProcess]:
    """Go on with a run as after the button Retry; the process is gone afterwards."""
    process = ReleaseProcess.retry(run.id)
    try:
        yield process
    finally:
        process.kill()


def die_after_approval(stage: Stage, request: Request) -> FlowRun:
    """Let a release be approved and its process die as the second server is drained; return its run."""
    with stage.process(request) as process:
        gate = stage.wait_for_gate()
        stage.lab.kill_at_next_change(process.pid)
        resume_flow_run(gate.id, run_input=stage.typed(APPROVE))
        process.wait()
    return gate


def test_a_retry_after_an_approval_asks_again_only_if_the_evidence_has_worsened(stage: Stage) -> None:
    before = stage.lab.version_of("web-server-2")
    shipped = stage.lab.ship("9.4.0")
    run = die_after_approval(stage, stage.request(shipped))

    with evidence_spoiled(stage), retried(run) as again:
        stage.wait_for_gate()
        assert len(rows_at_gate(stage.rows(), Event.APPROVED)) == 1
        assert stage.lab.version_of("web-server-2") == before
        stage.when("updated", "web-server-2", again.kill)
        resume_flow_run(run.id, run_input=stage.typed(APPROVE))
        again.wait()
    with retried(run) as last:
        last.wait()

    assert stage.outcome() == "signed off"
    assert len(rows_at_gate(stage.rows(), Event.ASKED)) == 2
    assert len(rows_at_gate(stage.rows(), Event.USED)) == 3
    stage.ends_well_on(shipped.commit)


def test_a_retry_after_an_approval_goes_home_if_a_red_flag_was_raised_meanwhile(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-2"))
    shipped = stage.lab.ship("9.4.1")
    run = die_after_approval(stage, stage.request(shipped))
    words = {"what_was_seen": "three clinics cannot log in", "requested_by": "Omar Reyes", "environment": ENVIRONMENT}

    red_flag(RedFlagRequest(reason=RaisedFlag.USER_REPORTS, **words))
    with retried(run) as again:
        again.wait()

    assert stage.outcome() == "rolled back"
    assert "three clinics cannot log in" in stage.endings()[-1].sentence
    assert len(rows_at_gate(stage.rows(), Event.ASKED)) == 1
    stage.ends_well_on(before)


def test_neither_an_author_under_another_address_nor_an_approval_after_the_window_simply_goes_on(stage: Stage) -> None:
    for person in stage.words["people"]:
        if person["name"] == "Tomas Lima":
            person["emails"] = [*person["emails"], SECOND_ADDRESS]
        if person["name"] == "Dora Levin":
            person["roles"] = [*person["roles"], "tech lead"]
    shipped = stage.lab.ship("9.4.2", author=TOMAS_AT_HOME)
    closes = window_that_closes_soon(stage)

    def too_late(_run: FlowRun) -> Words:
        wait_until(lambda: datetime.now(UTC) >= closes, what="the window has closed")
        return DORA

    ending = stage.release(
        stage.request(shipped), APPROVE, too_late, {**DORA, "reason": "half the fleet is better whole"}
    )

    assert ending.outcome == "signed off", ending.sentence
    author, late = (row.facts for row in rows_at_gate(ending.rows, Event.ANSWERED))
    assert author["outcome"] == late["outcome"] == "not valid"
    assert f"Tomas Lima wrote a commit of it as {SECOND_ADDRESS} and may not approve it" in author["sentence"]
    assert "the window for medium risk is" in late["sentence"]
    assert "approve again and give a reason" in late["sentence"]
    assert [row.facts["name"] for row in rows_at_gate(ending.rows, Event.APPROVED)] == ["Dora Levin"]
    stage.ends_well_on(shipped.commit)


def window_that_closes_soon(stage: Stage) -> datetime:
    """Let the windows close some seconds after the next release waits at its gate; return when."""
    now = datetime.now(UTC)
    closes = (now + HEADWAY).replace(second=0, microsecond=0) + timedelta(minutes=1)
    # Where it is noon now, no day ends meanwhile.
    stage.words["time_zone"] = f"Etc/GMT{now.hour - 12:+d}"
    minutes = 12 * 60 + closes.minute + (60 if closes.hour != now.hour else 0)
    hours = {"days": "Mon-Sun", "from": "00:00", "until": f"{minutes // 60}:{minutes % 60:02}"}
    always = {"holidays": False, "peaks": [], "avoid_weekends": False, "avoid_friday_from": "24:00"}
    stage.change_settings(calendar={**always, "windows": {risk: [hours] for risk in ("low", "medium", "high")}})
    return closes


def test_an_approval_that_arrives_when_the_next_release_is_live_opens_nothing_and_no_code_is_good_for_both(
    stage: Stage,
) -> None:
    """AWS DynamoDB 2025-10."""
    stage.change_limits(choice=1)
    first, second = stage.lab.ship("9.4.6"), stage.lab.ship("9.4.7")

    with stage.process(stage.request(first)) as process:
        gate = stage.wait_for_gate()
        with evidence_spoiled(stage):
            code_of_first = stage.typed(APPROVE)
            resume_flow_run(gate.id, run_input=code_of_first)
            wait_until(lambda: len(rows_at_gate(stage.rows(), Event.ASKED)) == 2, what="it is asked again")
            stage.wait_for_gate()
            process.freeze()
        stage.recover_until_free()

        ending = stage.release(stage.request(second, requested_by="Dora Levin"), lambda _run: code_of_first, APPROVE)
        assert ending.outcome == "signed off", ending.sentence
        (replayed,) = (row.facts for row in rows_at_gate(ending.rows, Event.ANSWERED))
        assert replayed["outcome"] in ("not valid", "wrong code")

        resume_flow_run(gate.id, run_input=stage.typed(APPROVE))
        process.thaw()
        assert process.wait() != 0

    of_first, of_second = stage.endings()
    assert (of_first.outcome, of_second.outcome) == ("rolled back", "signed off")
    assert len(rows_at_gate(of_first.rows, Event.APPROVED)) == 1
    stage.ends_well_on(second.commit)
