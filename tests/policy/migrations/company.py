"""The database of a company, as the rules are told of it."""

from policy.migrations import Column, Constraint, DatabaseFacts, Table
from policy.migrations.facts import ForeignKey, Index

PATIENT = Table(
    1_000,
    columns={
        "id": Column("integer", required=True, default="nextval('\"Patient_id_seq\"'::regclass)"),
        "phone": Column("text"),
        "zip": Column("character varying(10)"),
        "age": Column("integer", required=True),
        "lastName": Column("text", required=True),
        "doctorId": Column("integer"),
        "nickname": Column("text"),
    },
    constraints={
        "Patient_pkey": Constraint.PRIMARY_KEY,
        "Patient_doctorId_fkey": Constraint.FOREIGN_KEY,
        "Patient_age_not_null": Constraint.NOT_NULL,
    },
    foreign_keys={"Patient_doctorId_fkey": ForeignKey(("doctorId",), "Doctor", "Doctor_pkey")},
)
APPOINTMENT = Table(5_000, columns={"patientId": Column("integer", required=True), "at": Column("timestamp(3)")})
TODAY = DatabaseFacts(
    18,
    {
        "Patient": PATIENT,
        "Appointment": APPOINTMENT,
        "Doctor": Table(12, columns={"id": Column("integer", required=True)}),
        "LegacyPatient": Table(7, columns={"id": Column("integer")}),
        "billing.Invoice": Table(70, columns={"id": Column("integer")}),
    },
    indexes={"Patient_phone_idx": Index("Patient", 'CREATE INDEX "Patient_phone_idx" ON public."Patient" (phone)')},
    schemas=frozenset(("public", "billing")),
)
