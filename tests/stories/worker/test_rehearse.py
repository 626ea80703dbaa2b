"""A bad day is rehearsed as a person does it: one answer at the gate, and afterwards what it was all about."""

import pytest

from lab.control_plane import ControlPlane
from lab.days import find
from lab.decider import Given
from lab.rehearse import Rehearsal
from tests.stories.production import Production
from tests.stories.stage import wait_until


def test_a_rehearsed_day_says_what_happened_what_was_done_and_what_could_have_been_seen(
    plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    day = find("server-gone")
    production = Production(plane.lab)
    production.save_limits()

    outcome = Rehearsal(plane.lab, plane, day, Given(["approve"])).play()

    plane.lab.mend("web-server-2")
    wait_until(production.hold_is_free, what="the next story may release to production")
    printed = capsys.readouterr().out
    assert outcome == "rolled back"
    happened, done, earlier = (
        printed.index(title) for title in ("What happened", "What the software did", "What you could have seen earlier")
    )
    assert "web-server-1: updated" in printed[happened:done]
    assert "going home" in printed[done:earlier]
    assert day.earlier in printed[earlier:]
