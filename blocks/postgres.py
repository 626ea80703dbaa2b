"""The production database: a few figures from it, and a dump of it. No row of a patient is read."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Any

import psycopg
from psycopg import sql
from pydantic import Field, TypeAdapter

from blocks.company_block import CompanyBlock
from blocks.credentials import read_secret
from blocks.errors import Misconfigured, Refused, Unreachable
from policy.resources import Connections
from policy.slow_queries import Snapshot


@dataclass(slots=True)
class Dump:
    """What pg_dump writes, read as a stream that ends in Refused if the dump did not succeed."""

    _process: subprocess.Popen[bytes]
    _stream: IO[bytes]
    _complaints: IO[bytes]
    complete: bool = field(default=False, init=False)

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, or fewer at the end: a short piece is given only if the dump succeeded."""
        chunk = self._stream.read(size)
        if 0 <= size <= len(chunk):
            return chunk
        status = self._process.wait()
        if status:
            self._complaints.seek(0)
            words = self._complaints.read().decode(errors="replace").strip().splitlines()
            raise Refused(f"pg_dump ended with {status}: {words[-1] if words else 'it said nothing'}")
        self.complete = True
        return chunk


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

    def count_audit_rows(self, window: timedelta) -> int:
        """Return how many rows the audit log gained in the newest `window`, by the database's clock.

        A server writes its own time there: what claims to come from the future shows nothing about now.
        """
        query = sql.SQL("SELECT count(*) FROM {table} WHERE {time} > now() - %s AND {time} <= now()").format(
            table=sql.Identifier(*self.audit_table.split(".")), time=sql.Identifier(self.audit_time)
        )
        return int(self.ask(query, window))

    def count_connections(self) -> Connections:
        """Return how many connections to the database are open, ours not counted."""
        query = sql.SQL(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return Connections(used=int(self._ask_of_everybody(query)), pool=self.pool)

    def read_statements(self) -> Snapshot:
        """Return what pg_stat_statements counted so far for this database, and since when."""
        query = sql.SQL(
            "SELECT json_build_object('at', now(), 'reset_at', (SELECT stats_reset FROM pg_stat_statements_info),"
            " 'evicted', (SELECT dealloc FROM pg_stat_statements_info), 'statements',"
            " coalesce((SELECT json_agg(json_build_object('queryid', queryid, 'query', query, 'calls', calls,"
            " 'total_ms', total_exec_time)) FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())), '[]'::json))"
        )
        return TypeAdapter(Snapshot).validate_python(self._ask_of_everybody(query))

    @contextmanager
    def start_dump(self) -> Iterator[Dump]:
        """Dump the whole database in pg_dump's custom format, as a stream; the worker keeps nothing of it."""
        where = ("-h", self.host, "-p", str(self.port), "-U", self.user, "-d", self.name)
        words = (self.pg_dump, "--format=custom", "--no-password", *where)
        with TemporaryFile() as complaints:
            process = _started(words, environment=self._environment(), stderr=complaints)
            last_moment = Timer(self.dump_patience.total_seconds(), process.kill)
            last_moment.start()
            try:
                yield Dump(process, _piped(process.stdout), complaints)
            finally:
                last_moment.cancel()
                process.kill()
                process.wait()
                _piped(process.stdout).close()

    def count_dumped_tables(self, chunks: Iterator[bytes]) -> int:
        """Return how many tables' data a dump holds; raise Refused if it is not a dump that can be read."""
        with TemporaryFile() as answers, TemporaryFile() as complaints:
            process = _started((self.pg_restore, "--list"), stdin=subprocess.PIPE, stdout=answers, stderr=complaints)
            try:
                _feed(process, chunks)
                status = process.wait(timeout=self.statement_patience.total_seconds())
            except subprocess.TimeoutExpired as error:
                raise Unreachable("pg_restore --list did not end in time") from error
            finally:
                process.kill()
                process.wait()
            answers.seek(0)
            complaints.seek(0)
            if status:
                raise Refused(f"not a dump that can be restored: {complaints.read().decode(errors='replace').strip()}")
            return sum(b" TABLE DATA " in line for line in answers)

    def _ask_of_everybody(self, query: sql.SQL) -> Any:
        """Return the one value of a query about every user's sessions; raise Misconfigured if ours may not see them.

        PostgreSQL hides what a user may not see as NULL, without a word: nothing would be counted.
        """
        seen = sql.SQL("SELECT CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN ({}) END").format(query)
        found = self.ask(seen)
        if found is None:
            raise Misconfigured(
                f"database {self.name}: {self.user} sees nothing of what other users do;"
                f" grant it: GRANT pg_monitor TO {self.user}"
            )
        return found

    def ask(self, query: sql.SQL | sql.Composed, *values: Any) -> Any:
        """Return the one value of a query, in a transaction that can only read."""
        try:
            with psycopg.connect(
                **self.address(),
                options=f"-c statement_timeout={round(self.statement_patience.total_seconds() * 1000)}",
            ) as connection:
                connection.read_only = True
                row = connection.execute(query, values).fetchone()
        except psycopg.errors.QueryCanceled as error:
            raise Unreachable(f"database {self.name}: no answer within {self.statement_patience}") from error
        except psycopg.OperationalError as error:
            raise _connection_trouble(self.name, error) from error
        except psycopg.Error as error:
            raise Refused(f"database {self.name}: {_first_line(error)}") from error
        if row is None:
            raise Unreachable(f"database {self.name}: the query answered no row")
        return row[0]

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

    def _environment(self) -> dict[str, str]:
        """The password goes by the environment: a command line can be read by every user of the machine."""
        patience = str(max(2, round(self.connect_patience.total_seconds())))
        return {"PGPASSWORD": self.read_password(), "PGSSLMODE": self.sslmode, "PGCONNECT_TIMEOUT": patience}


def _connection_trouble(name: str, error: psycopg.OperationalError) -> Refused | Unreachable:
    text = _first_line(error)
    if "password authentication failed" in text or (error.sqlstate or "").startswith("28"):
        return Refused(f"database {name}: the user or password was refused: {text}")
    return Unreachable(f"database {name}: {text}")


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0]


def _started(
    words: tuple[str, ...],
    *,
    environment: dict[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
    stderr: IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words, env={**os.environ, **(environment or {})}, stdin=stdin, stdout=stdout, stderr=stderr
        )
    except OSError as error:
        raise Misconfigured(f"{words[0]} cannot be run on the worker: {error}") from error


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the process was started without a pipe")
    return stream


def _feed(process: subprocess.Popen[bytes], chunks: Iterator[bytes]) -> None:
    """pg_restore stops reading when it has seen the list of contents: that is no failure."""
    with _piped(process.stdin) as pipe:
        try:
            for chunk in chunks:
                pipe.write(chunk)
        except BrokenPipeError:
            return
