"""Does each commit on its way to production belong to a pull request that says what it is (1.1.1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from policy.combined import combine
from policy.judgement import Judgement, failed, not_applicable, passed, unknown
from policy.path_pattern import matches_any
from policy.pull_request_text import describes, find_tickets, read_own_text, shows_picture
from policy.risk import Commit
from policy.table import Table
from policy.wording import counted, listed, short


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request: `state` is open, closed or merged; `mergeable` is None while GitHub works it out."""

    number: int
    title: str
    body: str
    branch: str
    base: str
    state: str
    draft: bool
    mergeable: bool | None
    from_fork: bool
    files: tuple[str, ...]
    files_complete: bool
    url: str
    head: str = ""
    opened_by: str | None = None
    commits_total: int = 0
    labels: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


class PullRequestRules(Table):
    """What a pull request must hold."""

    ticket_prefixes: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], ...] = Field(
        default=(), description="The keys of the ticket projects, such as HOLI. Empty: whatever looks like a key."
    )
    least_letters: int = Field(default=20, ge=1, description="1.1.1: a description of fewer letters than this is none.")
    ui_files: tuple[str, ...] = Field(
        default=(
            "**/*.tsx",
            "**/*.jsx",
            "**/*.vue",
            "**/*.svelte",
            "**/*.css",
            "**/*.scss",
            "**/*.less",
            "**/*.html",
        ),
        description="1.1.1: a change of them is shown by an image or a video.",
    )
    not_ui_files: tuple[str, ...] = Field(
        default=("**/*.test.*", "**/*.spec.*", "**/*.stories.*", "**/__tests__/**", "tests/**", "e2e/**"),
        description="1.1.1: what looks like them and nobody sees.",
    )


def judge_pull_requests(
    commits: Sequence[Commit],
    pulls: Mapping[str, Sequence[PullRequest]],
    *,
    complete: bool,
    base_branch: str,
    tickets: Mapping[str, bool | None] | None,
    templates: Sequence[str],
    rules: PullRequestRules,
    asked_for: int | None = None,
) -> Judgement:
    """Pass when each commit belongs to a merged or open pull request with description, ticket and pictures.

    `pulls` holds every pull request of each commit's hash, `asked_for` is the one to merge; `tickets` says whether
    each key exists (None: could not be asked), and is None itself where the company has no ticket system.
    """
    if not commits:
        return not_applicable("no commit goes to production") if complete else unknown("no commit was received")
    chosen: dict[int, PullRequest] = {}
    parts = [] if complete else [unknown(f"the list of commits is cut short at {len(commits)}")]
    for commit in commits:
        found = _choose(pulls.get(commit.sha, ()), base_branch, asked_for)
        if found is None:
            parts.append(_judge_homeless(commit, pulls.get(commit.sha), base_branch))
        else:
            chosen[found.number] = found
    for pull in chosen.values():
        parts += _judge_each(pull, tickets=tickets, templates=templates, rules=rules)
    numbers = listed(f"#{number}" for number in sorted(chosen))
    ticket = "with a ticket" if tickets is not None else "tickets not looked up: no ticket system is configured"
    well = f"{counted(len(commits), 'commit')} in {counted(len(chosen), 'pull request')} ({numbers}), "
    return combine(parts, well=f"{well}each described, {ticket}")


def list_tickets(pull: PullRequest, *, templates: Sequence[str], rules: PullRequestRules) -> tuple[str, ...]:
    """Return the ticket keys that the pull request names in title, branch or description."""
    texts = (pull.title, pull.branch, read_own_text(pull.body, templates))
    return find_tickets(texts, prefixes=rules.ticket_prefixes)


def list_landing(
    pulls: Mapping[str, Sequence[PullRequest]], *, base_branch: str, asked_for: int | None
) -> tuple[PullRequest, ...]:
    """Return the pull request that brings each commit to the base; where none does, every one it belongs to.

    An abandoned one beside it brings nothing, whatever was said of it.
    """
    found: dict[int, PullRequest] = {}
    for belonging in pulls.values():
        chosen = _choose(belonging, base_branch, asked_for)
        found |= {pull.number: pull for pull in (belonging if chosen is None else (chosen,))}
    return tuple(pull for _, pull in sorted(found.items()))


def _choose(found: Sequence[PullRequest], base_branch: str, asked_for: int | None) -> PullRequest | None:
    """The pull request that brings the commit to the base: that of the request, then a merged one, then an open one."""
    able = [pull for pull in found if pull.base == base_branch and pull.state in ("merged", "open")]
    return min(able, key=lambda pull: (pull.number != asked_for, pull.state != "merged", pull.number), default=None)


def _judge_homeless(commit: Commit, found: Sequence[PullRequest] | None, base_branch: str) -> Judgement:
    named = f"{short(commit.sha)} ({commit.subject})"
    if found is None:
        return unknown(f"the pull requests of {named} were not read")
    if not found:
        return failed(f"{named} belongs to no pull request")
    whys = (f"#{pull.number} {_say_why_not(pull, base_branch)}" for pull in found)
    return failed(f"{named} belongs to no merged or open pull request: {listed(whys)}", link=found[0].url)


def _say_why_not(pull: PullRequest, base_branch: str) -> str:
    if pull.state == "closed":
        return "was closed without being merged"
    if pull.state not in ("merged", "open"):
        return f"has the unknown state {pull.state!r}"
    return f"goes into {pull.base}, not {base_branch}"


def _judge_each(
    pull: PullRequest,
    *,
    tickets: Mapping[str, bool | None] | None,
    templates: Sequence[str],
    rules: PullRequestRules,
) -> Iterator[Judgement]:
    own = read_own_text(pull.body, templates)
    if pull.state == "open":
        yield from _judge_open(pull)
    if not describes(own, title=pull.title, least_letters=rules.least_letters):
        what = "nothing but the template" if pull.body.strip() and not own else "no real description"
        yield failed(f"#{pull.number} has {what}", link=pull.url)
    if tickets is not None:
        keys = list_tickets(pull, templates=templates, rules=rules)
        yield _judge_tickets(pull, {key: tickets.get(key) for key in keys})
    yield _judge_pictures(pull, own, rules)


def _judge_open(pull: PullRequest) -> Iterator[Judgement]:
    """What keeps an open pull request from being merged; for a merged one it no longer matters."""
    if pull.from_fork:
        yield failed(f"#{pull.number} comes from a fork", link=pull.url)
    if pull.draft:
        yield failed(f"#{pull.number} is a draft", link=pull.url)
    if pull.mergeable is False:
        yield failed(f"#{pull.number} conflicts with {pull.base}", link=pull.url)
    elif pull.mergeable is None:
        yield unknown(f"GitHub is still working out whether #{pull.number} conflicts with {pull.base}", link=pull.url)


def _judge_tickets(pull: PullRequest, named: Mapping[str, bool | None]) -> Judgement:
    """Pass when a ticket that exists is named."""
    if not named:
        return failed(f"#{pull.number} names no ticket in title, branch or description", link=pull.url)
    real = [key for key, exists in named.items() if exists]
    if real:
        return passed(f"#{pull.number}: {listed(real)}", link=pull.url)
    unanswered = [key for key, exists in named.items() if exists is None]
    if unanswered:
        return unknown(f"whether {listed(unanswered)} of #{pull.number} exists could not be asked", link=pull.url)
    return failed(f"#{pull.number} names {listed(named)}, and no such ticket exists", link=pull.url)


def _judge_pictures(pull: PullRequest, own: str, rules: PullRequestRules) -> Judgement:
    """Pass when files that people see come with a picture."""
    seen = [
        path for path in pull.files if matches_any(path, rules.ui_files) and not matches_any(path, rules.not_ui_files)
    ]
    if shows_picture(own):
        return passed(f"#{pull.number} shows a picture", link=pull.url)
    if seen:
        return failed(f"#{pull.number} changes {listed(seen, most=2)} and shows no image or video", link=pull.url)
    if not pull.files_complete:
        return unknown(f"#{pull.number} changes more files than the {len(pull.files)} received", link=pull.url)
    return passed(f"#{pull.number} changes nothing that people see", link=pull.url)
