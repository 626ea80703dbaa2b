"""The sections of the settings about what a release goes through: servers, code, images, people, and the records."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from blocks.application import SMOKE_TESTS, SmokeTest
from blocks.fleet import Server
from policy.places import AbsolutePath, Url, UrlOrNothing
from policy.record_signature import KEY_BYTES, read_spelled
from policy.secret_name import SecretName
from policy.table import Table
from policy.typed import refusal
from policy.wording import listed

VERBS = ("state", "drain", "ready", "cut")


class StoreSettings(Table):
    """Where records and holds live: a folder, or a bucket."""

    folder: AbsolutePath | None = Field(
        default=None,
        description=(
            "An absolute folder on the worker. Saving the settings marks it with a file `.countersign-store`; without"
            " that file it is taken for one that is not mounted."
        ),
    )
    bucket: str | None = Field(default=None, description="A bucket, for several worker machines.")
    endpoint: UrlOrNothing | None = Field(default=None, description="The bucket's address; empty for AWS itself.")
    region: str = Field(default="us-east-1", description="The bucket's region.")
    access_key: SecretName | None = Field(default=None, description="The name of the secret with the access key.")
    secret_key: SecretName | None = Field(default=None, description="The name of the secret with the secret key.")


class FleetSettings(Table):
    """The servers of production and how they are reached."""

    user: str = Field(description="The user on every host; it may run docker.")
    key_file: AbsolutePath = Field(description="The file of its private key on the worker.")
    known_hosts: AbsolutePath = Field(description="The file of the hosts' public keys on the worker.")
    compose_file: str = Field(
        default="docker-compose.prod.yml", description="The Compose file in each server's directory."
    )
    build_argument: str = Field(
        default="GIT_COMMIT",
        pattern=r"^\w*$",
        description="2.3: the build argument by which an image that is built on a server learns its commit, which its"
        " health answers with; empty: the Dockerfile finds out by itself.",
    )
    stop_grace: timedelta = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        description="How long the application may take to end on SIGTERM before it is killed.",
    )
    servers: tuple[Server, ...] = Field(
        min_length=2,
        description="The servers in the order of the roll-out, two at least: [[fleet.servers]].",
    )


class StagingSettings(Server):
    """The staging server and the branch it deploys."""

    branch: str = Field(default="staging", description="The branch that staging deploys by itself.")


class BalancerSettings(Table):
    """HAProxy's runtime socket, or a command for each verb."""

    host: str = Field(description="The address of the balancer's host.")
    port: int = Field(default=22, description="The port of SSH on it.")
    directory: AbsolutePath = Field(description="A folder on it in which the fence keeps its number.")
    backend: str = Field(default="web", description="The backend of HAProxy that holds the servers.")
    socket_command: tuple[str, ...] | None = Field(
        default=None, description="HAProxy: takes one line for the runtime socket, prints the answer; socat by default."
    )
    commands: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="Any other balancer: a command for each of state, drain, ready and cut."
    )

    @field_validator("commands")
    @classmethod
    def _commands_are_whole(cls, commands: dict[str, tuple[str, ...]] | None) -> dict[str, tuple[str, ...]] | None:
        if commands and set(commands) != set(VERBS):
            raise refusal(f"expected a command for each of {', '.join(VERBS)}, found {listed(map(repr, commands))}")
        return commands


class ApplicationSettings(Table):
    """The application as its users reach it."""

    url: Url = Field(description="Its address through the balancer.")
    host_header: str | None = Field(default=None, description="The name under which the servers serve.")
    health: AbsolutePath = Field(default="/api/health", description="The path of the health check.")
    metrics: AbsolutePath = Field(
        default="/api/health/metrics", description="The path of the application's own figures."
    )
    demo_user: str = Field(description="The demo account of the smoke tests.")
    demo_password: SecretName = Field(description="The name of the secret with its password.")
    demo_patient: int = Field(default=1, description="The patient that belongs to the demo account.")
    smoke_tests: tuple[SmokeTest, ...] = Field(
        default=SMOKE_TESTS,
        description="3.1.3: what is tried after the login; what your application has not, or must not do, is left out.",
    )


class GitHubSettings(Table):
    """The repository and its pipeline."""

    url: Url = Field(default="https://api.github.com", description="The address of GitHub's API.")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="Owner and name, such as holilabs/holilabsv2.")
    token: SecretName = Field(description="The name of the secret with the token.")
    workflow: str = Field(default="ci.yml", description="The file of the workflow that tests and builds.")
    main: str = Field(default="main", description="The branch that is released.")
    production: str = Field(default="production", description="The branch that says what production serves.")
    pull_request_template: str = Field(
        default=".github/pull_request_template.md",
        description="1.1.1: the template of pull requests; what stands in it is no description.",
    )


class SlackSettings(Table):
    """The workspace and its channels."""

    url: Url = Field(default="https://slack.com/api/", description="The address of Slack's API.")
    token: SecretName = Field(description="The name of the secret with the bot's token.")
    deployments: str = Field(description="The channel where deployments are announced, by its id.")
    alerts: str = Field(description="The channel where people are paged, by its id.")
    engineering: str = Field(
        default="",
        description="5.2.6: the channel where hotfixes are summed up, by its id; empty: that of the deployments.",
    )
    last_chance: timedelta = Field(
        default=timedelta(seconds=60),
        ge=timedelta(0),
        description="How long before its time Slack deletes a scheduled message no more; `dead_man` allows for it.",
    )


class RegistrySettings(Table):
    """The image registry."""

    url: Url = Field(description="Its address.")
    name: str = Field(description="The repository of the image as docker spells it.")
    user: str = Field(description="The user to log in as.")
    password: SecretName = Field(description="The name of the secret with the password.")


def _checked_public_key(text: str) -> str:
    read_spelled(text, KEY_BYTES)
    return text


class SigningSettings(Table):
    """The worker's key that signs sealed records; `python -m deployments.signing_key` makes one."""

    key: SecretName = Field(description="The name of the secret with this worker's private key.")
    public_keys: dict[str, Annotated[str, AfterValidator(_checked_public_key)]] = Field(
        default_factory=dict,
        description="The public key of every worker that seals or ever sealed records, by a name of your choice.",
    )
