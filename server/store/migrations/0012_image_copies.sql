-- What is made of images in the background: lossless copies of which a beginning is a smaller exact
-- image, and thumbnails. Both are sealed with the case's key, go with the image's row, and can be
-- made again. A copy's bytes lie beside the image's file, under a name of their own.

ALTER TABLE image_instance
    ADD COLUMN copy_wanted boolean NOT NULL DEFAULT true;  -- false: it was made, or cannot be
CREATE INDEX image_instance_to_copy ON image_instance (tenant_id, stored_at)
    WHERE copy_wanted AND NOT held;

CREATE TABLE image_copy (
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    sop_instance_uid text NOT NULL,
    digest bytea NOT NULL,                -- of the image's file
    copy_digest bytea NOT NULL CHECK (length(copy_digest) = 32),  -- SHA-512/256 of the copy
    copy_size bigint NOT NULL CHECK (copy_size > 0),              -- bytes
    frames bytea NOT NULL,                -- of each frame: length and prefixes
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, sop_instance_uid, digest),
    FOREIGN KEY (case_id, sop_instance_uid, digest) REFERENCES image_instance ON DELETE CASCADE
);

CREATE TABLE image_thumbnail (
    tenant_id uuid NOT NULL,
    case_id uuid NOT NULL,
    sop_instance_uid text NOT NULL,
    digest bytea NOT NULL,
    picture bytea NOT NULL,               -- JPEG, sealed
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, sop_instance_uid, digest),
    FOREIGN KEY (case_id, sop_instance_uid, digest) REFERENCES image_instance ON DELETE CASCADE
);
