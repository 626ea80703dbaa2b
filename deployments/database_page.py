"""Writes the table of classes and the recipes in docs/database.md from the rules that judge migrations.

`python -m deployments.database_page` writes it; with `--check` it only says whether the page is up to date.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from deployments.recipes import RECIPES, Recipe, Step
from policy.migrations import Safety, Stage, read_migration

PAGE = Path(__file__).parent.parent / "docs" / "database.md"
BEGIN, END = "<!-- classes: written by the rules -->", "<!-- end of the classes -->"
BEGIN_RECIPES, END_RECIPES = "<!-- recipes: written by the rules -->", "<!-- end of the recipes -->"
EXAMPLES = (
    'CREATE TABLE "Note" ("id" SERIAL PRIMARY KEY, "text" TEXT NOT NULL)',
    'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT',
    'ALTER TABLE "Patient" ADD COLUMN "isVip" BOOLEAN NOT NULL DEFAULT false',
    'CREATE INDEX CONCURRENTLY "Patient_name_idx" ON "Patient"("name")',
    'CREATE INDEX "Patient_name_idx" ON "Patient"("name")',
    'ALTER TABLE "Patient" ADD COLUMN "mrn" INTEGER NOT NULL',
    'ALTER TABLE "Patient" ADD COLUMN "code" UUID DEFAULT gen_random_uuid()',
    'ALTER TABLE "Patient" ADD COLUMN "number" SERIAL',
    'ALTER TABLE "Patient" ALTER COLUMN "phone" SET NOT NULL',
    'ALTER TABLE "Patient" ALTER COLUMN "zip" SET DATA TYPE VARCHAR(20)',
    'ALTER TABLE "Patient" RENAME COLUMN "phone" TO "phoneNumber"',
    'ALTER TABLE "Patient" ADD CONSTRAINT "Patient_phone_key" UNIQUE ("phone")',
    'ALTER TABLE "Patient" ALTER COLUMN "phone" SET DEFAULT \'\'',
    "ALTER TYPE \"Role\" ADD VALUE 'NURSE'",
    'UPDATE "Patient" SET "nickname" = "name" WHERE "nickname" IS NULL',
    'UPDATE "Patient" SET "nickname" = "name"',
    'ALTER TABLE "Patient" ADD CONSTRAINT "f" FOREIGN KEY ("doctorId") REFERENCES "Doctor"("id")',
    'ALTER TABLE "Patient" ALTER COLUMN "phone" DROP NOT NULL',
    'ALTER TABLE "Patient" DROP COLUMN "phone"',
    'DROP TABLE "LegacyPatient"',
    'TRUNCATE "Session"',
    "DO $$ BEGIN PERFORM 1; END $$",
    'ALTER TABLE "Patient" RENAME TO "Person"; CREATE VIEW "Patient" AS SELECT * FROM "Person"',
    'ALTER TABLE "Patient" ALTER COLUMN "phone" DROP DEFAULT',
    'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey"',
    'ALTER TABLE "Visit" VALIDATE CONSTRAINT "Visit_patientId_fkey"',
    'ALTER TABLE "Patient" ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE "Patient" SET UNLOGGED',
    'DROP INDEX CONCURRENTLY "Patient_name_idx"',
    'VACUUM FULL "Patient"',
    "SET lock_timeout = '10min'",
    'BEGIN; CREATE TABLE "Note" ("id" INT); COMMIT',
)


def draw_classes() -> str:
    """Return the table: the safe statements first, each with the reason the rules give and the safer way they name."""
    rows = ["| statement | class | what is said of it | a safer way |", "|---|---|---|---|", *_rows()]
    return "\n".join(rows)


def _rows() -> Iterator[str]:
    readings = {sql: read_migration("m", sql) for sql in EXAMPLES}
    for safety in Safety:
        for sql, reading in readings.items():
            if reading.safety is safety:
                worst = next(one for one in reading.findings if one.safety is safety)
                cells = (f"`{sql}`", safety, worst.reason, worst.advice or "-")
                yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def draw_recipes() -> str:
    """Return the recipes, each file with the class and the place that the rules give it."""
    return "\n\n".join(part for recipe in RECIPES for part in _draw(recipe))


def _draw(recipe: Recipe) -> Iterator[str]:
    yield f"### {recipe.title}"
    yield recipe.why
    yield "\n".join(f"{number}. {_said(step)}" for number, step in enumerate(recipe.steps, 1)).rstrip()


def _said(step: Step) -> str:
    if not step.sql:
        return f"Release {step.release}. {step.code}"
    reading = read_migration("m", step.sql)
    after = Stage.CONTRACT in reading.stages
    place = "after the last server" if after else "before the first server"
    sql = "\n".join(f"   {line}" for line in step.sql.splitlines())
    return f"Release {step.release}, a file of its own: {reading.safety}, {place}.\n\n   ```sql\n{sql}\n   ```\n"


def write_classes(page: str) -> str:
    """Return the page with the table and the recipes of now between their marks."""
    page = _between(BEGIN, END, draw_classes(), page)
    return _between(BEGIN_RECIPES, END_RECIPES, draw_recipes(), page)


def _between(begin: str, end: str, text: str, page: str) -> str:
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return marked.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", page)


def main(words: list[str]) -> int:
    """Write the page, or with --check return 1 if it is out of date."""
    old = PAGE.read_text(encoding="utf-8")
    new = write_classes(old)
    if "--check" in words:
        return int(old != new)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
