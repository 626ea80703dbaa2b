"""What `doctor` tries of the systems that a company may lack; one that is not in the settings has no row."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from blocks.company import Company
from blocks.confluence import Confluence
from blocks.errors import Misconfigured, Refused
from blocks.pg_programs import read_program_version
from blocks.postgres import Postgres
from blocks.postgres_tables import read_clock, read_version
from policy.backups import LOOK_BACK, judge_newest_backup
from policy.diagnosis import Finding, judge_clock, judge_each
from policy.judgement import Judgement, Verdict, failed, not_applicable, passed, spoken
from tasks.attempt import attempt, attempt_advised
from tasks.backup import dump_name
from tasks.dashboards import judge_open_incidents_of, judge_rules_of
from tasks.run import utc_now
from tasks.systems import (
    BACKUPS,
    DATABASE,
    DOPPLER,
    GRAFANA,
    LOG,
    MAIL,
    ON_CALL,
    PAGERDUTY,
    PRISMA,
    PROMETHEUS,
    SCRATCH,
    SENTRY,
    STAGING_DATABASE,
    STAGING_METRICS,
    STATUS_PAGES,
    STATUSPAGE,
    TICKETS,
    System,
)

Kind = TypeVar("Kind")
_KEY = "countersign-doctor"
_PERMISSIONS = 'look at the secret and at what it may do: docs/your-company.md, "What the tokens may do"'


def try_vendors(company: Company) -> Iterator[Finding]:
    """Each vendor answers a question that a release asks."""

    def each(
        system: System[Kind], part: str, tried: str, ask: Callable[[Kind], object], next_step: str
    ) -> Iterator[Finding]:
        found = system.of(company)
        if found is not None:
            yield attempt(part, tried, lambda: _said(ask(found)), next_step)

    now = utc_now()
    yield from each(
        ON_CALL,
        "PagerDuty",
        "who is on call",
        lambda found: found.list_on_call(found.policy, now, now + timedelta(hours=1)),
        f"name the escalation policy in [on_call]; {_PERMISSIONS}",
    )
    yield from _try_dashboards(company)
    yield from each(PAGERDUTY, "PagerDuty", "events", lambda _: NOT_TRIED, "")
    yield from each(STATUSPAGE, "Statuspage", "maintenances", lambda found: found.find_maintenance(_KEY), _PERMISSIONS)
    yield from each(
        SENTRY, "Sentry", "issues", lambda found: found.list_new_issues(now, company.rules.environment), _PERMISSIONS
    )
    yield from each(DOPPLER, "Doppler", "names", lambda found: found.list_names(), _PERMISSIONS)
    yield from each(
        LOG,
        "deployment log",
        "entries",
        lambda found: found.find_entry(_KEY, _KEY) if isinstance(found, Confluence) else found.find_entry(_KEY),
        _PERMISSIONS,
    )
    yield from each(MAIL, "mail", "login", lambda found: found.check(), "look at [mail]: host, port, security, login")
    yield from _try_tickets(company)
    if company.snyk is not None:
        snyk = company.snyk
        yield attempt("Snyk", "issues", lambda: _said(snyk.list_open_issues(("critical",))), _PERMISSIONS)
    pages = STATUS_PAGES.of(company)
    for vendor in sorted(pages.pages) if pages is not None else ():
        yield from each(
            STATUS_PAGES,
            "status page",
            vendor,
            lambda found, vendor=vendor: found.read_status(vendor),  # type: ignore[misc]
            f"open it in a browser, and put its address into [status_pages.{vendor}]",
        )


def _try_dashboards(company: Company) -> Iterator[Finding]:
    """What 1.4.2 asks of alert rules and incidents; what a release would be refused for is red already."""
    now, limits, zone = utc_now(), company.limits, company.rules.time_zone

    def advised(judgement: Judgement, mend: str) -> tuple[Judgement, str]:
        if judgement.verdict.lets_pass:
            return judgement, ""
        return replace(judgement, verdict=Verdict.FAILED), f"{mend}: 1.4.2 refuses every release until then"

    if (on_call := ON_CALL.of(company)) is not None:

        def incidents() -> tuple[Judgement, str]:
            return advised(judge_open_incidents_of(on_call, now=now, zone=zone), "end the incident")

        yield attempt_advised("PagerDuty", "incidents", incidents, _PERMISSIONS)
    if (grafana := GRAFANA.of(company)) is not None:

        def rules() -> tuple[Judgement, str]:
            found = judge_rules_of(grafana, now=now, max_age=limits.alert_age)
            return advised(found, "look at the rule in Grafana; it has to be evaluated, and not to fire")

        yield attempt_advised("Grafana", "alert rules", rules, _PERMISSIONS)


def _try_tickets(company: Company) -> Iterator[Finding]:
    """Nobody can ask what a token may see without the key of a ticket: a made-up one shows that it is let in."""
    tickets = TICKETS.of(company)
    if tickets is None:
        return

    def is_let_in() -> Judgement:
        try:
            tickets.read_ticket("COUNTERSIGN-1")
        except Misconfigured:
            raise
        except Refused:
            return passed("answers; which tickets it shows is seen with the first one")
        return passed("answers")

    yield attempt(tickets.called, "login", is_let_in, _PERMISSIONS)


def try_metrics(company: Company) -> Iterator[Finding]:
    """Prometheus measures every server under the name that it has in the settings."""
    label = "label each target with `server`; own queries go to [prometheus.queries]"
    production, staging = PROMETHEUS.of(company), STAGING_METRICS.of(company)
    if production is not None:

        def counts_requests() -> Judgement:
            names = [server.name for server in company.fleet.servers]
            samples = production.read_samples(names, utc_now(), company.limits.watch_window)
            wrong = [f"no requests are counted for server={one.server!r}" for one in samples if one.requests is None]
            return judge_each(wrong, well=f"counts the requests of {', '.join(names)}")

        yield attempt("Prometheus", "series", counts_requests, label)
    if company.staging is not None and staging is not None:
        names = [server.name for server in company.staging.fleet.servers]

        def knows_starts() -> Judgement:
            starts = staging.read_starts(names)
            wrong = [f"no start is known of server={name!r}" for name in names if name not in starts]
            return judge_each(wrong, well=f"measures {', '.join(names)}")

        yield attempt("staging's Prometheus", "series", knows_starts, label)


def try_database(company: Company) -> Iterator[Finding]:
    """The database is the primary, and its user may do what the items need; so for staging's and the scratch server."""
    database = DATABASE.of(company)
    if database is not None:
        yield from _try_production(company, database)
    staging = STAGING_DATABASE.of(company)
    if staging is not None:
        yield attempt(
            "staging's database",
            "login",
            lambda: passed(f"PostgreSQL {read_version(staging)}"),
            "look at [staging_database]",
        )
    scratch = SCRATCH.of(company)
    if scratch is not None:
        may = "may create databases"
        yield attempt(
            "scratch server",
            "CREATEDB",
            lambda: passed(f"{scratch.user} {may}") if scratch.may_create() else failed(f"{scratch.user} not: {may}"),
            f"as a superuser there: ALTER ROLE {scratch.user} CREATEDB",
        )
    prisma = PRISMA.of(company)
    if prisma is not None:
        program = Path(prisma.directory) / prisma.command[0]
        found = program.exists() or shutil.which(prisma.command[0]) is not None
        said = f"{program} is {'there' if found else 'not on the worker'}"
        yield Finding("Prisma", "CLI", (passed if found else failed)(said), prisma.how_to_install)
    load_test = company.load_test
    if load_test is not None:
        found = shutil.which(load_test.program) is not None
        said = f"{load_test.program} is {'there' if found else 'not on the worker'}"
        yield Finding("k6", "program", (passed if found else failed)(said), "install k6, or name it in [load_test]")


def _try_production(company: Company, database: Postgres) -> Iterator[Finding]:
    grant = f"as a superuser: GRANT pg_read_all_data, pg_monitor TO {database.user}"

    def is_primary() -> Judgement:
        found = database.is_primary()
        return passed("is the primary") if found else failed("is a replica, expected the primary")

    def sees_audit_log() -> Judgement:
        window = company.limits.audit_window
        return passed(f"{database.count_audit_rows(window)} rows of the audit log in {spoken(window)}")

    def clock() -> Judgement:
        return judge_clock(read_clock(database) - utc_now(), limit=company.limits.clock)

    yield attempt("database", "primary", is_primary, "let `database.host` name the primary; try psql from the worker")
    yield attempt("database", "clock", clock, "let chrony or systemd-timesyncd set the clock of its machine")
    yield attempt("database", "sessions", lambda: _said(database.count_connections()), grant)
    yield attempt(
        "database",
        "pg_stat_statements",
        lambda: _said(database.read_statements()),
        f"in the database: CREATE EXTENSION pg_stat_statements, preloaded by the server; {grant}",
    )
    yield attempt("database", "audit log", sees_audit_log, f"name table and column in [database]; {grant}")


def try_backups(company: Company) -> Iterator[Finding]:
    """The bucket can be listed, its newest dump counts, and PostgreSQL's programs fit the server."""
    backups, database = BACKUPS.of(company), DATABASE.of(company)
    if backups is None:
        return

    def newest() -> Judgement:
        now = utc_now()
        return judge_newest_backup(
            backups.list_backups(now - LOOK_BACK),
            now=now,
            max_age=company.limits.backup_age,
            share=company.limits.backup_share,
            names=backups.names,
            ours=dump_name(company),
        )

    yield attempt(
        "backups",
        "newest",
        newest,
        "mend the nightly dump, or start `Database backup/backup`; look at [backups] and its keys",
    )
    if database is not None:

        def programs_fit() -> Judgement:
            server = read_version(database)
            old = [
                f"{program} is of PostgreSQL {found}, the server of {server}"
                for program in (database.pg_dump, database.pg_restore)
                if (found := read_program_version(program)) < server
            ]
            return judge_each(old, well=f"pg_dump and pg_restore fit PostgreSQL {server}")

        yield attempt(
            "backups", "pg_dump", programs_fit, "install postgresql-client of the server's version on the worker"
        )


NOT_TRIED = not_applicable("not tried: an event would wake whoever is on call")


def _said(answer: object) -> Judgement:
    """An answer is what was asked for, whatever it holds."""
    return answer if isinstance(answer, Judgement) else passed("answers")
