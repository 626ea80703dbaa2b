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
