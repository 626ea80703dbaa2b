"""Measures section 6: how fast migrations are read, and what a dump costs on its way to the bucket.

PostgreSQL and the S3 server are the lab's, genuine ones. Each row of the dumped table is half a name, half noise, so
that a dump is packed about as well as real ones.

  files         a migration.sql is parsed and judged against the tables of a database, in one process on one core
  pg_dump       writes the dump into nothing
  upload        the same bytes, out of memory, by the same client to the same S3 server
  by our path   the dump as 6.1.4 takes it: streamed, hashed and uploaded in parts; reading it back is not measured
  memory        the most that a fresh process held, beside pg_dump, for a dump and for one four times as large

  nice -n 5 python -m benchmarks.migration --runs 3

It prints Markdown and says on standard error what it does.
"""

import argparse
import io
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from blocks.backup_store import BackupStore
from blocks.postgres import Postgres
from deployments.database_page import EXAMPLES
from lab.home import Home
from lab.object_store import BACKUPS, ObjectStore
from lab.postgres import PROGRAMS, Cluster
from policy.migrations import Column, DatabaseFacts, Table, read_migration

FILES_GOAL, RATIO_GOAL, MEMORY_GOAL = 500, 1.1, 1.1
FACTS = DatabaseFacts(18, {"Patient": Table(200_000, columns={"name": Column("text"), "phone": Column("text")})})
ROWS = 2_000_000
SHARE = 4
CHUNK = 1024 * 1024
FILL = """
CREATE TABLE patients AS SELECT n AS id, 'Zoe ' || md5((n % 5000)::text) AS name, sha256(n::text::bytea) AS noise
FROM generate_series(1, {rows}) AS n
"""


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one round, each thing once."""

    dump: float
    upload: float
    ours: float

    @property
    def ratio(self) -> float:
        """Our path beside the slower of its two parts."""
        return self.ours / max(self.dump, self.upload)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most memory that a process held for a dump of this size."""

    dump_bytes: int
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Place:
    """How blocks find the two servers; plain words, which another process can be given."""

    postgres: dict[str, Any]
    bucket: dict[str, Any]

    def database(self, name: str) -> Postgres:
        """Return one of the databases."""
        return Postgres(name=name, **self.postgres)

    def backups(self) -> BackupStore:
        """Return the bucket."""
        return BackupStore(**self.bucket)


def classify(seconds: float) -> tuple[int, float]:
    """Read migration files for so long; return how many, and the processor time that it took."""
    files = [*EXAMPLES, ";\n".join(EXAMPLES[:8])]
    count, began = 0, time.process_time()
    while (took := time.process_time() - began) < seconds:
        for text in files:
            read_migration("20261126_measured", text, facts=FACTS)
        count += len(files)
    return count, took


def measure(place: Place, number: int) -> Round:
    """Take each of the three ways once, in turn."""
    backups, key = place.backups(), f"manual-backups/ours-{number}.dump"
    backups.check()

    def dump() -> None:
        with place.database("large").start_dump() as stream:
            while stream.read(CHUNK):
                pass

    def ours() -> None:
        with place.database("large").start_dump() as stream:
            backups.upload(stream, key)

    dumped, own = timed(dump), timed(ours)
    body = io.BytesIO(b"".join(backups.read_chunks(key)))
    uploaded = timed(lambda: backups.upload(Unseekable(body), f"manual-backups/alone-{number}.dump"))
    return Round(dumped, uploaded, own)


class Unseekable:
    """A stream that tells no size, as a dump tells none."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Return the next piece."""
        return self._stream.read(size)


def timed(act: Callable[[], object]) -> float:
    """Act, and return how long it took."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def dump_once(place: Place, name: str) -> Peak:
    """Take a dump in this process, which did nothing before, and return the most memory it held."""
    with place.database(name).start_dump() as stream:
        kept = place.backups().upload(stream, f"manual-backups/memory-{name}.dump")
    # What getrusage says begins with the memory of the parent, from which the process was made.
    status = Path("/proc/self/status").read_text()
    highest = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return Peak(kept.size_bytes, int(highest) * 1024)


def peak_of(place: Place, name: str) -> Peak:
    """Take a dump in a fresh process."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(dump_once, (place, name))


@contextmanager
def servers(folder: Path, rows: int) -> Iterator[Place]:
    """A PostgreSQL with a small and a large database, and an S3 server; stopped afterwards."""
    home = Home(folder)
    cluster, store = Cluster(home, "application", "postgres"), ObjectStore(home)
    try:
        cluster.start()
        store.start()
        for name, count in (("small", rows // SHARE), ("large", rows)):
            say(f"filling {name} with {count:,} rows")
            cluster.make_database(name, "holi", home.secret("DATABASE_PASSWORD"))
            with cluster.connect(name) as connection:
                connection.execute("SET ROLE holi")
                connection.execute(FILL.format(rows=count).encode())
        yield Place(
            {
                "host": "127.0.0.1",
                "port": cluster.port,
                "user": "holi",
                "password": "DATABASE_PASSWORD",
                "secrets_folder": str(home.secrets),
                "sslmode": "disable",
                "pool": 1,
                "pg_dump": str(PROGRAMS / "pg_dump"),
            },
            {
                "bucket": BACKUPS,
                "endpoint": home.url("s3"),
                "access_key": "BACKUP_ACCESS_KEY",
                "secret_key": "BACKUP_SECRET_KEY",
                "secrets_folder": str(home.secrets),
            },
        )
    finally:
        store.stop()
        cluster.stop()
        shutil.rmtree(home.scratch, ignore_errors=True)


def report(files: tuple[int, float], rounds: list[Round], peaks: tuple[Peak, Peak]) -> str:
    """The figures beside their goals."""
    count, took = files
    small, large = peaks
    ratio, growth = median(one.ratio for one in rounds), large.peak_bytes / small.peak_bytes
    return "\n".join(
        (
            f"Median of {len(rounds)} rounds; a dump of {_megabytes(large.dump_bytes)}.",
            "",
            "| | measured | goal |",
            "|---|---|---|",
            f"| files read and judged, a second and core | {count / took:.0f} | {FILES_GOAL} |",
            f"| pg_dump alone | {median(one.dump for one in rounds):.2f} s | |",
            f"| upload alone | {median(one.upload for one in rounds):.2f} s | |",
            f"| dump and upload by our path | {median(one.ours for one in rounds):.2f} s | |",
            f"| our path x the slower of the two | {ratio:.2f} | {RATIO_GOAL} |",
            f"| memory at a dump of {_megabytes(small.dump_bytes)} | {_megabytes(small.peak_bytes)} | |",
            f"| memory at a dump of {_megabytes(large.dump_bytes)} | {_megabytes(large.peak_bytes)} | |",
            f"| memory, the larger x the smaller | {growth:.2f} | {MEMORY_GOAL} |",
        )
    )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.0f} MB"


def say(sentence: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")


def main() -> None:
    """Start both servers, measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.migration", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="rounds (3)")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the large database ({ROWS:,})")
    parser.add_argument("--seconds", type=float, default=5, help="how long files are read (5)")
    asked = parser.parse_args()
    say("reading files")
    files = classify(asked.seconds)
    with TemporaryDirectory(prefix="migration-") as folder, servers(Path(folder), asked.rows) as place:
        rounds = []
        for number in range(1, asked.runs + 1):
            rounds.append(measure(place, number))
            say(f"round {number}: {rounds[-1]}, {rounds[-1].ratio:.2f} times")
        peaks = peak_of(place, "small"), peak_of(place, "large")
        sys.stdout.write(report(files, rounds, peaks) + "\n")


if __name__ == "__main__":
    main()
