"""Each commit belongs to a pull request that says what it is (1.1.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.judgement import Judgement, Verdict
from policy.pull_requests import PullRequest, PullRequestRules, judge_pull_requests, list_landing, list_tickets
from policy.risk import Commit

TEMPLATE = "## What changes\n<!-- e.g. HOLI-1 -->\n- [ ] Tests\n"
DESCRIPTION = "Patients get a reminder by text message the day before."
RULES = PullRequestRules(ticket_prefixes=("HOLI",))
EXIST = {"HOLI-12": True}
GOOD = PullRequest(
    number=7,
    title="Reminders (HOLI-12)",
    body=DESCRIPTION,
    branch="feature/reminders",
    base="main",
    state="merged",
    draft=False,
    mergeable=None,
    from_fork=False,
    files=("src/reminders.ts",),
    files_complete=True,
    url="https://github.com/holi/web/pull/7",
)
OPEN = replace(GOOD, state="open", mergeable=True)


def commit(sha: str = "c1") -> Commit:
    return Commit(sha, "Reminders", "Dev Anand", "danand", "dev@holilabs.xyz", None)


def judge(
    *pulls: PullRequest,
    commits: Sequence[Commit] = (commit(),),
    by_commit: Mapping[str, Sequence[PullRequest]] | None = None,
    tickets: Mapping[str, bool | None] | None = EXIST,
    complete: bool = True,
) -> Judgement:
    return judge_pull_requests(
        commits,
        {"c1": pulls} if by_commit is None else by_commit,
        complete=complete,
        base_branch="main",
        tickets=tickets,
        templates=[TEMPLATE],
        rules=RULES,
    )


def with_ui(**changes: Any) -> PullRequest:
    return replace(GOOD, files=("src/page.tsx",), **changes)


@pytest.mark.parametrize(
    ("pull", "verdict", "says"),
    [
        pytest.param(GOOD, Verdict.PASSED, "1 commit in 1 pull request (#7), each described, with a ticket", id="good"),
        pytest.param(OPEN, Verdict.PASSED, "#7", id="open"),
        pytest.param(replace(GOOD, state="closed"), Verdict.FAILED, "closed without being merged", id="closed"),
        pytest.param(replace(GOOD, state="locked"), Verdict.FAILED, "unknown state 'locked'", id="state unknown"),
        pytest.param(replace(GOOD, base="develop"), Verdict.FAILED, "#7 goes into develop, not main", id="other base"),
        pytest.param(replace(OPEN, draft=True), Verdict.FAILED, "#7 is a draft", id="draft"),
        pytest.param(replace(OPEN, from_fork=True), Verdict.FAILED, "#7 comes from a fork", id="fork"),
        pytest.param(replace(GOOD, from_fork=True), Verdict.PASSED, "#7", id="fork, merged long ago"),
        pytest.param(replace(OPEN, mergeable=False), Verdict.FAILED, "#7 conflicts with main", id="conflicts"),
        pytest.param(replace(OPEN, mergeable=None), Verdict.UNKNOWN, "still working out", id="conflicts not known yet"),
        pytest.param(replace(GOOD, body=""), Verdict.FAILED, "#7 has no real description", id="empty"),
        pytest.param(replace(GOOD, body=TEMPLATE), Verdict.FAILED, "nothing but the template", id="empty template"),
        pytest.param(replace(GOOD, title="Reminders"), Verdict.FAILED, "#7 names no ticket in title", id="no ticket"),
        pytest.param(
            replace(GOOD, title="UTF-8 names", branch="holi-12-names"), Verdict.PASSED, "#7", id="ticket in branch"
        ),
        pytest.param(
            replace(GOOD, title="R", body=f"{DESCRIPTION} See HOLI-12."), Verdict.PASSED, "#7", id="ticket in body"
        ),
        pytest.param(
            replace(GOOD, title="HOLI-99"), Verdict.FAILED, "names HOLI-99, and no such ticket", id="wrong ticket"
        ),
        pytest.param(replace(GOOD, title="HOLI-99, HOLI-12"), Verdict.PASSED, "#7", id="one of two exists"),
        pytest.param(replace(GOOD, title="HOLI-50"), Verdict.UNKNOWN, "HOLI-50 of #7 exists", id="tickets not asked"),
        pytest.param(with_ui(), Verdict.FAILED, "#7 changes src/page.tsx and shows no image", id="UI, no picture"),
        pytest.param(with_ui(body=f"{DESCRIPTION} ![](a.png)"), Verdict.PASSED, "#7", id="UI, picture"),
        pytest.param(with_ui(files_complete=False), Verdict.FAILED, "shows no image", id="UI among the first files"),
        pytest.param(
            replace(GOOD, files_complete=False), Verdict.UNKNOWN, "more files than the 1 received", id="files cut short"
        ),
        pytest.param(replace(GOOD, files=("src/page.test.tsx",)), Verdict.PASSED, "#7", id="a test of UI"),
    ],
)
def test_a_pull_request_is_described_linked_and_shown(pull: PullRequest, verdict: Verdict, says: str) -> None:
    judgement = judge(pull, tickets={"HOLI-12": True, "HOLI-99": False, "HOLI-50": None})

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence


def test_everything_that_is_wrong_is_said_with_a_link() -> None:
    judgement = judge(replace(with_ui(), title="x", body="", state="open", draft=True, mergeable=None))

    for what in ("a draft", "no real description", "names no ticket", "no image", "not known: GitHub is still"):
        assert what in judgement.sentence
    assert judgement.link == GOOD.url


def test_a_commit_without_a_pull_request_was_pushed_past_everybody() -> None:
    judgement = judge()

    assert (judgement.verdict, judgement.sentence) == (
        Verdict.FAILED,
        "c1 (Reminders) belongs to no pull request",
    )


def test_a_commit_whose_pull_requests_were_not_read_is_unknown() -> None:
    judgement = judge(by_commit={})

    assert judgement.verdict is Verdict.UNKNOWN
    assert "pull requests of c1 (Reminders) were not read" in judgement.sentence


def test_each_commit_is_asked_and_each_pull_request_judged_once() -> None:
    other = replace(GOOD, number=8, body="")
    judgement = judge(
        commits=[commit("c1"), commit("c2"), commit("c3")], by_commit={"c1": [GOOD], "c2": [other], "c3": [other]}
    )

    assert judgement.verdict is Verdict.FAILED
    assert judgement.sentence.count("#8 has no real description") == 1


def test_the_pull_request_that_landed_counts_among_several() -> None:
    closed = replace(GOOD, number=3, state="closed", body="")
    stacked = replace(GOOD, number=4, base="feature/base", body="")
    retry = replace(OPEN, number=5, body="")

    assert judge(closed, stacked, retry, GOOD).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("pulls", "numbers"),
    [
        pytest.param((replace(GOOD, number=9, state="closed"), GOOD), [7], id="an abandoned one beside the merged one"),
        pytest.param((replace(GOOD, number=4, base="feature/base"), GOOD), [7], id="a stacked one"),
        pytest.param((replace(OPEN, number=5), replace(OPEN, number=8)), [8], id="the one that the request names"),
        pytest.param((replace(OPEN, number=5), GOOD), [7], id="merged before open"),
        pytest.param((replace(GOOD, number=9, state="closed"),), [9], id="only an abandoned one"),
        pytest.param((), [], id="none"),
    ],
)
def test_the_pull_request_that_lands_is_the_one_to_look_at(pulls: tuple[PullRequest, ...], numbers: list[int]) -> None:
    landing = list_landing({"c1": pulls}, base_branch="main", asked_for=8)

    assert [pull.number for pull in landing] == numbers


def test_a_pull_request_that_brings_several_commits_is_looked_at_once() -> None:
    other = replace(GOOD, number=3)
    landing = list_landing({"c1": [GOOD], "c2": [GOOD, other], "c3": [GOOD]}, base_branch="main", asked_for=None)

    assert [pull.number for pull in landing] == [3, 7]


def test_a_list_that_is_cut_short_is_unknown() -> None:
    judgement = judge(GOOD, complete=False)

    assert (judgement.verdict, judgement.sentence) == (Verdict.UNKNOWN, "the list of commits is cut short at 1")


def test_nothing_to_release_is_not_applicable_and_nothing_received_is_unknown() -> None:
    assert judge(commits=[]).verdict is Verdict.NOT_APPLICABLE
    assert judge(commits=[], complete=False).verdict is Verdict.UNKNOWN


def test_a_company_without_tickets_is_not_asked_for_them_and_the_record_says_so() -> None:
    judgement = judge(replace(GOOD, title="Reminders"), tickets=None)

    assert judgement.verdict is Verdict.PASSED
    assert "no ticket system is configured" in judgement.sentence


def test_the_tickets_to_ask_for_are_those_of_title_branch_and_description() -> None:
    pull = replace(GOOD, branch="holi-13-x", body=f"{TEMPLATE}{DESCRIPTION} HOLI-14")

    assert list_tickets(pull, templates=[TEMPLATE], rules=RULES) == ("HOLI-12", "HOLI-13", "HOLI-14")


@pytest.mark.parametrize("prefix", ["", "HOLI-", "*", "1A"])
def test_a_prefix_that_is_none_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="ticket_prefixes"):
        PullRequestRules(ticket_prefixes=(prefix,))


BAD = [
    replace(GOOD, state="closed"),
    replace(GOOD, base="develop"),
    replace(GOOD, body=TEMPLATE),
    replace(GOOD, title="Reminders"),
    replace(OPEN, draft=True),
    replace(OPEN, mergeable=None),
    with_ui(),
]


@given(st.lists(st.sampled_from([GOOD, OPEN, *BAD]), max_size=4), st.sampled_from(BAD))
def test_a_bad_pull_request_among_the_commits_never_lets_them_pass(pulls: list[PullRequest], bad: PullRequest) -> None:
    everything = [replace(pull, number=at) for at, pull in enumerate([*pulls, bad])]
    commits = [commit(f"c{at}") for at in range(len(everything))]

    judgement = judge(commits=commits, by_commit={f"c{at}": [pull] for at, pull in enumerate(everything)})

    assert not judgement.verdict.lets_pass
