"""What migrations add that may come to hold data."""

import pytest

from policy.migrations.added import Addition, list_additions


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;', (Addition("Patient", "nickname"),)),
        (
            'ALTER TABLE "Patient" ADD COLUMN "isVip" BOOLEAN NOT NULL DEFAULT false;',
            (Addition("Patient", "isVip", default="FALSE"),),
        ),
        (
            "ALTER TABLE \"Patient\" ADD COLUMN \"share\" TEXT DEFAULT '5 %''s';",
            (Addition("Patient", "share", default="'5 %''s'"),),
        ),
        (
            'CREATE TABLE "Note" ("id" SERIAL PRIMARY KEY);\nALTER TABLE "Note" ADD COLUMN "text" TEXT;',
            (Addition("Note"),),
        ),
        (
            'ALTER TABLE billing."Invoice" ADD COLUMN "a" INT, ADD COLUMN "b" INT;',
            (Addition("billing.Invoice", "a"), Addition("billing.Invoice", "b")),
        ),
        ('CREATE TABLE "Kept" AS SELECT * FROM "Patient";', (Addition("Kept"),)),
        ('SELECT * INTO billing."Kept" FROM "Patient";', (Addition("billing.Kept"),)),
        ('CREATE MATERIALIZED VIEW "Seen" AS SELECT * FROM "Patient";', ()),
        ('ALTER TABLE "Patient" ALTER COLUMN "phone" SET NOT NULL;', ()),
        ('CREATE INDEX CONCURRENTLY "i" ON "Patient"("name");', ()),
        ("this is no SQL", ()),
    ],
)
def test_tables_and_columns_are_named_each_once(sql: str, expected: tuple[Addition, ...]) -> None:
    assert list_additions([sql, sql]) == expected


@pytest.mark.parametrize(
    "column",
    [
        '"at" TIMESTAMPTZ DEFAULT now()',
        "\"at\" TEXT DEFAULT 'a' || now()",
        '"at" TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP',
        '"code" UUID DEFAULT gen_random_uuid()',
        '"number" SERIAL',
        '"number" INT GENERATED ALWAYS AS IDENTITY',
        '"twice" INT GENERATED ALWAYS AS (1 + 1) STORED',
    ],
)
def test_a_value_that_each_row_has_by_itself_does_not_tell_whether_somebody_wrote_it(column: str) -> None:
    (addition,) = list_additions([f'ALTER TABLE "Patient" ADD COLUMN {column};'])

    assert not addition.tells


def test_an_addition_is_called_as_people_call_it() -> None:
    assert [one.name for one in (Addition("Note"), Addition("Patient", "nickname"))] == ["Note", "Patient.nickname"]
