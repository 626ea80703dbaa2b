"""How the commonest changes of a schema are written so that nobody notices: what is shown in docs/database.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One file of one release, or what its code does if there is no file."""

    release: int
    sql: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A change of the schema as an author thinks of it, why it is not one line, and its steps in order."""

    title: str
    why: str
    steps: tuple[Step, ...]


RECIPES = (
    Recipe(
        "Add a column",
        "A column that may be empty, or whose default is constant, costs nothing: PostgreSQL keeps the default beside"
        " the table and writes no row.",
        (Step(1, 'ALTER TABLE "Patient" ADD COLUMN "language" TEXT NOT NULL DEFAULT \'es\';'),),
    ),
    Recipe(
        "Add a required column whose value has to be computed",
        "Added as required it fails if there are rows; with a default that is computed it writes every row anew while"
        " everybody waits.",
        (
            Step(1, 'ALTER TABLE "Patient" ADD COLUMN "mrn" TEXT;'),
            Step(1, code="The new code writes it in every new row; a backfill fills the old ones in batches."),
            Step(2, 'ALTER TABLE "Patient" ADD CONSTRAINT "Patient_mrn_check" CHECK ("mrn" IS NOT NULL) NOT VALID;'),
            Step(2, 'ALTER TABLE "Patient" VALIDATE CONSTRAINT "Patient_mrn_check";'),
            Step(3, 'ALTER TABLE "Patient" ALTER COLUMN "mrn" SET NOT NULL;'),
            Step(4, 'ALTER TABLE "Patient" DROP CONSTRAINT "Patient_mrn_check";'),
        ),
    ),
    Recipe(
        "Require a value in a column that is there",
        "SET NOT NULL alone reads every row while reads and writes wait. A CHECK that was validated beside them proves"
        " it, and no row is read.",
        (
            Step(
                1, 'ALTER TABLE "Patient" ADD CONSTRAINT "Patient_phone_check" CHECK ("phone" IS NOT NULL) NOT VALID;'
            ),
            Step(1, 'ALTER TABLE "Patient" VALIDATE CONSTRAINT "Patient_phone_check";'),
            Step(2, 'ALTER TABLE "Patient" ALTER COLUMN "phone" SET NOT NULL;'),
        ),
    ),
    Recipe(
        "Rename a field",
        "Prisma writes a DROP and an ADD, which loses the data; a bare RENAME breaks every server that still runs the"
        ' version before. If only the code should say it otherwise, `@map("phone")` needs no migration at all.',
        (
            Step(1, 'ALTER TABLE "Patient" ADD COLUMN "phoneNumber" TEXT;'),
            Step(1, code="The new code writes both and reads the new one, or the old one where that is empty."),
            Step(1, code="A backfill copies the old values in batches."),
            Step(2, code="The code knows the new column only."),
            Step(3, 'ALTER TABLE "Patient" DROP COLUMN "phone";'),
        ),
    ),
    Recipe(
        "Rename a table",
        "`@@map` needs no migration. Where the table itself has to have the new name, a view keeps the old one, and"
        " PostgreSQL reads and writes through it.",
        (
            Step(
                1,
                'ALTER TABLE "Patient" RENAME TO "Person";\nCREATE VIEW "Patient" AS SELECT * FROM "Person";',
            ),
            Step(2, 'DROP VIEW "Patient";'),
        ),
    ),
    Recipe(
        "Drop a column or a table",
        "Nothing brings the values back, and the image before cannot be put back once they are gone.",
        (
            Step(1, code="The code no longer reads or writes it; the model no longer has it (`@ignore`)."),
            Step(2, 'ALTER TABLE "Patient" DROP COLUMN "fax";'),
        ),
    ),
    Recipe(
        "Change the type of a column",
        "Most changes write the whole table anew while everybody waits. A longer VARCHAR, TEXT instead of VARCHAR, or"
        " more digits of a NUMERIC write nothing: the page of the release says so.",
        (
            Step(1, 'ALTER TABLE "Invoice" ADD COLUMN "amountCents" BIGINT;'),
            Step(1, code="The new code writes both; a backfill fills the old rows in batches."),
            Step(2, code="The code reads and writes the new column only."),
            Step(3, 'ALTER TABLE "Invoice" DROP COLUMN "amount";'),
        ),
    ),
    Recipe(
        "Add an index",
        "Prisma's own output blocks writes while it builds. CONCURRENTLY cannot run within a transaction, so it is the"
        " only statement of its file.",
        (Step(1, 'CREATE INDEX CONCURRENTLY "Patient_lastName_idx" ON "Patient"("lastName");'),),
    ),
    Recipe(
        "Make a column unique",
        "It fails if two rows are alike, which is counted before the release begins. Prisma's `@unique` is satisfied by"
        " an index of this name.",
        (Step(1, 'CREATE UNIQUE INDEX CONCURRENTLY "Patient_mrn_key" ON "Patient"("mrn");'),),
    ),
    Recipe(
        "Add a foreign key",
        "Alone it reads every row while writes to both tables wait. NOT VALID looks at new rows only; the old ones are"
        " read by VALIDATE, beside everybody.",
        (
            Step(
                1,
                'ALTER TABLE "Visit" ADD CONSTRAINT "Visit_patientId_fkey"\n'
                '    FOREIGN KEY ("patientId") REFERENCES "Patient"("id") NOT VALID;',
            ),
            Step(2, 'ALTER TABLE "Visit" VALIDATE CONSTRAINT "Visit_patientId_fkey";'),
        ),
    ),
    Recipe(
        "Add or remove a value of an enum",
        "A new value cannot be used in the file that adds it, and is never taken away again. Prisma removes one by a"
        " new type, which writes the table anew.",
        (
            Step(1, "ALTER TYPE \"Role\" ADD VALUE 'NURSE';"),
            Step(2, code="The code writes it."),
        ),
    ),
)
