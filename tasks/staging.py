"""1.3.1 and 1.3.2: staging holds exactly the files of the commit to release, and is tried with them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from blocks.company import Company, Staging
from blocks.errors import BlockError, Refused, Unreachable
from policy.checklist import ITEMS
from policy.combined import combine
from policy.health import is_version, judge_health, judge_staging_tree, read_health
from policy.items import Asked
from policy.judgement import Judgement, not_configured, unknown, worst_of
from policy.limits import Mode
from policy.new_errors import find_trial_start
from policy.record import Event
from policy.staging import Beside, Held, list_held, read_put_aside, say_deployed, say_held
from policy.wording import counted, short
from tasks.item import item
from tasks.manual import build_on_staging
from tasks.old_code import behind_staging_fence
from tasks.run import Run
from tasks.sign_off import errors_since
from tasks.smoke_tests import judge_smoke_tests
from tasks.step import Seen, Step
from tasks.systems import STAGING

TRIES = 3
_MOST_NAMED = 20


def deployed_to_staging(run: Run) -> Step:
    """1.3.1: staging serves the very files of the commit to release."""
    commit, branch = run.release.commit, run.company.rules.staging_branch
    by_hand = run.release.is_built_on_servers
    return Step(
        number="1.3.1",
        subject="staging",
        name="deployed",
        look=partial(_look, commit=commit),
        act=behind_staging_fence(partial(build_on_staging, run)) if by_hand else partial(_act, commit=commit),
        does=f"on staging: git fetch, docker compose build and up with {short(commit)}"
        if by_hand
        else f"merge {short(commit)} into {branch}, so that it holds exactly these files whatever was tried there"
        " before; wait until staging serves it",
        undo="none needed: staging carries the next candidate",
        within=run.limits.staging,
    )


def _look(company: Company, *, commit: str) -> Seen:
    fleet = STAGING.required(company).fleet
    answer = fleet.read_health(fleet.servers[0])
    health = read_health(answer)
    if health is None or health.version is None:
        return Seen(done=False, sentence="staging does not say which version it serves")
    judgement = judge_staging_tree(
        health.version,
        company.github.read_tree(health.version),
        commit=commit,
        tree=company.github.read_tree(commit),
    )
    if not judgement.verdict.lets_pass:
        # What is ill there may be why nothing new arrives.
        health_too = judge_health(answer)
        ill = "" if health_too.verdict.lets_pass else f"; {health_too.sentence}"
        return Seen(done=False, sentence=f"{judgement.sentence}{ill}")
    if is_version(health.version, commit):
        return Seen(done=True, sentence=judgement.sentence)
    put_aside = read_put_aside(company.github.read_commit(health.version).body)
    more = f"; put aside on its branch, since {short(commit)} does not have it: {put_aside}" if put_aside else ""
    return Seen(done=True, sentence=f"{judgement.sentence}{more}")


def _act(company: Company, _number: int, *, commit: str) -> None:
    """Bring the branch to the files of the commit; who pushes there meanwhile is looked at again, never lost."""
    for left in reversed(range(TRIES)):
        try:
            if _brought(company, commit):
                return
        except Unreachable:
            if not left:
                raise
    branch = company.rules.staging_branch
    raise Refused(
        f"somebody pushed to {branch} each of the {TRIES} times that {short(commit)} was put on it;"
        " see who it is, and start again"
    )


def _brought(company: Company, commit: str) -> bool:
    """Whether the branch holds exactly the commit's files now: by GitHub's merge, or by a commit of ours on top."""
    github, branch = company.github, company.rules.staging_branch
    beside, tree = github.read_beside(commit, branch), github.read_tree(commit)
    if not beside.lacks and github.read_tree(beside.head) == tree:
        return True
    if not beside.differs:
        # What GitHub does not merge is put on top; whoever may not push is refused there too.
        with suppress(Refused):
            return github.read_tree(github.merge_into(branch, commit, say_deployed(commit, branch))) == tree
    message = say_deployed(commit, branch, list_put_aside(company, beside, commit))
    return github.advance_ref(branch, github.create_commit(tree, (beside.head, commit), message))


def list_put_aside(company: Company, beside: Beside, commit: str) -> tuple[Held, ...]:
    """Return the newest commits of the branch that the commit has not, nor the merge of their pull request."""
    held = list_held(beside)[:_MOST_NAMED]
    numbers = company.github.list_pulls_of([one.sha for one in held])
    arrived = {
        number for number in {one for of in numbers.values() for one in of} if _has_arrived(company, number, commit)
    }
    return tuple(one for one in held if arrived.isdisjoint(numbers[one.sha]))


def _has_arrived(company: Company, number: int, commit: str) -> bool:
    """A squash brings what a branch held under another hash."""
    merge = company.github.read_pull_request(number).merge_commit
    return merge is not None and company.github.is_ancestor(merge, of=commit)


def say_staging(company: Company, main: str) -> str:
    """Say what the branch of staging holds beside the newest commit of main, which is no fault."""
    rules = company.rules
    beside = company.github.read_beside(main, rules.staging_branch)
    where = f"{rules.staging_branch} is {short(beside.head)}"
    held = list_put_aside(company, beside, main) if beside.differs else ()
    if not held:
        return f"{where} and holds no commit that {rules.main_branch} has not"
    named = f"{counted(len(held), 'commit')} that {rules.main_branch} has not: {say_held(held)}"
    return f"{where} and holds {named}; the next release puts aside what it has not either"


def say_deployment(run: Run) -> Sequence[str]:
    """Return what 1.3.1 found at its end, with what it put aside; nothing where it was not carried out."""
    rows = [row for row in run.record.rows() if row.item == "1.3.1" and row.event is Event.CONFIRMED]
    return [str(row.facts["sentence"]) for row in rows[-1:]]


def goes_over_staging(run: Run) -> bool:
    """A release of this way is deployed to staging, where the company has one; a hotfix waits for no staging."""
    return run.company.staging is not None and ITEMS["1.3.1"].asked[run.release.way] is Asked.REQUIRED


def is_tried_on_staging(run: Run) -> bool:
    """A hotfix waits for no window and no load test, and a plan deploys nothing to staging that could be watched."""
    return goes_over_staging(run) and run.release.mode is not Mode.PLAN


def of_this_commit(run: Run, judgement: Judgement) -> Judgement:
    """What was tried on staging was this commit; else the judgement is unknown, or says of what it speaks.

    Others deploy there too, at any time; a plan and a hotfix look at whatever is there.
    """
    tried = is_tried_on_staging(run)
    try:
        seen = deployed_to_staging(run).look(run.company)
    except BlockError as error:
        if tried:
            raise
        seen = Seen(done=False, sentence=str(error))
    if seen.done:
        return judgement
    if tried:
        return unknown(f"staging serves another commit by now: {seen.sentence}")
    there = f"of what staging serves now, for {short(run.release.commit)} was not deployed there ({seen.sentence})"
    return replace(judgement, sentence=f"{there}: {judgement.sentence}")


@item("1.3.1")
def staging_left_out(_run: Run) -> Judgement:
    """Asked instead of the step where the company has no staging server."""
    return not_configured(STAGING.section)


@item("1.3.2", needs=STAGING)
def staging_smoke_test(run: Run, staging: Staging) -> Judgement:
    """Staging is healthy, its login and critical flows work, and it saw no new kind of error since it serves this."""
    health = judge_health(staging.fleet.read_health(staging.fleet.servers[0]))
    tested = of_this_commit(run, worst_of((health, judge_smoke_tests(staging.application))))
    if run.company.sentry is None:
        return tested
    since = find_trial_start(run.record.rows(), run.release, began=_read_staging_start(staging))
    if since is None:
        commit = short(run.release.commit)
        return combine((tested, unknown(f"since when staging serves {commit} is not known; [staging_metrics] tells")))
    return combine(
        (tested, errors_since(run.company.sentry, since, environment=STAGING.section, zone=run.company.rules.time_zone))
    )


def _read_staging_start(staging: Staging) -> datetime | None:
    server = staging.fleet.servers[0].name
    return staging.metrics.read_starts((server,)).get(server) if staging.metrics else None
