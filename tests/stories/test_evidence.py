"""The evidence of a release: every item of sections 1 and 3 says something, and none passes without saying it."""

from policy.checklist import ITEMS
from policy.items import Asked, Way
from policy.record import Event, Row
from tests.stories.stage import Stage

SECTIONS = ("1.", "3.")
BY_HAND_STILL = frozenset({"1.3.3"})
CTO_APPROVES = {"decision": "approve", "name": "Carla Ortiz"}


def asked() -> set[str]:
    """Every item of the two sections that the standard way asks, but those that people still do by hand."""
    standard = {number for number, item in ITEMS.items() if item.asked[Way.STANDARD] is not Asked.NOT_ASKED}
    return {number for number in standard if number.startswith(SECTIONS)} - BY_HAND_STILL


def said(rows: tuple[Row, ...]) -> dict[str, str]:
    """The last word of the record on every item: its verdict, or that its step was done."""
    found = {row.item: "passed" for row in rows if row.event is Event.CONFIRMED}
    return found | {row.item: str(row.facts["verdict"]) for row in rows if row.event is Event.JUDGED}


def test_a_clean_release_holds_every_row_of_sections_1_and_3_as_passed(stage: Stage) -> None:
    shipped = stage.lab.ship("2.8.0")
    request = stage.request(shipped, raise_risk_to="high", flags={"FEATURE_ROTA": "true"}, incident_team_confirmed=True)

    ending = stage.release(request, CTO_APPROVES)

    assert ending.outcome == "signed off", ending.sentence
    words = said(ending.rows)
    sentences = {row.item: row.facts["sentence"] for row in ending.rows if row.event is Event.JUDGED}
    assert {
        number: (words.get(number), sentences.get(number)) for number in asked() if words.get(number) != "passed"
    } == {}
    assert "*Issues:* none" in stage.said_in("C0DEPLOYMENTS")
