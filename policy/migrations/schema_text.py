"""Is a schema what it was: two texts of `pg_dump --schema-only`, without what differs from one dump to the next."""

from collections import Counter

from policy.combined import counted
from policy.judgement import Judgement, failed, passed

_SHOWN = 6
# A dump begins with settings of its own session, and \restrict carries a new random word each time.
_OF_THE_DUMP = ("--", "SET ", "SELECT pg_catalog.set_config(", "\\restrict ", "\\unrestrict ")


def normalise_schema(text: str) -> str:
    """Return the statements alone, in the order of the dump."""
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(_OF_THE_DUMP)) + "\n"


def judge_same_schema(before: str, now: str) -> Judgement:
    """Pass when both normalised texts hold the same lines; else name what is missing and what is new."""
    was, is_now = Counter(before.splitlines()), Counter(now.splitlines())
    missing = [f"- {line.strip()}" for line in (was - is_now).elements()]
    new = [f"+ {line.strip()}" for line in (is_now - was).elements()]
    different = [*missing, *new]
    if not different:
        return passed(f"the schema is what it was before, {counted(len(before.splitlines()), 'line')}")
    more = f" and {len(different) - _SHOWN} more" if len(different) > _SHOWN else ""
    shown = "; ".join(different[:_SHOWN])
    return failed(f"the schema is not what it was before the migration: {shown}{more}")
