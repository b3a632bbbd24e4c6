-- What people decided of images that were held (events 101 to 103 of the case's stream), as far as
-- it was carried out: images of a study that say this of their patient are shown, or are not.
-- `patient` is the keyed hash of image_instance.patient; empty: other contents of UIDs that are shown.
CREATE TABLE held_decision (
    case_id uuid NOT NULL REFERENCES stream_key,
    tenant_id uuid NOT NULL,
    study_uid text NOT NULL CHECK (length(study_uid) BETWEEN 1 AND 64),
    patient bytea NOT NULL,
    joined boolean NOT NULL,
    version bigint NOT NULL,              -- of the event
    PRIMARY KEY (case_id, study_uid, patient)
);

-- What a case's stream knows of what is held: up to which event decisions were carried out, and how
-- many images it was last told of. Without a row it is looked at and told again.
CREATE TABLE held_mark (
    case_id uuid PRIMARY KEY REFERENCES stream_key,
    tenant_id uuid NOT NULL,
    version bigint NOT NULL,
    images bigint NOT NULL,
    studies bigint NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now()
);

-- Decisions that were not carried out are found after a restart without reading the record.
CREATE INDEX event_of_held ON event (stream_id, version) WHERE type IN (101, 102, 103);

-- From now on every image that says another patient than the case says so in `patient`, held or
-- joined: a join can be taken back. And what was shown and is held again is told to the case's
-- stream as what is new is: `announced` says what the stream knows, not what is so.
CREATE INDEX image_instance_of_another ON image_instance (case_id, study_uid, patient)
    WHERE patient <> '';
CREATE INDEX image_instance_to_take_back ON image_instance (case_id, series_uid)
    WHERE held AND announced;
