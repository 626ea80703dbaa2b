"""The production database: a few figures from it, and a dump of it. No row of a patient is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from pydantic import Field, TypeAdapter

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.pg_programs import Dump, dumping, list_contents
from policy.next_step import Cause, Kind
from policy.resources import Connections
from policy.rows_left_out import leave_rows_out
from policy.slow_queries import Snapshot


class Postgres(CompanyBlock):
    """The primary of the application's database."""

    _block_type_name = "Countersign Postgres"
    _block_type_slug = "countersign-postgres"

    host: str = Field(description="The address of the primary.")
    port: int = Field(default=5432, description="Its port.")
    name: str = Field(description="The name of the database.")
    user: str = Field(description="The user to connect as; it may read everything and has pg_monitor.")
    password: str = Field(description="The name of the secret that holds the user's password.")
    secrets_folder: str | None = Field(default=None, description="The folder of secret files on the worker.")
    sslmode: str = Field(default="verify-full", description="How the connection is secured, in libpq's words.")
    pool: int = Field(ge=1, description="How many connections the application may hold altogether.")
    audit_table: str = Field(default="audit_logs", description="The audit log's table, with its schema if any.")
    audit_time: str = Field(default="timestamp", description="The column that says when a row was written.")
    audit_actor: str = Field(default="", description="The column that says who acted; empty where there is none.")
    audit_own: tuple[str, ...] = Field(
        default=(), description="3.2.3: whom that column names where a smoke test acts; such rows show nothing."
    )
    key_queries: dict[str, str] = Field(
        default_factory=dict, description="6.3.4: queries that must answer at least one row, each under a name."
    )
    connect_patience: timedelta = Field(
        default=timedelta(seconds=5), description="How long connecting may take; at least two seconds."
    )
    statement_patience: timedelta = Field(default=timedelta(seconds=10), description="How long one statement may take.")
    dump_patience: timedelta = Field(default=timedelta(hours=2), description="How long a dump may take.")
    pg_dump: str = Field(default="pg_dump", description="The program pg_dump on the worker.")
    pg_restore: str = Field(default="pg_restore", description="The program pg_restore on the worker.")

    def is_primary(self) -> bool:
        """Return whether this is the primary and not a replica that follows it."""
        return not self.ask(sql.SQL("SELECT pg_is_in_recovery()"))

    def read_size(self) -> int:
        """Return how many bytes the database takes on its disk."""
        return int(self.ask(sql.SQL("SELECT pg_database_size(current_database())")))

    def count_audit_rows(self, window: timedelta) -> int:
        """Return how many rows the audit log gained in the newest `window`, by the database's clock.

        A server writes its own time there: what claims to come from the future shows nothing about now.
        """
        return int(self.ask(self._audit_rows(), window))

    def count_own_audit_rows(self, window: timedelta) -> int:
        """Return how many of them the smoke tests left; 0 where nothing says who acted."""
        if not self.audit_actor or not self.audit_own:
            return 0
        own = sql.SQL(" AND {actor}::text = ANY(%s)").format(actor=sql.Identifier(self.audit_actor))
        return int(self.ask(self._audit_rows() + own, window, list(self.audit_own)))

    def _audit_rows(self) -> sql.Composed:
        return sql.SQL("SELECT count(*) FROM {table} WHERE {time} > now() - %s AND {time} <= now()").format(
            table=sql.Identifier(*self.audit_table.split(".")), time=sql.Identifier(self.audit_time)
        )

    def count_connections(self) -> Connections:
        """Return how many connections to the database are open, ours not counted."""
        query = sql.SQL(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return Connections(used=int(self.ask_of_everybody(query)), pool=self.pool)

    def read_statements(self) -> Snapshot:
        """Return what pg_stat_statements counted so far for this database, and since when."""
        query = sql.SQL(
            "SELECT json_build_object('at', now(), 'reset_at', (SELECT stats_reset FROM pg_stat_statements_info),"
            " 'evicted', (SELECT dealloc FROM pg_stat_statements_info), 'statements',"
            " coalesce((SELECT json_agg(json_build_object('queryid', queryid, 'query', query, 'calls', calls,"
            " 'total_ms', total_exec_time)) FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())), '[]'::json))"
        )
        return TypeAdapter(Snapshot).validate_python(self.ask_of_everybody(query))

    @contextmanager
    def start_dump(self, *, snapshot: str | None = None) -> Iterator[Dump]:
        """Dump the whole database in pg_dump's custom format, as a stream; the worker keeps nothing of it.

        With a `snapshot` it is the database as the session sees it that exported it.
        """
        seen = (f"--snapshot={snapshot}",) if snapshot else ()
        with self._dumping("--format=custom", *seen) as dump:
            yield dump

    @contextmanager
    def start_schema_dump(self) -> Iterator[Dump]:
        """Dump every table, index and type as `start_dump` does, and not one row."""
        with self._dumping("--format=custom", "--schema-only") as dump:
            yield dump

    def read_schema(self) -> str:
        """Return the SQL that would make every table, index and type anew; no row is read.

        Where backfills stand is our own (`blocks/backfills.py`), made when the first of them begins, and left out.
        """
        patience = f"--lock-wait-timeout={round(self.statement_patience.total_seconds() * 1000)}"
        with self._dumping(
            "--schema-only", "--no-owner", "--no-privileges", "--exclude-schema=countersign", patience
        ) as dump:
            return dump.read().decode()

    def count_dumped_tables(self, chunks: Iterator[bytes]) -> int:
        """Return how many tables' data a dump holds; raise Refused if it is not a dump that can be read."""
        lines = list_contents(self.pg_restore, chunks, patience=self.statement_patience)
        return sum(b" TABLE DATA " in line for line in lines)

    @contextmanager
    def _dumping(self, *words: str) -> Iterator[Dump]:
        with dumping(
            (self.pg_dump, *words, "--no-password", *self.connection_words()),
            environment=self.connection_environment(),
            patience=self.dump_patience,
        ) as dump:
            yield dump

    def ask_of_everybody(self, query: sql.SQL | sql.Composed, *values: Any) -> Any:
        """Return the one value of a query about every user's sessions; raise Misconfigured if ours may not see them.

        PostgreSQL hides what a user may not see as NULL, without a word: nothing would be counted.
        """
        seen = sql.SQL("SELECT CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN ({}) END").format(query)
        found = self.ask(seen, *values)
        if found is None:
            raise Misconfigured(
                f"database {self.name}: {self.user} sees nothing of what other users do;"
                f" grant it: GRANT pg_monitor TO {self.user}"
            )
        return found

    def ask(self, query: sql.SQL | sql.Composed, *values: Any, schema: str = "") -> Any:
        """Return the one value of a query, in a transaction that can only read.

        A name without a schema is looked for, and written, as one of `schema` where that is given.
        """
        return self._read(query, values, schema)

    def count(self, query: sql.SQL | sql.Composed, *, schema: str = "") -> Any:
        """Return the one value of a query that counts rows; raise Refused if our user may not see every row.

        Row security would leave rows out without a word: what is there would seem to be empty.
        """
        return self._read(query, (), schema, sees_every_row=True)

    def _read(
        self, query: sql.SQL | sql.Composed, values: tuple[Any, ...], schema: str, *, sees_every_row: bool = False
    ) -> Any:
        with self.connected() as connection:
            connection.read_only = True
            if schema:
                connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(schema)))
            if sees_every_row:
                connection.execute("SET LOCAL row_security = off")
            row = connection.execute(query, values).fetchone()
        if row is None:
            raise Unreachable(f"database {self.name}: the query answered no row")
        return row[0]

    @contextmanager
    def connected(
        self, *, statement_patience: timedelta | None = None, autocommit: bool = False
    ) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """Lend a connection; what PostgreSQL says no to inside is raised as Refused, Unreachable or Misconfigured."""
        patience = statement_patience or self.statement_patience
        try:
            with psycopg.connect(
                **self.address(),
                options=f"-c statement_timeout={round(patience.total_seconds() * 1000)}",
                autocommit=autocommit,
            ) as connection:
                yield connection
        except psycopg.errors.QueryCanceled as error:
            raise Unreachable(f"database {self.name}: no answer within {patience}") from error
        except psycopg.OperationalError as error:
            raise _connection_trouble(self.name, error) from error
        except psycopg.Error as error:
            raise Refused(f"database {self.name}: {_first_line(error)}") from error

    def address(self) -> dict[str, Any]:
        """Return how a connection is opened, for whoever opens one; the password is among it."""
        return {
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
            "password": self.read_password(),
            "sslmode": self.sslmode,
            "connect_timeout": max(2, round(self.connect_patience.total_seconds())),
            "application_name": "countersign",
        }

    def read_password(self) -> str:
        """Return the password, for a program that connects by itself; it goes by the environment only."""
        folder = Path(self.secrets_folder) if self.secrets_folder else None
        return read_secret(self.password, folder).get_secret_value()

    def connection_words(self) -> tuple[str, ...]:
        """Return the words by which PostgreSQL's own programs find the database."""
        return ("-h", self.host, "-p", str(self.port), "-U", self.user, "-d", self.name)

    def connection_environment(self) -> dict[str, str]:
        """The password goes by the environment: a command line can be read by every user of the machine."""
        patience = str(max(2, round(self.connect_patience.total_seconds())))
        return {"PGPASSWORD": self.read_password(), "PGSSLMODE": self.sslmode, "PGCONNECT_TIMEOUT": patience}


def _connection_trouble(name: str, error: psycopg.OperationalError) -> Refused | Unreachable:
    text = _first_line(error)
    if "password authentication failed" in text or (error.sqlstate or "").startswith("28"):
        refused = Cause(Kind.LOGIN_REFUSED, f"database {name}")
        return Refused(f"database {name}: the user or password was refused: {text}", cause=refused)
    return Unreachable(f"database {name}: {text}", cause=Cause(Kind.NO_ANSWER, f"database {name}"))


def _first_line(error: psycopg.Error) -> str:
    return leave_rows_out(str(error).strip().partition("\n")[0])
