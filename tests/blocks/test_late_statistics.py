"""Rows that a session has just inserted are explained, though PostgreSQL counts them some seconds later (6.3.5)."""

from time import sleep

from blocks.postgres import Postgres
from blocks.postgres_tables import count_rows
from policy.judgement import Verdict
from policy.migrations.row_counts import Counted, judge_row_counts, list_unexplained
from tasks.migration import with_late_statistics
from tests.blocks.own_cluster import connect

PAUSE_SECONDS = 0.1


def test_rows_of_a_session_that_waits_for_its_client_are_no_rows_out_of_nowhere(truth: Postgres) -> None:
    with connect(truth, autocommit=True) as writer:
        writer.execute('CREATE TABLE "Late" (id int)')
        before = {"Late": Counted(0, 0)}
        # Of two statements within a second the later one is handed over with the next, or after ten seconds.
        for _ in range(2):
            writer.execute('INSERT INTO "Late" VALUES (1)')
        counted = count_rows(truth, ["Late"])

        after = with_late_statistics(truth, before, counted, pause=lambda: sleep(PAUSE_SECONDS), schema="public")

        assert list_unexplained(before, counted) == ("Late",)
        judgement = judge_row_counts(before, after, from_primary=True, dropped=frozenset())
        assert (judgement.verdict, judgement.sentence) == (Verdict.PASSED, "none missing in 1 table; 2 rows more")
