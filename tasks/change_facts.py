"""What several items of section 1 need to know of the change set, each fetched once a release."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from blocks.errors import Absent, Refused
from policy.change_set import Review
from policy.check_facts import Checks
from policy.pull_requests import PullRequest, list_tickets
from policy.risk import ChangeSet
from policy.tickets import Tickets, sort_tickets
from tasks.run import Run

_PARALLEL = 6


@dataclass(frozen=True, slots=True)
class Report:
    """The files that CI left for a commit, by name."""

    commit: str
    files: Mapping[str, bytes]
    url: str


def pulls_by_commit(run: Run) -> Mapping[str, Sequence[PullRequest]]:
    """Return every pull request of each commit on its way to production."""
    numbers, pulls = _numbers(run), pulls_of_release(run)
    return {commit: [pulls[number] for number in found] for commit, found in numbers.items()}


def pulls_of_release(run: Run) -> Mapping[int, PullRequest]:
    """Return the pull requests of the whole change set by number."""

    def ask() -> Mapping[int, PullRequest]:
        wanted = sorted({number for found in _numbers(run).values() for number in found})
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return dict(zip(wanted, pool.map(run.company.github.read_described_pull, wanted), strict=True))

    return run.once.fetch("pulls", ask)


def same_tree(run: Run) -> tuple[str, ...]:
    """Return the heads of pull requests that hold the very files of the release: a squash is tested before it."""

    def ask() -> tuple[str, ...]:
        github, commit = run.company.github, run.release.commit
        numbers = _numbers(run).get(commit, ())
        heads = {pulls_of_release(run)[number].head for number in numbers} - {commit}
        tree = github.read_tree(commit) if heads else ""
        return tuple(head for head in sorted(heads) if github.read_tree(head) == tree)

    return run.once.fetch("same tree", ask)


def checks_of_release(run: Run) -> Checks:
    """Return everything that was reported about the commit, and about those that hold the same files."""

    def ask() -> Checks:
        found = [run.company.github.read_checks(commit) for commit in (run.release.commit, *same_tree(run))]
        return Checks(
            runs=tuple(one for checks in found for one in checks.runs),
            runs_total=sum(checks.runs_total for checks in found),
            statuses=tuple(one for checks in found for one in checks.statuses),
            statuses_total=sum(checks.statuses_total for checks in found),
        )

    return run.once.fetch("checks", ask)


def report_of_release(run: Run, artifact: str) -> Report | None:
    """Return what the workflow left under this name for the commit, else for one that holds the same files."""

    def ask() -> Report | None:
        github = run.company.github
        for commit in (run.release.commit, *same_tree(run)):
            found = github.read_workflow_run(commit, run.company.rules.workflow)
            files = github.read_report(found.number, artifact) if found else None
            if found is not None and files is not None:
                return Report(commit, files, found.url)
        return None

    return run.once.fetch(f"report {artifact}", ask)


def templates(run: Run) -> tuple[str, ...]:
    """Return the template of pull requests, if the repository has one."""

    def ask() -> tuple[str, ...]:
        try:
            found = run.company.github.read_file(run.company.rules.pull_request_template, run.company.rules.main_branch)
        except Absent:
            return ()
        return (found.decode("utf-8", "replace"),)

    return run.once.fetch("templates", ask)


def tickets_by_pull(run: Run) -> Mapping[int, tuple[str, ...]]:
    """Return the keys of the tickets that each pull request names."""
    rules = run.company.evidence.pull_requests
    return {
        number: list_tickets(pull, templates=templates(run), rules=rules)
        for number, pull in pulls_of_release(run).items()
    }


def tickets_named(run: Run) -> tuple[str, ...]:
    """Return the keys of all tickets that the pull requests of the release name, in order."""
    return tuple(sorted({key for keys in tickets_by_pull(run).values() for key in keys}))


def tickets_there(run: Run) -> Mapping[str, bool]:
    """Return for each key that the pull requests name whether there is such a ticket."""

    def ask() -> Mapping[str, bool]:
        return {key: _is_there(run, key) for key in tickets_named(run)}

    return run.once.fetch("tickets", ask)


def tickets_of_release(run: Run) -> Tickets:
    """Return the tickets that the pull requests of the release deliver."""
    return sort_tickets(
        pulls_of_release(run).values(),
        known={key for key, there in tickets_there(run).items() if there},
        templates=templates(run),
        rules=run.company.evidence.pull_requests,
    )


def _is_there(run: Run, key: str) -> bool:
    if run.company.tickets is None:
        return False
    try:
        run.company.tickets.read_ticket(key)
    except Refused:
        return False
    return True


def _numbers(run: Run) -> Mapping[str, tuple[int, ...]]:
    commits = [commit.sha for commit in run.release.commits]
    return run.once.fetch("numbers", lambda: run.company.github.list_pulls_of(commits))


def review_of_release(run: Run) -> Review:
    """Return what 1.3.4 shows: the whole change set with its pull requests, tickets and migrations."""
    release = run.release
    change = ChangeSet(
        release.previous_commit,
        release.commit,
        release.commits,
        release.files,
        labels=(),
        complete=release.complete,
        gone=release.gone,
    )
    said = len(release.commits) if release.commits_said is None else release.commits_said
    return Review(
        change,
        commits_said=said,
        files_said=None,
        tickets=tickets_by_pull(run),
        migrations=release.migrations,
        repository_url=run.company.github.page,
    )
