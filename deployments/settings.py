"""The settings of one environment: a TOML file whose every key is known and checked before anything starts."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from blocks.errors import Misconfigured
from blocks.fleet import Server
from policy.limits import Limits
from policy.risk import RiskRules
from policy.roles import Person, Roster
from policy.windows import read_calendar

VARIABLE = "COUNTERSIGN_SETTINGS"


class Section(BaseModel):
    """A table of the file; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(Section):
    """Where records and holds live: a folder, or a bucket."""

    folder: str | None = Field(default=None, description="An absolute folder on the worker.")
    bucket: str | None = Field(default=None, description="A bucket, for several worker machines.")
    endpoint: str | None = Field(default=None, description="The bucket's address; empty for AWS itself.")
    region: str = Field(default="us-east-1", description="The bucket's region.")
    access_key: str | None = Field(default=None, description="The name of the secret with the access key.")
    secret_key: str | None = Field(default=None, description="The name of the secret with the secret key.")


class FleetSettings(Section):
    """The servers of production and how they are reached."""

    user: str
    key_file: str
    known_hosts: str
    compose_file: str = "docker-compose.prod.yml"
    servers: tuple[Server, ...] = Field(min_length=1)


class StagingSettings(Server):
    """The staging server and the branch it deploys."""

    branch: str = Field(default="staging", description="The branch that staging deploys by itself.")


class BalancerSettings(Section):
    """HAProxy's runtime socket, or a command for each verb."""

    host: str
    port: int = 22
    directory: str
    backend: str = "web"
    socket_command: tuple[str, ...] | None = None
    commands: dict[str, tuple[str, ...]] | None = None


class ApplicationSettings(Section):
    """The application as its users reach it."""

    url: str = Field(pattern=r"^https?://")
    host_header: str | None = None
    health: str = "/api/health"
    metrics: str = "/api/health/metrics"
    demo_user: str
    demo_password: str


class GitHubSettings(Section):
    """The repository and its pipeline."""

    url: str = "https://api.github.com"
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    token: str
    workflow: str = "ci.yml"
    main: str = "main"
    production: str = "production"


class SlackSettings(Section):
    """The workspace and its channels."""

    url: str = "https://slack.com/api/"
    token: str
    deployments: str
    alerts: str


class PrometheusSettings(Section):
    """Where the metrics are asked for; `queries` replaces single queries by name."""

    url: str = Field(pattern=r"^https?://")
    queries: dict[str, str] = Field(default_factory=dict)


class DatabaseSettings(Section):
    """Production's primary."""

    host: str
    port: int = 5432
    name: str
    user: str
    password: str
    sslmode: str = "verify-full"
    pool: int = Field(gt=0)
    audit_table: str = "audit_logs"


class BackupSettings(Section):
    """Where backups lie and which programs make and read them."""

    bucket: str
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key: str
    secret_key: str
    pg_dump: str = "pg_dump"
    pg_restore: str = "pg_restore"


class RegistrySettings(Section):
    """The image registry."""

    url: str = Field(pattern=r"^https?://")
    name: str
    user: str
    password: str


class Settings(BaseSettings):
    """Everything one environment needs; secrets stand here by name only.

    A section that may be left out and is left out is a system that the company does not have.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    environment: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    time_zone: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    secrets: str
    spool: str
    prefect_ui: str = "http://127.0.0.1:4200"
    store: StoreSettings
    people: tuple[Person, ...]
    fleet: FleetSettings
    staging: StagingSettings | None = None
    balancer: BalancerSettings | None = None
    application: ApplicationSettings
    github: GitHubSettings
    slack: SlackSettings
    prometheus: PrometheusSettings | None = None
    database: DatabaseSettings | None = None
    backups: BackupSettings | None = None
    registry: RegistrySettings
    calendar: dict[str, Any] = Field(default_factory=dict)
    limits: Limits = Limits()
    risk: RiskRules = RiskRules()

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
        with file.open("rb") as opened:
            content = tomllib.load(opened)
        settings = Settings(**content)
        Roster.model_validate({"people": [person.model_dump(by_alias=True) for person in settings.people]})
        read_calendar(settings.calendar, time_zone=settings.time_zone, country=settings.country)
    except FileNotFoundError as error:
        raise Misconfigured(f"there is no settings file {file}; name it in {VARIABLE}") from error
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{file} is no valid TOML: {error}") from error
    except ValidationError as error:
        raise Misconfigured(f"{file}: {explain(error)}") from error
    return settings


def explain(error: ValidationError) -> str:
    """Name each field with what was found and what was expected."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}, found {problem['input']!r}"
        for problem in error.errors(include_url=False)
    )
