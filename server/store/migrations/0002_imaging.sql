-- The images of cases. In clear: UIDs, sizes, numbers and geometry. What names or describes a
-- person (identity, metadata) is sealed with the case's key, as are the files themselves, which lie
-- outside the database under names that are keyed hashes.

CREATE TABLE image_instance (
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    sop_instance_uid text NOT NULL CHECK (length(sop_instance_uid) BETWEEN 1 AND 64),
    series_uid text NOT NULL CHECK (length(series_uid) BETWEEN 1 AND 64),
    study_uid text NOT NULL CHECK (length(study_uid) BETWEEN 1 AND 64),
    digest bytea NOT NULL CHECK (length(digest) = 32),  -- SHA-512/256 of the file
    held boolean NOT NULL,                -- same UID, other content: kept apart for a person
    announced boolean NOT NULL DEFAULT false, -- the case's own stream knows of it
    instance_number integer NOT NULL,
    file_size bigint NOT NULL CHECK (file_size > 0),
    outline bytea NOT NULL,               -- the index row without what identifies
    frames bytea NOT NULL,                -- where encapsulated frames lie, empty for native ones
    identity bytea NOT NULL,              -- the whole index row, sealed
    metadata bytea NOT NULL,              -- DICOM JSON, deflated, sealed
    stored_by uuid NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, sop_instance_uid, digest)
);

-- Of several contents of one UID exactly one is shown; two uploads that race meet here.
CREATE UNIQUE INDEX image_instance_shown ON image_instance (case_id, sop_instance_uid)
    WHERE NOT held;
CREATE INDEX image_instance_by_series ON image_instance (case_id, series_uid) WHERE NOT held;
CREATE INDEX image_instance_to_announce ON image_instance (case_id, series_uid)
    WHERE NOT held AND NOT announced;
