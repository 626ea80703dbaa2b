"""The sections of the settings about systems that a company may lack: a section that is left out is one it has not."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from blocks.prometheus import Prometheus
from blocks.status_pages import OwnSystem
from policy.places import AbsolutePath, Program, Url, UrlOrNothing
from policy.secret_name import SecretName
from policy.table import Table
from policy.typed import refusal
from policy.wording import listed


class PagerDutySettings(Table):
    """The service on PagerDuty that wakes whoever is on call; without it people are paged in Slack only."""

    url: Url = Field(default="https://events.pagerduty.com", description="The address of its Events API.")
    routing_key: SecretName = Field(description="The name of the secret with the integration's key.")


class PrometheusSettings(Table):
    """Where metrics are asked for, of production or of staging; `queries` replaces single queries by name."""

    url: Url = Field(description="Its address.")
    user: str | None = Field(default=None, description="The user it asks for by HTTP basic; nobody if left out.")
    password: SecretName | None = Field(default=None, description="The name of the secret with that user's password.")
    scrape_interval: float = Field(default=15, gt=0, description="How often it measures, in seconds.")
    queries: dict[str, str] = Field(
        default_factory=dict, description="Single queries that replace ours, by name, such as errors_query."
    )

    @field_validator("queries")
    @classmethod
    def _queries_are_known(cls, queries: dict[str, str]) -> dict[str, str]:
        """One by an unknown name would replace none, and nobody would hear of it."""
        known = [name for name in Prometheus.model_fields if name.endswith("_query")]
        if strange := sorted(set(queries) - set(known)):
            raise refusal(f"expected names of queries ({', '.join(known)}), found {listed(map(repr, strange))}")
        return queries

    @model_validator(mode="after")
    def _user_and_password(self) -> "PrometheusSettings":
        if (self.user is None) != (self.password is None):
            there, absent = ("password", "user") if self.user is None else ("user", "password")
            raise refusal(f"expected both user and password, or none, found {there} without {absent}")
        return self


class LoadTestSettings(Table):
    """The load test of staging by k6, without which no release of high risk passes 1.3.3."""

    program: Program = Field(default="k6", description="The program k6 on the worker.")
    script: AbsolutePath | None = Field(
        default=None,
        description="A script of your own, an absolute file on the worker; ours opens the demo account's patient.",
    )
    rate: int = Field(default=20, gt=0, description="Iterations a second.")
    duration: timedelta = Field(default=timedelta(minutes=2), gt=timedelta(0), description="How long, in seconds.")
    users: int = Field(default=50, gt=0, description="At most so many requests at once.")


class DatabaseSettings(Table):
    """Production's primary."""

    host: str = Field(description="Its address.")
    port: int = Field(default=5432, description="Its port.")
    name: str = Field(description="The name of the database.")
    user: str = Field(description="A user who may read it and dump it, and has pg_monitor.")
    password: SecretName = Field(description="The name of the secret with the password.")
    sslmode: str = Field(default="verify-full", description="How the connection is secured, in libpq's words.")
    pool: int = Field(gt=0, description="The connections that the application may hold altogether.")
    audit_table: str = Field(default="audit_logs", description="3.2.3: the audit log's table, with its schema if any.")
    audit_time: str = Field(default="timestamp", description="3.2.3: the column that says when a row was written.")
    audit_actor: str = Field(
        default="", description="3.2.3: the column that says who acted; empty where there is none."
    )
    audit_own: tuple[str, ...] = Field(
        default=(),
        description="3.2.3: whom that column names where a smoke test acts, such as the demo account; such rows alone"
        " show nothing.",
    )
    key_queries: dict[str, str] = Field(
        default_factory=dict,
        description="6.3.4: after a migration each of these queries, by a name of yours, must answer at least one row."
        " A table of another schema than public is named with it.",
    )


class BackupSettings(Table):
    """Where backups lie and which programs make and read them."""

    bucket: str = Field(description="The bucket of the backups.")
    endpoint: UrlOrNothing | None = Field(default=None, description="Its address; empty for AWS itself.")
    region: str = Field(default="us-east-1", description="Its region.")
    access_key: SecretName = Field(description="The name of the secret with the access key.")
    secret_key: SecretName = Field(description="The name of the secret with the secret key.")
    names: tuple[str, ...] = Field(
        default=(),
        description="1.4.3: patterns of the file names of production's backups, such as holi-*.dump, or with a slash of"
        " what follows the folder of the day, such as prod/*; needed where backups of several names lie there.",
    )
    encryption: Literal["AES256", "aws:kms"] | None = Field(
        default=None,
        description="6.1.4: how the storage is asked to encrypt a dump at rest; it must confirm it. Empty: not asked.",
    )
    kms_key: str | None = Field(default=None, description="The key for aws:kms; empty for the account's own.")
    pg_dump: Program = Field(default="pg_dump", description="The program pg_dump on the worker.")
    pg_restore: Program = Field(default="pg_restore", description="The program pg_restore on the worker.")


class OnCallSettings(Table):
    """PagerDuty's REST API: who is on call (1.3.8), what is open (1.4.2, 3.4.2) and under maintenance (1.3.10)."""

    url: Url = Field(default="https://api.pagerduty.com", description="The address of its API.")
    token: SecretName = Field(description="The name of the secret with the API key; reading is enough.")
    policy: str = Field(description="The number of the escalation policy, such as PIJ90N7.")
    level: int = Field(default=1, ge=1, description="The level of the policy whose engineer is told before a release.")
    services: tuple[str, ...] = Field(min_length=1, description="The numbers of production's services.")


class StatuspageSettings(Table):
    """The company's own status page on Statuspage (1.3.9, 3.3.2)."""

    url: Url = Field(default="https://api.statuspage.io/v1", description="The address of its API, with /v1.")
    token: SecretName = Field(description="The name of the secret with the API key.")
    page: str = Field(pattern=r"^[\w-]+$", description="The number of the page, such as kctbh9vrtdwd.")
    components: tuple[str, ...] = Field(default=(), description="The numbers of the components under maintenance.")


class StatusPageSettings(Table):
    """The public status page of a vendor that production lives on (1.3.10): [status_pages.GitHub]."""

    page: Url = Field(description="Its address, such as https://www.githubstatus.com.")
    uses: tuple[str, ...] = Field(
        default=(),
        description="The components in use, by name, or as Group/Name where two groups have one of the same name."
        " Empty: the whole page.",
    )
    carries: tuple[OwnSystem, ...] = Field(
        default=(),
        description="Which of github, slack, store and backups live there: each is asked as well, and its failure"
        " outweighs the page. GitHub carries github and Slack slack anyway.",
    )


class SentrySettings(Table):
    """Sentry: new kinds of errors (1.3.2, 3.1.4), and the release with its commits."""

    url: Url = Field(default="https://sentry.io", description="Its address, without /api.")
    token: SecretName = Field(description="The name of the secret with the token.")
    organization: str = Field(pattern=r"^[\w-]+$", description="The short name of the organization.")
    project: str = Field(pattern=r"^[\w-]+$", description="The short name of the project.")


def _checked_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise refusal(f"expected a regular expression, found {text!r} ({error})") from error
    return text


class DopplerSettings(Table):
    """Doppler: the values of feature flags in production (1.2.4)."""

    url: Url = Field(default="https://api.doppler.com", description="Its address, without /v3.")
    token: SecretName = Field(description="The name of the secret with the token; reading is enough.")
    project: str = Field(description="The name of the project.")
    config: str = Field(description="The name of production's config, such as prd.")
    flags: Annotated[str, AfterValidator(_checked_pattern)] = Field(
        default=r"^(FEATURE|FLAG)_", description="A pattern of the names that are flags; only their values are read."
    )


class SnykSettings(Table):
    """Snyk: open findings (1.1.4)."""

    url: Url = Field(default="https://api.snyk.io/rest", description="The address of its API, with /rest.")
    token: SecretName = Field(description="The name of the secret with the token.")
    organization: str = Field(pattern=r"^[0-9a-f-]{36}$", description="The number of the organization.")
    project: str | None = Field(
        default=None, pattern=r"^[0-9a-f-]{36}$", description="The number of the project. Empty: all projects."
    )


class JiraSettings(Table):
    """Jira: tickets exist (1.1.1) and are closed (3.4.3), and no more people than usual wrote to support (3.4.2)."""

    url: Url = Field(description="The site, such as https://holilabs.atlassian.net.")
    user: str = Field(description="The mail address of the account that the token belongs to.")
    token: SecretName = Field(description="The name of the secret with the API token.")
    done_status: str = Field(default="Done", description="The status that a closed ticket gets.")
    support: str = Field(
        default="",
        description="JQL that finds what people wrote to support, such as project = SUP; empty if Jira has it not.",
    )


class LinearSettings(Table):
    """Linear: tickets exist (1.1.1) and are closed (3.4.3)."""

    url: Url = Field(default="https://api.linear.app", description="Its address.")
    token: SecretName = Field(description="The name of the secret with the API key.")
    done_status: str = Field(default="Done", description="The state that a closed ticket gets.")


class NotionSettings(Table):
    """Notion: the deployment log (3.4.3)."""

    url: Url = Field(default="https://api.notion.com", description="Its address, without /v1.")
    token: SecretName = Field(description="The name of the secret with the integration's token.")
    data_source: str = Field(description="The number of the data source of the log's database.")
    title_property: str = Field(default="Name", description="The property that holds a page's title.")
    key_property: str = Field(default="Release", description="The text property that holds the release's key.")


class ConfluenceSettings(Table):
    """Confluence: the deployment log (3.4.3)."""

    url: Url = Field(description="The site with /wiki.")
    user: str = Field(description="The mail address of the account that the token belongs to.")
    token: SecretName = Field(description="The name of the secret with the API token.")
    space: str = Field(pattern=r"^\d+$", description="The number of the space.")
    parent: str | None = Field(default=None, pattern=r"^\d+$", description="The number of the page above the entries.")


class MailSettings(Table):
    """The company's mail server, by which stakeholders hear of high-risk releases (3.3.3)."""

    host: str = Field(description="Its address.")
    port: int = Field(default=587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is secured; `none` only to this machine itself."
    )
    user: str | None = Field(default=None, description="The user to log in as; nobody if left out.")
    password: SecretName | None = Field(default=None, description="The name of the secret with the password.")
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="The address that messages come from.")
    stakeholders: tuple[str, ...] = Field(
        min_length=1, description="Who hears of high-risk releases, such as CTO and CEO."
    )
    certificates: AbsolutePath | None = Field(
        default=None, description="A file of certificates that are trusted instead of the system's."
    )


class GrafanaSettings(Table):
    """Grafana: whether alert rules fire and look at all (1.4.2), and marks on the graphs."""

    url: Url = Field(description="Its address, without /api.")
    token: SecretName = Field(description="The name of the secret with the service account's token.")


class HotfixTestSettings(Table):
    """A clone on the worker in which a hotfix's tests are tried with and without the fix (5.2.2)."""

    clone: AbsolutePath = Field(
        description="A clone of the repository on the worker, which may fetch from its `origin`."
    )
    command: tuple[str, ...] = Field(
        min_length=1,
        description="What runs the tests in a fresh copy, such as sh -c 'pnpm install && pnpm test'. It runs as the"
        " worker's user, before anybody approved the code: a container that sees only the copy keeps it apart.",
    )
    patience: timedelta = Field(
        default=timedelta(minutes=10), gt=timedelta(0), description="How long one trial may take."
    )
