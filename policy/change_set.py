"""Everything that goes to production with a release, complete or said to be cut short (1.3.4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policy.combined import combine
from policy.judgement import Judgement, failed, passed, unknown
from policy.page import as_cell
from policy.risk import ChangeSet, Commit
from policy.wording import counted, listed, short

# GitHub's comparison names at most so many files and says nothing about the others.
FILES_OF_A_COMPARISON = 300
_SHOWN_COMMITS = 250


@dataclass(frozen=True, slots=True)
class Review:
    """What is shown of a change set: the tickets of each pull request, the migrations, and how much there is.

    `commits_said` is the number that the comparison names (`total_commits`); `files_said` the number of files by
    a way that counts them all, None where only the comparison was asked.
    """

    change: ChangeSet
    commits_said: int
    files_said: int | None
    tickets: Mapping[int, Sequence[str]]
    migrations: Sequence[str]
    repository_url: str


def judge_change_set(review: Review) -> Judgement:
    """Pass when every commit and file between production and the release was received and can be shown."""
    change = review.change
    received = len({commit.sha for commit in change.commits})
    link = f"{review.repository_url}/compare/{change.base}...{change.head}"
    if not review.commits_said and not received:
        return _judge_nothing(change, link)
    parts = []
    if received != review.commits_said:
        parts.append(unknown(f"{received} of {counted(review.commits_said, 'commit')} received", link=link))
    if review.files_said is not None and len(set(change.files)) != review.files_said:
        parts.append(unknown(f"{len(set(change.files))} of {counted(review.files_said, 'file')} received", link=link))
    elif review.files_said is None and len(change.files) >= FILES_OF_A_COMPARISON:
        parts.append(
            unknown(f"{counted(len(change.files), 'file')} received, and a comparison names no more", link=link)
        )
    if not change.complete and not parts:
        parts.append(unknown(f"the list of changes was cut short at {counted(received, 'commit')}", link=link))
    return combine(parts or [passed(say_change_set(review), link=link)])


def _judge_nothing(change: ChangeSet, link: str) -> Judgement:
    if change.base == change.head:
        return passed(f"{short(change.head)} is in production already; no commit comes with it", link=link)
    return failed(
        f"{short(change.head)} holds no commit that production ({short(change.base)}) has not: it is older", link=link
    )


def say_change_set(review: Review) -> str:
    """Say in one line what goes to production."""
    change = review.change
    pulls = _list_pulls(change.commits)
    tickets = dict.fromkeys(ticket for pull in pulls for ticket in review.tickets.get(pull, ()))
    authors = dict.fromkeys(commit.author_name for commit in change.commits)
    alone = [short(commit.sha) for commit in change.commits if commit.pull_request is None]
    parts = (
        f"{counted(len(change.commits), 'commit')} by {listed(authors)}",
        counted(len(change.files), "file"),
        listed((f"#{pull}" for pull in pulls), most=10) or "no pull request",
        f"without a pull request {listed(alone)}" if alone and pulls else "",
        listed(tickets, most=10) or "no ticket",
        f"{counted(len(review.migrations), 'migration')}: {listed(review.migrations)}" if review.migrations else "",
    )
    said = ", ".join(part for part in parts if part)
    return f"{short(change.base)} to {short(change.head)}: {said}"


def say_in_slack(review: Review) -> str:
    """Say the same as one line for Slack, in which nothing that somebody wrote can mention or link."""
    return escape_for_slack(say_change_set(review))


def escape_for_slack(text: str) -> str:
    """Return the text so that Slack shows it as it is: no mention, no link, one line."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def draw_change_set(review: Review) -> str:
    """Draw the list for the approver's page: the newest commit first, migrations before everything."""
    change = review.change
    lines = [f"**{plain(say_change_set(review))}**", ""]
    if review.migrations:
        lines += ["Migrations:", "", *(f"- `{name.replace('`', '')}`" for name in review.migrations), ""]
    lines += ["| Commit | What | Author | Pull request | Tickets |", "|---|---|---|---|---|"]
    newest = list(reversed(change.commits))[:_SHOWN_COMMITS]
    lines += [_draw_commit(commit, review) for commit in newest]
    if len(change.commits) > len(newest):
        lines += ["", f"and {len(change.commits) - len(newest)} older commits"]
    return "\n".join(lines)


def _draw_commit(commit: Commit, review: Review) -> str:
    url = review.repository_url
    pull = commit.pull_request
    cells = (
        f"[{short(commit.sha)}]({url}/commit/{commit.sha})",
        plain(commit.subject),
        plain(commit.author_name),
        f"[#{pull}]({url}/pull/{pull})" if pull is not None else "none",
        plain(", ".join(review.tickets.get(pull, ()))) if pull is not None else "",
    )
    return f"| {' | '.join(cells)} |"


def _list_pulls(commits: Sequence[Commit]) -> list[int]:
    return sorted({commit.pull_request for commit in commits if commit.pull_request is not None})


def plain(text: str) -> str:
    """Return what somebody wrote so that a page shows it as it is: no picture, no link, no tag, one cell."""
    return as_cell("".join(_escaped(text)))


def _escaped(text: str) -> Iterator[str]:
    for letter in text.replace("\r", " "):
        if letter in "<>&":
            yield {"<": "&lt;", ">": "&gt;", "&": "&amp;"}[letter]
        else:
            yield f"\\{letter}" if letter in "\\`*_[]!" else letter
