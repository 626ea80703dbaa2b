"""Is a schema what it was: two texts of `pg_dump --schema-only`, without what differs from one dump to the next."""

import re
from collections.abc import Sequence
from difflib import unified_diff

from policy.judgement import Judgement, failed, passed
from policy.wording import counted, listed

# What pg_dump writes anew each time, or that says nothing of the schema.
_OF_ITS_SESSION = (
    "statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding"
    "|standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security|default_tablespace"
    "|default_table_access_method|default_with_oids|SESSION AUTHORIZATION"
)
_NOISE = re.compile(rf"^(--.*|\\(un)?restrict .*|SET ({_OF_ITS_SESSION})\b.*;|SELECT pg_catalog\.set_config.*|)$")
_TABLE = re.compile(r"CREATE (UNLOGGED )?TABLE .*\($")
_LINES, _WIDTH = 3, 160


def read_schema(dump: str) -> tuple[str, ...]:
    """Return the lines of a `pg_dump --schema-only`, without what differs between two dumps of one schema.

    Columns stand in the order of their names: one that was dropped and made again is the last one of its table, and
    whoever names the columns, as Prisma does, cannot tell.
    """
    lines: list[str] = []
    columns: list[str] | None = None
    for line in (line.rstrip() for line in dump.splitlines() if not _NOISE.match(line.rstrip())):
        if columns is None:
            lines.append(line)
            columns = [] if _TABLE.match(line) else None
        elif line.startswith(")"):
            lines += [*sorted(columns), line]
            columns = None
        else:
            columns.append(line.removesuffix(","))
    return (*lines, *sorted(columns or ()))


def find_difference(before: Sequence[str], after: Sequence[str]) -> str:
    """Say the first lines in which two schemas differ; empty if they are one."""
    # The first two lines of a difference name what is compared.
    changed = list(unified_diff(before, after, n=0, lineterm=""))[2:]
    parts = {"missing": "-", "left over": "+"}
    found = {word: [line[1:].strip()[:_WIDTH] for line in changed if line[0] == sign] for word, sign in parts.items()}
    return "; ".join(f"{word}: {listed(lines, most=_LINES)}" for word, lines in found.items() if lines)


def judge_same_schema(before: str, now: str) -> Judgement:
    """Pass when two dumps are of one schema; else name what is missing and what is left over."""
    was, is_now = read_schema(before), read_schema(now)
    if difference := find_difference(was, is_now):
        return failed(f"the schema is not what it was before the migration: {difference}")
    return passed(f"the schema is what it was before, {counted(len(was), 'line')}")
