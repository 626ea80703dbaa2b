"""Whatever an outside system does instead of answering: the item says so, and it is never a pass."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any, cast

import pytest

from policy.judgement import Verdict
from tasks.change import branch_up_to_date, breaking_changes_identified, feature_flags_configured
from tasks.conflicts import no_conflicting_deployment
from tasks.item import Question, answer
from tasks.review import (
    automated_tests_pass,
    build_succeeds,
    code_review_completed,
    pull_request_created,
    security_checks_pass,
)
from tasks.sign_off import log_written, no_incidents, no_new_errors, release_documented, release_tagged
from tasks.step import Step, StepFailed, perform
from tasks.telling import (
    maintenance_announced,
    maintenance_over,
    on_call_ready,
    on_call_told,
    status_page_resolved,
    status_page_updated,
    team_notified,
)
from tests.evidence.company import Scene

ASKS: dict[str, tuple[Question, ...]] = {
    "github": (
        pull_request_created,
        code_review_completed,
        automated_tests_pass,
        security_checks_pass,
        build_succeeds,
        branch_up_to_date,
        breaking_changes_identified,
        no_conflicting_deployment,
    ),
    "jira": (pull_request_created, release_documented),
    "linear": (pull_request_created, release_documented),
    "snyk": (security_checks_pass,),
    "doppler": (feature_flags_configured,),
    "sentry": (no_new_errors,),
    "on_call": (on_call_ready, no_conflicting_deployment, no_incidents),
    "slack": (on_call_ready, no_incidents),
    "statuspage": (status_page_updated,),
    "status_page": (no_conflicting_deployment,),
    "notion": (release_documented,),
    "confluence": (release_documented,),
}
FAULTS = ("down", "error", "limited", "html", "truncated", "empty", "unknown", "slow")
SECRET_OF = {"on_call": "PAGERDUTY_TOKEN", **{name: f"{name.upper()}_TOKEN" for name in ASKS if name != "on_call"}}
OPEN_TO_ALL = {"status_page"}
# Reading needs no permission of its own there.
READS_ANYWAY = {"linear", "statuspage", "slack"}
CASES = [(system, question, fault) for system, fault in product(ASKS, FAULTS) for question in ASKS[system]]


def named(case: tuple[str, Question, str]) -> str:
    system, question, fault = case
    return f"{system}-{question.item.number}-{fault}"


def prepared(scene: Scene, system: str) -> None:
    """What has to be done before the items can pass, with the system in use."""
    if system in ("linear", "confluence"):
        kind = "tickets" if system == "linear" else "log"
        scene.use(**{kind: scene.others[kind]})
    for step in (*on_call_told(scene.run), maintenance_announced(scene.run), log_written(scene.run)):
        perform(step, scene.run)


def asked(scene: Scene, question: Question) -> tuple[Verdict, str]:
    scene.use()
    judgement = answer(question, scene.run)
    return judgement.verdict, judgement.sentence


@pytest.mark.parametrize("system", ["jira", "linear", "confluence"])
def test_with_every_system_up_every_item_passes(scene: Scene, system: str) -> None:
    prepared(scene, system)

    every = {question.item.number: question for questions in ASKS.values() for question in questions}
    for question in every.values():
        verdict, sentence = asked(scene, question)
        assert verdict is Verdict.PASSED, f"{question.item.name}: {verdict} {sentence}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_system_that_gives_no_answer_is_never_a_pass(scene: Scene, case: tuple[str, Question, str]) -> None:
    system, question, fault = case
    prepared(scene, system)
    scene.vendors[system].break_with(fault, seconds=5)

    verdict, sentence = asked(scene, question)

    assert not verdict.lets_pass, sentence
    assert sentence
    if fault != "unknown":
        assert verdict is Verdict.UNKNOWN, sentence


@pytest.mark.parametrize("system", [name for name in ASKS if name not in OPEN_TO_ALL])
def test_a_secret_that_is_not_accepted_is_said_and_never_shown(
    scene: Scene, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(scene, system)
    monkeypatch.setenv(SECRET_OF[system], "a-wrong-value")

    for question in ASKS[system]:
        verdict, sentence = asked(scene, question)
        assert not verdict.lets_pass, sentence
        assert "a-wrong-value" not in sentence


@pytest.mark.parametrize("system", [name for name in ASKS if name not in OPEN_TO_ALL | READS_ANYWAY])
def test_a_secret_without_the_permission_is_said(scene: Scene, system: str) -> None:
    prepared(scene, system)
    vendor = scene.vendors[system]
    vendor.allowed = False
    if system == "github":
        cast("Any", vendor).forbid("/", "contents=read")

    for question in ASKS[system]:
        verdict, sentence = asked(scene, question)
        assert not verdict.lets_pass, sentence


STEPS: dict[str, Callable[[Scene], Step]] = {
    "github": lambda scene: release_tagged(scene.run),
    "slack": lambda scene: on_call_told(scene.run)[0],
    "statuspage": lambda scene: maintenance_announced(scene.run),
    "notion": lambda scene: log_written(scene.run),
}


@pytest.mark.parametrize("system", STEPS)
def test_a_step_that_is_refused_fails_as_a_step_and_as_nothing_else(scene: Scene, system: str) -> None:
    scene.run = replace(scene.run, release=scene.run.release.model_copy(update={"key": f"refused-{system}"}))
    step = STEPS[system](scene)
    scene.vendors[system].break_with("unknown", method="POST")

    with pytest.raises(StepFailed, match=step.number):
        perform(step, scene.run)


def test_a_maintenance_is_over_once_and_stays_over(scene: Scene) -> None:
    perform(maintenance_announced(scene.run), scene.run)
    for _ in range(2):
        perform(maintenance_over(scene.run, "It is over."), scene.run)

    assert asked(scene, status_page_resolved)[0] is Verdict.PASSED


def test_slack_that_says_no_within_a_success_fails_the_announcement_at_once(scene: Scene) -> None:
    """E1."""
    slack = cast("Any", scene.vendors["slack"])
    scene.run = replace(scene.run, release=scene.run.release.model_copy(update={"key": "refused-announcement"}))
    slack.put_out("C0DEPLOYMENTS")
    asked_before = len(slack.calls)
    try:
        with pytest.raises(StepFailed, match=r"^1\.3\.7 .*: Slack refused: the bot is not in #deployments "):
            perform(team_notified(scene.run), scene.run)
    finally:
        slack.channels["C0DEPLOYMENTS"].member = True

    assert len([call for call, _ in slack.calls[asked_before:] if "conversations.history" in call.path]) == 1
    assert not [call for call, _ in slack.calls[asked_before:] if "chat.postMessage" in call.path]
