CREATE TABLE "Appointment" (
    id serial PRIMARY KEY,
    "patientId" int NOT NULL REFERENCES "Patient" (id),
    "startsAt" timestamptz NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now()
);
