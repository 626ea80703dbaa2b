"""The application's databases: production's and staging's, filled by the repository's own migrations."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from lab.home import Home
from lab.postgres import Cluster

PRODUCTION, STAGING, FIRST = "holi", "staging", "first"
OWNER = "holi"
PROJECT = Path(__file__).with_name("prisma")
SEED = Path(__file__).with_name("seed.sql")
PEOPLE = {"demo@holilabs.xyz": "DEMO_PASSWORD", "traffic@holilabs.xyz": "TRAFFIC_PASSWORD"}
_TABLE = """
CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count int NOT NULL DEFAULT 0
)
"""
# What people go on with after a reset: their sessions, and the audit log of the requests that the metrics still count.
_KEPT = (
    (
        "SELECT timestamp, actor, action, subject FROM audit_logs WHERE timestamp > now() - interval '10 minutes'",
        "INSERT INTO audit_logs (timestamp, actor, action, subject) VALUES (%s, %s, %s, %s)",
    ),
    ('SELECT token, email FROM "Session"', 'INSERT INTO "Session" (token, email) VALUES (%s, %s)'),
)
_APPLIED = """
INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
VALUES (md5(%(name)s), %(checksum)s, %(at)s::timestamptz, %(name)s, %(at)s::timestamptz - interval '1 second', 1)
"""


def project_files() -> Mapping[str, str]:
    """Return Prisma's files as they stand in the application's repository, by path."""
    paths = [PROJECT / "schema.prisma", *sorted((PROJECT / "migrations").rglob("*.*"))]
    return {f"prisma/{path.relative_to(PROJECT)}": path.read_text() for path in paths if path.is_file()}


class ApplicationDatabases:
    """Production's and staging's database in one cluster, and a copy of the first state."""

    def __init__(self, home: Home, cluster: Cluster) -> None:
        self._home = home
        self._cluster = cluster

    def fill(self) -> None:
        """Make both databases, with patients and with the people who use the application."""
        self._cluster.make_reader("reader", self._home.secret("DATABASE_PASSWORD"))
        self._cluster.make_database(FIRST, OWNER, self._home.secret("DATABASE_PASSWORD"))
        with self._cluster.connect(FIRST) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute("GRANT pg_monitor TO holi")
            connection.execute("SET ROLE holi")
            self._migrate(connection)
            connection.execute(SEED.read_bytes())
            for email, secret in PEOPLE.items():
                connection.execute(
                    "INSERT INTO \"User\" VALUES (%s, encode(sha256(%s::bytea), 'hex'), 'tester')",
                    (email, self._home.secret(secret).encode()),
                )
        for database in (PRODUCTION, STAGING):
            self._copy_first(database)

    def reset(self) -> None:
        """Bring back the first state where a migration changed it; nobody has to log in again."""
        for database in (PRODUCTION, STAGING):
            if self._names(database) != self._names(FIRST):
                with self._cluster.connect(database) as connection:
                    kept = [(again, connection.execute(found).fetchall()) for found, again in _KEPT]
                self._copy_first(database)
                with self._cluster.connect(database) as connection:
                    for again, rows in kept:
                        connection.cursor().executemany(again, rows)

    def grow(self, patients: int) -> None:
        """Let production and staging have so many patients more."""
        statement = (
            'INSERT INTO "Patient" (name, "birthDate")'
            " SELECT 'Zoe ' || n, date '1940-01-01' + n %% 25000 FROM generate_series(1, %s) AS n"
        )
        for database in (PRODUCTION, STAGING):
            with self._cluster.connect(database) as connection:
                connection.execute(statement.encode(), (patients,))

    def execute(self, database: str, statement: str) -> None:
        """Let somebody change a database by hand."""
        with self._cluster.connect(database) as connection:
            connection.execute(statement.encode())

    def url(self, database: str) -> str:
        """Return the address by which the owner connects."""
        password = self._home.secret("DATABASE_PASSWORD")
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self._cluster.port}/{database}"

    def applied(self, database: str) -> set[str]:
        """Return the names of the migrations that have finished."""
        return {name for name, finished in self._names(database) if finished}

    def _names(self, database: str) -> set[tuple[str, bool]]:
        with self._cluster.connect(database) as connection:
            rows = connection.execute("SELECT migration_name, finished_at IS NOT NULL FROM _prisma_migrations")
            return {(str(name), bool(finished)) for name, finished in rows.fetchall()}

    def _copy_first(self, database: str) -> None:
        with self._cluster.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {database} TEMPLATE {FIRST} OWNER {OWNER}".encode())

    @staticmethod
    def _migrate(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Apply the project's migrations as Prisma does, and let its table say so."""
        connection.execute(_TABLE)
        for folder in sorted(path for path in (PROJECT / "migrations").iterdir() if path.is_dir()):
            text = (folder / "migration.sql").read_bytes()
            connection.execute(text)
            at = f"{folder.name[:4]}-{folder.name[4:6]}-{folder.name[6:8]} {folder.name[8:10]}:{folder.name[10:12]}+00"
            words = {"name": folder.name, "checksum": hashlib.sha256(text).hexdigest(), "at": at}
            connection.execute(_APPLIED, words)
