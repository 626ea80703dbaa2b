"""A server on which databases are made for a moment: a backup is restored there, or a migration tried, and all is gone.

Follows PostgreSQL's reference pages of CREATE DATABASE and pg_restore.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

import psycopg
from psycopg import sql
from pydantic import Field, TypeAdapter

from blocks.company_block import CompanyBlock
from blocks.errors import BlockError, Misconfigured, Refused, Unreachable
from blocks.pg_programs import restore
from blocks.postgres import Postgres
from policy.scratch import Server, list_abandoned, name_scratch

# Rights, owners and whatever reaches outside of the database are production's, not the copy's.
_NOT_RESTORED = (
    "--no-owner",
    "--no-privileges",
    "--no-comments",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
)
_SERVER = sql.SQL(
    "SELECT json_build_object('cluster', (SELECT system_identifier FROM pg_control_system()),"
    " 'started_at', pg_postmaster_start_time())"
)
_MAY_CREATE = sql.SQL("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
_OURS = sql.SQL(
    "SELECT json_build_object('now', now(), 'names', (SELECT coalesce(json_agg(datname), '[]') FROM pg_database"
    " WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)))"
)


@dataclass(frozen=True, slots=True)
class _Ours:
    now: datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scratch:
    """A database of our own that nobody else may enter; it is gone when the host takes it back."""

    database: Postgres
    patience: timedelta

    def restore(self, chunks: Iterator[bytes]) -> None:
        """The database holds what the dump holds; raise Refused with the first thing that did not restore."""
        database = self.database
        words = (database.pg_restore, *database.connection_words(), "--no-password", "--exit-on-error", *_NOT_RESTORED)
        restore(words, chunks, environment=database.connection_environment(), patience=self.patience)

    def run(self, text: str, *, schema: str = "public") -> None:
        """Carry out SQL as Prisma does, a whole file at once; raise Refused with what the database says.

        A name without a schema is looked for in `schema`.
        """
        with self.database.connected(statement_patience=self.patience, autocommit=True) as connection:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
            connection.execute(text.encode())


class ScratchHost(CompanyBlock):
    """A server where databases may be made and dropped; it never is production's own unless the settings say so."""

    _block_type_name = "Countersign scratch host"
    _block_type_slug = "countersign-scratch-host"

    host: str = Field(description="The address of the server.")
    port: int = Field(default=5432, description="Its port.")
    user: str = Field(description="The user to connect as; it may create databases.")
    password: str = Field(description="The name of the secret that holds the user's password.")
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    sslmode: str = Field(default="verify-full", description="How the connection is secured, in libpq's words.")
    maintenance: str = Field(default="postgres", description="The database to connect to for making others.")
    template: str = Field(default="template1", description="The database that scratch databases are copied from.")
    prefix: str = Field(default="countersign_scratch", description="How the name of every scratch database begins.")
    shares_production: bool = Field(default=False, description="Whether it may be the server of production.")
    patience: timedelta = Field(default=timedelta(hours=1), description="How long one restore may take.")
    pg_dump: str = Field(default="pg_dump", description="The program pg_dump on the worker.")
    pg_restore: str = Field(default="pg_restore", description="The program pg_restore on the worker.")

    @contextmanager
    def borrow(self) -> Iterator[Scratch]:
        """Lend an empty database of a new name; it is dropped afterwards, and so is what a killed run left here."""
        self.drop_abandoned()
        name = self._create()
        try:
            yield Scratch(self._database(name), self.patience)
        except BaseException:
            # What went wrong before matters more; the next run drops what is left.
            with suppress(BlockError):
                self._drop(name)
            raise
        self._drop(name)

    def drop_abandoned(self) -> tuple[str, ...]:
        """Return the names of the databases that a killed run left, and which are gone now."""
        with self._named():
            ours = TypeAdapter(_Ours).validate_python(self._first.ask(_OURS))
        abandoned = list_abandoned(ours.names, prefix=self.prefix, now=ours.now, patience=self.patience)
        for name in abandoned:
            self._drop(name)
        return abandoned

    def read_server(self) -> Server:
        """Return which server this is, whatever name it is reached by."""
        with self._named():
            return read_server(self._first)

    def may_create(self) -> bool:
        """Return whether its user may create databases there."""
        with self._named():
            return bool(self._first.ask(_MAY_CREATE))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Let an error say that it is this host that was asked."""
        try:
            yield
        except (Refused, Unreachable) as error:
            raise type(error)(f"scratch host {self.host}:{self.port}: {error}") from error

    @property
    def _first(self) -> Postgres:
        return self._database(self.maintenance)

    def _database(self, name: str) -> Postgres:
        fields = ("host", "port", "user", "password", "secrets_folder", "sslmode", "pg_dump", "pg_restore")
        return Postgres(name=name, pool=1, dump_patience=self.patience, **self.model_dump(include=set(fields)))

    def _create(self) -> str:
        with (
            self._named(),
            self._first.connected(statement_patience=self.patience, autocommit=True) as connection,
        ):
            row = connection.execute("SELECT now()").fetchone()
            if row is None:
                raise Unreachable("it does not say its time")
            name = name_scratch(self.prefix, at=row[0], token=token_hex(4))
            database, template = sql.Identifier(name), sql.Identifier(self.template)
            try:
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, template))
            except psycopg.errors.InsufficientPrivilege as error:
                raise Misconfigured(
                    f"scratch host {self.host}: {self.user} may not create a database;"
                    f" let a superuser type there: ALTER ROLE {self.user} CREATEDB"
                ) from error
            # What is restored may name patients: whoever else has an account on the server stays outside.
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))
        return name

    def _drop(self, name: str) -> None:
        try:
            with self._first.connected(statement_patience=self.patience, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        except BlockError as error:
            raise type(error)(
                f"scratch host {self.host}: {name} was not dropped ({error}); it may hold patients' data."
                f" The next run drops it, or type there: DROP DATABASE {name} WITH (FORCE)"
            ) from error


def read_server(database: Postgres) -> Server:
    """Return which server a database is on, by what the server says of itself; raise Refused if it says nothing."""
    return TypeAdapter(Server).validate_python(database.ask(_SERVER))
