-- Studies on their way from other archives into cases. A row without an outcome goes on at the next
-- start of the server; what of the study is there says image_instance.
CREATE TABLE archive_fetch (
    fetch_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL REFERENCES stream_key,
    asked_by uuid NOT NULL,
    archive text NOT NULL,                -- its id in the installation's list of archives
    study_uid text NOT NULL,
    asked_at bigint NOT NULL,             -- microseconds since 1970
    outcome text                          -- JSON: counts, UIDs and words, nothing of a patient
);
CREATE INDEX archive_fetch_by_case ON archive_fetch (case_id);
