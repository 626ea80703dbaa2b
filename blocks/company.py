"""The company: its rules, and each outside system once a process."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from blocks.application import Application
from blocks.backup_store import BackupStore
from blocks.company_block import CompanyBlock
from blocks.confluence import Confluence
from blocks.doppler import Doppler
from blocks.errors import Misconfigured
from blocks.fleet import Fleet, Server
from blocks.github import GitHub
from blocks.grafana import Grafana
from blocks.jira import Jira
from blocks.k6 import K6
from blocks.linear import Linear
from blocks.load_balancer import CommandBalancer, HAProxy, LoadBalancer
from blocks.mail import Mail
from blocks.notion import Notion
from blocks.one_time_codes import OneTimeCodes
from blocks.pagerduty import PagerDuty
from blocks.pagerduty_rest import PagerDutyRest
from blocks.postgres import Postgres
from blocks.prisma import Prisma
from blocks.prometheus import Prometheus
from blocks.registry import Registry
from blocks.saved import Find, load_saved
from blocks.scratch_host import ScratchHost
from blocks.sentry import Sentry
from blocks.signing import Signer
from blocks.slack import Slack
from blocks.snyk import Snyk
from blocks.status_pages import StatusPages
from blocks.statuspage import Statuspage
from blocks.store import FolderStore, S3Store, Store
from blocks.test_bench import TestBench
from policy.evidence_rules import EvidenceRules
from policy.hotfix_rules import HotfixRules
from policy.incident_rules import IncidentRules
from policy.limits import Limits
from policy.record_signature import KEY_BYTES, read_spelled
from policy.risk_rules import RiskRules
from policy.roles import Roster
from policy.typed import explain
from policy.windows import Calendar, read_calendar

STORES: dict[str, type[FolderStore | S3Store]] = {"folder": FolderStore, "bucket": S3Store}
BALANCERS: dict[str, type[HAProxy | CommandBalancer]] = {"haproxy": HAProxy, "commands": CommandBalancer}
OptionalSystem = Literal[
    "staging",
    "staging_metrics",
    "staging_database",
    "load_test",
    "balancer",
    "prometheus",
    "database",
    "prisma",
    "scratch_database",
    "backups",
    "pagerduty",
    "on_call",
    "statuspage",
    "status_pages",
    "sentry",
    "doppler",
    "snyk",
    "jira",
    "linear",
    "notion",
    "confluence",
    "grafana",
    "mail",
    "hotfix_test",
]
Found = TypeVar("Found")


class CompanyRules(CompanyBlock):
    """What the company decided: who may approve, when, within which limits, and where people are told."""

    _block_type_name = "Countersign company rules"
    _block_type_slug = "countersign-company-rules"

    environment: str = Field(description="The environment these rules are for.")
    time_zone: str = Field(description="The company's time zone, such as America/Los_Angeles.")
    country: str = Field(description="The country whose public holidays count, two letters.")
    people: list[dict[str, Any]] = Field(description="The roster: names, roles, logins, addresses, numbers.")
    calendar: dict[str, Any] = Field(default_factory=dict, description="Windows, freezes and known peaks.")
    limits: dict[str, Any] = Field(default_factory=dict, description="Limits that differ from the checklist's.")
    risk_rules: dict[str, Any] = Field(default_factory=dict, description="Paths that make a change risky.")
    evidence_rules: dict[str, Any] = Field(
        default_factory=dict,
        description="Checks, reviews, reports, sensitive paths, accepted findings.",
    )
    incidents: dict[str, Any] | None = Field(
        default=None, description="Where reports of incidents are opened; nowhere if left out."
    )
    hotfix: dict[str, Any] = Field(default_factory=dict, description="What marks a hotfix, where it differs.")
    pull_request_template: str = Field(
        default=".github/pull_request_template.md", description="The file of the template of pull requests."
    )
    own_checks: list[str] = Field(
        default_factory=list, description="The Python files on the worker that hold checks of the company's own."
    )
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    signing_key: str | None = Field(default=None, description="The name of the secret with the worker's signing key.")
    public_keys: dict[str, str] = Field(
        default_factory=dict, description="The public keys of the workers that seal records, by name."
    )
    spool: str = Field(description="The folder on the worker where rows wait while the store is away.")
    prefect_ui: str = Field(description="The address of Prefect's UI, for links.")
    systems: list[OptionalSystem] = Field(
        description="Which of the systems a company may lack this one has; one that is not named is not looked for."
    )
    store: Literal["folder", "bucket"] = Field(description="Where records and holds are kept.")
    balancer: Literal["haproxy", "commands"] = Field(default="haproxy", description="How the balancer is spoken to.")
    main_branch: str = Field(default="main", description="The branch that is released.")
    production_ref: str = Field(default="production", description="The ref that says what production serves.")
    staging_branch: str = Field(default="staging", description="The branch that staging deploys by itself.")
    workflow: str = Field(description="The file of the workflow that tests and builds, such as ci.yml.")


@dataclass(frozen=True)
class Staging:
    """The staging server, the application on it, its metrics where something measures it, and its database."""

    fleet: Fleet
    application: Application
    metrics: Prometheus | None = None
    database: Postgres | None = None


@dataclass(frozen=True)
class Company:
    """The rules and the systems of one environment; None is a system that the company does not have."""

    rules: CompanyRules
    roster: Roster
    calendar: Calendar
    limits: Limits
    risk_rules: RiskRules
    store: Store
    fleet: Fleet
    balancer: LoadBalancer | None
    staging: Staging | None
    application: Application
    github: GitHub
    slack: Slack
    pagerduty: PagerDuty | None
    prometheus: Prometheus | None
    database: Postgres | None
    backups: BackupStore | None
    registry: Registry
    prisma: Prisma | None = None
    scratch: ScratchHost | None = None
    on_call: PagerDutyRest | None = None
    statuspage: Statuspage | None = None
    status_pages: StatusPages | None = None
    sentry: Sentry | None = None
    doppler: Doppler | None = None
    snyk: Snyk | None = None
    tickets: Jira | Linear | None = None
    log: Notion | Confluence | None = None
    grafana: Grafana | None = None
    mail: Mail | None = None
    load_test: K6 | None = None
    evidence: EvidenceRules = field(default_factory=EvidenceRules)
    incidents: IncidentRules | None = None
    hotfix: HotfixRules = field(default_factory=HotfixRules)
    test_bench: TestBench | None = None

    @classmethod
    def load(cls, environment: str, *, find: Find | None = None) -> "Company":
        """Load the blocks, from Prefect unless `find` gives them; raises Misconfigured naming the first wrong one."""
        load: Find = find or load_saved
        rules = load(CompanyRules, environment)

        def if_there(system: OptionalSystem, read: Callable[[str], Found]) -> Found | None:
            return read(environment) if system in rules.systems else None

        try:
            return cls(
                rules=rules,
                roster=Roster.model_validate({"people": rules.people}),
                calendar=read_calendar(rules.calendar, time_zone=rules.time_zone, country=rules.country),
                limits=_read_limits(rules),
                risk_rules=RiskRules.model_validate(rules.risk_rules),
                store=load(STORES[rules.store], environment),
                fleet=load(Fleet, environment),
                balancer=if_there("balancer", partial(load, BALANCERS[rules.balancer])),
                staging=if_there("staging", partial(_load_staging, systems=rules.systems, load=load)),
                application=load(Application, environment),
                github=load(GitHub, environment),
                slack=load(Slack, environment),
                pagerduty=if_there("pagerduty", partial(load, PagerDuty)),
                prometheus=if_there("prometheus", partial(load, Prometheus)),
                database=if_there("database", partial(load, Postgres)),
                prisma=if_there("prisma", partial(load, Prisma)),
                scratch=if_there("scratch_database", partial(load, ScratchHost)),
                backups=if_there("backups", partial(load, BackupStore)),
                registry=load(Registry, environment),
                on_call=if_there("on_call", partial(load, PagerDutyRest)),
                statuspage=if_there("statuspage", partial(load, Statuspage)),
                status_pages=if_there("status_pages", partial(load, StatusPages)),
                sentry=if_there("sentry", partial(load, Sentry)),
                doppler=if_there("doppler", partial(load, Doppler)),
                snyk=if_there("snyk", partial(load, Snyk)),
                tickets=if_there("jira", partial(load, Jira)) or if_there("linear", partial(load, Linear)),
                log=if_there("notion", partial(load, Notion)) or if_there("confluence", partial(load, Confluence)),
                grafana=if_there("grafana", partial(load, Grafana)),
                mail=if_there("mail", partial(load, Mail)),
                load_test=if_there("load_test", partial(load, K6)),
                evidence=EvidenceRules.model_validate(rules.evidence_rules),
                incidents=IncidentRules.model_validate(rules.incidents) if rules.incidents is not None else None,
                hotfix=HotfixRules.model_validate(rules.hotfix),
                test_bench=if_there("hotfix_test", partial(load_saved, TestBench)),
            )
        except ValidationError as error:
            raise Misconfigured(f"the rules of {environment} are not valid: {explain(error)}") from error

    def __enter__(self) -> "Company":
        """Lend the company for a while."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """Hang up every kept connection."""
        staging = (self.staging.fleet, self.staging.metrics) if self.staging else ()
        kept = (self.fleet, *staging, self.balancer, self.github, self.pagerduty, self.prometheus)
        vendors = (self.on_call, self.statuspage, self.sentry, self.doppler, self.snyk)
        for system in (*kept, *vendors, self.tickets, self.log, self.grafana):
            if system is not None:
                system.close()

    @property
    def spool(self) -> Path:
        """Where rows wait while the store is away."""
        return Path(self.rules.spool)

    @property
    def one_time_codes(self) -> OneTimeCodes:
        """The codes by which approvers prove who they are."""
        return OneTimeCodes(self.store, Path(self.rules.secrets_folder) if self.rules.secrets_folder else None)

    @property
    def signer(self) -> Signer | None:
        """Who signs what this worker seals; None where no key is configured."""
        if self.rules.signing_key is None:
            return None
        return Signer(self.rules.signing_key, Path(self.rules.secrets_folder) if self.rules.secrets_folder else None)

    @property
    def public_keys(self) -> dict[str, bytes]:
        """The keys by which what a worker sealed is known to be its own."""
        try:
            return {name: read_spelled(key, KEY_BYTES) for name, key in self.rules.public_keys.items()}
        except ValueError as error:
            raise Misconfigured(f"public_keys of {self.rules.environment}: {error}; save the settings again") from None

    def fences(self) -> Iterator[Callable[[], int]]:
        """Yield, for each host, how to read the highest number it has seen."""
        for server in _one_per_folder(self.fleet):
            yield partial(self.fleet.read_fence, server)
        if self.balancer is not None:
            yield self.balancer.read_fence

    def fences_to(self, number: int) -> Iterator[Callable[[], None]]:
        """Yield, for each host, how to make it refuse lower numbers."""
        for server in _one_per_folder(self.fleet):
            yield partial(self.fleet.raise_fence, server, number)
        if self.balancer is not None:
            yield partial(self.balancer.raise_fence, number)


def _one_per_folder(fleet: Fleet) -> tuple[Server, ...]:
    """Two servers may share a host and a folder: one fence."""
    return tuple({(server.host, server.port, server.directory): server for server in fleet.servers}.values())


def _read_limits(rules: CompanyRules) -> Limits:
    try:
        return Limits.model_validate(rules.limits)
    except ValidationError as error:
        sentence = explain(error, under="limits")
        raise Misconfigured(f"the rules of {rules.environment} are not valid: {sentence}") from error


def _load_staging(environment: str, *, systems: Collection[OptionalSystem], load: Find) -> Staging:
    name = f"{environment}-staging"
    return Staging(
        fleet=load(Fleet, name),
        application=load(Application, name),
        metrics=load(Prometheus, name) if "staging_metrics" in systems else None,
        database=load(Postgres, name) if "staging_database" in systems else None,
    )
