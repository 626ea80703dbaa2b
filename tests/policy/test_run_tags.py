"""What the list of runs can be filtered by."""

import pytest

from policy.items import Way
from policy.metrics import Ending
from policy.run_tags import outcome_tag, run_name, tags_of
from tests.policy.releases import release, request


def test_a_run_is_found_by_risk_version_environment_and_release() -> None:
    assert tags_of(release(risk="high")) == (
        "release:20261124-180000-1f2e3d4c",
        "environment:production",
        "risk:high",
        "version:b2b2b2b",
    )


def test_a_roll_back_is_found_by_what_it_undoes() -> None:
    assert "undoes:20261124-170000-aaaaaaaa" in tags_of(release(undoes="20261124-170000-aaaaaaaa"))


@pytest.mark.parametrize("outcome", Ending)
def test_an_outcome_is_one_word(outcome: Ending) -> None:
    assert " " not in outcome_tag(outcome)


def test_outcomes_are_named_as_people_type_them() -> None:
    assert outcome_tag(Ending.ROLLED_BACK) == "outcome:rolled-back"
    assert outcome_tag(Ending.STAYED) == "outcome:stayed"


def test_a_run_that_was_asked_for_by_pull_request_is_named_by_its_commit() -> None:
    asked = request(commit="", pull_request=7)

    assert run_name(release(request=asked)) == "Reminders by text message (b2b2b2b, Ana Souza)"
    assert run_name(release(request=asked, way=Way.HOTFIX)) == "Hotfix: Reminders by text message (b2b2b2b, Ana Souza)"
    assert run_name(release(way=Way.HOMEWARD, undoes="x")) is None
