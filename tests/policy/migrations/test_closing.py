"""From which step on the way back is closed."""

import pytest

from policy.migrations import read_migrations
from policy.migrations.closing import list_taken_away, say_when_the_way_back_closes
from policy.migrations.order import plan_order

ADDS = 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;'
UNIQUE = 'CREATE UNIQUE INDEX "one_name" ON "Patient"("name");'
DROPS = 'ALTER TABLE "Patient" DROP COLUMN "createdAt";'
RENAMES = 'ALTER TABLE "Patient" RENAME COLUMN "phone" TO "phoneNumber";'
OPEN = "No migration closes the way back: the version before lives on with what they add, and can come back."


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"20261126_nickname": ADDS}, OPEN),
        ({"20261126_one_name": UNIQUE}, OPEN),
        (
            {"20261126_drop": DROPS},
            "From 6.3.2 after web-server-2 on (20261126_drop: Patient.createdAt dropped) the version before cannot come"
            " back; until then it can.",
        ),
        (
            {"20261125_nickname": ADDS, "20261126_drop": DROPS, "20261127_rename": RENAMES},
            "From 6.3.2 after web-server-2 on (20261126_drop: Patient.createdAt dropped; 20261127_rename: Patient.phone"
            " renamed) the version before cannot come back; until then it can.",
        ),
        (
            {"20261126_drop": 'ALTER TABLE "Patient" DROP COLUMN "<b>`x`";'},
            "From 6.3.2 after web-server-2 on (20261126_drop: Patient.&lt;b>'x' dropped) the version before cannot come"
            " back; until then it can.",
        ),
    ],
)
def test_the_step_from_which_on_the_version_before_cannot_come_back_is_named(
    files: dict[str, str], sentence: str
) -> None:
    assert say_when_the_way_back_closes(read_migrations(files), last_server="web-server-2") == sentence


@pytest.mark.parametrize(
    ("sql", "away"),
    [
        ('DROP VIEW "Ids";', "Ids dropped"),
        ('DROP MATERIALIZED VIEW "Ids";', "Ids dropped"),
        ("DROP FUNCTION f(int);", "f dropped"),
        ('DROP TRIGGER stamp ON "Patient";', "Patient.stamp dropped"),
        ('DROP TYPE "Role";', "Role dropped"),
        ('ALTER TABLE "Patient" ALTER COLUMN "id" DROP DEFAULT;', "Patient.id without a default"),
        ('DROP INDEX "Patient_email_key";', "Patient_email_key dropped"),
        ('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_email_key";', "Patient without Patient_email_key"),
        ('ALTER TABLE "Patient" DROP CONSTRAINT "Patient_pkey";', "Patient without Patient_pkey"),
    ],
)
def test_what_the_version_before_may_need_is_taken_away_after_the_last_server(sql: str, away: str) -> None:
    (reading,) = read_migrations({"m": sql})

    assert list_taken_away(reading) == (away,)
    assert plan_order([reading]).after == ("m",)


@pytest.mark.parametrize(
    "sql",
    [
        'DROP INDEX "Patient_name_idx";',
        'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_age_check";',
        'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey";',
        'ALTER TABLE "Patient" ALTER COLUMN "phone" SET DEFAULT \'\';',
        "CREATE TYPE t AS ENUM ('a'); DROP TYPE t;",
    ],
)
def test_what_the_version_before_lives_without_closes_nothing(sql: str) -> None:
    assert list_taken_away(read_migrations({"m": sql})[0]) == ()


def test_what_is_added_takes_nothing_from_the_version_before() -> None:
    added, dropped = read_migrations({"a": UNIQUE, "b": DROPS})

    assert list_taken_away(added) == ()
    assert list_taken_away(dropped) == ("Patient.createdAt dropped",)
