"""What a form accepts, and what follows from it."""

from typing import Any

import pytest
from pydantic import ValidationError

from policy.items import Way
from policy.limits import Mode, Risk
from policy.release import DeployedBy, HotfixRequest, ManualReason, ManualRequest, Release, Request, Urgency
from policy.way_back_forms import RollbackReason, RollbackRequest
from tests.policy.releases import NEW_COMMIT, build, hotfix_request, release, request

ROLLBACK = {
    "reason": RollbackReason.ERROR_RATE,
    "what_was_seen": "a third of the requests fail",
    "requested_by": "Omar Reyes",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "b2b2b2b"},
        {"commit": "", "pull_request": 7},
        {"raise_risk_to": "high"},
        {"mode": "plan"},
        {"way_back_understood": False},
    ],
    ids=["abbreviated", "a pull request", "raised risk", "plan", "asked later"],
)
def test_a_sensible_form_is_accepted(changes: dict[str, Any]) -> None:
    assert request(**changes).requested_by == "Ana Souza"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"commit": "main"}, "commit"),
        ({"commit": "b2b2b2"}, "commit"),
        ({"commit": NEW_COMMIT + "0"}, "commit"),
        ({"commit": "G2B2B2B"}, "commit"),
        ({"pull_request": -1}, "pull_request"),
        ({"summary": "fix"}, "summary"),
        ({"summary": "x" * 201}, "summary"),
        ({"requested_by": ""}, "requested_by"),
        ({"raise_risk_to": "low"}, "raise_risk_to"),
        ({"mode": "force"}, "mode"),
        ({"approved": True}, "approved"),
        ({"way_back_understood": None}, "way_back_understood"),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        request(**changes)


@pytest.mark.parametrize("missing", ["summary", "requested_by", "way_back_understood"])
def test_nothing_that_matters_is_filled_in_for_anybody(missing: str) -> None:
    asked = request().model_dump(exclude={missing})

    with pytest.raises(ValidationError, match=missing):
        type(request()).model_validate(asked)


def test_a_hotfix_says_how_urgent_it_is() -> None:
    asked = request().model_dump()

    with pytest.raises(ValidationError, match="urgency"):
        HotfixRequest.model_validate(asked | {"explanation": "nobody can log in"})
    with pytest.raises(ValidationError, match="check_path"):
        HotfixRequest.model_validate(
            asked | {"urgency": Urgency.USERS_AFFECTED, "explanation": "nobody can log in", "check_path": "api"}
        )


def test_a_roll_back_needs_a_name_and_a_reason() -> None:
    assert RollbackRequest.model_validate(ROLLBACK).mode is Mode.RELEASE
    for missing in ROLLBACK:
        with pytest.raises(ValidationError, match=missing):
            RollbackRequest.model_validate({key: value for key, value in ROLLBACK.items() if key != missing})


def test_a_release_survives_its_record() -> None:
    opened = release(risk=Risk.HIGH, undoes="20261123-180000-1f2e3d4c")

    assert Release.model_validate(opened.model_dump(mode="json")) == opened


def test_a_hotfix_survives_its_record_as_a_hotfix() -> None:
    asked = hotfix_request(urgency=Urgency.DATA_INTEGRITY, watch_for="doses of children")
    opened = release(way=Way.HOTFIX, request=asked)

    assert Release.model_validate(opened.model_dump(mode="json")).request == asked


def test_a_record_of_an_earlier_version_is_read() -> None:
    asked = hotfix_request().model_dump(mode="json") | {"pull_request": None, "can_wait": False}

    assert HotfixRequest.model_validate(asked) == hotfix_request()


def test_whether_a_hotfix_can_wait_has_to_be_said() -> None:
    with pytest.raises(ValidationError, match="can_wait"):
        HotfixRequest.model_validate(hotfix_request().model_dump(exclude={"can_wait"}))


def test_a_roll_back_uses_what_the_release_kept() -> None:
    assert release().kept_under == "20261124-180000-1f2e3d4c"
    assert release(undoes="20261123-180000-1f2e3d4c").kept_under == "20261123-180000-1f2e3d4c"


def test_a_release_says_what_it_is_and_what_it_may_do() -> None:
    assert release().what == "b2b2b2b (Reminders by text message)"
    assert release(request=request(mode="observe")).mode is Mode.OBSERVE


def test_an_image_is_spelled_by_its_digest() -> None:
    assert build().reference_on("web-server-1") == "registry.holilabs.xyz/holi-web@sha256:" + "b2" * 32


def test_what_each_server_built_has_an_identity_of_its_own() -> None:
    one, other = "sha256:" + "1a" * 32, "sha256:" + "2b" * 32
    made = build().model_copy(update={"digest": one, "on_servers": {"web-server-2": other, "web-server-1": one}})

    assert made.reference_on("web-server-2") == made.digest_on("web-server-2") == other
    assert made.identity == f"web-server-1 {one}, web-server-2 {other}"
    assert build().identity == build().digest_on("web-server-1")


@pytest.mark.parametrize(
    ("way", "asked", "by_servers"),
    [
        (Way.STANDARD, request(), False),
        (Way.MANUAL, ManualRequest(**request().model_dump(), reason=ManualReason.PIPELINE_BROKEN), True),
        (Way.HOTFIX, hotfix_request(), False),
        (Way.HOTFIX, hotfix_request(deployed_by=DeployedBy.SERVERS), True),
        (Way.HOMEWARD, hotfix_request(deployed_by=DeployedBy.SERVERS), False),
    ],
)
def test_servers_build_by_hand_and_where_a_hotfix_asks_for_it(way: Way, asked: Request, *, by_servers: bool) -> None:
    found = release(way=way, request=asked)

    assert found.is_built_on_servers is by_servers
    assert Release.model_validate(found.model_dump(mode="json")).request == asked


@pytest.mark.parametrize(
    ("changes", "named"), [({"commit": "C8249E3A1B2"}, "c8249e3"), ({"commit": "", "pull_request": 12}, "#12")]
)
def test_a_run_is_called_by_the_commit_or_by_the_pull_request(changes: dict[str, Any], named: str) -> None:
    assert request(**changes).named == named
