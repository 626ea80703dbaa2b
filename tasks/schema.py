"""What a release says of its way back before the first change, and the schema it keeps to compare with."""

from blocks.errors import Absent, BlockError
from policy.migrations.closing import say_when_the_way_back_closes
from tasks.migration_facts import new_readings
from tasks.run import Run
from tasks.systems import DATABASE


def say_closing(run: Run) -> str:
    """Say from which step on the version before cannot come back; what cannot be read is said to be unknown."""
    try:
        readings = new_readings(run)
    except BlockError as error:
        return f"From which step on the version before cannot come back is not known: {error}."
    return say_when_the_way_back_closes(readings, last_server=run.release.servers[-1])


def keep_schema(run: Run) -> None:
    """The store has the schema, without data, as it was before the first migration; a retry keeps the first."""
    if read_kept_schema(run, run.release.key) is None:
        body = DATABASE.required(run.company).read_schema().encode()
        run.company.store.create(_key(run.release.key), body)


def read_kept_schema(run: Run, release: str) -> str | None:
    """Return the schema that this release kept before its first migration; None where it kept none."""
    try:
        return run.company.store.read(_key(release)).body.decode()
    except Absent:
        return None


def _key(release: str) -> str:
    return f"schemas/{release}.sql"
