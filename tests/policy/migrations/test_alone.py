"""Which migrations may be carried out by themselves, while the servers serve what they serve."""

import pytest

from policy.judgement import Verdict
from policy.migrations import MigrationReading, read_migration
from policy.migrations.alone import judge_order_alone, say_why_not_alone
from policy.risk_rules import RiskRules

FOLDER, SCHEMA = "prisma/migrations", "prisma/schema.prisma"
ADD = read_migration("20261126_add", 'ALTER TABLE "Patient" ADD COLUMN "nickname" TEXT;')
DROP = read_migration("20261127_drop", 'ALTER TABLE "Patient" DROP COLUMN "phone";')
TRUNCATE = read_migration("20261128_truncate", 'TRUNCATE "Session";')
OF_ADD = f"{FOLDER}/{ADD.name}/migration.sql"


@pytest.mark.parametrize(
    ("readings", "files", "why"),
    [
        pytest.param([ADD], [OF_ADD], "", id="only migrations"),
        pytest.param([ADD], [OF_ADD, SCHEMA, f"{FOLDER}/migration_lock.toml"], "", id="with its schema"),
        pytest.param([ADD], [OF_ADD, "docs/tables.md"], "", id="with what is harmless"),
        pytest.param([ADD], [], "", id="the code is live already"),
        pytest.param(
            [ADD],
            [OF_ADD, "apps/api/src/patient.ts"],
            "it brings code as well (apps/api/src/patient.ts); release it by `production`",
            id="with code",
        ),
        pytest.param([ADD], ["prisma/migrations.ts"], "it brings code as well (prisma/migrations.ts)", id="beside it"),
        pytest.param([DROP], [f"{FOLDER}/{DROP.name}/migration.sql"], "", id="dropped, no code was built from it"),
        pytest.param([DROP], [], "", id="dropped, the code is live"),
        pytest.param(
            [ADD, DROP],
            [OF_ADD, SCHEMA],
            "Patient.phone dropped: the servers serve code that was built from the schema before",
            id="dropped from the schema that the servers' code was built from",
        ),
        pytest.param([TRUNCATE], [SCHEMA], "20261128_truncate: the servers serve code", id="nothing has a name"),
    ],
)
def test_what_waits_for_code_is_not_migrated_alone(
    readings: list[MigrationReading], files: list[str], why: str
) -> None:
    said = say_why_not_alone(
        readings,
        files,
        folder=FOLDER,
        schema=SCHEMA,
        harmless=RiskRules().harmless,
    )

    assert said.startswith(why)
    assert bool(said) == bool(why)


def test_alone_the_order_is_that_of_the_names() -> None:
    assert judge_order_alone([]).verdict is Verdict.NOT_APPLICABLE
    judgement = judge_order_alone([ADD, DROP])
    assert judgement.verdict is Verdict.PASSED
    assert judgement.sentence == "no server is updated; in this order: 20261126_add, 20261127_drop"
