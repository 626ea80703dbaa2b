"""What a person may do to a release that is under way: raise a red flag, or break its hold on purpose."""

import threading
from contextvars import copy_context

from prefect.client.schemas.objects import FlowRun

from flows.break_hold import break_hold
from flows.red_flag import red_flag
from policy.record import Event
from policy.red_flags import RaisedFlag
from policy.way_back_forms import BreakHoldRequest, RedFlagRequest
from tests.stories.company import ENVIRONMENT
from tests.stories.stage import Stage, wait_until

FLAG = RedFlagRequest(
    reason=RaisedFlag.USER_REPORTS,
    what_was_seen="three clinics cannot log in",
    requested_by="Omar Reyes",
    environment=ENVIRONMENT,
)
BREAK = BreakHoldRequest(
    reason="we repair the servers by hand tonight",
    requested_by="Dora Levin",
    although_it_lives=True,
    environment=ENVIRONMENT,
)


def test_a_red_flag_of_a_person_is_heard_while_others_think_about_approving(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("9.0.0")

    def object_to_it(_run: FlowRun) -> None:
        threading.Thread(target=copy_context().run, args=(red_flag, FLAG), daemon=True).start()

    ending = stage.release(stage.request(shipped), object_to_it)

    assert ending.outcome == "rolled back", ending.sentence
    assert "Omar Reyes: users report problems: three clinics cannot log in" in ending.sentence
    # The flag is heard by the release before its own run has told anybody.
    wait_until(lambda: "Red flag on" in stage.said_in("C0ALERTS"), what="people are told of the flag")
    stage.ends_well_on(before)


def test_a_red_flag_without_a_release_is_refused_and_says_what_to_start_instead(stage: Stage) -> None:
    ending = stage.play(lambda: red_flag(FLAG))

    assert "nobody is releasing to story" in ending.sentence
    assert "start the deployment `rollback`" in ending.sentence
    assert stage.is_untouched()


def test_a_hold_that_is_broken_leaves_the_servers_to_people_and_stops_whoever_had_it(stage: Stage) -> None:
    before = str(stage.lab.version_of("web-server-1"))
    shipped = stage.lab.ship("9.0.1")

    with stage.process(stage.request(shipped)) as process:
        stage.wait_for_gate()
        ending = stage.play(lambda: break_hold(BREAK))
        process.wait()

    assert ending.error is None
    assert ending.outcome == "stuck"
    assert "Dora Levin broke the hold of" in ending.sentence
    assert stage.hold_is_free()
    assert stage.records_verify()
    assert not any(row.event is Event.GOING_HOME for row in stage.rows())
    assert stage.lab.versions_serving() == {"web-server-1": shipped.commit, "web-server-2": before}
    wait_until(lambda: "needs hands" in stage.said_in("C0ALERTS"), what="people are told which server is where")
