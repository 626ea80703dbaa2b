"""Columns that stay unique while one index takes the place of another: nothing is asked or lost (6.2.1, 6.3.1)."""

import pytest

from policy.judgement import Verdict
from policy.migrations import Column, Constraint, DatabaseFacts, Table, read_migration, read_migrations
from policy.migrations.asked import Alike
from policy.migrations.facts import Index
from policy.migrations.order import judge_order


def index(table: str, name: str, words: str) -> Index:
    return Index(table, f'CREATE UNIQUE INDEX "{name}" ON public."{table}" USING btree {words}')


TODAY = DatabaseFacts(
    18,
    {
        "_ClinicToDoctor": Table(
            40, columns={"A": Column("integer", required=True), "B": Column("integer", required=True)}
        ),
        "Patient": Table(
            500,
            columns={"id": Column("integer", required=True), "email": Column("text"), "code": Column("text")},
            constraints={"Patient_pkey": Constraint.PRIMARY_KEY, "Patient_code_key": Constraint.UNIQUE},
        ),
    },
    indexes={
        "_ClinicToDoctor_AB_unique": index("_ClinicToDoctor", "_ClinicToDoctor_AB_unique", '("A", "B")'),
        "Patient_pkey": index("Patient", "Patient_pkey", "(id)"),
        "Patient_email_key": index("Patient", "Patient_email_key", "(email)"),
        "Patient_code_key": index("Patient", "Patient_code_key", "(code)"),
        "Patient_lower_key": index("Patient", "Patient_lower_key", "(lower(email), id)"),
    },
)
PRISMA_6 = (
    '-- AlterTable\nALTER TABLE "_ClinicToDoctor" ADD CONSTRAINT "_ClinicToDoctor_AB_pkey" PRIMARY KEY ("A", "B");\n\n'
    '-- DropIndex\nDROP INDEX "_ClinicToDoctor_AB_unique";\n'
)


def test_what_prisma_6_makes_of_an_implicit_relation_is_nothing_that_either_version_misses() -> None:
    readings = read_migrations({"20261127_prisma_6": PRISMA_6}, facts=TODAY)

    judgement = judge_order(readings)

    assert judgement.verdict is Verdict.PASSED, judgement.sentence
    assert judgement.sentence == "before the first server: 20261127_prisma_6"
    assert not any(one.breaks or one.fails for one in readings[0].findings)
    assert [one.reason for one in readings[0].findings][:2] == [
        "Adds a PRIMARY KEY constraint to _ClinicToDoctor; its index is built while reads and writes wait, and"
        " its columns are unique already",
        "Dropping the index _ClinicToDoctor_AB_unique is on no list of 6.2; its columns stay unique by another one",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        'DROP INDEX "Patient_email_key"; CREATE UNIQUE INDEX "email_once" ON "Patient"("email");',
        'CREATE UNIQUE INDEX "email_once" ON "Patient"("email"); DROP INDEX "Patient_email_key";',
        'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_code_key", ADD CONSTRAINT "code_once" UNIQUE ("code");',
        'CREATE UNIQUE INDEX "id_once" ON "Patient"("id");',
    ],
    ids=["after", "before", "constraint", "once more"],
)
def test_another_name_for_what_is_unique_already_breaks_nothing(sql: str) -> None:
    reading = read_migration("m", sql, facts=TODAY)

    assert (reading.stages, [one.breaks for one in reading.findings if one.breaks]) == ((), [])


@pytest.mark.parametrize(
    ("sql", "breaks"),
    [
        ('DROP INDEX "Patient_email_key";', "Patient_email_key dropped"),
        (
            'DROP INDEX "Patient_email_key"; CREATE UNIQUE INDEX "x" ON "Patient"("email") WHERE id > 9;',
            "Patient_email_key dropped",
        ),
        (
            'DROP INDEX "Patient_email_key"; CREATE UNIQUE INDEX "x" ON "Patient"("email", "id");',
            "Patient_email_key dropped",
        ),
        (
            'DROP INDEX "Patient_email_key"; CREATE UNIQUE INDEX "x" ON "Patient"("email") NULLS NOT DISTINCT;',
            "Patient_email_key dropped",
        ),
        (
            'DROP INDEX "Patient_email_key"; ALTER TABLE "Patient" ADD CONSTRAINT "x" UNIQUE ("email") DEFERRABLE;',
            "Patient_email_key dropped",
        ),
        ('CREATE UNIQUE INDEX "x" ON "Patient"("id", "code");', "Patient unique by x"),
        (
            'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_code_key"; CREATE INDEX "x" ON "Patient"("code");',
            "Patient without Patient_code_key",
        ),
        # A primary key asks for a value in every row besides.
        (
            'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_pkey", ADD CONSTRAINT "x" PRIMARY KEY ("code");',
            "Patient code unique",
        ),
    ],
)
def test_what_is_unique_in_another_way_is_no_replacement(sql: str, breaks: str) -> None:
    reading = read_migration("m", sql, facts=TODAY)

    assert breaks in [one.breaks for one in reading.findings]


def test_without_the_database_nobody_knows_what_was_unique() -> None:
    reading = read_migration("m", PRISMA_6)

    assert [one.breaks for one in reading.findings][:1] == ["_ClinicToDoctor A, B unique"]


def test_values_that_were_counted_alike_are_still_said_where_the_rule_is_new() -> None:
    facts = DatabaseFacts(18, TODAY.tables, indexes=TODAY.indexes, counted={Alike("Patient", ("code", "id")): 2})

    reading = read_migration("m", 'CREATE UNIQUE INDEX "x" ON "Patient"("code", "id");', facts=facts)

    assert any(one.fails for one in reading.findings)
