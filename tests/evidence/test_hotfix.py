"""A hotfix before GitHub and Slack: its branch, its review, and the duties of the day after (5.2.2, 5.2.3, 5.2.6)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest

from blocks.test_bench import TestBench
from lab.history import DEV, TOMAS
from lab.vendors.github import GitHub
from lab.vendors.slack import Slack
from policy.duties import Duty
from policy.items import Way
from policy.judgement import Judgement, Verdict
from policy.record import Event
from policy.release import DeployedBy, Urgency
from tasks.duties import look_after, remind
from tasks.hotfix import fast_track_review, hotfix_branch
from tasks.item import Question, answer
from tasks.merged import when_merged
from tasks.resolve import BadRequest, check_request, contains
from tests.evidence.company import CHECKS, Scene
from tests.policy.releases import hotfix_request
from tests.policy.rows import numbered, row

BRANCH = "hotfix/login"
FIX, TEST = "apps/api/src/auth/login.ts", "login.test.sh"
ROWS = numbered((row(Event.JUDGED, item="1.1.2", verdict="failed", sentence="0 of 1 approvals"),))


@pytest.fixture
def number(scene: Scene) -> Iterator[int]:
    """The pull request of a hotfix on top of production, in order; the scene is as before afterwards."""
    github = cast("GitHub", scene.vendors["github"])
    state, history, run = github.state, github.state.history, scene.run
    refs, pulls, issues, reviews, checks = history.refs(), dict(state.pulls), list(state.issues), [], []
    reviews, checks = list(state.reviews), list(state.checks)
    production = history.resolve("production")
    files = {FIX: "export const fixed = 1\n", TEST: f"grep -q fixed {FIX}\n"}
    head = history.commit(files, "Let patients log in\n", DEV, branch=BRANCH, start=production)
    opened = state.open_pull_request(BRANCH, "[HOTFIX] Let patients log in", body="x", labels=("hotfix",))
    state.review(opened, TOMAS)
    state.report_run(head, branch=BRANCH)
    for name in CHECKS:
        state.report_check(head, name)
    change = run.company.github.read_change_set(production, head)
    release = run.release.model_copy(
        update={
            "way": Way.HOTFIX,
            "commit": head,
            "commits": change.commits,
            "files": change.files,
            "gone": change.gone,
            "request": hotfix_request(commit=head, requested_by="Tomas Lima", watch_for="old browsers"),
        }
    )
    scene.run = replace(run, release=release)
    # As the sign-off leaves it.
    run.company.github.move_ref("production", head)
    yield opened
    history.restore(refs)
    state.pulls, state.issues, state.reviews, state.checks = pulls, issues, reviews, checks
    scene.run = run


def asked(scene: Scene, question: Question, **systems: Any) -> Judgement:
    scene.use(**systems)
    return answer(question, scene.run)


def urgent(scene: Scene, urgency: Urgency) -> None:
    """Let something else make it an emergency."""
    request = scene.run.release.request.model_copy(update={"urgency": urgency})
    scene.run = replace(scene.run, release=scene.run.release.model_copy(update={"request": request}))


def bench(scene: Scene, *command: str) -> TestBench:
    folder = cast("GitHub", scene.vendors["github"]).state.history.folder
    return TestBench(clone=str(folder), command=command)


def looked(scene: Scene, duty: Duty) -> tuple[bool, str]:
    found = look_after(scene.run.company, scene.run.release, duty, ROWS)
    return found.done, found.sentence


def said(scene: Scene, channel: str = "C0DEPLOYMENTS") -> list[str]:
    return [str(message["text"]) for message in cast("Slack", scene.vendors["slack"]).messages(channel)]


def test_a_small_tested_branch_on_top_of_production_passes(scene: Scene, number: int) -> None:
    judgement = asked(scene, hotfix_branch, test_bench=bench(scene, "sh", TEST))

    assert judgement.verdict is Verdict.PASSED, judgement.sentence
    assert f"branched from production: #{number}, 1 commit, 2 files; test: {TEST}" in judgement.sentence
    assert "the tests fail without the fix (exit 1) and pass with it" in judgement.sentence


@pytest.mark.usefixtures("number")
def test_a_test_that_passes_without_the_fix_does_not_show_the_bug(scene: Scene) -> None:
    judgement = asked(scene, hotfix_branch, test_bench=bench(scene, "true"))

    assert judgement.verdict is Verdict.FAILED
    assert "the tests pass without the fix as well" in judgement.sentence


@pytest.mark.usefixtures("number")
def test_without_a_test_command_that_is_said(scene: Scene) -> None:
    judgement = asked(scene, hotfix_branch)

    assert judgement.verdict is Verdict.PASSED
    assert "no [hotfix_test] in the settings" in judgement.sentence


def test_a_commit_of_a_fork_is_built_nowhere_and_its_tests_are_not_run(scene: Scene, number: int) -> None:
    pulls = cast("GitHub", scene.vendors["github"]).state.pulls
    request = hotfix_request(
        commit=scene.run.release.commit, deployed_by=DeployedBy.SERVERS, tried_by_hand=True, requested_by="Tomas Lima"
    )
    assert check_request(request, scene.run.company) == scene.run.release.commit
    pulls[number] = replace(pulls[number], from_fork=True)

    judgement = asked(scene, hotfix_branch, test_bench=bench(scene, "touch", "/nonexistent/ran"))

    assert judgement.verdict is not Verdict.PASSED
    assert "its tests are not run on the worker" in judgement.sentence
    with pytest.raises(BadRequest, match=rf"comes from a fork \(#{number}\); push it to a branch of this repository"):
        check_request(request, scene.run.company)


def test_one_approval_of_a_marked_pull_request_is_enough_at_high_risk(scene: Scene, number: int) -> None:
    judgement = asked(scene, fast_track_review)

    assert judgement.verdict is Verdict.PASSED, judgement.sentence
    assert f"#{number} [HOTFIX] Let patients log in, labelled hotfix, asked of Tomas Lima" in judgement.sentence
    assert "was approved by Tomas Lima at the head" in judgement.sentence


def test_what_the_fast_track_lacks_is_all_said(scene: Scene, number: int) -> None:
    state = cast("GitHub", scene.vendors["github"]).state
    state.pulls[number] = replace(state.pulls[number], title="Let patients log in")
    state.reviews = [one for one in state.reviews if one.pull != number]
    state.checks = [one for one in state.checks if one.commit != scene.run.release.commit or one.name != "unit"]
    urgent(scene, Urgency.HOLE_EXPLOITED)

    judgement = asked(scene, fast_track_review)

    assert judgement.verdict is Verdict.FAILED
    for wrong in (
        "expected [HOTFIX] before it",
        "lacks the label security",
        "is assigned to neither the CTO nor a tech lead",
        "has 0 of 1 approval",
        "unit",
    ):
        assert wrong in judgement.sentence


def test_the_back_merge_is_done_once_the_pull_request_is_merged_however(scene: Scene, number: int) -> None:
    state = cast("GitHub", scene.vendors["github"]).state
    assert not contains(scene.run.company.github, scene.run.release.commit, state.history.resolve("main"))
    assert when_merged(scene.run.company, scene.run.release.commit, pull_request=None) is None
    done, sentence = looked(scene, Duty.BACK_MERGE)
    assert (done, sentence.endswith(f"/pull/{number}")) == (False, True)

    scene.run.company.github.merge_pull_request(number, scene.run.release.commit)

    assert looked(scene, Duty.BACK_MERGE) == (True, f"#{number} is merged into main")
    merged = when_merged(scene.run.company, state.history.resolve("main"), pull_request=None)
    assert merged == datetime.fromisoformat(str(state.pulls[number].merged_at))
    assert contains(scene.run.company.github, scene.run.release.commit, state.history.resolve("main"))
    assert state.history.find("main") != scene.run.release.commit


def test_without_a_pull_request_the_next_release_would_take_the_fix_away(scene: Scene, number: int) -> None:
    del cast("GitHub", scene.vendors["github"]).state.pulls[number]

    done, sentence = looked(scene, Duty.BACK_MERGE)

    assert not done
    assert "open a pull request and merge it, else the next release takes the fix away" in sentence


@pytest.mark.usefixtures("number")
def test_a_security_hotfix_waits_for_the_answers_of_its_post_mortem(scene: Scene) -> None:
    state = cast("GitHub", scene.vendors["github"]).state
    urgent(scene, Urgency.HOLE_EXPLOITED)

    first, second = looked(scene, Duty.POST_MORTEM), looked(scene, Duty.POST_MORTEM)
    (issue,) = state.issues
    state.issues[0] = replace(issue, state="closed")
    third = looked(scene, Duty.POST_MORTEM)

    assert (first[0], second[0], third[0]) == (False, False, True)
    assert "answer its three questions and close it" in second[1]
    assert issue.title.startswith("Post-mortem: hotfix")
    assert issue.labels == ("post-mortem",)
    assert "## How do we prevent this class of bug?" in issue.body


@pytest.mark.usefixtures("number")
def test_any_other_hotfix_has_its_post_mortem_opened_and_nobody_is_chased(scene: Scene) -> None:
    done, sentence = looked(scene, Duty.POST_MORTEM)

    assert (done, len(cast("GitHub", scene.vendors["github"]).state.issues)) == (True, 1)
    assert "required of nobody" in sentence


@pytest.mark.usefixtures("number")
def test_a_hotfix_that_was_rolled_back_owes_main_nothing(scene: Scene) -> None:
    scene.run.company.github.move_ref("production", scene.run.release.previous_commit)

    done, sentence = looked(scene, Duty.BACK_MERGE)

    assert (done, "was rolled back: production holds it no more" in sentence) == (True, True)


def test_the_team_reads_the_summary_once_and_it_opens_no_issue(scene: Scene, number: int) -> None:
    urgent(scene, Urgency.HOLE_EXPLOITED)
    before = len(said(scene))

    looked(scene, Duty.SUMMARY)
    looked(scene, Duty.SUMMARY)

    (text,) = said(scene)[before:]
    assert "*What to watch for:* old browsers" in text
    assert "gone on without: 1.1.2 failed" in text
    assert f"back-merge: production serves {scene.run.release.commit[:7]}, which is not on main" in text
    assert f"/pull/{number}" in text
    assert "post-mortem: its issue is about to be opened: answer its three questions and close it" in text
    assert cast("GitHub", scene.vendors["github"]).state.issues == []


@pytest.mark.parametrize(
    ("times", "told"), [(1, "For Tomas Lima, Omar Reyes;"), (3, "For Tomas Lima, Omar Reyes, Carla")]
)
@pytest.mark.usefixtures("number")
def test_a_duty_that_is_not_done_is_asked_about_and_later_told_to_the_cto(scene: Scene, times: int, told: str) -> None:
    company, release = scene.run.company, scene.run.release
    found = look_after(company, release, Duty.BACK_MERGE, ROWS)

    text = remind(company, release, Duty.BACK_MERGE, found, asked=times, again=release.opened_at)

    assert told in text
    assert said(scene)[-1] == text
    assert said(scene, "U0OMAR")[-1] == text
