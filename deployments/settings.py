"""The settings of one environment: a TOML file whose every key is known and checked before anything starts."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from blocks.company import OptionalSystem
from blocks.errors import Misconfigured
from deployments.migration_settings import PrismaSettings, ScratchDatabaseSettings, StagingDatabaseSettings
from deployments.release_settings import (
    ApplicationSettings,
    BalancerSettings,
    FleetSettings,
    GitHubSettings,
    RegistrySettings,
    SigningSettings,
    SlackSettings,
    StagingSettings,
    StoreSettings,
)
from deployments.told_apart import find_shared
from deployments.vendor_settings import (
    BackupSettings,
    ConfluenceSettings,
    DatabaseSettings,
    DopplerSettings,
    GrafanaSettings,
    HotfixTestSettings,
    JiraSettings,
    LinearSettings,
    LoadTestSettings,
    MailSettings,
    NotionSettings,
    OnCallSettings,
    PagerDutySettings,
    PrometheusSettings,
    SentrySettings,
    SnykSettings,
    StatusPageSettings,
    StatuspageSettings,
)
from policy.batches import judge_share
from policy.checks import CheckRules
from policy.dated_exceptions import DatedException
from policy.dead_man import least_time
from policy.evidence_rules import BreakingRules, CoverageSource, EvidenceRules, SecuritySource, find_contradictions
from policy.hotfix_rules import HotfixRules
from policy.incident_rules import IncidentRules, find_missing
from policy.judgement import spoken
from policy.limits import Limits
from policy.next_step import Cause, Kind
from policy.places import AbsolutePath, Url
from policy.pull_requests import PullRequestRules
from policy.reviews import ReviewRules
from policy.risk_rules import RiskRules
from policy.roles import Person, Roster
from policy.scratch import say_production
from policy.sensitive_paths import SensitivePaths
from policy.table import Table
from policy.typed import explain, list_fields
from policy.windows import read_calendar
from policy.wording import listed

VARIABLE = "COUNTERSIGN_SETTINGS"


class Settings(Table, BaseSettings):
    """Everything one environment needs; secrets stand here by name only.

    A section that may be left out and is left out is a system that the company does not have.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    environment: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$", description="The name of the environment, such as production."
    )
    time_zone: str = Field(description="The company's time zone, such as America/Los_Angeles.")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="The country whose public holidays count, two letters.")
    secrets: AbsolutePath = Field(description="The folder of the secret files, each of mode 0600.")
    spool: AbsolutePath = Field(description="A folder on the worker where rows wait while the store is away.")
    prefect_ui: Url = Field(default="http://127.0.0.1:4200", description="The address of Prefect's UI, for links.")
    own_checks: tuple[Annotated[str, Field(pattern=r"^/.+\.py$")], ...] = Field(
        default=(),
        description="Python files on the worker, by absolute path: [checks of your own](how-to/own-check.md).",
    )
    store: StoreSettings
    people: tuple[Person, ...] = Field(description="Everybody who may decide something: [[people]].")
    fleet: FleetSettings
    staging: StagingSettings | None = None
    staging_metrics: PrometheusSettings | None = None
    staging_database: StagingDatabaseSettings | None = None
    load_test: LoadTestSettings | None = None
    balancer: BalancerSettings | None = None
    application: ApplicationSettings
    github: GitHubSettings
    slack: SlackSettings
    pagerduty: PagerDutySettings | None = None
    prometheus: PrometheusSettings | None = None
    database: DatabaseSettings | None = None
    prisma: PrismaSettings | None = None
    scratch_database: ScratchDatabaseSettings | None = None
    backups: BackupSettings | None = None
    on_call: OnCallSettings | None = None
    statuspage: StatuspageSettings | None = None
    status_pages: dict[str, StatusPageSettings] | None = None
    sentry: SentrySettings | None = None
    doppler: DopplerSettings | None = None
    snyk: SnykSettings | None = None
    jira: JiraSettings | None = None
    linear: LinearSettings | None = None
    notion: NotionSettings | None = None
    confluence: ConfluenceSettings | None = None
    grafana: GrafanaSettings | None = None
    mail: MailSettings | None = None
    incidents: IncidentRules | None = None
    hotfix: HotfixRules = HotfixRules()
    hotfix_test: HotfixTestSettings | None = None
    registry: RegistrySettings
    signing: SigningSettings | None = None
    calendar: dict[str, Any] = Field(default_factory=dict)
    limits: Limits = Limits()
    risk: RiskRules = RiskRules()
    checks: CheckRules = CheckRules()
    reviews: ReviewRules = ReviewRules()
    pull_requests: PullRequestRules = PullRequestRules()
    coverage: CoverageSource | None = None
    security: SecuritySource | None = None
    sensitive: SensitivePaths = SensitivePaths()
    breaking: BreakingRules = BreakingRules()
    exceptions: tuple[DatedException, ...] = Field(
        default=(), description="Findings that are accepted until a day: [[exceptions]]."
    )

    @property
    def systems(self) -> list[OptionalSystem]:
        """Name the sections that are there, of those that a company may lack."""
        return [system for system in get_args(OptionalSystem) if getattr(self, system) is not None]

    @property
    def evidence(self) -> EvidenceRules:
        """What was decided about the evidence of 1.1 and 1.2."""
        return EvidenceRules(**{name: getattr(self, name) for name in EvidenceRules.model_fields})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the file alone: an environment variable that happens to be called `LIMITS` changes nothing."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def read_settings(path: Path | None = None) -> Settings:
    """Return the checked settings; raises Misconfigured naming file, field, what was found and expected."""
    file = path or Path(os.environ.get(VARIABLE, "countersign.toml"))
    try:
        content = _read_toml(file)
        settings = Settings(**content)
        roster = Roster.model_validate({"people": [person.model_dump(by_alias=True) for person in settings.people]})
        _refuse_a_hasty_dead_man(settings, file)
        _refuse_contradictions(settings, roster, file)
        _refuse_scratch_on_production(settings, file)
        _refuse_a_wrong_calendar(settings, file)
    except ValidationError as error:
        wrong = Cause(Kind.SETTING, listed(list_fields(error)), str(file))
        raise Misconfigured(f"{file}: {explain(error)}", cause=wrong) from error
    return settings


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        text = file.read_bytes().decode("utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError as error:
        absent = Cause(Kind.SETTINGS_ABSENT, VARIABLE, str(file))
        raise Misconfigured(f"there is no settings file {file}; name it in {VARIABLE}", cause=absent) from error
    except OSError as error:
        found = "a folder" if isinstance(error, IsADirectoryError) else f"one that cannot be read ({error.strerror})"
        raise _no_settings(file, f"found {found}") from error
    except UnicodeDecodeError as error:
        raise _no_settings(file, f"found what is no text (byte {error.start + 1})") from error
    except tomllib.TOMLDecodeError as error:
        spelled = Cause(Kind.SETTING, "what TOML cannot read", str(file))
        raise Misconfigured(f"{file} is no valid TOML: {error}", cause=spelled) from error
    if not content:
        raise _no_settings(file, "found an empty one")
    return content


def _no_settings(file: Path, found: str) -> Misconfigured:
    """Another file has to be named: this one holds no settings at all."""
    named = Cause(Kind.SETTINGS_ABSENT, VARIABLE, str(file))
    return Misconfigured(f"{file}: expected a settings file, as {VARIABLE} names it, {found}", cause=named)


def _refuse_a_wrong_calendar(settings: Settings, file: Path) -> None:
    """Zone and country stand at the top of the file, whatever else the calendar is told."""
    try:
        read_calendar(settings.calendar, time_zone=settings.time_zone, country=settings.country)
    except ValidationError as error:
        places: dict[str, Any] = {"under": "calendar", "at_top": ("time_zone", "country")}
        wrong = Cause(Kind.SETTING, listed(list_fields(error, **places)), str(file))
        raise Misconfigured(f"{file}: {explain(error, **places)}", cause=wrong) from error


def _refuse_a_hasty_dead_man(settings: Settings, file: Path) -> None:
    """The message that waits outside the machine must be deletable when the next one takes its place."""
    limits, last_chance = settings.limits, settings.slack.last_chance
    least = least_time(last_chance=last_chance, heartbeat=limits.heartbeat)
    if limits.dead_man < least:
        raise Misconfigured(
            f"{file}: limits.dead_man: expected at least {least.total_seconds():g} s, found"
            f" {limits.dead_man.total_seconds():g} s: with a heartbeat of {spoken(limits.heartbeat)} the message could"
            f" not be moved before its last {spoken(last_chance)}, in which Slack deletes it no more"
        )


def _refuse_scratch_on_production(settings: Settings, file: Path) -> None:
    scratch, database = settings.scratch_database, settings.database
    if scratch is None or database is None:
        return
    places = (scratch.host, scratch.port, None), (database.host, database.port, None)
    if why := say_production(*places, shares=scratch.shares_production):
        raise Misconfigured(f"{file}: {why}")


def _refuse_contradictions(settings: Settings, roster: Roster, file: Path) -> None:
    folders = {"store.folder": settings.store.folder, "spool": settings.spool, "secrets": settings.secrets}
    found = (
        *find_contradictions(settings.evidence, roster=roster, systems=settings.systems),
        *find_missing(settings.incidents, systems=settings.systems),
        *find_shared(settings.fleet, settings.staging, settings.slack, folders=folders),
    )
    share = judge_share(len(settings.fleet.servers), limits=settings.limits)
    found = found if share.verdict.lets_pass else (*found, share.sentence)
    if found:
        raise Misconfigured(f"{file}: {'; '.join(found)}")
