"""What another tool says of a migration: shown beside ours, and never deciding."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """One finding of another tool: the migration, the line counted from 1, its rule, and its sentence."""

    migration: str
    line: int
    rule: str
    sentence: str
