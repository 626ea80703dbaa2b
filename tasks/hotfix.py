"""5: what is special about a hotfix."""

from zoneinfo import ZoneInfo

from blocks.test_bench import TestBench
from policy.checks import judge_tests
from policy.combined import combine
from policy.hotfix import (
    Tried,
    is_of_this_repository,
    judge_branch,
    judge_bug_check,
    judge_bug_there,
    judge_proposal,
    judge_trial,
    judge_tried,
    judge_urgency,
    list_tests,
    no_check_named,
)
from policy.judgement import Judgement, not_configured, unknown
from policy.release import HotfixRequest, Release
from policy.reviews import Reviewers, judge_reviews
from policy.sensitive_paths import SensitivePaths
from tasks.change_facts import checks_of_release, pulls_by_commit, pulls_of_release, same_tree
from tasks.item import item
from tasks.review import reviewed_pull
from tasks.run import Run
from tasks.systems import TEST_BENCH


@item("5.2.1")
def urgency_assessed(run: Run) -> Judgement:
    """Users are affected, a hole is exploited or data is at stake, and it cannot wait."""
    request = hotfix_request(run.release)
    return judge_urgency(request.urgency, request.explanation, can_wait=request.can_wait == "yes")


@item("5.2.2")
def hotfix_branch(run: Run) -> Judgement:
    """One small change on top of production, with a test that fails without the fix and passes with it."""
    release, rules = run.release, run.company.hotfix
    branch = judge_branch(
        release.commits,
        pulls_by_commit(run),
        release.files,
        complete=release.complete,
        gone=release.gone,
        rules=rules,
        limits=run.limits,
    )
    bench = run.company.test_bench
    if bench is None:
        trial = not_configured(TEST_BENCH.section)
    elif not is_of_this_repository(pulls_of_release(run).values()):
        trial = unknown("no pull request of this repository brings it, so its tests are not run on the worker")
    else:
        trial = try_tests(run, bench)
    return combine((branch, trial))


@item("5.2.3")
def fast_track_review(run: Run) -> Judgement:
    """One pull request, named a hotfix, asked of the CTO or a tech lead, approved by one person, its tests green."""
    company, pulls = run.company, list(pulls_of_release(run).values())
    reviewed = [reviewed_pull(run, pull) for pull in pulls]
    one_approval = {"approvals": 1, "approvals_high_risk": 1}
    reviewers = Reviewers(
        roster=company.roster,
        rules=company.evidence.reviews.model_copy(update=one_approval),
        # 1.1.2 shows whether the leads looked at what is theirs; a hotfix has a single approver.
        paths=SensitivePaths(security_critical=(), infrastructure=()),
        on=run.today,
        zone=ZoneInfo(company.rules.time_zone),
    )
    proposal = judge_proposal(
        pulls,
        {review.who for pull in reviewed for review in pull.reviews},
        roster=company.roster,
        rules=company.hotfix,
        security=hotfix_request(run.release).is_security,
    )
    checks, rules = checks_of_release(run), company.evidence.checks
    green = judge_tests(checks, commit=run.release.commit, same_tree=same_tree(run), rules=rules)
    return combine((proposal, judge_reviews(reviewed, reviewers=reviewers), green))


@item("5.2.5")
def bug_there(run: Run) -> Judgement:
    """Before the fix, the bug's own check fails in production: else it would prove nothing afterwards."""
    request = hotfix_request(run.release)
    if not request.check_path:
        return no_check_named()
    return judge_bug_there(run.company.application.read_path(request.check_path), request)


@item("5.2.5")
def bug_fixed(run: Run) -> Judgement:
    """The bug's own check answers as the request says it does when the bug is gone."""
    request = hotfix_request(run.release)
    if not request.check_path:
        return judge_tried(request)
    return judge_bug_check(run.company.application.read_path(request.check_path), request)


def try_tests(run: Run, bench: TestBench) -> Judgement:
    """Judge how the team's tests end with the fix and without it; they are tried once a release."""
    release = run.release
    tests = list_tests(release.files, gone=release.gone, rules=run.company.hotfix)

    def ask() -> tuple[Tried, Tried | None]:
        tried = bench.try_with(release.commit)
        if tried.status or not tests:
            return tried, None
        fixed = [path for path in release.files if path not in tests]
        return tried, bench.try_without(release.commit, release.previous_commit, fixed)

    return judge_trial(*run.once.fetch("trial of the tests", ask))


def hotfix_request(release: Release) -> HotfixRequest:
    """Return what was typed into the form of a hotfix; raises TypeError where the release is none."""
    if not isinstance(release.request, HotfixRequest):
        raise TypeError(f"release {release.key} is no hotfix")
    return release.request
