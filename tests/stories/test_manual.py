"""2.3: the pipeline is broken, so the servers build what they run; what they built is a way back like any other."""

from policy.record import Event, last
from tests.stories.people import APPROVE, ROLL_BACK
from tests.stories.stage import Stage

NAMES = ("web-server-1", "web-server-2")


def test_servers_build_what_they_run_and_a_later_release_goes_back_to_it(stage: Stage) -> None:
    before = stage.lab.versions_serving()
    shipped = stage.lab.ship("8.2.0", conclusion="failure")

    refused = stage.release(stage.manual_request(shipped))

    assert refused.sentence.startswith("explanation: the pipeline of ")
    assert "nobody says otherwise" in refused.sentence
    assert stage.is_untouched()
    assert stage.lab.versions_serving() == before

    ending = stage.release(stage.manual_request(shipped, explanation="the runners are out of disk"), APPROVE)

    assert ending.outcome == "signed off", ending.sentence
    stage.ends_well_on(shipped.commit)
    assert stage.lab.version_of("staging") == shipped.commit
    built = last(ending.rows, Event.BUILT)
    assert built is not None
    assert set(built.facts["on_servers"]) == set(NAMES)
    assert built.item == "2.3.1"
    assert "*Compared with the standard way:* not carried out: 2.1.1" in stage.said_in("C0DEPLOYMENTS")

    following = stage.lab.ship("8.2.1")
    undone = stage.release(stage.request(following), ROLL_BACK)

    assert undone.outcome == "rolled back", undone.sentence
    assert stage.lab.versions_serving() == dict.fromkeys(NAMES, shipped.commit)
    stage.ends_well_on(shipped.commit)
