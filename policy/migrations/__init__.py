"""Judges database migrations from their text, as PostgreSQL's own parser reads it, and from the real tables (6.2)."""

from policy.migrations.facts import Column, Constraint, DatabaseFacts, Table
from policy.migrations.findings import Finding, Lock, Mode, Safety, Stage, Undo
from policy.migrations.reading import MigrationReading, StatementReading, read_migration, read_migrations

__all__ = [
    "Column",
    "Constraint",
    "DatabaseFacts",
    "Finding",
    "Lock",
    "MigrationReading",
    "Mode",
    "Safety",
    "Stage",
    "StatementReading",
    "Table",
    "Undo",
    "read_migration",
    "read_migrations",
]
