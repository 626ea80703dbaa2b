"""Where row security hides rows from the user who migrates, nothing is held to be empty."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from blocks.errors import Refused
from blocks.postgres import Postgres
from blocks.postgres_tables import count_rows, read_facts
from blocks.postgres_way_back import count_written, take_back
from policy.migrations.added import Addition
from tests.blocks.own_cluster import connect

MADE = """
CREATE TABLE "Hidden" (id int PRIMARY KEY, tenant text);
INSERT INTO "Hidden" VALUES (1, 'a'), (2, 'b');
ALTER TABLE "Hidden" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "Hidden" FORCE ROW LEVEL SECURITY;
"""
WHOLE, COLUMN = Addition("Hidden"), Addition("Hidden", "tenant")


@pytest.fixture
def hidden(truth: Postgres) -> Iterator[Postgres]:
    """A database with two rows that its owner may not see."""
    with connect(truth, autocommit=True) as session:
        session.execute(MADE)
        yield truth
        session.execute('DROP TABLE "Hidden"')


def test_what_cannot_be_seen_is_not_known(hidden: Postgres) -> None:
    assert count_written(hidden, [WHOLE, COLUMN]) == {"Hidden": None, "Hidden.tenant": None}
    assert read_facts(hidden, touched=["Hidden"], nulls=[("Hidden", "tenant")]).tables["Hidden"].rows is None
    with pytest.raises(Refused, match="row-level security"):
        count_rows(hidden, ["Hidden"])


def test_what_cannot_be_seen_is_not_dropped(hidden: Postgres) -> None:
    with pytest.raises(Refused, match="row-level security"):
        take_back(
            hidden, ['DROP TABLE "Hidden"'], [], schema="public", additions=[WHOLE], lock_timeout=timedelta(seconds=2),
            statement_timeout=timedelta(seconds=2), still_wanted=lambda: None,
        )  # fmt: skip
    assert "Hidden" in read_facts(hidden, touched=(), nulls=()).tables
