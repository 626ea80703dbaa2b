"""Waivers: what stops a release before its first change is let pass by people, row by row, or it ends."""

from policy.record import Event
from tests.stories.people import APPROVE, Words
from tests.stories.stage import Ending, Stage

OFF_IN_PRODUCTION = {"FEATURE_ROTA": "false"}
FLAG, REASON = "1.2.4", "the flag is turned off by the nurses' lead at noon"
WAIVE = {"decision": "waive", "name": "Tomas Lima", "reason_1_2_4": REASON}
WITHOUT_A_REASON = {"decision": "waive", "name": "Tomas Lima"}
BY_THE_AUTHOR = {"decision": "waive", "name": "Ana Souza", "reason_1_2_4": REASON}
STOP = {"decision": "stop the release", "name": "Omar Reyes"}


def verdicts(ending: Ending) -> list[str]:
    """What the record says of the flag, in order."""
    return [row.facts["verdict"] for row in ending.rows if row.event is Event.JUDGED and row.item == FLAG]


def release(stage: Stage, *answers: Words) -> Ending:
    stage.have("doppler")
    shipped = stage.lab.ship("2.9.0")
    request = stage.request(shipped, flags=OFF_IN_PRODUCTION, ask_for_waivers=True)
    return stage.release(request, *answers)


def test_a_row_that_is_waived_with_a_reason_and_a_code_stops_nothing(stage: Stage) -> None:
    ending = release(stage, WITHOUT_A_REASON, BY_THE_AUTHOR, WAIVE, APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert verdicts(ending) == ["failed", "waived"] * 2
    assert REASON in stage.page("waivers")
    assert "is stopped by its checks" in stage.said_in("U0TOMAS")


def test_whoever_would_rather_stop_needs_a_name_only(stage: Stage) -> None:
    ending = release(stage, STOP)

    assert "Omar Reyes chose to stop the release" in ending.sentence
    assert ending.outcome == "stopped"
    assert stage.hold_is_free()


def test_a_waiver_that_nobody_gives_in_time_ends_the_release(stage: Stage) -> None:
    stage.change_limits(approval=3)

    ending = release(stage)

    assert "so nothing is waived" in ending.sentence
    assert ending.outcome == "stopped"
