"""4.2.1: what a release brought is proposed to be taken off main, on a branch and a pull request of its own.

Nothing here merges: that stays with people, as any other change to main.
"""

from collections.abc import Sequence

from blocks.company import Company
from blocks.errors import BlockError, Refused, Unreachable
from blocks.github_answers import PullRequest
from policy.database_rows import MIGRATION_ITEM
from policy.judgement import Judgement, unknown
from policy.record import Event, Row, Unreadable, last
from policy.recorded import build_of, release_of
from policy.revert import Brought, Compared, branch_of, commit_message, find_reverted, judge_revert, title_of
from policy.risk import Commit
from policy.troubleshooting import advice_for
from policy.wording import short
from tasks.item import item
from tasks.records import read_rows
from tasks.run import Run
from tasks.step import Seen, Step

NUMBER = "4.2.1"


def brought_by(rows: Sequence[Row]) -> Brought | None:
    """Return what the release of this record brought to main; None where it merged nothing."""
    release, built = release_of(rows), build_of(rows)
    if release is None or built is None:
        return None
    migrated = any(row.event is Event.INTENDED and row.item == MIGRATION_ITEM for row in rows)
    return Brought(
        key=release.key,
        before=release.previous_commit,
        commit=built.commit,
        commits=release.commits,
        files=release.files,
        complete=release.complete,
        migrations=release.migrations if migrated else (),
    )


def branch_made(run: Run, brought: Brought) -> Step:
    """A branch holds the files of before, as one commit after what the release brought."""
    branch = branch_of(brought.key)

    def look(company: Company) -> Seen:
        stands_at = company.github.find_branch(branch)
        return Seen(
            stands_at is not None, f"{branch} stands at {short(stands_at)}" if stands_at else f"no {branch} yet"
        )

    def act(company: Company, _number: int) -> None:
        company.github.create_branch(branch, _commit(company, brought))

    return Step(
        number=NUMBER,
        subject=branch,
        name="branch made",
        look=look,
        act=act,
        does=f"GitHub: a commit with the files of {short(brought.before)} after {short(brought.commit)}, on {branch}",
        undo=f"delete the branch {branch}",
        within=run.limits.boot,
    )


def _commit(company: Company, brought: Brought) -> str:
    """Make the commit; one whose answer was lost is held by no branch, so another is made."""
    files, message = company.github.read_tree(brought.before), commit_message(brought)
    try:
        return company.github.create_commit(files, (brought.commit,), message)
    except Unreachable:
        return company.github.create_commit(files, (brought.commit,), message)


def main_taken_in(run: Run, brought: Brought) -> Step:
    """The branch holds what was merged to main since; GitHub refuses where the two conflict, and so do we."""
    branch, main = branch_of(brought.key), run.company.rules.main_branch

    def look(company: Company) -> Seen:
        has_it = company.github.is_ancestor(main, branch)
        return Seen(has_it, f"{branch} {'holds' if has_it else 'lacks commits of'} {main}")

    def act(company: Company, _number: int) -> None:
        try:
            company.github.merge_into(branch, main, f"Take {main} into {branch}")
        except Refused as error:
            raise Refused(
                f"what was merged since {short(brought.commit)} changed the same lines, so this is for people: check"
                f" out {branch}, `git merge origin/{main}`, settle the conflict and push, then start `Revert/revert`"
                f" again; or mend it by a commit on top. GitHub said: {error}"
            ) from error

    return Step(
        number=NUMBER,
        subject=branch,
        name=f"{main} taken in",
        look=look,
        act=act,
        does=f"GitHub: merge {main} into {branch}",
        undo=f"delete the branch {branch}",
        within=run.limits.boot,
    )


def pull_request_opened(run: Run, brought: Brought, text: str) -> Step:
    """One pull request proposes the branch; one that people closed is theirs to open again."""
    branch, main = branch_of(brought.key), run.company.rules.main_branch

    def look(company: Company) -> Seen:
        pull = company.github.find_pull_request(branch, main)
        if pull is not None and pull.state == "closed":
            raise Refused(f"#{pull.number} proposed it and was closed; open it again if it is wanted: {pull.url}")
        return Seen(pull is not None, pull.url if pull else f"no pull request from {branch} yet")

    def act(company: Company, _number: int) -> None:
        company.github.open_pull_request(branch, main, title_of(brought), text)

    return Step(
        number=NUMBER,
        subject=branch,
        name="pull request opened",
        look=look,
        act=act,
        does=f"GitHub: propose {branch} for {main}",
        undo="close the pull request",
        within=run.limits.boot,
    )


def pipeline_green(run: Run, commit: str) -> Step:
    """The pipeline has tried the revert and ended well."""
    workflow = run.company.rules.workflow

    def look(company: Company) -> Seen:
        found = company.github.read_workflow_run(commit, workflow)
        if found is None or found.status != "completed":
            state = found.status if found else "not started"
            return Seen(done=False, sentence=f"the pipeline of {short(commit)} is {state}")
        if found.conclusion != "success":
            steps = ", ".join(found.failed_steps) or "no step named"
            said = f"the pipeline of {short(commit)} ended with {found.conclusion} ({steps}): {found.url}"
            raise Refused(f"{said}. {advice_for('10.1')}")
        return Seen(done=True, sentence=found.url)

    return Step(
        number=NUMBER,
        subject=short(commit),
        name="pipeline green",
        look=look,
        act=lambda _company, _number: None,
        does=f"wait for {workflow} on {short(commit)}",
        undo="nothing to undo: it was only waited for",
        within=run.limits.build,
    )


def find_proposal(run: Run, brought: Brought) -> PullRequest | None:
    """Return the newest pull request that proposed this revert."""
    return run.company.github.find_pull_request(branch_of(brought.key), run.company.rules.main_branch)


def is_left_on_main(run: Run, brought: Brought) -> bool:
    """Whether the branch would change main: what somebody reverted by hand needs no second revert."""
    github = run.company.github
    return github.read_tree(branch_of(brought.key)) != github.read_tree(run.company.rules.main_branch)


def compare_revert(
    run: Run, brought: Brought, commit: str, *, digest: str = "", before: Sequence[str] = ()
) -> Judgement:
    """Judge a commit by its tree, and where an image was built by its digest: does it hold what was there before."""
    github = run.company.github
    try:
        same = github.read_tree(commit) == github.read_tree(brought.before)
        differing = () if same else github.list_changed_files(brought.before, commit)
        since = () if same else _merged_since(run, brought, commit)
    except BlockError as error:
        return unknown(f"{short(commit)} could not be compared with {short(brought.before)}: {error}")
    found = Compared(commit, same_files=same, same_image=bool(digest) and digest in before, differing=differing)
    return judge_revert(found, brought, since=since)


@item("4.2.1")
def revert_deployed(run: Run) -> Judgement:
    """What a release that brings a revert serves now is what production served before the reverted release."""
    key = find_reverted(run.release.commits)
    try:
        rows = read_rows(run.company, key)
        brought, way_back = brought_by(rows), last(rows, Event.WAY_BACK)
    except Unreadable as error:
        return unknown(f"the record of {key}, which was reverted, cannot be read: {error}")
    if brought is None:
        return unknown(f"there is no record of {key} that says what it brought")
    before = list(way_back.facts["digests"].values()) if way_back else []
    return compare_revert(run, brought, run.built.commit, digest=run.built.digest, before=before)


def _merged_since(run: Run, brought: Brought, commit: str) -> tuple[Commit, ...]:
    found = run.company.github.read_change_set(brought.commit, commit).commits
    return tuple(one for one in found if not find_reverted([one]))
