CREATE TABLE "User" (email text PRIMARY KEY, password text NOT NULL, role text NOT NULL);
CREATE TABLE "Session" (token text PRIMARY KEY, email text NOT NULL REFERENCES "User" (email));
CREATE TABLE "Patient" (
    id serial PRIMARY KEY,
    name text NOT NULL,
    "birthDate" date NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX "Patient_name_idx" ON "Patient" (name text_pattern_ops);
CREATE TABLE "Appointment" (
    id serial PRIMARY KEY,
    "patientId" int NOT NULL REFERENCES "Patient" (id),
    "startsAt" timestamptz NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE "Prescription" (
    id serial PRIMARY KEY,
    "patientId" int NOT NULL REFERENCES "Patient" (id),
    medication text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit_logs (
    id bigserial PRIMARY KEY,
    timestamp timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL
);
CREATE INDEX audit_logs_timestamp_idx ON audit_logs (timestamp);
CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count int NOT NULL DEFAULT 0
);

INSERT INTO "Patient" (name, "birthDate")
SELECT (ARRAY['Ada','Ben','Chen','Dina','Elio','Fay','Gus','Hana','Ivo','Juno'])[1 + n % 10] || ' '
    || (ARRAY['Abara','Brook','Costa','Dahl','Eng','Faria','Gold','Haas','Ito','Jara','Kato'])[1 + n % 11] || ' ' || n,
    date '1940-01-01' + (n * 97) % 25000
FROM generate_series(1, 400) AS n;
INSERT INTO "Appointment" ("patientId", "startsAt")
SELECT 1 + n % 400, now() + n * interval '1 hour' FROM generate_series(1, 800) AS n;
INSERT INTO "Prescription" ("patientId", medication)
SELECT 1 + n % 400, (ARRAY['amoxicillin','ibuprofen','metformin','ramipril'])[1 + n % 4] FROM generate_series(1, 500) AS n;
INSERT INTO audit_logs (timestamp, actor, action, subject)
SELECT now() - n * interval '7 minutes', 'nurse@holilabs.xyz', 'read', 'patient/' || (1 + n % 400)
FROM generate_series(1, 1000) AS n;
INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
SELECT md5(name), md5(name) || md5(name), at, name, at - interval '1 second', 1
FROM (VALUES ('20260301090000_init', timestamptz '2026-03-01 09:00+00'),
             ('20260512101500_appointments', timestamptz '2026-05-12 10:15+00'),
             ('20260809083000_audit_logs', timestamptz '2026-08-09 08:30+00')) AS migrations (name, at);
