"""Prisma Migrate on the worker: carries out a release's own migrations in one database.

Follows Prisma's CLI reference, pages "migrate deploy", "migrate resolve" and "migrate diff", as version 6.19 does it.
Its exit status is never believed: what was applied is read from `_prisma_migrations` (`blocks/postgres_tables.py`).
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlencode

from pydantic import Field

from blocks.company_block import CompanyBlock
from blocks.errors import Misconfigured, Refused, Unreachable
from blocks.postgres import Postgres
from policy.judgement import spoken

# Whatever else the worker knows, its secrets among it, is none of Prisma's business.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
CONFIGURATIONS = ("prisma.config.ts", "prisma.config.mts", "prisma.config.js", "prisma.config.mjs", "package.json")
MIGRATION = "migration.sql"
# The version that this was tried with.
TRIED = "6.19.3"
USUAL_COMMAND = "node_modules/.bin/prisma"
_SCHEMA, _MIGRATIONS = "prisma/schema.prisma", "prisma/migrations"
_BEFORE, _WRITTEN = "before", "way-back.sql"
_DIFF = (
    "migrate",
    "diff",
    "--from-migrations",
    _MIGRATIONS,
    "--to-migrations",
    f"{_BEFORE}/{_MIGRATIONS}",
    "--script",
    "--output",
    _WRITTEN,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command of Prisma ended: its exit status, and what it said with the password left out."""

    status: int
    words: str


class Prisma(CompanyBlock):
    """The Prisma CLI in a folder of the worker; the schema and the migrations come with each release."""

    _block_type_name = "Countersign Prisma"
    _block_type_slug = "countersign-prisma"

    directory: str = Field(description="The folder on the worker in which the Prisma CLI is installed.")
    command: tuple[str, ...] = Field(
        default=(USUAL_COMMAND,), min_length=1, description="The CLI, as seen from that folder."
    )
    schema_file: str = Field(default="prisma/schema.prisma", description="The schema's path in the repository.")
    migrations_folder: str = Field(default="prisma/migrations", description="The migrations' path in the repository.")
    environment: dict[str, str] = Field(default_factory=dict, description="More environment for the CLI, no secrets.")
    database_schema: str = Field(default="public", description="The schema of the database that Prisma looks after.")

    @property
    def how_to_install(self) -> str:
        """The command that installs the CLI where the settings expect it, to be given on the worker."""
        if self.command != (USUAL_COMMAND,):
            return f"install {self.command[0]} on the worker, or name what is there in `prisma.command`"
        words = shlex.join(("npm", "install", "--prefix", self.directory, f"prisma@{TRIED}"))
        return f"on the worker: {words} (or your developers' version)"

    def deploy(
        self,
        files: Mapping[str, bytes],
        database: Postgres,
        *,
        lock_timeout: timedelta,
        statement_timeout: timedelta,
        patience: timedelta,
    ) -> Ended:
        """Apply what is not applied yet of the repository's files, by path; raise Unreachable if it does not end.

        A statement waits at most `lock_timeout` for a lock and takes at most `statement_timeout`; what the database
        still does when the CLI was ended after `patience` only the database knows.
        """
        limits = {"lock_timeout": lock_timeout, "statement_timeout": statement_timeout}
        with self._project(files) as folder:
            return self._run(("migrate", "deploy"), folder, database, limits=limits, patience=patience)

    def resolve_rolled_back(
        self, name: str, files: Mapping[str, bytes], database: Postgres, *, patience: timedelta
    ) -> Ended:
        """Let Prisma's table say that a failed migration left nothing behind, so that it may be applied again."""
        with self._project(files) as folder:
            words = ("migrate", "resolve", "--rolled-back", name)
            return self._run(words, folder, database, limits={}, patience=patience)

    def write_way_back(self, name: str, files: Mapping[str, bytes], database: Postgres, *, patience: timedelta) -> str:
        """Return the SQL that leads from the schema after this migration of the repository's files to that before it.

        The CLI plays the migrations through in databases that it makes on this server and drops. What it cannot see,
        as a check constraint, is not in it. Raises Refused with the CLI's words.
        """
        place = f"{self.migrations_folder}/{name}/"
        later = [path for path in files if path > place and not path.startswith(place) and path.endswith(MIGRATION)]
        after = {path: content for path, content in files.items() if path not in later}
        before = {path: content for path, content in after.items() if not path.startswith(place)}
        with self._project(after) as folder:
            self._lay_out(before, folder / _BEFORE)
            ended = self._run(_DIFF, folder, database, limits={}, patience=patience)
            if ended.status or not (folder / _WRITTEN).exists():
                raise Refused(f"prisma migrate diff: {' '.join(ended.words.split())}")
            return (folder / _WRITTEN).read_text("utf-8")

    @contextmanager
    def _project(self, files: Mapping[str, bytes]) -> Iterator[Path]:
        """Lay the files out below the CLI's folder, where Node finds the CLI's own modules."""
        home = Path(self.directory)
        if not home.is_dir():
            raise Misconfigured(f"prisma.directory: {home} is no folder on the worker; install the Prisma CLI there")
        with TemporaryDirectory(prefix="release-", dir=home) as name:
            folder = Path(name)
            for configuration in CONFIGURATIONS:
                if (home / configuration).exists():
                    shutil.copy(home / configuration, folder)
            self._lay_out(files, folder)
            yield folder

    def _lay_out(self, files: Mapping[str, bytes], folder: Path) -> None:
        for path, content in files.items():
            place = folder / self._in_project(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def _in_project(self, path: str) -> str:
        """Where a file of the repository lies for the CLI: a monorepo keeps its schema deep down."""
        if path == self.schema_file:
            return _SCHEMA
        inner = path.removeprefix(f"{self.migrations_folder}/")
        if inner == path or ".." in Path(inner).parts:
            raise Misconfigured(f"prisma: {path} is neither {self.schema_file} nor below {self.migrations_folder}")
        return f"{_MIGRATIONS}/{inner}"

    def _run(
        self,
        words: tuple[str, ...],
        folder: Path,
        database: Postgres,
        *,
        limits: Mapping[str, timedelta],
        patience: timedelta,
    ) -> Ended:
        program = Path(self.directory) / self.command[0]
        first = str(program) if program.exists() else self.command[0]
        options = " ".join(f"-c {name}={round(limit.total_seconds() * 1000)}" for name, limit in limits.items())
        password = database.read_password()
        environment = {
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
            **self.environment,
            "DATABASE_URL": self._url(database, password, options),
            "PGOPTIONS": options,
            "CHECKPOINT_DISABLE": "1",
            "CI": "true",
        }
        try:
            process = subprocess.Popen(
                (first, *self.command[1:], *words),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Misconfigured(
                f"prisma.command: {first} cannot be run on the worker ({error.strerror}); it needs Node and the"
                f" package `prisma` in {self.directory}"
            ) from error
        try:
            said, _ = process.communicate(timeout=patience.total_seconds())
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise Unreachable(
                f"prisma {' '.join(words)} did not end within {spoken(patience)}; the database may still be at it"
            ) from error
        finally:
            _end(process)
        return Ended(process.returncode, said.decode(errors="replace").replace(password, "…").strip())

    def _url(self, database: Postgres, password: str, options: str) -> str:
        """The database's address as Prisma reads it; it goes by the environment, never by the command line."""
        who = f"{quote(database.user, safe='')}:{quote(password, safe='')}"
        query = {"schema": self.database_schema, **_secured(database.sslmode), "options": options}
        where = f"{database.host}:{database.port}/{quote(database.name, safe='')}"
        return f"postgresql://{who}@{where}?{urlencode(query, quote_via=quote)}"


def _secured(sslmode: str) -> dict[str, str]:
    """Say it in Prisma's words: it knows no `verify-full`, and takes any certificate unless told to be strict."""
    if sslmode.startswith("verify-"):
        return {"sslmode": "require", "sslaccept": "strict"}
    return {"sslmode": "prefer" if sslmode == "allow" else sslmode}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the CLI with whatever it started; a process that ended is left alone."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()
