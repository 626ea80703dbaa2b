CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE "Doctor" ("id" serial PRIMARY KEY, "name" text NOT NULL, "email" text UNIQUE);
CREATE TABLE "Patient" (
    "id" serial PRIMARY KEY, "name" text NOT NULL, "phone" varchar(20), "zip" varchar(10), "age" int NOT NULL DEFAULT 30,
    "weight" numeric(5,2), "born" timestamp(3), "seen" timestamptz, "role" "Role" NOT NULL DEFAULT 'USER',
    "doctorId" int, "notes" text, "code" text, "filled" text, "total" int GENERATED ALWAYS AS ("age" * 2) STORED,
    CONSTRAINT "Patient_doctorId_fkey" FOREIGN KEY ("doctorId") REFERENCES "Doctor"("id"),
    CONSTRAINT "Patient_age_check" CHECK ("age" > 0),
    CONSTRAINT "Patient_code_there" CHECK ("code" IS NOT NULL)
);
CREATE INDEX "Patient_name_idx" ON "Patient"("name");
CREATE UNIQUE INDEX "Patient_code_key" ON "Patient"("code");
INSERT INTO "Doctor" ("name", "email") SELECT 'd' || n, n || '@x' FROM generate_series(1, 10) n;
INSERT INTO "Patient" ("name", "phone", "zip", "doctorId", "notes", "code", "filled", "weight", "born", "seen")
SELECT 'p' || n, 'ph' || n, '0' || n % 7, 1 + n % 10, CASE WHEN n % 5 = 0 THEN NULL ELSE 'x' END, 'c' || n, 'f', 1.5, now(), now() FROM generate_series(1, 500) n;
CREATE TABLE "Empty" ("id" int PRIMARY KEY, "doctorId" int);
CREATE TABLE "Part" ("id" int, "at" date NOT NULL) PARTITION BY RANGE ("at");
CREATE TABLE "Part_2025" PARTITION OF "Part" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE "Loose" ("id" int, "at" date NOT NULL);
CREATE VIEW "Adults" AS SELECT "id", "name", "age" FROM "Patient" WHERE "age" > 17;
CREATE MATERIALIZED VIEW "Ages" AS SELECT "age", count(*) AS n FROM "Patient" GROUP BY "age";
CREATE UNIQUE INDEX "Ages_age" ON "Ages"("age");
CREATE SEQUENCE numbers;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON "Doctor" FOR EACH ROW EXECUTE FUNCTION touch();
CREATE SCHEMA billing;
CREATE TABLE billing."Invoice" ("id" int PRIMARY KEY, "amount" numeric);
INSERT INTO billing."Invoice" SELECT n, n FROM generate_series(1, 20) n;
