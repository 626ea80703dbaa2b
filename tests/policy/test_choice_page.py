"""What people read above the form where production cannot be judged, and what they can answer."""

import pytest

from policy.choice_page import open_choices, render_choice
from policy.way_home import ROLL_BACK, STAY
from tests.policy.releases import release

WAIT = "keep waiting"


@pytest.mark.parametrize(
    ("live", "taken_away", "choices"),
    [
        pytest.param(False, "", (WAIT, ROLL_BACK), id="servers differ"),
        pytest.param(True, "", (WAIT, STAY, ROLL_BACK), id="live everywhere"),
        pytest.param(True, "Patient.createdAt dropped", (WAIT, STAY), id="the schema lost what the old code needs"),
        pytest.param(False, "Patient.createdAt dropped", (WAIT,), id="both"),
    ],
)
def test_only_what_can_be_done_now_is_offered(*, live: bool, taken_away: str, choices: tuple[str, ...]) -> None:
    assert open_choices(live=live, taken_away=taken_away) == choices


def test_whoever_decides_reads_which_server_runs_what_and_what_each_answer_does() -> None:
    shown = render_choice(
        release(), sentence="the metrics are dark", new=["web-server-1"], live=False, choices=(WAIT, ROLL_BACK)
    )

    assert shown.split("\n\n") == [
        f"## {release().what} is on hold: what next?",
        "**The metrics are dark.**",
        "Now: b2b2b2b on web-server-1; a1a1a1a on web-server-2.",
        "- **keep waiting**: nothing more is changed; the release goes on by itself once it can be judged, else you are"
        " asked again\n- **roll back**: every server that was changed goes back to a1a1a1a",
        "*stay on the new version* is no answer now: the servers differ.",
        "Without an answer: nothing more is changed, and you are asked again.",
    ]


def test_a_release_that_is_live_stays_without_an_answer() -> None:
    shown = render_choice(
        release(), sentence="errors", new=["web-server-1", "web-server-2"], live=True, choices=(WAIT, STAY, ROLL_BACK)
    )

    assert "Now: b2b2b2b on web-server-1, web-server-2." in shown
    assert shown.endswith("Without an answer: as *stay on the new version*.")
