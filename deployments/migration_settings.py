"""The part of the settings that section 6 needs: Prisma's CLI, the database of staging, and where a dump is tried."""

from datetime import timedelta

from pydantic import Field

from policy.places import AbsolutePath
from policy.secret_name import SecretName
from policy.table import Table


class PrismaSettings(Table):
    """Prisma's CLI on the worker, which needs Node; without this section a release with migrations is refused."""

    directory: AbsolutePath = Field(description="The folder on the worker in which the package `prisma` is installed.")
    command: tuple[str, ...] = Field(
        default=("node_modules/.bin/prisma",), min_length=1, description="The CLI, as seen from that folder."
    )
    schema_file: str = Field(default="prisma/schema.prisma", description="The schema's path in the repository.")
    migrations_folder: str = Field(default="prisma/migrations", description="The migrations' path in the repository.")
    environment: dict[str, str] = Field(default_factory=dict, description="More environment for the CLI, no secrets.")
    database_schema: str = Field(default="public", description="The schema of the database that Prisma looks after.")


class StagingDatabaseSettings(Table):
    """The database of staging, on whose own pipeline migrations are tried and timed (6.1.1, 6.1.3)."""

    host: str = Field(description="Its address.")
    port: int = Field(default=5432, description="Its port.")
    name: str = Field(description="The name of the database.")
    user: str = Field(description="The user to connect as; reading is enough.")
    password: SecretName = Field(description="The name of the secret with the user's password.")
    sslmode: str = Field(default="verify-full", description="How the connection is secured, in libpq's words.")


class ScratchDatabaseSettings(Table):
    """A server on which backups are restored and migrations tried, in databases that are dropped at once."""

    host: str = Field(description="Its address; not the server of production, nor one that others may look into.")
    port: int = Field(default=5432, description="Its port.")
    user: str = Field(description="A user who may create databases (CREATEDB) and is no superuser.")
    password: SecretName = Field(description="The name of the secret with the user's password.")
    sslmode: str = Field(default="verify-full", description="How the connection is secured, in libpq's words.")
    maintenance: str = Field(default="postgres", description="The database to connect to for making others.")
    template: str = Field(
        default="template1",
        description="The database they are copied from; extensions that only a superuser may create must be in it.",
    )
    prefix: str = Field(
        default="countersign_scratch",
        pattern=r"^[a-z][a-z0-9_]{2,37}$",
        description="How their names begin. What a killed run left under such a name is dropped once it is old.",
    )
    shares_production: bool = Field(
        default=False, description="Set it if they may be made on the very server of [database], which then works more."
    )
    patience: timedelta = Field(
        default=timedelta(hours=1), gt=timedelta(0), description="How long one restore may take."
    )
