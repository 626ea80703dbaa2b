"""What `prisma migrate dev` writes by itself: its class, and before or after the code (6.2.1, 6.3.1)."""

import pytest

from policy.migrations import Safety, Stage, read_migration

RISKY, DANGEROUS = Safety.RISKY, Safety.DANGEROUS
ENUM = """\
/*
  Warnings:

  - The values [GUEST] on the enum `Role` will be removed. If they are still used, this will fail.

*/
-- AlterEnum
BEGIN;
CREATE TYPE "Role_new" AS ENUM ('USER', 'ADMIN');
ALTER TABLE "Patient" ALTER COLUMN "role" DROP DEFAULT;
ALTER TABLE "Patient" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
ALTER TABLE "Patient" ALTER COLUMN "role" SET DEFAULT 'USER';
COMMIT;
"""
RELATION = """\
-- CreateEnum
CREATE TYPE "Kind" AS ENUM ('A', 'B');

-- CreateTable
CREATE TABLE "Visit" (
    "id" SERIAL NOT NULL,
    "patientId" INTEGER NOT NULL,
    "kind" "Kind" NOT NULL DEFAULT 'A',
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Visit_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Visit_at_key" ON "Visit"("at");

-- AddForeignKey
ALTER TABLE "Visit" ADD CONSTRAINT "Visit_patientId_fkey" FOREIGN KEY ("patientId") REFERENCES "Patient"("id")
    ON DELETE RESTRICT ON UPDATE CASCADE;
"""
RECREATED = """\
-- AlterTable
ALTER TABLE "Patient" DROP COLUMN "age",
ADD COLUMN     "age" TEXT NOT NULL;
"""
PRISMAS = [
    pytest.param(ENUM, RISKY, (Stage.CONTRACT,), id="a value of an enum removed"),
    pytest.param(RELATION, RISKY, (Stage.EXPAND,), id="a new model with a relation"),
    pytest.param(RECREATED, DANGEROUS, (Stage.EXPAND, Stage.CONTRACT), id="a field of another type"),
    pytest.param(
        '-- DropForeignKey\nALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey";\n\n'
        '-- DropTable\nDROP TABLE "Doctor";\n',
        DANGEROUS,
        (Stage.CONTRACT,),
        id="a model removed",
    ),
    pytest.param(
        '-- DropForeignKey\nALTER TABLE "Patient" DROP CONSTRAINT "Patient_doctorId_fkey";\n\n'
        '-- AlterTable\nALTER TABLE "Patient" ALTER COLUMN "doctorId" DROP NOT NULL;\n\n'
        '-- AddForeignKey\nALTER TABLE "Patient" ADD CONSTRAINT "Patient_doctorId_fkey" FOREIGN KEY ("doctorId")'
        ' REFERENCES "Doctor"("id") ON DELETE SET NULL ON UPDATE CASCADE;\n',
        DANGEROUS,
        (Stage.CONTRACT,),
        id="a relation that becomes optional",
    ),
    pytest.param(
        '-- RenameIndex\nALTER INDEX "Patient_phone_idx" RENAME TO "Patient_tel_idx";',
        RISKY,
        (Stage.EXPAND,),
        id="@@map",
    ),
    pytest.param(
        '-- AlterTable\nALTER TABLE "Patient" ALTER COLUMN "nickname" SET DEFAULT \'\';', RISKY, (), id="@default"
    ),
]


@pytest.mark.parametrize(("sql", "safety", "stages"), PRISMAS)
def test_what_prisma_writes_itself_has_its_class_and_its_place(
    sql: str, safety: Safety, stages: tuple[Stage, ...]
) -> None:
    reading = read_migration("m", sql)

    assert reading.safety is safety, [one.reason for one in reading.findings]
    assert reading.stages == stages
