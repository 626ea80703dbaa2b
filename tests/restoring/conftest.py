"""Where backups are taken and restored: production's server, another one for scratch databases, and the bucket."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from blocks.backup_store import BackupStore
from blocks.company import Company
from blocks.postgres import Postgres
from blocks.scratch_host import ScratchHost
from blocks.store import FolderStore
from lab.home import Home
from lab.object_store import BACKUPS, ObjectStore
from lab.postgres import PROGRAMS, Cluster
from tests.core.company import a_company
from tests.core.world import World

PATIENTS = 3_000
SCHEMA = """
CREATE TABLE "Patient" (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE "Visit" (id serial PRIMARY KEY, "patientId" int NOT NULL REFERENCES "Patient");
CREATE SCHEMA billing;
CREATE TABLE billing."Invoice" (id serial PRIMARY KEY);
"""
FILL = """
INSERT INTO "Patient" (name) SELECT 'Zoe ' || n FROM generate_series(1, 3000) AS n;
INSERT INTO "Visit" ("patientId") SELECT id FROM "Patient" WHERE id % 3 = 0;
"""
# What is like chance cannot be packed: a dump of several parts.
LARGE = "CREATE TABLE large AS SELECT n, sha256(n::text::bytea) AS noise FROM generate_series(1, 400000) AS n;"


@dataclass(frozen=True)
class Place:
    """Two servers and a bucket, with what is needed to look at them from beside."""

    home: Home
    production: Cluster
    other: Cluster
    store: ObjectStore

    def scratch_databases(self) -> list[str]:
        """Return the scratch databases that are there now."""
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'countersign_scratch%' ORDER BY 1"
        with self.other.connect("postgres") as connection:
            return [str(name) for (name,) in connection.execute(query).fetchall()]

    def keys(self) -> list[str]:
        """Return what lies in the bucket."""
        return [entry["Key"] for entry in self.store.client().list_objects_v2(Bucket=BACKUPS).get("Contents", [])]

    def unfinished_uploads(self) -> int:
        """Return how many uploads in parts were neither ended nor given up."""
        return len(self.store.client().list_multipart_uploads(Bucket=BACKUPS).get("Uploads", []))

    def empty_the_bucket(self) -> None:
        """Let nothing lie in the bucket."""
        for key in self.keys():
            self.store.client().delete_object(Bucket=BACKUPS, Key=key)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The servers of this session, genuine ones; production holds patients."""
    home = Home(tmp_path_factory.mktemp("restoring"))
    place = Place(
        home,
        Cluster(home, "application", "postgres", {"shared_preload_libraries": "pg_stat_statements"}),
        Cluster(home, "prefect", "prefect_postgres"),
        ObjectStore(home),
    )
    with ThreadPoolExecutor() as pool:
        for started in [pool.submit(part.start) for part in (place.production, place.other, place.store)]:
            started.result()
    password = home.secret("DATABASE_PASSWORD")
    place.production.make_database("holi", "holi", password)
    with place.production.connect("holi") as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
    place.production.run("holi", "holi", SCHEMA)
    place.production.run("holi", "holi", FILL)
    place.production.make_database("large", "holi", password)
    place.production.run("large", "holi", LARGE)
    place.other.make_maker("scratch", home.secret("SCRATCH_PASSWORD"))
    place.other.make_reader("visitor", home.secret("VISITOR_PASSWORD"))
    place.store.make_reader()
    yield place
    for part in (place.production, place.other, place.store):
        part.stop()


@pytest.fixture
def place(servers: Place) -> Iterator[Place]:
    """The servers, the bucket empty; nothing of a test may be left on the server of scratch databases."""
    servers.empty_the_bucket()
    yield servers
    assert servers.scratch_databases() == []


@pytest.fixture
def database(place: Place) -> Postgres:
    """Production's database."""
    return Postgres(name="holi", user="holi", password="DATABASE_PASSWORD", pool=20, **_at(place, place.production))


@pytest.fixture
def host(place: Place) -> ScratchHost:
    """The host of scratch databases."""
    patience = timedelta(seconds=30)
    return ScratchHost(user="scratch", password="SCRATCH_PASSWORD", patience=patience, **_at(place, place.other))


@pytest.fixture
def backups(place: Place) -> BackupStore:
    """The bucket of backups, which encrypts."""
    return BackupStore(
        bucket=BACKUPS,
        endpoint=place.home.url("s3"),
        access_key="BACKUP_ACCESS_KEY",
        secret_key="BACKUP_SECRET_KEY",
        secrets_folder=str(place.home.secrets),
        encryption="AES256",
    )


@pytest.fixture
def company(database: Postgres, host: ScratchHost, backups: BackupStore, tmp_path: Path) -> Iterator[Company]:
    """The company around them, with an empty record store."""
    store = FolderStore(folder=str(tmp_path))
    store.mark()
    known = a_company(World(), tmp_path / "spool")
    with disable_run_logger():
        yield replace(known, database=database, scratch=host, backups=backups, store=store)


def _at(place: Place, cluster: Cluster) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": cluster.port,
        "sslmode": "disable",
        "secrets_folder": str(place.home.secrets),
        "pg_dump": str(PROGRAMS / "pg_dump"),
        "pg_restore": str(PROGRAMS / "pg_restore"),
    }
