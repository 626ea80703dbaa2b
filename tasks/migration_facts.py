"""What is known of a release's migrations before anything is changed: their texts, and the database they meet."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

from blocks.company import Company
from blocks.errors import BlockError, Refused
from blocks.postgres import Postgres
from blocks.postgres_tables import read_applied, read_facts, read_version
from blocks.prisma import MIGRATION, Prisma
from blocks.squawk import Squawk
from policy.migrations import MigrationReading, read_migrations
from policy.migrations.history import Applied, Progress, progress_of
from policy.migrations.opinion import Opinion
from policy.migrations.questions import list_questions
from policy.migrations.trial import Down, find_down
from policy.risk import DOWN
from policy.wording import short
from tasks.run import Run
from tasks.systems import DATABASE, PRISMA

_PARALLEL = 6


def new_readings(run: Run) -> tuple[MigrationReading, ...]:
    """Return what the release's migrations do to the production database of now, read once a process."""
    release = run.release
    return run.once.fetch(
        "migrations",
        lambda: read_new_migrations(run.company, release.commit, release.migrations, still_old=release.servers),
    )


def read_downs(run: Run) -> Mapping[str, Down]:
    """Return what takes each migration of the release back, by name; one that nothing takes back is left out."""
    return run.once.fetch("downs", lambda: _find_downs(new_readings(run), _read_down_files(run)))


def project_of(run: Run) -> Mapping[str, bytes]:
    """Return every file that Prisma needs for this release, by path."""
    return run.once.fetch("prisma", lambda: read_project(run.company, run.release.commit))


def applied_rows(run: Run, database: Postgres) -> tuple[Applied, ...]:
    """Return what Prisma wrote down in this database of each migration."""
    return read_applied(database, schema=PRISMA.required(run.company).database_schema)


def second_opinion(run: Run) -> tuple[Opinion, ...]:
    """Return what squawk says of the release's migrations; where it says nothing, the page says why."""
    new = {name_of(path) for path in run.release.migrations}
    texts = {name: text for name, text in texts_by_name(project_of(run)).items() if name in new}
    try:
        return Squawk().lint(texts, version=read_version(DATABASE.required(run.company)))
    except BlockError as error:
        return tuple(Opinion(name, 1, "no opinion", str(error)) for name in texts)


def name_of(path: str) -> str:
    """Return what Prisma calls the migration in this file: the name of its folder."""
    return PurePosixPath(path).parent.name


def outside_of_prisma(paths: Sequence[str], prisma: Prisma) -> tuple[str, ...]:
    """Return the files that look like migrations and that Prisma would not carry out."""
    folder = PurePosixPath(prisma.migrations_folder)
    return tuple(
        path for path in paths if PurePosixPath(path).parent.parent != folder or PurePosixPath(path).name != MIGRATION
    )


def read_new_migrations(
    company: Company, commit: str, paths: Sequence[str], *, still_old: Sequence[str]
) -> tuple[MigrationReading, ...]:
    """Return what each migration of the change set does to the production database of now, in the order of names."""
    database, prisma = DATABASE.required(company), PRISMA.required(company)
    texts = _read_files(company, commit, sorted(paths))
    files = {name_of(path): content.decode("utf-8", "surrogateescape") for path, content in texts.items()}
    rows = read_applied(database, schema=prisma.database_schema)
    # The database of now says nothing of what an earlier process of this release has applied to it already.
    if any(progress_of(name, rows) is Progress.APPLIED for name in files):
        return read_migrations(files, still_old=still_old)
    questions = list_questions(files.values())
    facts = read_facts(
        database,
        touched=questions.tables,
        nulls=questions.required,
        counts=questions.counts,
        schema=prisma.database_schema,
    )
    return read_migrations(files, facts=facts, still_old=still_old)


def read_project(company: Company, commit: str) -> Mapping[str, bytes]:
    """Return every file that Prisma needs at this commit, by path: the schema, the lock, and every migration."""
    prisma, github = PRISMA.required(company), company.github
    entries = github.list_folder(prisma.migrations_folder, commit)
    paths = [f"{entry.path}/{MIGRATION}" for entry in entries if entry.type == "dir"]
    paths += [entry.path for entry in entries if entry.type == "file"]
    return _read_files(company, commit, [prisma.schema_file, *paths])


def texts_by_name(project: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the migrations of a project by the names Prisma knows them under."""
    return {name_of(path): content for path, content in project.items() if PurePosixPath(path).name == MIGRATION}


def _find_downs(readings: Sequence[MigrationReading], files: Mapping[str, str]) -> Mapping[str, Down]:
    found = {reading.name: find_down(reading, files) for reading in readings}
    return {name: down for name, down in found.items() if down is not None}


def _read_down_files(run: Run) -> Mapping[str, str]:
    """Return what lies beside the release's migrations to take them back, by the name of the migration."""
    github, commit = run.company.github, run.release.commit
    found = {}
    for path in run.release.migrations:
        folder = str(PurePosixPath(path).parent)
        if any(entry.name == DOWN for entry in github.list_folder(folder, commit)):
            found[name_of(path)] = github.read_file(f"{folder}/{DOWN}", commit).decode("utf-8", "replace")
    return found


def _read_files(company: Company, commit: str, paths: Sequence[str]) -> Mapping[str, bytes]:
    def read(path: str) -> bytes:
        try:
            return company.github.read_file(path, commit)
        except Refused as error:
            raise Refused(
                f"{path} at {short(commit)}: {error}; a migration is a folder with a file {MIGRATION}"
            ) from error

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return dict(zip(paths, pool.map(read, paths), strict=True))
