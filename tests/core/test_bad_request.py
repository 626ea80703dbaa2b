"""What the form alone tells is told first, before any other system is asked."""

from typing import Any

import pytest

from flows.opening import require_way_back_understood
from flows.production import carry_through
from policy.items import Way
from policy.limits import Mode
from tasks.resolve import BadRequest
from tests.policy import releases

NOT_UNDERSTOOD = "^way_back_understood: found false, expected true"


def test_whoever_does_not_know_the_way_back_is_told_before_anything_is_loaded() -> None:
    request = releases.request(way_back_understood=False, environment="nowhere")

    with pytest.raises(BadRequest, match=NOT_UNDERSTOOD):
        carry_through(request, way=Way.STANDARD)


@pytest.mark.parametrize(
    "words", [{"mode": Mode.PLAN}, {"mode": Mode.OBSERVE}, {"ask_for_waivers": True}, {"way_back_understood": True}]
)
def test_what_shows_it_or_lets_it_be_waived_goes_on_to_the_checks(words: dict[str, Any]) -> None:
    require_way_back_understood(releases.request(**{"way_back_understood": False, **words}))
