CREATE TABLE "User" (email text PRIMARY KEY, password text NOT NULL, role text NOT NULL);
CREATE TABLE "Session" (token text PRIMARY KEY, email text NOT NULL REFERENCES "User" (email));
CREATE TABLE "Patient" (
    id serial PRIMARY KEY,
    name text NOT NULL,
    "birthDate" date NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX "Patient_name_idx" ON "Patient" (name text_pattern_ops);
CREATE TABLE "Prescription" (
    id serial PRIMARY KEY,
    "patientId" int NOT NULL REFERENCES "Patient" (id),
    medication text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
