"""Was the way back of a migration tried: up, down, and is the schema as before (6.1.2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pglast import ast

from policy.combined import combine
from policy.judgement import Judgement, failed, passed
from policy.limits import Risk
from policy.migrations.judging import judge_reversibility
from policy.migrations.reading import MigrationReading
from policy.migrations.statements import UnreadableSql, read_statements
from policy.wording import listed


class Source(StrEnum):
    """Where the SQL that takes a migration back comes from."""

    FILE = "its down.sql"
    DERIVED = "the SQL derived from it"
    DIFF = "what prisma migrate diff wrote"


@dataclass(frozen=True, slots=True)
class Down:
    """The SQL that takes one migration back."""

    sql: str
    source: Source


class Outcome(StrEnum):
    """What a trial showed."""

    CAME_BACK = "the schema came back"
    DIFFERS = "the schema is another one afterwards"
    DOWN_FAILED = "it does not run"
    AGAIN_FAILED = "the migration does not run a second time"
    UP_FAILED = "the migration itself does not run on production's schema"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one migration on a scratch database that has production's schema; `words` says what was seen.

    `offered` is SQL that nobody answers for and that was tried all the same, where nothing else takes it back.
    """

    name: str
    outcome: Outcome
    words: str = ""
    offered: str = ""


def find_down(reading: MigrationReading, files: Mapping[str, str]) -> Down | None:
    """Return what takes the migration back: what its author wrote, else what was derived; None if nothing does."""
    written = files.get(reading.name, "")
    if written.strip():
        return Down(written, Source.FILE)
    if reading.down:
        return Down("".join(f"{statement};\n" for statement in reading.down), Source.DERIVED)
    return None


def judge_written(downs: Mapping[str, Down]) -> Iterator[Judgement]:
    """Fail what its author wrote, where it could not be taken back in the one transaction of 4.3.2."""
    for name, down in downs.items():
        if down.source is not Source.FILE:
            continue
        try:
            statements = read_statements(down.sql)
        except UnreadableSql as error:
            yield failed(f"{name}: {down.source} cannot be read: {error}")
            continue
        if not statements:
            yield failed(f"{name}: {down.source} holds no statement, so it takes nothing back")
        ended = [one for one in statements if isinstance(one.node, ast.TransactionStmt)]
        yield from (
            failed(f"{name}: {down.source} has {one.text} in line {one.line}, and 4.3.2 is one transaction already")
            for one in ended
        )


def judge_tried(
    readings: Sequence[MigrationReading],
    downs: Mapping[str, Down],
    trials: Sequence[Trial] | None,
    *,
    risk: Risk,
) -> Judgement:
    """Pass when each way back is known and, where there is a scratch database, gave the schema back when tried.

    `trials` is None where there is no scratch database: then nothing was tried, and the sentence says so.
    """
    known = combine((judge_reversibility(readings, risk=risk), *judge_written(downs)))
    if not readings:
        return known
    if trials is None:
        untried = [f"{name} ({down.source})" for name, down in downs.items()]
        note = f"not tried, for there is no [scratch_database]: {listed(untried)}"
        return combine((known, passed(note))) if untried else known
    return combine((known, *(_judge_trial(trial, downs.get(trial.name)) for trial in trials)))


def _judge_trial(trial: Trial, down: Down | None) -> Judgement:
    if trial.outcome is Outcome.UP_FAILED:
        return failed(f"{trial.name}: {trial.outcome}: {trial.words}")
    if trial.offered:
        return passed(_say_offered(trial))
    if down is None or trial.outcome is Outcome.NOT_TRIED:
        return passed(f"{trial.name}: {Outcome.NOT_TRIED}, {trial.words or 'nothing takes it back'}")
    if trial.outcome is Outcome.CAME_BACK:
        return passed(f"{trial.name}: {down.source} was tried, up and down, and {trial.outcome}")
    return failed(f"{trial.name}: {down.source} was tried, and {trial.outcome}: {trial.words}")


def _say_offered(trial: Trial) -> str:
    """Say what a person may begin with, who has to take it back by hand: the schema, for the values are gone."""
    if trial.outcome is not Outcome.CAME_BACK:
        return f"{trial.name}: nothing takes it back; with {Source.DIFF} {trial.outcome}: {trial.words}"
    sql = " ".join(line for line in trial.offered.splitlines() if line and not line.startswith("--"))
    return f"{trial.name}: {Source.DIFF} was tried, and {trial.outcome}, without the values: {sql}"
