"""The page by which a person decides about migrations: each statement with its class, its locks and a safer way."""

from collections.abc import Iterator, Sequence

from policy.migrations.findings import Finding, Lock, Safety
from policy.migrations.opinion import Opinion
from policy.migrations.reading import MigrationReading

_NOTHING = "-"


def draw_migrations(readings: Sequence[MigrationReading], opinions: Sequence[Opinion]) -> str:
    """Return Markdown: the worst migration first, each with what takes it back and what another tool says."""
    order = list(Safety)
    worst_first = sorted(readings, key=lambda one: -order.index(one.safety))
    return "\n\n".join(part for reading in worst_first for part in _draw(reading, opinions))


def _draw(reading: MigrationReading, opinions: Sequence[Opinion]) -> Iterator[str]:
    yield f"### `{reading.name}`: {reading.safety}"
    rows = ["| line | class | what it does | what waits | a safer way |", "|---|---|---|---|---|"]
    for statement in reading.statements:
        rows += [_row(str(statement.line), finding) for finding in statement.findings]
    rows += [_row("all", finding) for finding in reading.together]
    yield "\n".join(rows)
    if reading.irreversible:
        yield f"It cannot be taken back: {'; '.join(_plain(why) for why in reading.irreversible)}."
    elif reading.down:
        yield "It is taken back by:\n\n```sql\n" + "\n".join(f"{one};" for one in reading.down) + "\n```"
    if said := [one for one in opinions if one.migration == reading.name]:
        yield "squawk, a second opinion that decides nothing:"
        yield "\n".join(f"- line {one.line}, {one.rule}: {_plain(one.sentence)}" for one in said)


def _row(line: str, finding: Finding) -> str:
    cells = (line, finding.safety, finding.reason, _say_locks(finding.locks), finding.advice or _NOTHING)
    return f"| {' | '.join(_plain(str(cell)) for cell in cells)} |"


def _say_locks(locks: Sequence[Lock]) -> str:
    said = (
        f"{lock.table}: {lock.mode.keeps_out}{', for as long as it is large' if lock.long else ''} ({lock.mode})"
        for lock in locks
    )
    return "; ".join(said) or _NOTHING


def _plain(text: str) -> str:
    """Keep what an author of a migration wrote from becoming part of the page."""
    return text.replace("|", "\\|").replace("`", "'").replace("<", "&lt;").replace("\n", " ")
