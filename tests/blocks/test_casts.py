"""What is said of changing a type agrees with the casts of a genuine PostgreSQL."""

from blocks.postgres import Postgres
from policy.migrations.column_types import cannot_cast, kind_from
from tests.blocks.own_cluster import connect

# Those that PostgreSQL carries out by itself when a column gets another type.
BY_ITSELF = """
SELECT format_type(castsource, NULL), format_type(casttarget, NULL) FROM pg_cast
WHERE castcontext IN ('i', 'a') AND castsource <> casttarget ORDER BY 1, 2
"""


def test_what_postgresql_casts_by_itself_is_not_said_to_fail(truth: Postgres) -> None:
    with connect(truth) as session:
        pairs = [(str(old), str(new)) for old, new in session.execute(BY_ITSELF).fetchall()]

    refused = [(old, new) for old, new in pairs if cannot_cast(kind_from(old), kind_from(new), domains=frozenset())]
    assert len(pairs) > 50
    assert refused == [], refused
