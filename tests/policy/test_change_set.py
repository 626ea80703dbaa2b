"""Everything that goes to production is on the page (1.3.4)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.change_set import Review, draw_change_set, escape_for_slack, judge_change_set, say_in_slack
from policy.judgement import Verdict
from policy.risk import ChangeSet, Commit

BASE, HEAD = "a1" * 20, "b2" * 20
URL = "https://github.com/holilabs/holilabsv2"


def commit(number: int, *, pull: int | None = 7, subject: str = "Reminders", author: str = "Dev Anand") -> Commit:
    return Commit(f"{number:040x}", subject, author, "danand", "dev@holilabs.xyz", pull)


def review(*commits: Commit, base: str = BASE, files: int = 1, complete: bool = True, **changes: Any) -> Review:
    names = tuple(f"src/{number}.ts" for number in range(files))
    facts: dict[str, Any] = {
        "change": ChangeSet(base, HEAD, commits, names, (), complete),
        "commits_said": len(commits),
        "files_said": None,
        "tickets": {7: ("HOLI-1", "HOLI-2"), 8: ("HOLI-2",)},
        "migrations": (),
        "repository_url": URL,
    }
    return Review(**(facts | changes))


MANY = tuple(commit(number) for number in range(250))


@pytest.mark.parametrize(
    ("shown", "verdict", "says"),
    [
        pytest.param(
            review(commit(1)),
            Verdict.PASSED,
            "a1a1a1a to b2b2b2b: 1 commit by Dev Anand, 1 file, #7, HOLI-1, HOLI-2",
            id="one commit",
        ),
        pytest.param(
            review(commit(1), commit(2, pull=8, author="Eva Kim"), commit(3)),
            Verdict.PASSED,
            "3 commits by Dev Anand, Eva Kim, 1 file, #7, #8, HOLI-1, HOLI-2",
            id="each author, pull request and ticket once",
        ),
        pytest.param(
            review(commit(1), commit(2, pull=None)),
            Verdict.PASSED,
            "#7, without a pull request 0000000, HOLI-1",
            id="a commit without a pull request",
        ),
        pytest.param(
            review(commit(1, pull=None)), Verdict.PASSED, "1 file, no pull request, no ticket", id="nothing linked"
        ),
        pytest.param(
            review(commit(1), migrations=("20261124_add_visit",)),
            Verdict.PASSED,
            "1 migration: 20261124_add_visit",
            id="a migration",
        ),
        pytest.param(
            review(*MANY, commits_said=251), Verdict.UNKNOWN, "250 of 251 commits received", id="250 of 251 commits"
        ),
        pytest.param(review(*MANY), Verdict.PASSED, "250 commits", id="exactly 250 commits"),
        pytest.param(
            review(commit(1), commit(1), commits_said=2),
            Verdict.UNKNOWN,
            "1 of 2 commits received",
            id="one page received twice",
        ),
        pytest.param(
            review(commit(1), commit(2), commits_said=1),
            Verdict.UNKNOWN,
            "2 of 1 commit received",
            id="the list moved while it was read",
        ),
        pytest.param(
            review(commit(1), files=300),
            Verdict.UNKNOWN,
            "300 files received, and a comparison names no more",
            id="300 files",
        ),
        pytest.param(review(commit(1), files=299), Verdict.PASSED, "299 files", id="299 files"),
        pytest.param(
            review(commit(1), files=412, files_said=412),
            Verdict.PASSED,
            "412 files",
            id="more files, counted another way",
        ),
        pytest.param(
            review(commit(1), files=300, files_said=301),
            Verdict.UNKNOWN,
            "300 of 301 files received",
            id="300 of 301 files",
        ),
        pytest.param(
            review(*MANY, commits_said=251, files=300),
            Verdict.UNKNOWN,
            "250 of 251 commits received; 300 files",
            id="both cut short",
        ),
        pytest.param(
            review(commit(1), complete=False), Verdict.UNKNOWN, "cut short at 1 commit", id="whoever fetched it says so"
        ),
        pytest.param(
            review(base=HEAD, files=0), Verdict.PASSED, "b2b2b2b is in production already", id="the same commit again"
        ),
        pytest.param(review(files=0), Verdict.FAILED, "it is older", id="older than production"),
        pytest.param(review(commits_said=3), Verdict.UNKNOWN, "0 of 3 commits received", id="an empty page"),
    ],
)
def test_the_list_is_complete_or_said_to_be_cut_short(shown: Review, verdict: Verdict, says: str) -> None:
    judgement = judge_change_set(shown)

    assert (judgement.verdict, says in judgement.sentence) == (verdict, True), judgement.sentence
    assert judgement.link == f"{URL}/compare/{shown.change.base}...{HEAD}"


def test_the_page_shows_migrations_first_and_the_newest_commit_first() -> None:
    page = draw_change_set(review(commit(1), commit(2, pull=None, subject="Fix | <b>"), migrations=("20261124_a`b",)))

    assert page.splitlines() == [
        "**a1a1a1a to b2b2b2b: 2 commits by Dev Anand, 1 file, #7, without a pull request 0000000, HOLI-1, HOLI-2,"
        " 1 migration: 20261124\\_a\\`b**",
        "",
        "Migrations:",
        "",
        "- `20261124_ab`",
        "",
        "| Commit | What | Author | Pull request | Tickets |",
        "|---|---|---|---|---|",
        f"| [0000000]({URL}/commit/{2:040x}) | Fix \\| &lt;b&gt; | Dev Anand | none |  |",
        f"| [0000000]({URL}/commit/{1:040x}) | Reminders | Dev Anand | [#7]({URL}/pull/7) | HOLI-1, HOLI-2 |",
    ]


def test_a_long_list_says_how_many_are_not_shown() -> None:
    assert draw_change_set(review(*MANY, commit(250), commit(251))).endswith("\n\nand 2 older commits")


def test_nobody_is_called_by_what_somebody_wrote_into_a_subject() -> None:
    assert (
        escape_for_slack("<!channel> look &\nsee <https://x|here>")
        == "&lt;!channel&gt; look &amp; see &lt;https://x|here&gt;"
    )
    assert "<" not in say_in_slack(review(commit(1, author="<!here>")))


@given(st.text(), st.text())
def test_every_commit_is_one_row_of_five_cells(subject: str, author: str) -> None:
    row = draw_change_set(review(commit(1, subject=subject, author=author))).split("\n")[-1]

    assert row.replace("\\\\", "").replace("\\|", "").count("|") == 6
    assert "<" not in row


@given(st.integers(0, 5), st.integers(0, 5))
def test_it_passes_only_when_as_many_came_as_were_said(received: int, said: int) -> None:
    judgement = judge_change_set(review(*(commit(number) for number in range(received)), commits_said=said))

    assert judgement.verdict.lets_pass is (received == said != 0)
