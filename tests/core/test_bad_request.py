"""What the form alone tells is told first, before any other system is asked."""

from pathlib import Path
from typing import Any

import pytest

from blocks.company import Company
from blocks.hold import Held, Holds
from flows.hold import refuse_while_held
from flows.opening import require_sound_form
from flows.production import carry_through
from policy.items import Way
from policy.limits import Mode
from tasks.resolve import BadRequest, check_request
from tests.core.company import a_company
from tests.core.world import World
from tests.policy import releases

NOT_UNDERSTOOD = "^way_back_understood: found false, expected true"


def test_whoever_does_not_know_the_way_back_is_told_before_anything_is_loaded() -> None:
    request = releases.request(way_back_understood=False, environment="nowhere")

    with pytest.raises(BadRequest, match=NOT_UNDERSTOOD):
        carry_through(request, way=Way.STANDARD)


def test_everything_that_is_wrong_with_the_form_is_told_at_once() -> None:
    request = releases.hotfix_request(commit="", way_back_understood=False, can_wait="yes", environment="nowhere")

    with pytest.raises(BadRequest) as raised:
        carry_through(request, way=Way.HOTFIX)

    assert [one.partition(":")[0] for one in str(raised.value).split("; ") if ": " in one] == [
        "way_back_understood",
        "commit and pull_request",
        "urgency",
        "check_path and tried_by_hand",
    ]


def test_everything_that_does_not_fit_the_company_is_told_at_once(company: Company) -> None:
    request = releases.request(requested_by="Mallory", flags={"reminders": "on"})

    with pytest.raises(BadRequest) as raised:
        check_request(request, company)

    assert "requested_by: 'Mallory' is not in the roster; expected one of " in str(raised.value)
    assert "; flags: reminders cannot be checked: there is no [doppler] in the settings" in str(raised.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"requested_by": "Nobody Known"}, "^requested_by: 'Nobody Known' is not in the roster; expected one of "),
        ({"commit": "", "pull_request": 0}, "^commit and pull_request: found '' and 0, expected exactly one"),
        ({"flags": {"FEATURE_ROTA": "true"}}, "^flags: .* cannot be checked: there is no "),
    ],
)
def test_what_is_wrong_with_the_form_is_told_also_while_another_release_holds_the_environment(
    tmp_path: Path, words: dict[str, Any], said: str
) -> None:
    company = a_company(World(), tmp_path / "spool")
    holds = Holds(company.store, company.rules.environment)
    holds.take(release="another", by="Ana Souza", what="b2b2b2b", above=0)

    with pytest.raises(BadRequest, match=said):
        refuse_while_held(company, releases.request(**{"requested_by": "Omar Reyes", **words}), key="this one")
    with pytest.raises(Held, match=r"^Ana Souza is releasing b2b2b2b"):
        refuse_while_held(company, releases.request(requested_by="Omar Reyes"), key="this one")


def test_a_retry_of_the_release_that_holds_the_environment_is_asked_for_no_form(tmp_path: Path) -> None:
    company = a_company(World(), tmp_path / "spool")
    Holds(company.store, company.rules.environment).take(release="this one", by="Ana Souza", what="b2b2b2b", above=0)

    refuse_while_held(company, releases.request(requested_by="Somebody Who Left"), key="this one")


@pytest.mark.parametrize(
    "words", [{"mode": Mode.PLAN}, {"mode": Mode.OBSERVE}, {"ask_for_waivers": True}, {"way_back_understood": True}]
)
def test_what_shows_it_or_lets_it_be_waived_goes_on_to_the_checks(words: dict[str, Any]) -> None:
    require_sound_form(releases.request(**{"way_back_understood": False, **words}))
