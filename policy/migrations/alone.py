"""May the migrations of a commit be carried out by themselves, while the servers go on serving what they serve."""

from collections.abc import Collection, Sequence

from policy.judgement import Judgement, not_applicable, passed
from policy.migrations.backfill import backfills_folder
from policy.migrations.findings import Stage
from policy.migrations.judging import NONE
from policy.migrations.reading import MigrationReading
from policy.path_pattern import matches_any
from policy.wording import listed


def list_code(files: Sequence[str], *, folder: str, schema: str, harmless: Collection[str]) -> tuple[str, ...]:
    """Return the files that are neither Prisma's nor harmless: code that would not go live with its migrations."""
    ours = (f"{folder}/", f"{backfills_folder(folder)}/")
    return tuple(
        path for path in files if not path.startswith(ours) and path != schema and not matches_any(path, harmless)
    )


def say_why_not_alone(
    readings: Sequence[MigrationReading], files: Sequence[str], *, folder: str, schema: str, harmless: Collection[str]
) -> str:
    """Say what speaks against migrating without a release of code; empty where nothing does.

    What takes something away needs every server to serve code that was built from the new schema file.
    """
    if code := list_code(files, folder=folder, schema=schema, harmless=harmless):
        return f"it brings code as well ({listed(code, most=3)}); release it by `production`, which migrates too"
    contracting = [one for one in readings if Stage.CONTRACT in one.stages]
    if contracting and schema in files:
        taken = [what for one in contracting for what in one.breaks] or [one.name for one in contracting]
        return (
            f"{listed(taken)}: the servers serve code that was built from the schema before; release this schema by"
            " `production`, which takes away what is left after the last server"
        )
    return ""


def judge_order_alone(readings: Sequence[MigrationReading]) -> Judgement:
    """Pass: no server changes, so each migration meets the version in production, in the order of names."""
    if not readings:
        return not_applicable(NONE)
    return passed(f"no server is updated; in this order: {listed(one.name for one in readings)}")
