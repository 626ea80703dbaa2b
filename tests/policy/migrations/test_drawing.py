"""The page by which a person decides about migrations."""

from policy.migrations import read_migrations
from policy.migrations.drawing import draw_migrations
from policy.migrations.opinion import Opinion

ADD = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
DROP = 'ALTER TABLE "Patient" DROP COLUMN "phone";'


def test_the_worst_migration_stands_first_with_what_waits_and_a_safer_way() -> None:
    page = draw_migrations(read_migrations({"1_add": ADD, "2_drop": DROP}), ())

    assert page.index("`2_drop`: dangerous") < page.index("`1_add`: safe")
    assert "| 1 | dangerous | Drops Patient.phone | Patient: reads and writes wait (ACCESS EXCLUSIVE) | let a" in page
    assert "It cannot be taken back: the values of Patient.phone are gone." in page
    assert 'ALTER TABLE "Patient" DROP COLUMN "nickname";' in page


def test_another_tools_opinion_stands_below_and_says_that_it_decides_nothing() -> None:
    opinions = [Opinion("1_add", 1, "prefer-text-field", "Use text."), Opinion("other", 1, "x", "y")]

    page = draw_migrations(read_migrations({"1_add": ADD}), opinions)

    assert "squawk, a second opinion that decides nothing:\n\n- line 1, prefer-text-field: Use text." in page


def test_what_an_author_wrote_cannot_become_part_of_the_page() -> None:
    page = draw_migrations(read_migrations({"1": 'ALTER TABLE "a|b<script>" DROP COLUMN "c`d";'}), ())

    assert "Drops a\\|b&lt;script>.c'd" in page
