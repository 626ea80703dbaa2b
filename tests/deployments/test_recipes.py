"""The recipes of docs/database.md do what they promise by the rules that will judge them."""

import pytest

from deployments.recipes import RECIPES, Recipe
from policy.judgement import Verdict
from policy.migrations import Safety, read_migration
from policy.migrations.order import judge_order

FILES = [(recipe, step.sql) for recipe in RECIPES for step in recipe.steps if step.sql]
# What takes values away is dangerous however it is written, and so is a change of the foreign keys.
DANGEROUS = {"Rename a field", "Drop a column or a table", "Change the type of a column", "Add a foreign key"}


def test_there_is_a_recipe_for_the_ten_commonest_changes() -> None:
    assert len(RECIPES) >= 10


@pytest.mark.parametrize(("recipe", "sql"), FILES, ids=[f"{recipe.title}: {sql[:40]}" for recipe, sql in FILES])
def test_no_file_of_a_recipe_fails_mixes_or_makes_others_wait_for_long(recipe: Recipe, sql: str) -> None:
    reading = read_migration("m", sql)

    assert reading.will_fail == ()
    assert judge_order([reading]).verdict is Verdict.PASSED
    assert reading.rewrites == ()
    if recipe.title != "Require a value in a column that is there":
        blocking = [lock for lock in reading.locks if lock.long and lock.mode.keeps_out != "nobody waits"]
        assert not blocking or "SET NOT NULL" in sql
    assert reading.safety is not Safety.DANGEROUS or recipe.title in DANGEROUS


@pytest.mark.parametrize("recipe", RECIPES, ids=[recipe.title for recipe in RECIPES])
def test_what_takes_away_comes_in_a_later_release_than_what_adds(recipe: Recipe) -> None:
    readings = {
        (step.release, place): read_migration(str(place), step.sql)
        for place, step in enumerate(recipe.steps)
        if step.sql
    }
    assert list(readings) == sorted(readings)
    for release in {release for release, _ in readings}:
        files = [reading for (number, _), reading in readings.items() if number == release]
        assert judge_order(files).verdict is Verdict.PASSED
