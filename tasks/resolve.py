"""From what a person typed to the frozen facts of a release; nonsense is refused before anything is touched."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from blocks.company import Company
from blocks.errors import Meant, Refused
from blocks.github import GitHub
from blocks.record import Record
from policy.broken_hold import read_break
from policy.health import read_health
from policy.items import Way
from policy.judgement import Judgement, Verdict
from policy.manual import judge_manual
from policy.migrations import MigrationReading
from policy.migrations.backfill import Backfill
from policy.migrations.judging import risk_of
from policy.record import Event
from policy.recorded import release_of
from policy.release import ManualRequest, Release, Request
from policy.request_faults import find_company_faults, find_form_faults, find_person_faults
from policy.risk import ChangeSet, assess_risk, list_migrations
from policy.roles import Person
from policy.way_home import decided_home
from policy.wording import counted, listed, short
from tasks.backfill import read_backfills
from tasks.manual import read_pipeline
from tasks.migration_facts import outside_of_prisma, read_new_migrations
from tasks.quarantine import judge_released_before


class BadRequest(Meant):
    """The request cannot be carried out; the message names the field, what was found and what was expected."""


def refuse_faults(faults: Iterable[str]) -> None:
    """Raise BadRequest with every fault, if there is one."""
    if said := "; ".join(faults):
        raise BadRequest(said)


def resolve(request: Request, company: Company, *, key: str, way: Way, now: datetime) -> Release:
    """Return the release that follows from the request; raises BadRequest naming field, value and expectation."""
    commit = check_request(request, company)
    previous = serving_commit(company)
    if commit == previous:
        raise BadRequest(
            f"commit: {short(commit)} is already live on every server; there is nothing to release,"
            " and its migrations alone are for the deployment `migration`"
        )
    if not contains(company.github, previous, commit):
        raise BadRequest(
            f"commit: {short(commit)} does not contain {short(previous)}, which production serves;"
            " use the deployment `rollback` to go back, or bring the branch up to date"
        )
    change = company.github.read_change_set(previous, commit)
    migrations = list_migrations(change, rules=company.risk_rules)
    readings = require_migrations(company, commit, migrations)
    return freeze(request, company, change, migrations, readings, key=key, way=way, now=now)


def contains(github: GitHub, previous: str, commit: str) -> bool:
    """Whether a commit brings along what another holds: as its ancestor, or by the merge of its pull request.

    A hotfix that went out from its branch (5.2.4, B) and was squashed into main afterwards is no ancestor of it.
    """
    if github.is_ancestor(previous, commit):
        return True
    pulls = [github.read_pull_request(number) for number in github.list_pulls_of([previous])[previous]]
    merges = [pull.merge_commit for pull in pulls if pull.merged and pull.merge_commit]
    return any(github.is_ancestor(merge, commit) for merge in merges)


def freeze(
    request: Request,
    company: Company,
    change: ChangeSet,
    migrations: Sequence[str],
    readings: Sequence[MigrationReading],
    *,
    key: str,
    way: Way,
    now: datetime,
) -> Release:
    """Return the release of this change set with these migrations, at the risk that they make it.

    Raises BadRequest if what it brings was rolled back the last time.
    """
    released_before = refuse_quarantined(request, company, change.head)
    backfills = require_backfills(company, change)
    assessment = assess_risk(
        change,
        rules=company.risk_rules,
        raised_to=request.raised_to,
        migrations=[*(risk_of(one) for one in readings), *(one.risk for one in backfills)],
    )
    return Release(
        key=key,
        environment=request.environment,
        way=way,
        request=request,
        commit=change.head,
        previous_commit=change.base,
        commits=change.commits,
        files=change.files,
        complete=change.complete,
        gone=change.gone,
        commits_said=change.commits_said,
        migrations=tuple(migrations),
        risk=assessment.risk,
        reasons=(
            *assessment.reasons,
            *_released_again(released_before),
            *_from_a_branch(request, company, change.head),
        ),
        servers=tuple(server.name for server in company.fleet.servers),
        limits=company.limits,
        opened_at=now,
    )


def refuse_quarantined(request: Request, company: Company, commit: str) -> Judgement:
    """Return what is known of earlier releases of the commit; raises BadRequest if it was rolled back the last time."""
    released_before = judge_released_before(request, company, commit=commit)
    if not released_before.verdict.lets_pass:
        raise BadRequest(f"acknowledged: {released_before.sentence}")
    return released_before


def _released_again(judgement: Judgement) -> tuple[str, ...]:
    """What was rolled back and is released again is no secret: whoever approves reads it beside the risk."""
    return (judgement.sentence,) if judgement.verdict is Verdict.ATTESTED else ()


def _from_a_branch(request: Request, company: Company, commit: str) -> tuple[str, ...]:
    """What is not on main yet goes out by 2.3 and by option B of 5.2.4 only, and the record says so."""
    main = company.rules.main_branch
    if not request.is_built_on_servers or company.github.is_ancestor(commit, main):
        return ()
    return (f"{short(commit)} is released from a branch: it is not on {main}",)


def require_migrations(company: Company, commit: str, paths: Sequence[str]) -> Sequence[MigrationReading]:
    """Return what these migrations of a commit do; raises BadRequest where they could not be carried out."""
    if not paths:
        return ()
    named = f"commit: {short(commit)} brings {counted(len(paths), 'database migration')} ({listed(paths, most=3)})"
    if company.prisma is None or company.database is None:
        missing = " and ".join(
            section
            for section, found in (("[prisma]", company.prisma), ("[database]", company.database))
            if found is None
        )
        raise BadRequest(f"{named}; without {missing} in the settings it is deployed by section 6 by hand")
    if outside := outside_of_prisma(paths, company.prisma):
        raise BadRequest(
            f"commit: {listed(outside)} would not be carried out by Prisma; expected"
            f" {company.prisma.migrations_folder}/NAME/migration.sql, or another `risk.migrations` in the settings"
        )
    still_old = tuple(server.name for server in company.fleet.servers)
    return read_new_migrations(company, commit, paths, still_old=still_old)


def require_backfills(company: Company, change: ChangeSet) -> Sequence[Backfill]:
    """Return the backfills of the change set; raises BadRequest where one could not be carried out in batches."""
    try:
        found = read_backfills(company, change.head, [path for path in change.files if path not in change.gone])
    except Refused as error:
        raise BadRequest(f"commit: {short(change.head)}: {error}") from error
    if found and company.database is None:
        raise BadRequest(f"commit: {short(change.head)} brings a backfill, and there is no [database] in the settings")
    return found


def check_form(request: Request, company: Company, *, faults: Iterable[str] = ()) -> None:
    """Return unless the form is wrong by itself or does not fit the company; raises BadRequest with every fault.

    Those that were found in it already are told with them.
    """
    has_flags = company.doppler is not None
    of_company = find_company_faults(request, roster=company.roster, has_flags=has_flags)
    refuse_faults((*faults, *find_form_faults(request), *of_company))


def check_request(request: Request, company: Company, *, faults: Iterable[str] = ()) -> str:
    """Return the commit to release; raises BadRequest for what is wrong whatever production serves."""
    check_form(request, company, faults=faults)
    check_balancer(company)
    commit = _commit_of(request, company)
    if isinstance(request, ManualRequest):
        by, pipeline = request.requested_by, read_pipeline(company, commit)
        manual = judge_manual(request.reason, request.explanation, pipeline, by=by)
        if not manual.verdict.lets_pass:
            raise BadRequest(manual.sentence)
    return commit


def require_person(company: Company, name: str) -> Person:
    """Return the person of that name; raises BadRequest naming those there are."""
    person = company.roster.find(name)
    if person is None:
        raise BadRequest("; ".join(find_person_faults(name, company.roster)))
    return person


def resume(company: Company, key: str) -> Release | None:
    """Return the release that was opened under this key before, for a retry; raises BadRequest if it ended."""
    record = Record(company.store, key, holder=0, spool=company.spool)
    rows = record.rows()
    if not rows:
        return None
    if record.sealed:
        sealed = record.last(Event.SEALED)
        why = sealed.facts["sentence"] if sealed else ""
        raise BadRequest(f"release {key} has ended ({why}); a retry changes nothing, start a new release")
    if broken := read_break(rows):
        raise BadRequest(f"release {key} goes on no further: {broken}; recovery ends it, then start a new release")
    if decided_home(rows):
        raise BadRequest(f"release {key} was being rolled back when its process ended; recovery finishes that")
    return release_of(rows)


def serving_commit(company: Company) -> str:
    """Return the one commit that every server serves; raises BadRequest naming the servers that differ."""
    served: dict[str, str] = {}
    for server in company.fleet.servers:
        health = read_health(company.fleet.read_health(server))
        if health is None or health.version is None:
            raise BadRequest(f"{server.name} does not say which version it serves, so there is no way back to it")
        served[server.name] = health.version
    if len(set(served.values())) != 1:
        listed = ", ".join(f"{name} serves {short(version)}" for name, version in served.items())
        raise BadRequest(f"the servers differ ({listed}); roll back or repair before a new release")
    return company.github.read_commit(next(iter(served.values()))).sha


def check_balancer(company: Company) -> None:
    """Raise BadRequest if the balancer and the settings name different servers."""
    if company.balancer is None:
        return
    known = {server.balancer_name for server in company.fleet.servers}
    there = {state.name for state in company.balancer.read_servers()}
    if stray := sorted(there - known):
        raise BadRequest(f"the balancer sends traffic to {', '.join(stray)}, which the settings do not name")
    if missing := sorted(str(name) for name in known - there):
        raise BadRequest(
            f"balancer_name: the balancer knows no {', '.join(missing)}; it knows {', '.join(sorted(there))}"
        )


def _commit_of(request: Request, company: Company) -> str:
    if request.pull_request:
        return _head_of(request.pull_request, company, as_it_is=request.is_built_on_servers)
    try:
        commit = company.github.read_commit(request.commit).sha
    except Refused as error:
        raise BadRequest(f"commit: {error}") from error
    main = company.rules.main_branch
    if not request.is_built_on_servers and not company.github.is_ancestor(commit, main):
        raise BadRequest(f"commit: {short(commit)} is not on {main}; merge it first, or name its pull request")
    if request.is_built_on_servers:
        _refuse_of_fork(commit, company)
    return commit


def _refuse_of_fork(commit: str, company: Company) -> None:
    """GitHub shows the commits of every fork beside the repository's own: whoever may not push here builds nothing."""
    numbers = company.github.list_pulls_of([commit])[commit]
    pulls = [company.github.read_pull_request(number) for number in numbers]
    if pulls and not any(pull.merged or not pull.from_fork for pull in pulls):
        named = ", ".join(f"#{pull.number}" for pull in pulls)
        raise BadRequest(
            f"commit: {short(commit)} comes from a fork ({named}); push it to a branch of this repository,"
            " whose pull request is reviewed"
        )


def _head_of(number: int, company: Company, *, as_it_is: bool) -> str:
    """Return the newest commit of the pull request; it merges cleanly, unless it is released `as_it_is`."""
    try:
        pull = company.github.read_pull_request(number)
    except Refused as error:
        raise BadRequest(f"pull_request: {error}") from error
    if pull.merged:
        raise BadRequest(f"pull_request: {number} is merged already; name its commit {short(str(pull.merge_commit))}")
    if pull.state != "open" or pull.from_fork or pull.base != company.rules.main_branch:
        raise BadRequest(
            f"pull_request: {number} is {pull.state}, into {pull.base}{', from a fork' if pull.from_fork else ''};"
            f" expected an open one of this repository into {company.rules.main_branch}"
        )
    if as_it_is:
        return pull.head
    if not company.github.is_ancestor(company.rules.main_branch, pull.head):
        raise BadRequest(
            f"pull_request: {number} lacks commits of {pull.base}; merge {pull.base} into it first (1.2.1)"
        )
    if pull.mergeable is False:
        raise BadRequest(f"pull_request: {number} conflicts with {pull.base}; merge {pull.base} into it first")
    return pull.head
