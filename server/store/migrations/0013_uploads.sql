-- Uploads that may be broken off and go on. Their bytes lie sealed beside the images, under names
-- that are keyed hashes, and grow; how far one is says its file.
CREATE TABLE resumable_upload (
    upload_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL REFERENCES stream_key,
    stored_by uuid NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    expires_at bigint NOT NULL,           -- microseconds since 1970
    file_name bytea NOT NULL,             -- as the sender calls it, sealed
    outcome bytea                         -- what became of it, sealed; null: not read yet
);
CREATE INDEX resumable_upload_by_case ON resumable_upload (case_id);

-- Files of a case that are no images and no documents: kept, named, and not opened.
CREATE TABLE other_file (
    file_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL REFERENCES stream_key,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    size bigint NOT NULL CHECK (size > 0),
    name bytea NOT NULL,                  -- as the sender calls it, sealed
    stored_by uuid NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (case_id, digest)
);

-- Why an image is held: 1 = its patient is not the case's, 2 = another content of the same UID is
-- shown. `patient` is a hash of what the image says of its patient, under the case's key: decisions
-- of the case are about a study and such a hash.
ALTER TABLE image_instance
    ADD COLUMN held_for smallint NOT NULL DEFAULT 0,
    ADD COLUMN patient bytea NOT NULL DEFAULT '';
UPDATE image_instance SET held_for = 2 WHERE held;
ALTER TABLE image_instance ADD CHECK (held = (held_for <> 0));
CREATE INDEX image_instance_held ON image_instance (case_id, study_uid) WHERE held;
