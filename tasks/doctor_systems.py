"""What `doctor` tries of the systems every company has: the worker, the application, GitHub, the registry, Slack."""

import os
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from blocks.company import Company
from blocks.credentials import read_secret
from blocks.errors import Absent, BlockError, Unreachable
from blocks.slack import NEEDED_SCOPES
from policy.contacts import judge_contacts
from policy.diagnosis import Finding, judge_each, judge_granted, not_tried
from policy.health import judge_health
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed
from policy.left_in_pipeline import judge_pipeline
from policy.limits import Risk
from policy.next_step import Kind, next_step
from policy.roles import Occasion, Person, Role, entitled
from policy.wording import counted, short, short_digest
from tasks.attempt import attempt, attempt_advised, attempt_loudly
from tasks.own_checks import read_own_checks
from tasks.run import day_in, utc_now
from tasks.staging import say_staging
from tasks.systems import TEST_BENCH

WORKFLOWS = ".github/workflows"
_PERMISSIONS = (
    "on GitHub, let the token's account write to the repository, and the token itself have the permissions of"
)


def try_worker(company: Company) -> Iterator[Finding]:
    """The spool, the codes of whoever may approve, checks of one's own, and the signing key."""
    yield Finding(
        "worker", "spool", _judge_folder(company.spool), f"make the folder, owned by the worker's user: {company.spool}"
    )
    enrol = "give each of them codes on the worker: make enrol NAME='…'"
    yield attempt_advised("worker", "one-time codes", lambda: _judge_codes(company), enrol)
    if files := tuple(company.rules.own_checks):

        def reads_checks() -> Judgement:
            return passed(f"{counted(len(read_own_checks(files)), 'check')} in {counted(len(files), 'file')}")

        yield attempt("worker", "own checks", reads_checks, "mend the file, or take it out of `own_checks`")
    signer = company.signer
    if signer is not None:

        def signs() -> Judgement:
            known = signer.public_key in company.public_keys.values()
            return (passed if known else failed)(
                f"the key is {signer.fingerprint}" + ("" if known else ", which is none of signing.public_keys")
            )

        yield attempt("worker", "signing key", signs, "add its public half: python -m deployments.signing_key")


def try_people(company: Company) -> Iterator[Finding]:
    """Whom a release needs is in the roster, with a number and a way to be told."""
    day = day_in(company.rules.time_zone)
    on_call = company.roster.holders(Role.ON_CALL, on=day) if company.on_call is None else ()
    if company.on_call is None:
        yield Finding(
            "people",
            "emergency contacts",
            judge_contacts(company.roster, on=day, on_call=on_call, risk=Risk.MEDIUM, confirmed=False),
            "add the number as `phone` in [[people]]",
        )


def try_application(company: Company) -> Iterator[Finding]:
    """Production answers through the balancer, lets the demo account in, and shows it its record if that is tested."""
    application = company.application

    def logs_in() -> Judgement:
        application.log_in()
        return passed(f"{application.demo_user} is let in")

    def shows_record() -> Judgement:
        if "patient record" not in application.smoke_tests:
            return not_applicable("not configured, nothing to try: `smoke_tests` does not name it")
        application.read_patient(application.log_in())
        return passed(f"{application.demo_user} sees its own patient")

    yield attempt_loudly(
        "application",
        "health",
        lambda: judge_health(application.read_health()),
        f"open {application.url}{application.health} from the worker; mend production before any release",
    )
    account = attempt(
        "application",
        "demo account",
        logs_in,
        f"log in by hand as {application.demo_user}; its password is the secret {application.demo_password}",
    )
    yield account
    part, record = "application", "patient record"
    by_hand = f"as {application.demo_user} open patient {application.demo_patient} (`application.demo_patient`) by hand"
    yield (attempt(part, record, shows_record, by_hand) if account.is_well else not_tried(part, record, see=account))


def try_github(company: Company) -> Iterator[Finding]:
    """The repository, its branches and workflow, each kind of evidence, and that no job deploys production."""
    github, rules = company.github, company.rules

    @cache
    def head() -> str:
        return github.read_ref(rules.main_branch)

    def may_write() -> Judgement:
        return judge_granted({"pull", "push"}, github.read_permissions())

    def has_branches() -> Judgement:
        found = (
            f"{branch} is {short(github.read_ref(branch))}" for branch in (rules.main_branch, rules.production_ref)
        )
        return passed(", ".join(found))

    def shows_runs() -> Judgement:
        newest = github.read_workflow_run(head(), rules.workflow)
        return passed(f"{rules.workflow} " + ("ran" if newest else "has not run") + f" for {short(head())}")

    def shows_reports() -> Judgement:
        github.read_checks(head())
        github.list_pulls_of([head()])
        github.list_deployments(rules.environment)
        security = company.evidence.security
        if security is not None and "code scanning" in security.scanners:
            github.read_code_scanning(f"refs/heads/{rules.main_branch}")
        return passed(f"checks, pull requests and deployments of {short(head())} can be read")

    def pipeline_deploys_nothing() -> Judgement:
        servers = [name for server in company.fleet.servers for name in (server.name, server.host)]
        return judge_pipeline(_workflows(company, head()), environment=rules.environment, servers=servers)

    def staging_is_known() -> Judgement:
        return passed(say_staging(company, head()))

    permissions = f"{_PERMISSIONS} docs/your-company.md"
    yield attempt("GitHub", "repository", may_write, permissions)
    yield attempt(
        "GitHub", "branches", has_branches, "name them in [github]: `main`, `production`; make the second one"
    )
    if company.staging is not None:
        yield attempt(
            "GitHub",
            "staging's branch",
            staging_is_known,
            f"make the branch {rules.staging_branch}, or name staging's in `staging.branch`; {permissions}",
        )
    yield attempt("GitHub", "workflow", shows_runs, f"name the file of the pipeline in [github]; {permissions}")
    yield attempt("GitHub", "evidence", shows_reports, permissions)
    yield attempt(
        "GitHub",
        "no deploy job",
        pipeline_deploys_nothing,
        "take that job out of the pipeline, or let it deploy staging only: production is deployed by Countersign",
    )


def try_registry(company: Company) -> Iterator[Finding]:
    """The registry lets us in, and holds the image of what production serves."""

    def holds_production() -> Judgement:
        commit = company.github.read_ref(company.rules.production_ref)
        digest = company.registry.find_digest(commit)
        if digest is None:
            return failed(f"{company.registry.name} has no image with the tag {commit}, which production serves")
        return passed(f"{short(commit)} is {short_digest(digest)}")

    yield attempt(
        "registry",
        "image of production",
        holds_production,
        "let the pipeline push each image with the full commit as its tag; the login is [registry] and its secret",
    )


def try_slack(company: Company) -> Iterator[Finding]:
    """The bot may post and read, is in each of its channels, and can write to everybody of the roster."""
    slack = company.slack

    def reads(channel: str) -> Judgement:
        slack.list_alerts(channel, utc_now())
        return passed(f"the bot is in {channel} and reads it")

    def reaches_people() -> Judgement:
        told = [person for person in company.roster.people if person.slack]
        wrong = [f"{person.name}: {said}" for person in told if (said := _why_not_reached(company, person))]
        return judge_each(wrong, well=f"{len(told)} of {len(company.roster.people)} people can be told")

    yield attempt(
        "Slack",
        "scopes",
        lambda: judge_granted(NEEDED_SCOPES, slack.read_scopes()),
        "add the scopes in the app's settings (OAuth & Permissions) and install it again; the token is a secret",
    )
    channels = {"deployments": slack.deployments, "alerts": slack.alerts, "engineering": slack.engineering}
    for name, channel in channels.items():
        if not channel:
            continue
        yield attempt(
            "Slack",
            f"channel {name}",
            lambda channel=channel: reads(channel),  # type: ignore[misc]
            f"type there: /invite @ and the bot's name; its id is `slack.{name}` in the settings",
        )
    yield attempt("Slack", "people", reaches_people, "put the member id of each into [[people]] as `slack`")


def try_test_bench(company: Company) -> Iterator[Finding]:
    """The clone in which a hotfix's tests are tried reaches its origin, and their command is there."""
    bench = TEST_BENCH.of(company)
    if bench is None:
        return

    def is_ready() -> Judgement:
        bench.check()
        return passed(f"{bench.clone} reaches its origin, {bench.command[0]} is there")

    yield attempt(
        "hotfix tests",
        "clone and command",
        is_ready,
        "as the worker's user: git clone the repository into `hotfix_test.clone`, and install what the command names",
    )


def _judge_folder(folder: Path) -> Judgement:
    if not folder.is_dir():
        return failed(f"{folder} is no folder")
    return passed(f"{folder} is writable") if os.access(folder, os.W_OK) else failed(f"{folder} is not writable")


def _judge_codes(company: Company) -> tuple[Judgement, str]:
    day, roster = day_in(company.rules.time_zone), company.roster
    approvers = dict.fromkeys(person for occasion in Occasion for person in entitled(occasion, roster, day))
    folder = Path(company.rules.secrets_folder) if company.rules.secrets_folder else None
    wrong: list[str] = []
    steps: dict[str, None] = {}
    for person in approvers:
        try:
            read_secret(person.code_secret, folder)
        except BlockError as error:
            wrong.append(f"{person.name} cannot approve ({error})")
            enrol = f"on the worker: make enrol NAME={shlex.quote(person.name)}"
            absent = error.cause is None or error.cause.kind is Kind.SECRET_ABSENT
            steps[enrol if absent else next_step(error.cause, Verdict.FAILED, usual=enrol)] = None
    return judge_each(wrong, well=f"all {len(approvers)} who may approve have codes"), "; ".join(steps)


def _why_not_reached(company: Company, person: Person) -> str | None:
    try:
        company.slack.check_person(str(person.slack))
    except BlockError as error:
        if error.cause is not None or isinstance(error, Unreachable):
            raise
        return str(error)
    return None


def _workflows(company: Company, commit: str) -> dict[str, bytes]:
    try:
        entries = company.github.list_folder(WORKFLOWS, commit)
    except Absent:
        return {}
    paths = [entry.path for entry in entries if entry.name.endswith((".yml", ".yaml"))]
    return {path.rpartition("/")[2]: company.github.read_file(path, commit) for path in paths}
