"""Writes the table of classes in docs/database.md from the rules that judge migrations.

`python -m deployments.database_page` writes it; with `--check` it only says whether the page is up to date.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from policy.migrations import Safety, read_migration

PAGE = Path(__file__).parent.parent / "docs" / "database.md"
BEGIN, END = "<!-- classes: written by the rules -->", "<!-- end of the classes -->"
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


def write_classes(page: str) -> str:
    """Return the page with the table of now between its marks."""
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return between.sub(lambda _: f"{BEGIN}\n\n{draw_classes()}\n\n{END}", page)


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
