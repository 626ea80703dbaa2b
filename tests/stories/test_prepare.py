"""`prepare` the day before: what it found is not asked again by the release of the same change."""

from flows.prepare import prepare
from policy.record import Event
from tests.stories.people import APPROVE
from tests.stories.stage import Ending, Stage

KEPT = {"1.1.1", "1.1.3", "1.1.4", "1.1.5", "1.2.2", "1.2.3"}
AGAIN = {"1.3.4", "1.3.5", "1.3.6", "1.3.10", "1.4.1"}


def asked_before(ending: Ending) -> set[str]:
    """The items whose evidence is older than the release, by its own words."""
    judged = [row for row in ending.rows if row.event is Event.JUDGED]
    return {row.item for row in judged if "ago by prepare, record" in str(row.facts["sentence"])}


def test_a_release_continues_what_was_prepared_after_a_pull_request_that_conflicts_with_it(stage: Stage) -> None:
    waiting = stage.lab.ship("2.9.4", merged=False)
    stage.play(lambda: prepare(stage.request(waiting, commit="", pull_request=waiting.pull_request)))
    shipped = stage.lab.ship("2.9.5")

    prepared = stage.play(lambda: prepare(stage.request(shipped, summary="Tomorrow's release")))

    assert prepared.outcome == "prepared", prepared.sentence
    assert "asked again then: 1.3.4" in prepared.sentence
    (aside,) = (row for row in prepared.rows if row.event is Event.CONFIRMED and row.item == "1.3.1")
    assert str(aside.facts["sentence"]).endswith(
        f"; put aside on its branch, since {shipped.commit[:7]} does not have it: {waiting.commit[:7]}"
        " Bring version 2.9.4 to the patients"
    )
    assert waiting.commit[:7] in stage.page("evidence-1-3-pre-deployment-preparation")
    assert stage.said_in("C0DEPLOYMENTS") == ""
    assert set(stage.lab.versions_serving().values()) != {shipped.commit}

    ending = stage.release(stage.request(shipped), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    assert asked_before(ending) >= KEPT
    assert not asked_before(ending) & AGAIN
    stage.ends_well_on(shipped.commit)


def test_what_is_wrong_the_day_before_is_said_and_not_kept(stage: Stage) -> None:
    stage.have("doppler")
    shipped = stage.lab.ship("2.9.6")

    prepared = stage.play(lambda: prepare(stage.request(shipped, flags={"FEATURE_ROTA": "false"})))

    assert "mend before the release: 1.2.4 Feature flags configured" in prepared.sentence
    assert prepared.outcome == "prepared"
