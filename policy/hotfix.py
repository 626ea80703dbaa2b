"""Is it an emergency, is the fix small, tested and looked at, and is the bug gone (5.2.1, 5.2.2, 5.2.3, 5.2.5)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from policy.combined import combine
from policy.health import HealthAnswer
from policy.hotfix_rules import HotfixRules
from policy.judgement import Judgement, attested, failed, not_applicable, passed, unknown
from policy.limits import Limits
from policy.path_pattern import matches_any
from policy.pull_requests import PullRequest
from policy.release import HotfixRequest, Urgency
from policy.risk import Commit
from policy.roles import Person, Role, Roster
from policy.wording import counted, listed, short

STANDARD_WAY = "use the deployment `production`"


def judge_urgency(urgency: Urgency, explanation: str, *, can_wait: bool) -> Judgement:
    """Pass when something makes it an emergency and it cannot wait."""
    wrong = []
    if urgency is Urgency.NOTHING:
        wrong.append("no user is affected, no hole is exploited and no data is at stake")
    if can_wait:
        wrong.append("it can wait until business hours")
    if wrong:
        return failed(f"{' and '.join(wrong)}, so it is no emergency: {STANDARD_WAY}")
    return passed(f"{urgency}, and it cannot wait: {explanation}")


def judge_branch(
    commits: Sequence[Commit],
    pulls: Mapping[str, Sequence[PullRequest]],
    files: Sequence[str],
    *,
    complete: bool,
    gone: Collection[str],
    rules: HotfixRules,
    limits: Limits,
) -> Judgement:
    """Pass when only one pull request lies between production and the fix, and it is small and holds a test.

    What production lacks beside it would go out with it: then the branch does not begin at what production serves.
    """
    parts = [] if complete else [unknown(f"the change set was not received whole: {counted(len(commits), 'commit')}")]
    numbers = {commit.sha: {pull.number for pull in pulls.get(commit.sha, ())} for commit in commits}
    common = set.intersection(*numbers.values()) if numbers else set()
    if not common:
        lone = (f"{short(sha)} {_say_pulls(found)}" for sha, found in numbers.items())
        parts.append(
            failed(
                f"more than one change lies between production and the fix ({listed(lone, most=3)});"
                " branch from what production serves, and release the branch by a build on the servers (5.2.4, B)"
            )
        )
    parts += _judge_size(commits, files, limits)
    tests = list_tests(files, gone=gone, rules=rules)
    if not tests:
        parts.append(failed(f"none of the {counted(len(files), 'file')} is a test ({listed(rules.tests, most=3)} …)"))
    well = f"#{min(common, default=0)}, {counted(len(commits), 'commit')}, {counted(len(files), 'file')}"
    return combine(parts) if parts else passed(f"branched from production: {well}; test: {listed(tests, most=2)}")


def _judge_size(commits: Sequence[Commit], files: Sequence[str], limits: Limits) -> Iterator[Judgement]:
    for number, most, noun in (
        (len(commits), limits.hotfix_commits, "commit"),
        (len(files), limits.hotfix_files, "file"),
    ):
        if number > most:
            yield failed(f"{counted(number, noun)}, the limit of a hotfix is {most}: only the fix, nothing else")


def _say_pulls(numbers: Collection[int]) -> str:
    return f"of {listed(f'#{number}' for number in sorted(numbers))}" if numbers else "of no pull request"


def list_tests(files: Sequence[str], *, gone: Collection[str], rules: HotfixRules) -> tuple[str, ...]:
    """Return the files of the change that are tests, in order; a test that was removed is none."""
    return tuple(sorted(path for path in files if path not in gone and matches_any(path, rules.tests)))


def is_of_this_repository(pulls: Iterable[PullRequest]) -> bool:
    """Whether somebody who may push here, or merged it, brought the code: a fork's runs nowhere on our machines."""
    return any(pull.state == "merged" or not pull.from_fork for pull in pulls)


@dataclass(frozen=True, slots=True)
class Tried:
    """How the test command ended on some files: its status, and its last line."""

    status: int
    last_line: str


def judge_trial(with_fix: Tried, without_fix: Tried | None) -> Judgement:
    """Pass when the tests pass with the fix, and fail without it; `without_fix` is None where they were not tried."""
    if with_fix.status:
        return failed(f"the tests fail with the fix (exit {with_fix.status}: {with_fix.last_line})")
    if without_fix is None:
        return unknown("the tests pass with the fix, and were not tried without it")
    if not without_fix.status:
        return failed("the tests pass without the fix as well, so none of them shows the bug")
    return passed(f"the tests fail without the fix (exit {without_fix.status}) and pass with it")


def judge_proposal(
    pulls: Sequence[PullRequest], reviewers: Collection[str], *, roster: Roster, rules: HotfixRules, security: bool
) -> Judgement:
    """Pass when the one pull request is titled and labelled as a hotfix, and the CTO or a tech lead was asked.

    `reviewers` are those who reviewed it, beside those who are assigned or asked.
    """
    if len(pulls) != 1:
        found = listed(f"#{pull.number}" for pull in pulls) or "none"
        return failed(f"a hotfix is one pull request, found {found}")
    pull = pulls[0]
    wanted = (*rules.labels, *(rules.security_labels if security else ()))
    parts = []
    if not pull.title.startswith(rules.title):
        parts.append(
            failed(f"#{pull.number} is titled {pull.title!r}, expected {rules.title} before it", link=pull.url)
        )
    if missing := [name for name in wanted if name.lower() not in {label.lower() for label in pull.labels}]:
        parts.append(failed(f"#{pull.number} lacks the label {listed(missing)}", link=pull.url))
    asked = [roster.find(login) for login in (*pull.asked, *sorted(reviewers))]
    leads = [person.name for person in asked if person is not None and _may_approve(person)]
    if not leads:
        parts.append(failed(f"#{pull.number} is assigned to neither the CTO nor a tech lead", link=pull.url))
    well = f"#{pull.number} {pull.title}, labelled {listed(wanted)}, asked of {listed(dict.fromkeys(leads))}"
    return combine(parts) if parts else passed(well, link=pull.url)


def _may_approve(person: Person) -> bool:
    return bool({Role.CTO, Role.TECH_LEAD} & {*person.roles, *(deputy.role for deputy in person.deputies)})


def judge_bug_check(answer: HealthAnswer, request: HotfixRequest) -> Judgement:
    """Pass when the path answers as the request says it does without the bug; the answer itself is not shown."""
    path, expects = request.check_path, request.check_expects
    if answer.status_code != request.check_status:
        return failed(f"{path} answered HTTP {answer.status_code}, expected {request.check_status}")
    if expects not in answer.body:
        return failed(f"{path} answered {answer.status_code} without the expected text {expects!r}")
    return passed(f"{path} answered {answer.status_code}" + (f" with {expects!r}" if expects else ""))


def judge_bug_there(answer: HealthAnswer, request: HotfixRequest) -> Judgement:
    """Pass when the bug's own check fails before the fix: one that passes already would prove nothing afterwards."""
    found = judge_bug_check(answer, request)
    if found.verdict.lets_pass:
        return failed(f"before the fix {found.sentence} already: the check does not show the bug")
    return passed(f"before the fix {found.sentence}")


def judge_tried(request: HotfixRequest) -> Judgement:
    """Pass where a check of the bug is named; else whoever requested the hotfix says to have tried it by hand."""
    if request.check_path:
        return passed(f"{request.check_path} shows the bug")
    if request.tried_by_hand:
        return attested("no check of the bug is named; the fix was tried by hand", by=request.requested_by)
    return failed(
        "check_path and tried_by_hand: no path shows the bug, and nobody says to have tried the fix by hand;"
        " expected one of the two"
    )


def no_check_named() -> Judgement:
    """Before the fix there is nothing to ask; afterwards a person says what they saw."""
    return not_applicable("the request names no check of the bug; it is tried by hand")
