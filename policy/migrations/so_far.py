"""What the statements before have made of the database in the same migration, and in the ones before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pglast import ast

from policy.migrations.aliases import Alias
from policy.migrations.asked import Asked
from policy.migrations.facts import Column, Constraint, DatabaseFacts, ForeignKey, Index, Table
from policy.migrations.findings import Finding, missing
from policy.migrations.statements import quoted, relation_name, walk
from policy.migrations.uniqueness import Unique

_OF_POSTGRES = ("pg_", "information_schema")


@dataclass(slots=True)
class SoFar:
    """Tables that the migration has made itself, and what is known of those that were there before.

    `fresh` are views, sequences, functions, schemas and roles that it made; `still_old` are the servers that serve the
    version before while it runs. `tables`, `indexes` and `others` follow the statements; `strange` are tables that an
    earlier migration of the release made, `disturbed` those whose rows or columns are no longer as they were counted;
    `given` are constraints that the release itself added, `renewed` foreign keys that the file drops and adds again,
    `turned_on` its triggers, `unique_throughout` columns that are unique before and after it. After a statement that
    hides what it does nothing is known any more.
    """

    facts: DatabaseFacts | None = None
    still_old: tuple[str, ...] = ()
    made: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    path_changed: bool = False
    hidden: bool = False
    strange: set[str] = field(default_factory=set)
    disturbed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    before: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    schemas: set[str] = field(default_factory=set)
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    given: dict[tuple[str, str], Constraint] = field(default_factory=dict)
    renewed: frozenset[tuple[str, str]] = frozenset()
    turned_on: frozenset[tuple[str, str]] = frozenset()
    unique_throughout: frozenset[Unique] = frozenset()

    @classmethod
    def begin(cls, facts: DatabaseFacts | None, still_old: Sequence[str]) -> "SoFar":
        """Return the state before the first statement."""
        known = facts or DatabaseFacts(0, {})
        return cls(
            facts,
            tuple(still_old),
            domains=set(known.domains),
            tables=dict(known.tables),
            indexes=dict(known.indexes),
            others=set(known.others),
            schemas=set(known.schemas),
        )

    def next_file(self) -> "SoFar":
        """Return the state before the next migration: what this one made is there, and others may have filled it."""
        return replace(
            self,
            made=set(),
            types=set(),
            fresh=set(),
            path_changed=False,
            before={},
            strange=self.strange | self.made,
            tables={
                name: _uncounted(table) if name in self.disturbed else table for name, table in self.tables.items()
            },
        )

    @property
    def knows(self) -> bool:
        """Whether what the database said still holds."""
        return self.facts is not None and not self.path_changed and not self.hidden

    def is_new(self, table: str) -> bool:
        """Whether the migration made the table itself, so that nobody has read or written it."""
        return table in self.made and not self.path_changed

    def makes(self, name: str) -> bool:
        """Whether the migration made what has this name, so that nobody can lose what they had of it."""
        return name in (self.made | self.types | self.fresh) and not self.path_changed

    def facts_of(self, table: str) -> Table | None:
        """Return what is known of a table; nothing of one that is new, or without the database."""
        return None if not self.knows or self.is_new(table) else self.tables.get(table)

    def index_of(self, name: str) -> Index | None:
        """Return what is known of an index."""
        return self.indexes.get(name) if self.knows else None

    def stays_unique(self, table: str, columns: frozenset[str]) -> bool:
        """Whether these columns are unique today and after the file, whatever index sees to it."""
        return self.knows and (table, columns) in self.unique_throughout

    def column_of(self, table: str, column: str) -> Column | None:
        """Return what is known of a column."""
        facts = self.facts_of(table)
        return facts.columns.get(column) if facts else None

    def lacks_column(self, table: str, column: str) -> bool:
        """Whether the table is known, and has no such column."""
        facts = self.facts_of(table)
        return facts is not None and bool(facts.columns) and column not in facts.columns

    def is_missing(self, table: str) -> bool:
        """Whether the database is known, and has nothing of that name."""
        there = (self.tables, self.made, self.strange, self.others, self.indexes)
        return self.knows and not any(table in one for one in there)

    def missing_in(self, node: object) -> Iterator[Finding]:
        """Give each table that a query names and that is not there."""
        within = {one.ctename for one in walk(node) if isinstance(one, ast.CommonTableExpr)}
        within |= {relation_name(one.rel) for one in walk(node) if isinstance(one, ast.IntoClause)}
        named = (relation_name(one) for one in walk(node) if isinstance(one, ast.RangeVar))
        outside = (name for name in dict.fromkeys(named) if name not in within and not name.startswith(_OF_POSTGRES))
        yield from (missing(name) for name in outside if self.is_missing(name) and "." not in name)

    def counted(self, asked: Asked) -> int | None:
        """Return what was counted in the rows of a table, if they are still as they were."""
        if self.facts is None or not self.knows or self.is_new(asked.table) or asked.table in self.disturbed:
            return None
        return self.facts.counted.get(asked)

    def users_of(self, column: Column | None) -> list[str]:
        """Return what keeps a column from being dropped or changed, and was not dropped before."""
        return [one for one in column.used_by if one not in self.gone] if column else []

    def pointing_to(self, table: str, *, by: str = "") -> list[str]:
        """Return the other tables whose rows point to this one: all, or those that do it by one index."""
        if not self.knows:
            return []
        return [
            name
            for name, one in self.tables.items()
            if name != table and any(key.to == table and (not by or key.by == by) for key in one.foreign_keys.values())
        ]

    def whole_of(self, table: str) -> list[str]:
        """Return the partitioned table of which this one is a part."""
        return [name for name, one in self.tables.items() if self.knows and table in one.parts]

    def emptied_with(self, table: str) -> list[str]:
        """Return a table with all that point to it, and to those, and so on."""
        found = [table]
        for one in found:
            found += [child for child in self.pointing_to(one) if child not in found]
        return found

    def users_of_table(self, table: str) -> list[str]:
        """Return the views that keep a table from being dropped."""
        facts = self.facts_of(table)
        users = (user for one in (facts.columns.values() if facts else ()) for user in self.users_of(one))
        return list(dict.fromkeys(user for user in users if not user.startswith(f"{table}.")))

    def tables_with(self, type_name: str) -> list[str]:
        """Return the tables with a column of this type, as the database writes it."""
        written = (type_name, quoted(type_name))
        if not self.knows:
            return []
        return [
            name
            for name, one in self.tables.items()
            if any(column.type.removesuffix("[]") in written for column in one.columns.values())
        ]

    def tables_in(self, schema: str) -> list[str]:
        """Return the tables of a schema."""
        return [name for name in self.tables if self.knows and name.startswith(f"{schema}.")]

    def name_before(self, table: str) -> str:
        """Return the name that a table had when the migration began."""
        return self.before.get(table, table)

    def parents_of(self, table: str, *, column: str = "", constraint: str = "") -> list[str]:
        """Return the tables that a table points to: all, or by one column or one constraint."""
        facts = self.facts_of(table)
        keys: Mapping[str, ForeignKey] = facts.foreign_keys if facts else {}
        return [
            key.to
            for name, key in keys.items()
            if (not column or column in key.columns) and (not constraint or name == constraint) and key.to != table
        ]

    def is_aliased(self, table: str, name: str) -> bool:
        """Whether a view of the same file keeps the old name of a table that is now called `name`."""
        return table in self.aliases and self.aliases[table].table == name

    def is_alias_of_column(self, table: str, old: str, new: str) -> bool:
        """Whether a view that takes the table's own name keeps the old name of a column."""
        return table in self.aliases and self.aliases[table].columns.get(old) == new

    def make(self, table: str) -> None:
        """From here on the table is new."""
        self.made.add(table)

    def rename(self, table: str, name: str) -> None:
        """From here on the table has another name; a name that was free for it says nothing of another table."""
        if table in self.made:
            self.made.discard(table)
            self.made.add(name)
            return
        self.made.discard(name)
        self.before[name] = self.before.pop(table, table)
        if known := self.tables.pop(table, None):
            self.tables[name] = known
            self.disturbed.add(name)
        for before in (self.strange, self.others):
            if table in before:
                before.discard(table)
                before.add(name)
        self.indexes = {
            key: replace(index, table=name) if index.table == table else index for key, index in self.indexes.items()
        }

    def forget(self, table: str) -> None:
        """From here on there is no such table, nor an index of it, and nothing points to it."""
        self.made.discard(table)
        self.strange.discard(table)
        self.others.discard(table)
        self.tables.pop(table, None)
        self.indexes = {key: index for key, index in self.indexes.items() if index.table != table}
        for name, one in self.tables.items():
            keys = {key: to for key, to in one.foreign_keys.items() if to.to != table}
            self.tables[name] = replace(one, foreign_keys=keys)

    def change_columns(self, table: str, columns: Mapping[str, Column | None]) -> None:
        """From here on these columns of a table are so, or are not there."""
        if known := self.tables.get(table):
            kept = {name: one for name, one in {**known.columns, **columns}.items() if one is not None}
            self.tables[table] = replace(known, columns=kept)
            self.disturbed.add(table)

    def change_constraints(self, table: str, name: str, kind: Constraint | None, *, definition: str = "") -> None:
        """From here on a table has this constraint, so defined where that is known, or has it no more."""
        self.given.pop((table, name), None)
        if kind is not None and name:
            self.given[table, name] = kind
        if known := self.tables.get(table):
            kept = {key: one for key, one in {**known.constraints, name: kind}.items() if one is not None}
            keys = {key: one for key, one in known.foreign_keys.items() if key in kept}
            texts = {key: one for key, one in {**known.definitions, name: definition}.items() if one and key in kept}
            self.tables[table] = replace(known, constraints=kept, foreign_keys=keys, definitions=texts)

    def kind_given(self, table: str, constraint: str) -> Constraint | None:
        """Return the kind of a constraint that the release itself added, as long as the name means that table."""
        return None if self.path_changed or self.hidden else self.given.get((table, constraint))

    def fill_columns(self, table: str, columns: Sequence[str]) -> None:
        """From here on nobody has counted the values in these columns."""
        if known := self.tables.get(table):
            self.change_columns(
                table, {name: replace(known.columns[name], nulls=None) for name in columns if name in known.columns}
            )

    def write_rows(self, table: str) -> None:
        """From here on nobody has counted the rows of a table."""
        self.disturbed.add(table)
        if known := self.tables.get(table):
            self.tables[table] = replace(_uncounted(known), rows=None)

    @property
    def reader(self) -> str:
        """Who still runs the code before: `the old version on web-server-2`."""
        where = f" on {' and '.join(self.still_old)}" if self.still_old else ""
        return f"The old version{where}"


def _uncounted(table: Table) -> Table:
    """A table whose columns are known and whose values are not."""
    return replace(table, columns={name: replace(one, nulls=None) for name, one in table.columns.items()})
