"""Approvals are people's: who may, what proves it, and that it was for exactly this."""

from datetime import UTC, datetime

from prefect.client.schemas.objects import FlowRun

from blocks.one_time_codes import OneTimeCodes
from policy.record import Event
from tests.stories.people import APPROVE, ROLL_BACK, Words
from tests.stories.stage import Stage

STRANGER = {"decision": "approve", "name": "Omar Reyes"}
NOBODY = {"decision": "approve", "name": "Mallory", "code": "123456"}
WRONG = {"decision": "approve", "name": "Tomas Lima", "code": "000000"}


def outcomes(stage: Stage) -> list[str]:
    """What each answer did, in order."""
    answers = (Event.ANSWERED, Event.APPROVED)
    return [row.facts["outcome"] for row in stage.rows() if row.event in answers and row.item == "2.1.4"]


def test_an_answer_that_does_not_count_leaves_the_question_standing(stage: Stage) -> None:
    shipped = stage.lab.ship("2.0.5")

    def used(_run: FlowRun) -> Words:
        answer = stage.typed(APPROVE)
        tomas = next(person for person in stage.roster.people if person.name == "Tomas Lima")
        codes = OneTimeCodes(stage.store, stage.lab.home.secrets)
        step = codes.find_step(tomas, answer["code"], at=datetime.now(UTC))
        assert step is not None
        assert codes.use(tomas, step)
        return answer

    ending = stage.release(stage.request(shipped), STRANGER, NOBODY, WRONG, used, APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert outcomes(stage) == ["not valid", "not valid", "wrong code", "not valid", "approved"]
    stage.ends_well_on(shipped.commit)


def test_evidence_that_worsens_while_people_think_is_not_what_they_approved(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("2.0.6")
    password = stage.lab.home.secret("DEMO_PASSWORD")

    def worsen_then_approve(_run: FlowRun) -> Words:
        stage.lab.home.write_secret("DEMO_PASSWORD", "somebody changed it")
        return APPROVE

    def look_then_roll_back(_run: FlowRun) -> Words:
        stage.lab.home.write_secret("DEMO_PASSWORD", password)
        assert stage.lab.version_of("web-server-2") == before
        return ROLL_BACK

    ending = stage.release(stage.request(shipped), worsen_then_approve, look_then_roll_back)

    assert ending.outcome == "rolled back", ending.sentence
    assert outcomes(stage) == ["approved", "roll back"]
    stage.ends_well_on(before)
