CREATE TABLE audit_logs (
    id bigserial PRIMARY KEY,
    timestamp timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL
);
CREATE INDEX audit_logs_timestamp_idx ON audit_logs (timestamp);
