"""The evidence of a release: what every item of sections 1 and 3 said, and that none goes without saying."""

from policy.record import Event, Row
from tests.stories.people import APPROVE
from tests.stories.stage import Stage

SECTIONS = ("1.", "3.")
DONE_BY_STEPS = frozenset({"1.3.1", "1.3.7"})


def judged(rows: tuple[Row, ...]) -> dict[str, str]:
    """The last verdict of every item that was asked."""
    return {row.item: str(row.facts["verdict"]) for row in rows if row.event is Event.JUDGED}


def test_a_clean_release_holds_every_row_that_is_built_as_passed(stage: Stage) -> None:
    shipped = stage.lab.ship("2.8.0")

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    sentences = {row.item: row.facts["sentence"] for row in ending.rows if row.event is Event.JUDGED}
    wrong = {number: sentences[number] for number, verdict in judged(ending.rows).items() if verdict == "failed"}
    assert not wrong
