"""What the statements before have made in the same migration, which nobody uses yet."""

from dataclasses import dataclass, field

from policy.migrations.facts import DatabaseFacts, Table


@dataclass(slots=True)
class SoFar:
    """Tables that the migration has made itself, and what is known of those that were there before.

    `still_old` are the servers that serve the version before while the migration runs; `touched` are the tables that
    an earlier migration of the same release names, so that the database of today says nothing of them.
    """

    facts: DatabaseFacts | None = None
    still_old: tuple[str, ...] = ()
    touched: frozenset[str] = frozenset()
    made: set[str] = field(default_factory=set)
    path_changed: bool = False

    def is_new(self, table: str) -> bool:
        """Whether the migration made the table itself, so that nobody has read or written it."""
        return table in self.made and not self.path_changed

    def facts_of(self, table: str) -> Table | None:
        """Return what is known of a table; nothing of one that is new, or without the database."""
        if self.facts is None or self.is_new(table) or table in self.touched:
            return None
        return self.facts.tables.get(table)

    def is_missing(self, table: str) -> bool:
        """Whether the database is known, and has no such table."""
        return (
            self.facts is not None
            and table not in self.facts.tables
            and table not in self.made
            and table not in self.touched
            and not self.path_changed
        )

    def make(self, table: str) -> None:
        """From here on the table is new."""
        self.made.add(table)

    def rename(self, table: str, name: str) -> None:
        """From here on the table has another name; a name that was free for it says nothing of another table."""
        if table in self.made:
            self.made.discard(table)
            self.made.add(name)
        else:
            self.made.discard(name)

    def forget(self, table: str) -> None:
        """From here on there is no such table."""
        self.made.discard(table)

    @property
    def reader(self) -> str:
        """Who still runs the code before: `the old version on web-server-2`."""
        where = f" on {' and '.join(self.still_old)}" if self.still_old else ""
        return f"The old version{where}"
