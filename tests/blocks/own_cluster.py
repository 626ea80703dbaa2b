"""A genuine PostgreSQL with a company's tables, without the lab: its owner is no superuser."""

from pathlib import Path
from typing import Any

import psycopg

from blocks.postgres import Postgres
from lab.home import Home
from lab.postgres import Cluster

OWNER = "app"
SCHEMA = Path(__file__).with_name("migration_truth_schema.sql")
Connection = psycopg.Connection[tuple[Any, ...]]


def make_company(cluster: Cluster, home: Home, name: str) -> None:
    cluster.make_database(name, OWNER, home.secret("APP"))
    with cluster.connect(name) as connection:
        connection.execute(f"GRANT CREATE ON DATABASE {name} TO {OWNER}; ALTER SCHEMA public OWNER TO {OWNER}".encode())
        connection.execute(f"SET ROLE {OWNER}".encode())
        connection.execute(SCHEMA.read_bytes())
        connection.execute("RESET ROLE")
        connection.execute('CREATE SCHEMA theirs; CREATE TABLE "Theirs" (id int PRIMARY KEY)')
        connection.execute(f'GRANT SELECT ON "Theirs" TO {OWNER}; GRANT USAGE ON SCHEMA theirs TO {OWNER}'.encode())


def seen_by(user: str, secret: str, cluster: Cluster, home: Home) -> Postgres:
    """The database as our own code sees it."""
    return Postgres(
        host="127.0.0.1",
        port=cluster.port,
        name="truth",
        user=user,
        password=secret,
        secrets_folder=str(home.secrets),
        sslmode="disable",
        pool=5,
    )


def connect(database: Postgres, *, name: str = "truth", autocommit: bool = False) -> Connection:
    return psycopg.connect(
        host=database.host, port=database.port, user=OWNER, password=database.read_password(), dbname=name,
        autocommit=autocommit,
    )  # fmt: skip
